"""``talaia listen``."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from scanners.observation import Observation
from scanners.passive.listening import CannotListen, Tally, listen
from scanners.stop import Stop
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, say
from talaia.parts import Parts


def command(
    context: typer.Context,
    *,
    interface: Annotated[str | None, typer.Option("--interface", "-i", help="A network interface of this machine.")] = None,
    pcap: Annotated[Path | None, typer.Option("--pcap", help="A capture (pcap or pcapng), from tcpdump or Wireshark.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", min=1, help="How long; else until Ctrl-C.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="How much was heard, as one JSON line.")] = False,
) -> None:
    """Listen, and send nothing: hosts, names, makers and services of your zones go to the inventory."""
    if (interface is None) == (pcap is None):
        end(Exit.USAGE, "name either --interface or --pcap")
    tally = Tally()
    with explained():
        parts = chosen(context).parts
        parts.write_down()
        try:
            taken = asyncio.run(_all(parts, interface, pcap, seconds, tally))
        except CannotListen as error:
            end(Exit.INCOMPLETE, str(error))
    heard = {
        "frames": tally.frames,
        "malformed": tally.malformed,
        "dropped": tally.dropped,
        "hosts": tally.hosts,
        "outside": len(tally.outside),
        "observations": taken,
    }
    if as_json:
        print_lines([heard])
        return
    say(f"{tally.frames} frames, {tally.hosts} hosts of your zones; {len(tally.outside)} addresses in no zone were not kept.")
    if tally.dropped:
        say(f"{tally.dropped} frames came faster than they could be read.")
    say("Next: `talaia assets`.")


async def _all(parts: Parts, interface: str | None, pcap: Path | None, seconds: float | None, tally: Tally) -> int:
    stop, count = Stop(), 0
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.press, "interrupted from the keyboard")
    loop.add_signal_handler(signal.SIGTERM, stop.press, "ended")
    batch: list[Observation] = []
    try:
        source = listen(tuple(parts.zones.values()), interface=interface, pcap=pcap, seconds=seconds, stop=stop, tally=tally)
        async for observation in source:
            batch.append(observation)
            if len(batch) >= 500:
                count += await _stored(parts, batch)
    finally:
        count += await _stored(parts, batch)
    return count


async def _stored(parts: Parts, batch: list[Observation]) -> int:
    taken, count = list(batch), len(batch)
    batch.clear()
    if taken:
        await asyncio.to_thread(parts.ingest.take, taken)
    return count
