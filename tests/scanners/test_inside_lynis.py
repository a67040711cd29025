"""lynis, run inside the same two hosts, as oracle for the facts that both look at. It has no network while it runs."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rules.context import AssetFacts, EndpointFacts
from scanners.protocols.inside.reading import read
from scanners.protocols.inside.sections import cut
from tests.debian_hosts import host_argv
from tests.inside_twins import FAULTY, HARDENED
from tests.rules.library import rulebook

# What lynis says in its report: the rule of ours that judges the same. Its word on the firewall (FIRE-4590) is left out: it asks
# which kernel module is loaded, not what becomes of a packet.
SAME = {
    "AUTH-9204|Multiple users with UID 0": "HOST-005",
    "AUTH-9283|Found accounts without password": "HOST-005",
    "AUTH-9286|Configure maximum password age": "HOST-004",
    "PKGS-7392|Found one or more vulnerable packages": "HOST-012",
    "ACCT-9628|Enable auditd": "HOST-008",
}


def _inside(prepare: str, command: str, more: tuple[Path, ...] = ()) -> tuple[str, Path, TemporaryDirectory[str]]:
    folder = TemporaryDirectory(prefix="talaia-lynis-")
    system = Path(folder.name) / "system"
    Path(folder.name).chmod(0o755)
    argv = ["unshare", "--net", *host_argv(system, prepare, command)]
    for path in more:
        place = system / "upper" / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, place) if path.is_dir() else shutil.copy(path, place)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL, check=True)
    return done.stdout, system / "upper", folder


def accused_by_lynis(prepare: str) -> set[str]:
    tests = " ".join(name.split("|")[0] for name in SAME)
    command = f'/usr/sbin/lynis audit system --quick --quiet --no-colors --skip-plugins --tests "{tests}"'
    _, upper, folder = _inside(prepare, command, (Path("/usr/share/lynis"), Path("/etc/lynis"), Path("/usr/sbin/lynis")))
    with folder:
        report = (upper / "var/log/lynis-report.dat").read_text()
    assert "tests_executed" in report
    return {rule for said, rule in SAME.items() if said in report}


def accused_by_us(prepare: str) -> set[str]:
    """The same script, run in the host as root rather than through SSH."""
    script = (Path(__file__).parents[2] / "scanners/protocols/inside/script.sh").read_text()
    written = f"cat > /look.sh <<'THE-END'\nMARK=MARK SUDO=0\n{script}THE-END\n"
    said, _, folder = _inside(prepare + written, "/bin/sh /look.sh")
    with folder:
        found = rulebook().judge(read(cut(said.encode(), "MARK")), EndpointFacts(), AssetFacts(ens_category="MEDIA"))
    return {verdict.rule for verdict in found if verdict.result == "fail" and verdict.rule in SAME.values()}


@pytest.mark.parametrize("prepare", [FAULTY, HARDENED], ids=["faulty", "hardened"])
def test_lynis_accuses_the_same_host_of_the_same(prepare: str) -> None:
    expected = set(SAME.values()) if prepare is FAULTY else set()
    assert accused_by_lynis(prepare) == expected
    assert accused_by_us(prepare) == expected
