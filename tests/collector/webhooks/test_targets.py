"""Where webhooks may go, and that the connection is made to the address that was judged."""

import socket
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from collector.webhooks import target
from collector.webhooks.post import Poster, PostFailed
from collector.webhooks.target import TargetRefused, Targets
from talaia.demo.certificates import Authority, Wish
from tests.collector.webhooks.desk import BOX
from tests.collector.webhooks.receiver import receiving

NAME = "desk.vilamar.example"
BODY = b'{"data": {"id": "1"}}'


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    "url",
    [
        "http://desk.vilamar.example/",
        "https://desk.vilamar.example:0/",
        "https://user:password@desk.vilamar.example/",
        "https://desk.vilamar.example/#part",
        "ftp://desk.vilamar.example/",
        "https:///path",
        "https://[::1/",
        "https://desk vilamar.example/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://168.63.129.16/metadata",
        "https://100.100.100.200/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
    ],
)
def test_addresses_that_nobody_named_are_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        Targets().check(url)


@pytest.mark.parametrize("text", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"])
def test_other_spellings_of_an_address_are_judged_as_what_they_lead_to(text: str) -> None:
    with pytest.raises((TargetRefused, OSError)):
        Targets().resolve(Targets().check(f"https://{text}/"))


def test_what_the_settings_name_is_allowed() -> None:
    inside = Targets(networks=(ip_network("10.0.5.0/28"),))
    assert inside.check("https://10.0.5.3/hook").hostname == "10.0.5.3"
    with pytest.raises(TargetRefused):
        inside.check("https://10.0.5.17/hook")
    listed = Targets(hosts=frozenset({NAME}))
    assert listed.check(f"https://{NAME}/hook").hostname == NAME
    with pytest.raises(TargetRefused):
        listed.check("https://other.vilamar.example/hook")


def _resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(target, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_resolved_once_and_the_certificate_is_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path, _now())
    mine, others = (authority.issue(name, Wish((f"{name}.vilamar.example",))) for name in ("desk", "other"))
    poster = Poster(BOX, authorities=(authority.path,), clock=_now, seconds=5)
    with receiving(mine, NAME) as receiver, receiving(others, NAME) as stranger:
        asked = _resolves(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])  # it would be another address the second time
        assert poster.post(receiver.url, BODY, {}).status == 204
        assert asked == [NAME]
        assert receiver.got[0].headers["host"] == receiver.url.split("/")[2]
        _resolves(monkeypatch, ["127.0.0.1"])
        with pytest.raises(PostFailed, match="certificate"):
            poster.post(stranger.url, BODY, {})
        with pytest.raises(PostFailed, match="certificate"):
            Poster(BOX, clock=_now, seconds=5).post(receiver.url, BODY, {})
        assert stranger.got == []


def test_a_name_that_serves_two_masters_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves(monkeypatch, ["192.0.2.1", "127.0.0.1"], ["93.184.215.14", "10.0.0.1"])
    for _ in range(2):
        with pytest.raises(TargetRefused):
            Poster(Targets(), clock=_now).post(f"https://{NAME}/", BODY, {})


def test_a_redirect_leads_nowhere() -> None:
    with receiving() as receiver, receiving() as inside:
        receiver.answers = [(307, {"location": inside.url})]
        answer = Poster(Targets(http_on_loopback=True), clock=_now, seconds=5).post(receiver.url, BODY, {})
        assert (answer.status, inside.got) == (307, [])
