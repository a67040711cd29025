"""``python -m scanners.raw``: jobs in, answers out. Exit status 0 at the end of the input, 3 without the right."""

import select
import sys
from contextlib import suppress
from typing import Any

from scanners.raw import templates
from scanners.raw.around import LookAround
from scanners.raw.ends import Ends, give_up_privileges, reserve_port
from scanners.raw.engine import Ended
from scanners.raw.job import Job, JobError
from scanners.raw.lines import Lines
from scanners.raw.sweep import Sweep

NO_RIGHT = 3


def main() -> int:
    """Open the sockets, give up every privilege, then do one job after the other until the input ends."""
    lines = Lines(sys.stdin.fileno(), sys.stdout.fileno())
    held = reserve_port()
    port = held.getsockname()[1]
    ends: dict[int, Ends] = {}
    try:
        ends[4] = Ends(4, port)
    except PermissionError as error:
        lines.say("error", code="no_right", text=f"raw sockets are not allowed here: {error.strerror}")
        return NO_RIGHT
    with suppress(OSError):  # a machine without IPv6: jobs for it say so
        ends[6] = Ends(6, port)
    templates.warm_up()
    give_up_privileges()
    lines.say("ready", versions=sorted(ends))
    try:
        while not lines.ended:
            select.select([lines.into], (), ())
            for order in lines.read():
                _carry_out(order, ends, lines)
    except (Ended, BrokenPipeError):
        pass
    return 0


def _carry_out(order: dict[str, Any], ends: dict[int, Ends], lines: Lines) -> None:
    try:
        if order.get("do") == "sweep":
            job = Job.read(order)
            if job.version not in ends:
                raise JobError(f"this machine has no IPv{job.version}")
            Sweep(job, ends[job.version], lines).run()
        elif order.get("do") == "look_around" and 6 in ends:
            LookAround(order, ends[6], lines).run()
        elif order.get("do") == "look_around":
            lines.say("done", sent=0)
    except JobError as error:
        lines.say("error", code="job", text=str(error))


if __name__ == "__main__":
    sys.exit(main())
