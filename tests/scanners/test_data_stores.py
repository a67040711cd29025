"""MQTT, Memcached and MongoDB against real servers (mosquitto, memcached; for MongoDB mongo-java-server, see there)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import bson, memcached, mongodb, mqtt
from scanners.scanner import Scanner, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.target import Transport
from scanners.wire import ProtocolError
from tests.scanners import data_servers as servers
from tests.scanners.looks import facts_of, look
from tests.scanners.small_servers import Place, folder_for, inetd

STORES: tuple[Scanner, ...] = (memcached.SCANNER, mongodb.SCANNER, mqtt.SCANNER)


@pytest.mark.parametrize("scanner", STORES, ids=lambda scanner: scanner.name)
async def test_another_protocol_is_a_protocol_error(scanner: Scanner, tmp_path: Path) -> None:
    assert scanners_by_name()[scanner.name] is scanner
    assert not scanner.applies(ServiceFacts(name="http"))
    with inetd(tmp_path, ["ADDRESS:chargen stream tcp nowait root internal"]) as address:
        observation = await look((address, 19), scanner)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("settings", "anonymous", "codes"),
    [
        ("allow_anonymous true\n", True, (0, 0)),
        ("allow_anonymous false\n", False, (5, 0x87)),
        ("allow_anonymous true\ncertfile PEM\nkeyfile KEY\n", True, (0, 0)),
        ("allow_anonymous false\ncertfile PEM\nkeyfile KEY\n", False, (5, 0x87)),
    ],
)
async def test_mosquitto(tmp_path: Path, settings: str, anonymous: bool, codes: tuple[int, int]) -> None:
    with servers.mosquitto(tmp_path, settings) as place:
        facts = await facts_of(mqtt.SCANNER, place)
    tls = "certfile" in settings
    assert facts == mqtt.MqttFacts(anonymous=anonymous, tls=tls, code_3=codes[0], code_5=codes[1])
    log = (tmp_path / "mosquitto.log").read_text()
    assert "SUBSCRIBE" not in log
    assert "PUBLISH" not in log


@pytest.mark.parametrize(
    ("code_3", "code_5", "anonymous"),
    [(0, 0, True), (0, None, True), (1, 0, True), (5, 0x87, False), (4, None, False), (3, None, None), (1, 0x84, None)],
)
def test_what_two_codes_mean(code_3: int, code_5: int | None, anonymous: bool | None) -> None:
    assert mqtt.is_anonymous(code_3, code_5) is anonymous


async def test_memcached_open_to_all(tmp_path: Path) -> None:
    with servers.memcached(tmp_path) as place:
        facts = await facts_of(memcached.SCANNER, place)
    assert isinstance(facts, memcached.MemcachedFacts)
    assert (facts.auth_required, facts.udp) == (False, False)
    assert (facts.version or "").startswith("1.6.")


async def test_memcached_over_udp(tmp_path: Path) -> None:
    with servers.memcached(tmp_path, udp=True) as place:
        facts = await facts_of(memcached.SCANNER, place, Transport.UDP)
    assert isinstance(facts, memcached.MemcachedFacts)
    assert (facts.auth_required, facts.udp) == (None, True)
    assert (facts.version or "").startswith("1.6.")


async def test_memcached_with_sasl(tmp_path: Path) -> None:
    with servers.memcached(tmp_path, "-S") as place:
        assert await facts_of(memcached.SCANNER, place) == memcached.MemcachedFacts(auth_required=True, udp=False)


async def test_memcached_in_binary_without_sasl(tmp_path: Path) -> None:
    with servers.memcached(tmp_path, "-B", "binary") as place:
        assert await facts_of(memcached.SCANNER, place) == memcached.MemcachedFacts(auth_required=False, udp=False)


async def test_memcached_with_a_password_file() -> None:
    with folder_for("nobody") as folder:
        passwords = folder / "passwords"
        passwords.write_text("app:prova\n")
        with servers.memcached(folder, "-Y", str(passwords)) as place:
            assert await facts_of(memcached.SCANNER, place) == memcached.MemcachedFacts(auth_required=True, udp=False)


@pytest.fixture(scope="module")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with servers.mongodb(tmp_path_factory.mktemp("mongo")) as place:
        yield place


async def test_mongodb_open_to_all(mongo: Place) -> None:
    """mongo-java-server speaks the protocol; it knows no users, so the refusals below are recorded ones."""
    facts = await facts_of(mongodb.SCANNER, mongo)
    assert isinstance(facts, mongodb.MongodbFacts)
    assert (facts.auth_required, facts.databases) == (False, 0)
    assert facts.version
    assert facts.wire_version


@pytest.mark.parametrize(
    ("answer", "required"),
    [
        # as documented of 3.6 to 7.0, 2.6, and 2.4
        ({"ok": 0.0, "errmsg": "command listDatabases requires authentication", "code": 13, "codeName": "Unauthorized"}, True),
        ({"ok": 0.0, "errmsg": "not authorized on admin to execute command { listDatabases: 1 }", "code": 13}, True),
        ({"ok": 0.0, "errmsg": "need to login"}, True),
        ({"ok": 0.0, "errmsg": "node is recovering", "code": 13436}, None),
        ({}, None),
    ],
)
def test_mongodb_refuses(answer: dict[str, object], required: bool | None) -> None:
    assert mongodb.read_list(answer) == (required, None)


SEED = bson.encode({"ismaster": True, "maxWireVersion": 13, "msg": "isdbgrid"})


def test_bson_comes_back() -> None:
    assert bson.decode(SEED) == {"ismaster": True, "maxWireVersion": 13, "msg": "isdbgrid"}
    nested = b"\x16\0\0\0\x04a\0\x0e\0\0\0\x020\0\x02\0\0\0b\0\0\0"
    assert bson.decode(nested) == {"a": ["b"]}


def test_bson_does_not_go_deep() -> None:
    document = b"\x05\0\0\0\0"
    for _ in range(1000):
        document = (len(document) + 8).to_bytes(4, "little") + b"\x03a\0" + document + b"\0"
    with pytest.raises(ProtocolError):
        bson.decode(document)


@given(
    st.binary(max_size=300) | st.tuples(st.integers(0, len(SEED)), st.binary(max_size=8)).map(lambda cut: SEED[: cut[0]] + cut[1])
)
def test_parsers_of_hostile_bytes_raise_only_their_own_error(data: bytes) -> None:
    for parse in (
        bson.decode,
        mqtt.read_connack,
        memcached.read_version,
        memcached.read_datagram,
        memcached.read_noop,
        lambda found: mongodb.read_reply(found[:16], found[16:], 1),
    ):
        try:
            parse(data)
        except ProtocolError:
            continue
