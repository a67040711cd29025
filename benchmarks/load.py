"""Two hundred people at once, and every export, against `talaia serve` and PostgreSQL with a million findings.

    python -m benchmarks.load [--users N] [--seconds N] [--warm-up N] [--rest SECONDS] [--exports csv ocsf …]
        [--export-seconds N] [--keep FOLDER]

`talaia serve` runs in a process of its own on loopback, with PostgreSQL and the people on the same machine. Each person has an
account and a session, nine in ten confined to one department, and opens a page (as often as `DAY` says), rests between half and
one and a half times ``--rest``, and opens the next. Told are what each waited for each page, errors, and the server's memory;
then, for each export of all findings, when its first byte came, how long it took, and how far the server's memory (RSS) rose.
"""

import argparse
import asyncio
import os
import random
import ssl
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import psutil

from api.access import COOKIE
from api.exports.formats import Format
from benchmarks.large_city import arguments, opened
from benchmarks.million import DEPARTMENTS
from benchmarks.reads import names, person
from benchmarks.timing import percentile
from collector.grants import Grant, Role
from collector.sessions import open_session
from collector.store import Store
from tests.api.world import ZONES
from tests.processes import free_port, running

# What a person opens, and how often of a hundred pages.
DAY = {
    "/": 20,
    "/findings?state=open": 15,
    "/findings?state=open&sort=due": 10,
    "/findings?state=open&band=critical&band=high": 5,
    "/findings?q=host-0123": 5,
    "/findings/{finding}": 15,
    "/assets/{asset}": 8,
    "/assets": 2,
    "/overdue": 8,
    "/tickets": 4,
    "/tickets/{ticket}": 4,
    "/exceptions": 2,
    "/scans": 1,
    "/coverage": 1,
}
SETTLED_WITHIN_SECONDS = 900
EXPORT_SECONDS = 3_600
AT_REST_PERCENT = 15  # the service's own rounds go on


@dataclass
class Waits:
    """Milliseconds that people waited, by page, and what went wrong."""

    by_page: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> list[float]:
        return [one for values in self.by_page.values() for one in values]


@contextmanager
def served(store: Store, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`talaia serve` on this database: its address and its process."""
    port = free_port()
    (folder / "zones.yaml").write_text(ZONES)
    url = store.url.set(drivername="postgresql" if store.dialect == "postgresql" else "sqlite")
    settings = f"database: {url.render_as_string(hide_password=False)}\ncatalogue: null\nlisten: {{port: {port}}}\n"
    (folder / "talaia.yaml").write_text(settings + "rescans: {enabled: false}\n")
    argv = [sys.executable, "-m", "talaia", "--config", str(folder / "talaia.yaml"), "serve"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "log", timeout_seconds=120) as process:
        yield f"http://127.0.0.1:{port}", psutil.Process(process.pid)
    said = (folder / "log").read_text(errors="replace")
    if "Traceback" in said:
        raise RuntimeError(f"the server had trouble:\n{said[-4000:]}")


def settled(used: Callable[[float], float] = psutil.cpu_percent, seconds: int = 20) -> float:
    """Wait until what a start works out anew (overdue findings, scores) is done, which is when little processor time is ``used``
    for so many seconds in a row: by the whole machine, for the database works too. How many seconds that took."""
    begun, quiet = time.monotonic(), 0
    while quiet < seconds:
        if time.monotonic() - begun > SETTLED_WITHIN_SECONDS:
            raise TimeoutError(f"the machine is still at work after {SETTLED_WITHIN_SECONDS} s")
        quiet = quiet + 1 if used(1.0) < AT_REST_PERCENT else 0
    return time.monotonic() - begun - quiet


def sign_in(store: Store, users: int) -> list[str]:
    """An account and an open session for each; the sessions' secrets."""
    now, secrets = datetime.now(UTC), []
    with store.write() as connection:
        for number in range(users):
            grant = Grant(Role.ANALYST) if number % 10 == 0 else Grant(Role.DEPARTMENT, DEPARTMENTS[number % len(DEPARTMENTS)])
            account = person(connection, f"load-{os.getpid()}-{time.monotonic_ns()}", grant, now)
            secrets.append(open_session(connection, account, now, timedelta(hours=12)))
    return secrets


def looked_at(store: Store) -> list[dict[str, str]]:
    """What the words in the addresses of `DAY` stand for, for the people of each department."""
    with store.read() as connection:
        return [names(connection, department) for department in DEPARTMENTS]


async def people(address: str, secrets: list[str], words: list[dict[str, str]], asked: argparse.Namespace) -> Waits:
    """Everybody at once, each in their own time, for ``asked.seconds``, and before that for ``asked.warm_up``, which does not
    count: a service that was started this morning has read its pages from the disk."""
    waits, unnoticed = Waits(), Waits()
    unused = ssl.create_default_context()  # one for all: each client would read the machine's certificates
    begins = time.monotonic() + asked.warm_up
    ends = begins + asked.seconds
    pages, weights = list(DAY), list(DAY.values())

    async def one(number: int, secret: str) -> None:
        dice = random.Random(number)
        settings = {"base_url": address, "timeout": 60, "follow_redirects": True, "verify": unused}
        async with httpx2.AsyncClient(**settings, cookies={COOKIE: secret}) as client:
            await asyncio.sleep(dice.uniform(0, asked.rest))
            while time.monotonic() < ends:
                page = dice.choices(pages, weights)[0]
                heard = waits if time.monotonic() >= begins else unnoticed
                await _open(client, page, page.format_map(words[number % len(words)]), heard)
                await asyncio.sleep(asked.rest * dice.uniform(0.5, 1.5))

    await asyncio.gather(*(one(number, secret) for number, secret in enumerate(secrets)))
    return waits


async def _open(client: httpx2.AsyncClient, page: str, path: str, waits: Waits) -> None:
    begun = time.perf_counter()
    try:
        answer = await client.get(path)
    except httpx2.HTTPError as error:
        waits.errors[f"{page}: {type(error).__name__}"] += 1
        return
    waits.by_page[page].append((time.perf_counter() - begun) * 1000)
    if answer.status_code != 200 or "/sign-in" in str(answer.url):
        waits.errors[f"{page}: {answer.status_code}"] += 1


def tell_people(waits: Waits, asked: argparse.Namespace, used: float) -> None:
    rate = f"{len(waits.all)} pages ({len(waits.all) / asked.seconds:.1f} a second)"
    print(f"{asked.users} people for {asked.seconds} s, {rate}; the server used {used:.2f} cores;")
    print(f"load average at the end {os.getloadavg()[0]:.1f}; errors: {dict(waits.errors) or 'none'}\n")
    print("| page | pages | p50 ms | p95 ms | p99 ms | longest |\n|---|---:|---:|---:|---:|---:|")
    for page, values in [*sorted(waits.by_page.items()), ("all", waits.all)]:
        shown = (statistics.median(values), percentile(values, 0.95), percentile(values), max(values))
        print(f"| `{page}` | {len(values)} | {' | '.join(f'{value:.0f}' for value in shown)} |")
    print(flush=True)


@dataclass(frozen=True)
class Streamed:
    """An export that was read: seconds until its first byte and its last, bytes, and the server's memory (RSS, bytes)."""

    first: float
    taken: float
    size: int
    before: int
    highest: int
    whole: bool

    @property
    def cells(self) -> str:
        taken = f"{self.taken:.0f} s{'' if self.whole else ', cut off'}"
        rise, to = (self.highest - self.before) / 2**20, self.highest / 2**20
        return f"{self.first * 1000:.0f} ms | {taken} | {self.size / 2**20:,.0f} MB | {rise:.1f} MB | {to:.0f} MB"


async def export(client: httpx2.AsyncClient, form: str, server: psutil.Process, seconds: float = EXPORT_SECONDS) -> Streamed:
    """One export of everything, thrown away as it comes, for so many ``seconds`` at most."""
    before = highest = server.memory_info().rss
    begun, first, size, looked, whole = time.perf_counter(), 0.0, 0, 0.0, True
    async with client.stream("GET", f"/exports/{form}") as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            size += len(piece)
            first = first or time.perf_counter() - begun
            if time.perf_counter() - looked > 0.05:
                looked, highest = time.perf_counter(), max(highest, server.memory_info().rss)
                if looked - begun > seconds:
                    whole = False
                    break
    return Streamed(first, time.perf_counter() - begun, size, before, highest, whole)


async def exports(address: str, secret: str, asked: argparse.Namespace, server: psutil.Process) -> None:
    forms, seconds = asked.exports, asked.export_seconds
    print("| export | first byte | whole | size | memory rose by | to |\n|---|---:|---:|---:|---:|---:|")
    async with httpx2.AsyncClient(base_url=address, cookies={COOKIE: secret}, timeout=600) as client:
        for form in forms:
            print(f"| {form} | {(await export(client, form, server, seconds)).cells} |", flush=True)
        if len(forms) > 1:
            print("\nfour at once:\n", flush=True)
            together = await asyncio.gather(*(export(client, form, server, seconds) for form in forms[:4]))
            for form, found in zip(forms, together, strict=False):
                print(f"| {form} | {found.cells} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--warm-up", type=int, default=60, help="seconds before those that count")
    parser.add_argument("--rest", type=float, default=10.0, help="seconds between two pages of a person, on average")
    parser.add_argument("--exports", nargs="*", default=[form.value for form in Format])
    parser.add_argument(
        "--export-seconds", type=float, default=EXPORT_SECONDS, help="an export that is not done by then is cut off"
    )
    arguments(parser)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder, opened(asked) as (store, _), served(store, Path(folder)) as (address, server):
        secrets = sign_in(store, max(asked.users, 1))
        words = looked_at(store)
        print(f"quiet {settled():.0f} s after its start, with {server.memory_info().rss / 2**20:.0f} MB\n", flush=True)
        if asked.users:
            begun, worked = time.monotonic(), sum(server.cpu_times()[:2])
            waits = asyncio.run(people(address, secrets, words, asked))
            tell_people(waits, asked, (sum(server.cpu_times()[:2]) - worked) / (time.monotonic() - begun))
            print(f"memory {server.memory_info().rss / 2**20:.0f} MB\n", flush=True)
        if asked.exports:
            asyncio.run(exports(address, secrets[0], asked, server))


if __name__ == "__main__":
    main()
