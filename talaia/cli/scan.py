"""``talaia scan``."""

import asyncio
import getpass
import signal
from collections.abc import Sequence
from typing import Annotated

import typer

from collector.audit import note
from collector.runs import RunProgress, ScanState, TargetRefused, progress_of, resume_scan, start_scan, zone_of_targets
from collector.stopping import StopIsPressed, StopWatch
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, say
from talaia.cli.progress import Display
from talaia.parts import Parts, now

_ENDS = {ScanState.FINISHED: Exit.DONE, ScanState.STOPPED: Exit.STOPPED, ScanState.FAILED: Exit.INCOMPLETE}


def command(
    context: typer.Context,
    *,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ZONE|TARGET]...", help="Zones by id, or addresses, networks and names[:port] inside one."),
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="SCAN", help="Take up a scan that was stopped or killed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a scan when it has ended.")] = False,
) -> None:
    """Look now: at every zone, some zones, or single targets.

    What no zone authorises is refused, and nothing is sent.
    """
    with explained():
        parts = chosen(context).parts
        parts.write_down()
        try:
            scans = [_resumed(parts, resume)] if resume else asked(parts, what or [], by=f"{getpass.getuser()} (command line)")
        except (TargetRefused, StopIsPressed) as error:
            end(Exit.STOPPED if isinstance(error, StopIsPressed) else Exit.REFUSED, str(error))
        states = look(parts, scans)
    with parts.store.read() as connection:
        lines = [_line(scan, *progress_of(connection, scan)) for scan in scans]
    if as_json:
        print_lines(lines)
    worst = next((state for state in (ScanState.FAILED, ScanState.STOPPED) if state in states), ScanState.FINISHED)
    if worst is ScanState.STOPPED:
        say(f"Stopped; what was seen is kept. Take it up again: talaia scan --resume {scans[states.index(worst)]}")
    elif not as_json:
        say("Next: `talaia risk`, `talaia findings`.")
    raise typer.Exit(int(_ENDS.get(worst, Exit.INCOMPLETE)))


def asked(parts: Parts, what: Sequence[str], *, by: str) -> list[str]:
    """Write down the scans that ``what`` asks for; their ids. Raises ``TargetRefused`` and ``StopIsPressed``."""
    zones = [parts.zones[word] for word in what if word in parts.zones] or ([] if what else list(parts.zones.values()))
    targets = [word for word in what if word not in parts.zones]
    wanted: list[tuple[object, list[str] | None]] = [(zone, None) for zone in zones]
    by_zone: dict[str, list[str]] = {}
    for target in targets:
        by_zone.setdefault(zone_of_targets(parts.zones.values(), [target]).id, []).append(target)
    wanted += [(parts.zones[zone_id], inside) for zone_id, inside in by_zone.items()]
    with parts.store.write() as connection:
        scans = [start_scan(connection, zone, inside, asked_by=by, at=now()) for zone, inside in wanted]  # type: ignore[arg-type]
        for scan in scans:
            note(connection, said_here(now(), "start_scan", subject="scan", subject_id=scan))
    return scans


def look(parts: Parts, scans: Sequence[str]) -> list[ScanState]:
    """Carry the scans out side by side, showing progress. Ctrl-C stops this process's looking; what was seen is kept."""

    def interrupted(*_: object) -> None:
        parts.door.stop.press("interrupted from the keyboard")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        with StopWatch(parts.store, parts.door.stop, problem=say), Display(len(scans)) as display:
            return asyncio.run(_all(parts, scans, display))
    finally:
        signal.signal(signal.SIGINT, before)


async def _all(parts: Parts, scans: Sequence[str], display: Display) -> list[ScanState]:
    return await asyncio.gather(*(parts.runner.run(scan, watch=display.watching(scan)) for scan in scans))


def _resumed(parts: Parts, scan: str) -> str:
    with parts.store.write() as connection:
        if not resume_scan(connection, scan):
            end(Exit.NOT_FOUND, f"no scan {scan} is stopped or failed")
    return scan


def _line(scan: str, state: ScanState, progress: RunProgress) -> dict[str, object]:
    return {
        "scan": scan,
        "state": state.value,
        "hosts_alive": progress.hosts_alive,
        "ports_open": progress.ports,
        "checks": progress.checks_done,
        "units_failed": progress.units_failed,
        "notes": list(progress.notes),
    }
