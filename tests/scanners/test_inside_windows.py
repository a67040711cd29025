"""Windows: there is none here. The answers are composed from Microsoft's documentation of the cmdlets, and the server that gives
them is an asyncssh one that calls itself OpenSSH_for_Windows."""

import base64
import json
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.context import AssetFacts, EndpointFacts
from scanners.host_access import HostAccess
from scanners.observation import Outcome
from scanners.protocols.inside import SCANNER, InsideFacts
from scanners.protocols.inside.windows import read_windows
from scanners.service_facts import ServiceFacts
from scanners.wire import ProtocolError
from tests.debian_hosts import key_pair
from tests.rules.library import rulebook
from tests.scanners.looks import look, loopback_zone

NOW = 1_795_000_000
DAY = 86_400
GOOD: dict[str, Any] = {
    "now": NOW,
    "who": "talaia",
    "admin": True,
    "caption": "Microsoft Windows Server 2022 Standard",
    "version": "10.0.20348",
    "system_type": 4,
    "model": "VMware, Inc. VMware7,1",
    "pending": [],
    "searched": NOW - DAY,
    "auto_level": 4,
    "reboot": False,
    "users": [
        {"name": "talaia", "sid": "S-1-5-21-1-2-3-1001", "last": NOW, "set": NOW - DAY, "expires": True},
        {"name": "marta", "sid": "S-1-5-21-1-2-3-1002", "last": NOW - 3 * DAY, "set": NOW - 90 * DAY, "expires": True},
    ],
    "admins": ["S-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-512"],
    "policy": {"length": 14, "age": 365 * DAY, "history": 24, "attempts": 5, "attributes": 2},
    "firewall": [{"name": name, "enabled": "True", "inbound": "NotConfigured"} for name in ("Domain", "Private", "Public")],
    "smb1": False,
    "bitlocker": "On",
    "defender": {"on": True, "signatures": NOW - DAY},
    "audit": ["Success and Failure", "No Auditing", "Sin auditoría"],
    "forward": True,
    "time_type": "NT5DS",
    "services": ["EventLog", "W32Time", "WinDefend", "sshd", "VeeamEndpointBackupSvc"],
    "software": ["7-Zip 24.08"],
    "idle": 900,
    "notice": "Només per a ús autoritzat.",
    "usbstor": 4,
    "autorun": 255,
    "secure_boot": True,
}
BAD: dict[str, Any] = {
    **GOOD,
    "caption": "Microsoft Windows Server 2012 R2 Standard",
    "pending": ["2026-10 Cumulative Update for Windows Server (KB5000000)"],
    "auto_level": 1,
    "users": [{"name": "prova", "sid": "S-1-5-21-1-2-3-1003", "last": None, "set": NOW - 900 * DAY, "expires": False}],
    "admins": ["S-1-5-21-1-2-3-500", "S-1-1-0"],
    "policy": {"length": 0, "age": -1, "history": 0, "attempts": 0, "attributes": 0},
    "firewall": [{"name": "Domain", "enabled": "False", "inbound": "NotConfigured"}],
    "smb1": True,
    "bitlocker": "Off",
    "defender": {"on": False, "signatures": NOW - 200 * DAY},
    "audit": ["No Auditing"],
    "forward": None,
    "time_type": "NoSync",
    "services": ["EventLog", "W32Time", "Spooler"],
    "software": ["AnyDesk"],
    "idle": 0,
    "notice": "",
    "usbstor": 3,
}


def verdicts(said: dict[str, Any], result: str) -> set[str]:
    found = rulebook().judge(read_windows(json.dumps(said)), EndpointFacts(), AssetFacts(ens_category="MEDIA"))
    return {verdict.rule for verdict in found if verdict.result == result}


def test_a_well_kept_server_fails_nothing() -> None:
    assert verdicts(GOOD, "fail") == set()
    passed = {2, 3, 4, 6, 7, 8, 10, 12, 13, 18, 20, 21, 23, 25, 26}
    assert verdicts(GOOD, "pass") == {f"HOST-{number:03d}" for number in passed} | {"INV-005"}


def test_a_neglected_server_fails_what_can_be_seen() -> None:
    failed = {2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 18, 20, 21, 23, 25, 26}
    assert verdicts(BAD, "fail") == {f"HOST-{number:03d}" for number in failed} | {"INV-005"}


def test_facts_of_windows() -> None:
    facts = read_windows(json.dumps(BAD))
    assert facts.os is not None
    assert (facts.os.release, facts.os.virtual, facts.os.portable) == ("windows 2012 R2", True, False)
    assert facts.running is not None
    assert "SMB1" in (facts.running.services or ())
    assert facts.accounts is not None
    assert [(person.name, person.idle_days) for person in facts.accounts.people or ()] == [("prova", 900)]
    laptop = read_windows(json.dumps({**GOOD, "caption": "Microsoft Windows 10 Pro", "system_type": 2, "model": "Dell Latitude"}))
    assert laptop.os is not None
    assert (laptop.os.release, laptop.os.virtual, laptop.os.portable) == ("windows 10", False, True)


def test_what_the_script_left_out_is_not_determined() -> None:
    assert verdicts({}, "fail") == set()
    assert verdicts({}, "pass") == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_wrong_types_are_not_determined_and_nothing_else(said: dict[str, Any]) -> None:
    facts = read_windows(json.dumps({**GOOD, **said}))
    rulebook().judge(facts, EndpointFacts(), AssetFacts())


@settings(deadline=None)
@given(st.text(max_size=300) | st.just("[" * 100_000))
def test_what_is_no_json_object_is_a_protocol_error(text: str) -> None:
    try:
        read_windows(text)
    except ProtocolError:
        return
    assert isinstance(json.loads(text), dict)


async def test_the_whole_look_at_a_server_that_calls_itself_windows(tmp_path: Path) -> None:
    key, public = key_pair(tmp_path, "id")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    asked: list[str] = []

    async def shell(process: asyncssh.SSHServerProcess[str]) -> None:
        script = await process.stdin.read()
        mark = script.split("'")[1]
        asked.extend([process.command or "", script])
        process.stdout.write(f"\r\n{mark} begin windows\r\n{json.dumps(GOOD)}\r\n{mark} end 0\r\n\r\n{mark} done\r\n")
        process.exit(0)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(public),
        process_factory=shell,
        server_version="OpenSSH_for_Windows_9.5",
    )
    port = server.get_port()
    access = HostAccess(user="talaia", key=f"file:{key}", port=port, host_keys={"127.0.0.1": host_key.get_fingerprint()})
    try:
        place = ("127.0.0.1", port)
        observation = await look(place, SCANNER, zone=loopback_zone(host_access=access), service=ServiceFacts(name="ssh"))
    finally:
        server.close()
        await server.wait_closed()
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, InsideFacts)
    assert observation.facts == read_windows(json.dumps(GOOD))
    command, _, encoded = asked[0].rpartition(" ")
    assert command == "powershell -NoProfile -NonInteractive -EncodedCommand"
    assert base64.b64decode(encoded).decode("utf-16-le") == "Invoke-Expression ([Console]::In.ReadToEnd())"
    assert "ConvertTo-Json" in asked[1]


@pytest.mark.parametrize("verb", ["Set-", "New-Item", "Remove-", "Start-", "Stop-", "Invoke-WebRequest", "Out-File", "Install-"])
def test_the_script_of_windows_only_reads(verb: str) -> None:
    script = (Path(__file__).parents[2] / "scanners/protocols/inside/script.ps1").read_text("utf-8")
    assert verb not in script
