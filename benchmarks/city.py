"""Talaia against the tools it stands in for, over the tests' city: what each finds, misses and invents, and in what time.

    python -m benchmarks.city [--only nmap,ssh-audit,sslscan,sslyze,testssl] [--minutes 60] [--host-seconds 300]

Builds the city of ``tests/city`` (real servers, hostile hosts included; needs root), scans it with Talaia, and then with the
others one after another, as somebody would who has only them: ``nmap -sV`` with the scripts for what the city runs over the same
ports, then ssh-audit on every SSH port, and sslscan, sslyze and testssl.sh on every TLS port, that nmap named. Each run on one
place has ``--host-seconds``, and the sequence ``--minutes``: what is cut off is said, its time counted. What nmap could not name
in its time the others do not get to see.

A fault is *found* when a tool's output lets a person conclude the rule at that place; *false* counts rules concluded of hardened
twins. Faults of the ENS, of the inventory and of names (INV, and domains) are nobody's but ours and are left out. sslyze needs an
environment of its own (its licence and its ``cryptography`` are not ours): made with pip in a temporary folder unless given.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import peers
from benchmarks.peers import Place
from scanners.ports import NAMED
from tests.city.conftest import City, built_city
from tests.city.host import Host
from tests.city.hosts import HOSTILES, HOSTS, TOLERATED, TRUTH, TWINS

SCRIPTS = ",".join(sorted(peers.SCRIPTS))
OURS_ALONE = ("INV",)


@dataclass
class Said:
    """What one tool found, in what time; ``cut`` names the places at which its time was up."""

    places: set[Place] = field(default_factory=set)
    seconds: float = 0.0
    cut: list[str] = field(default_factory=list)


@dataclass
class Sequence:
    """The tools one after another inside the city's probe, within their time."""

    city: City
    hosts: tuple[Host, ...]
    host_seconds: int
    until: float
    said: dict[str, Said] = field(default_factory=dict)

    def run(self, tool: str, argv: Iterable[str], place: str, *, seconds: int | None = None, ended: str = "") -> str:
        """The tool's output (or of the file ``ended``); what it said until then when its time is up."""
        told = self.said.setdefault(tool, Said())
        allowed = min(seconds or self.host_seconds, self.until - time.monotonic())
        if allowed < 1:
            told.cut.append(place)
            return ""
        began = time.monotonic()
        try:
            done = subprocess.run(
                self.city.probe.argv(*argv), capture_output=True, text=True, timeout=allowed, check=False, errors="replace"
            )
            output = done.stdout
        except subprocess.TimeoutExpired as late:
            told.cut.append(place)
            output = (late.stdout or b"").decode(errors="replace") if isinstance(late.stdout, bytes) else (late.stdout or "")
        told.seconds += time.monotonic() - began
        return Path(ended).read_text(errors="replace") if ended and Path(ended).exists() else output


def nmap(run: Sequence, folder: Path) -> dict[str, list[tuple[str, int]]]:
    """TCP and then UDP, a run for each host: one that floods or stalls costs its own time and nobody's results.

    Gives the SSH and TLS places that it names.
    """
    named: dict[str, list[tuple[str, int]]] = {"ssh": [], "tls": []}
    tcp, udp = ["-sS", "-p", f"{NAMED['common']},7,13,19,4443,8022,10443"], ["-sU", "-p", NAMED["common_udp"]]
    for host in run.hosts:
        for ports in (tcp, udp):
            out = folder / "nmap.xml"
            out.unlink(missing_ok=True)
            argv = ["nmap", "-n", "-Pn", "-sV", "-T4", *ports, "--script", SCRIPTS, "-oX", str(out)]
            argv += ["-6", host.address] if ":" in host.address else [host.address]
            xml = run.run("nmap", argv, f"{host.address} {ports[0]}", ended=str(out))
            run.said["nmap"].places |= peers.nmap(xml)
            for kind in named:
                named[kind] += peers.nmap_services(xml, kind)
    return named


def each(
    run: Sequence, tool: str, places: Iterable[tuple[str, int]], argv: Callable[[str], list[str]], read: Callable[[str], set[str]]
) -> None:
    """One run of ``tool`` for each place."""
    for address, port in places:
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        output = run.run(tool, argv(host), host)
        run.said.setdefault(tool, Said()).places |= {(address, port, rule) for rule in read(output)}


def environment_for_sslyze(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder / "sslyze"], check=True)
    subprocess.run([folder / "sslyze/bin/pip", "install", "--quiet", "sslyze"], check=True)
    return folder / "sslyze"


def peers_in_turn(run: Sequence, chosen: list[str], folder: Path, sslyze: Path | None) -> None:
    named = nmap(run, folder)
    programs = Path(sys.executable).parent
    if "ssh-audit" in chosen:
        each(run, "ssh-audit", named["ssh"], lambda host: [str(programs / "ssh-audit"), "-j", "-t", "10", host], peers.ssh_audit)
    if "sslscan" in chosen:
        each(run, "sslscan", named["tls"], lambda host: ["sslscan", "--xml=-", "--no-colour", host], peers.sslscan)
    if "sslyze" in chosen:
        home = sslyze or environment_for_sslyze(folder)
        each(run, "sslyze", named["tls"], lambda host: [str(home / "bin/sslyze"), "--json_out=-", host], peers.sslyze)
    if "testssl" in chosen:
        out = folder / "testssl.json"

        def argv(host: str) -> list[str]:
            out.unlink(missing_ok=True)
            return ["testssl", "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--jsonfile", str(out), host]

        each(run, "testssl.sh", named["tls"], argv, lambda _: peers.testssl(out.read_text() if out.exists() else ""))


def ours(city: City, hosts: Iterable[str]) -> Said:
    """A whole scan, or one of these addresses."""
    began = time.monotonic()
    city.talaia("scan", *hosts, timeout_seconds=900)
    seconds = time.monotonic() - began
    return Said({(item["address"], item["port"] or 0, item["rule"]) for item in city.lines("findings")}, seconds)


def family(place: Place) -> str:
    return place[2].partition("-")[0]


def report(talaia: Said, others: dict[str, Said], hosts: tuple[Host, ...]) -> str:
    """Markdown: per family found / missed / false of each, and the ratio of times."""
    addresses = {host.address for host in hosts}
    truth = {place for place in TRUTH if family(place) not in OURS_ALONE and place[0] in addresses}
    union = Said(set().union(*(said.places for said in others.values())), sum(said.seconds for said in others.values()))
    tools = {"Talaia": talaia, **others, "all of them": union}
    hostile = sum(host in HOSTILES for host in hosts)
    lines = [f"{len(hosts)} hosts, {hostile} of them hostile, {len(truth)} planted faults; found / missed / false\n"]
    lines += ["| family | " + " | ".join(tools) + " |", "|---|" + "---|" * len(tools)]
    for name in sorted({family(place) for place in truth}):
        cells = [_cell(said.places, truth, name) for said in tools.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| **all** | " + " | ".join(_cell(said.places, truth, "") for said in tools.values()) + " |")
    lines.append("| seconds | " + " | ".join(f"{said.seconds:.0f}" for said in tools.values()) + " |")
    only = sorted((union.places & truth) - talaia.places)
    lines += ["", f"Found by them and not by Talaia: {', '.join(map(str, only)) or 'nothing'}.", ""]
    lines.append(f"The sequence takes {union.seconds / talaia.seconds:.1f} times as long as Talaia.")
    lines += [f"Cut off: {name}: {', '.join(said.cut)}" for name, said in others.items() if said.cut]
    return "\n".join(lines)


def _cell(found: set[Place], truth: set[Place], name: str) -> str:
    mine = {place for place in truth if name in ("", family(place))}
    invented = {place for place in found if place[0] in TWINS and place[2] not in TOLERATED and name in ("", family(place))}
    return f"{len(found & mine)} / {len(mine - found)} / {len(invented)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="ssh-audit,sslscan,sslyze,testssl", help="which of them, after nmap")
    parser.add_argument("--minutes", type=float, default=120.0, help="for the whole sequence")
    parser.add_argument("--host-seconds", type=int, default=300, help="for one tool at one place")
    parser.add_argument("--sslyze", type=Path, help="an environment that has sslyze")
    parser.add_argument("--hosts", help="only these of the city, by name")
    given = parser.parse_args()
    hosts = tuple(host for host in (*HOSTS, *HOSTILES) if not given.hosts or host.name in given.hosts.split(","))
    with tempfile.TemporaryDirectory(prefix="talaia-peers-") as text, built_city() as city:
        talaia = ours(city, [host.address for host in hosts] if given.hosts else ())
        print(f"Talaia: {talaia.seconds:.1f} s", file=sys.stderr)
        run = Sequence(city, hosts, given.host_seconds, time.monotonic() + given.minutes * 60)
        peers_in_turn(run, given.only.split(","), Path(text), given.sslyze)
    print(report(talaia, run.said, hosts))


if __name__ == "__main__":
    main()
