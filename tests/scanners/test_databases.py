"""ZooKeeper against the real server; SQL Server, Oracle's listener and Cassandra against answers as specified.

Debian has none of the last three: a small server says what MS-TDS, Oracle's listeners and native_protocol_v4.spec say.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import cassandra, mssql, oracle, zookeeper
from scanners.scanner import Scanner, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.services import data_stores
from tests.scanners import data_servers as servers
from tests.scanners.looks import facts_of, look
from tests.scanners.small_servers import Place, inetd

DATABASES: tuple[Scanner, ...] = (cassandra.SCANNER, mssql.SCANNER, oracle.SCANNER, zookeeper.SCANNER)

# MS-TDS 4.2 (the documentation's own example, of SQL Server 2005), with a version of 2019 and encryption required
PRELOGIN_2019 = bytes.fromhex("0401001a0000010000000b00060100110001ff0f0007d0000003")
REFUSAL = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"
TNS_REFUSED = (12 + len(REFUSAL)).to_bytes(2, "big") + b"\0\0\4\0\0\0\x22\0" + len(REFUSAL).to_bytes(2, "big") + REFUSAL
_MULTIMAP = b"\0\1\0\x0bCQL_VERSION\0\1\0\x053.4.5"
SUPPORTED = b"\x84\0\0\0\6" + len(_MULTIMAP).to_bytes(4, "big") + _MULTIMAP
READY = b"\x84\0\0\0\2\0\0\0\0"
_CLASS = b"org.apache.cassandra.auth.PasswordAuthenticator"
AUTHENTICATE = b"\x84\0\0\0\3" + (2 + len(_CLASS)).to_bytes(4, "big") + len(_CLASS).to_bytes(2, "big") + _CLASS
SRVR = b"Zookeeper version: 3.8.0-${mvngit.commit.id}, built on 2023-02-04 19:37 UTC\nLatency min/avg/max: 0/0.0/0\n"
SEEDS = (PRELOGIN_2019, TNS_REFUSED, SUPPORTED, READY, AUTHENTICATE, SRVR)


@contextmanager
def saying(answers: dict[bytes, bytes]) -> Iterator[Place]:
    """Answers a question that begins as one of ``answers`` does; hangs up on all others."""
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        asked = connection.recv(4096)
                        answer = next((answer for begin, answer in answers.items() if asked.startswith(begin)), b"")
                        connection.sendall(answer)
                        if answer:
                            connection.recv(1)
                    except OSError:
                        continue

        for _ in range(20):
            threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[:2]
        finally:
            server.shutdown(2)


@pytest.mark.parametrize("scanner", DATABASES, ids=lambda scanner: scanner.name)
async def test_another_protocol_is_a_protocol_error(scanner: Scanner, tmp_path: Path) -> None:
    assert scanners_by_name()[scanner.name] is scanner
    assert not scanner.applies(ServiceFacts(name="http"))
    with inetd(tmp_path, ["ADDRESS:chargen stream tcp nowait root internal"]) as address:
        observation = await look((address, 19), scanner)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


async def test_zookeeper(tmp_path: Path) -> None:
    with servers.zookeeper(tmp_path) as place:
        facts = await facts_of(zookeeper.SCANNER, place)
    assert facts == zookeeper.ZookeeperFacts(tells_status=True, version="3.8.0")


async def test_zookeeper_that_allows_no_command() -> None:
    with saying({b"srvr": b"srvr is not executed because it is not in the whitelist.\n"}) as place:
        assert await facts_of(zookeeper.SCANNER, place) == zookeeper.ZookeeperFacts(tells_status=False)


async def test_sql_server() -> None:
    with saying({b"\x12\x01": PRELOGIN_2019}) as place:
        assert await facts_of(mssql.SCANNER, place) == mssql.MssqlFacts(version="15.0.2000", encryption="required")


async def test_oracle_listener() -> None:
    with saying({data_stores.TNS_VERSION[:8]: TNS_REFUSED}) as place:
        assert await facts_of(oracle.SCANNER, place) == oracle.OracleFacts(answer="refused", version="19.0.0.0")


@pytest.mark.parametrize(("answer", "without"), [(READY, True), (AUTHENTICATE, False)])
async def test_cassandra(answer: bytes, without: bool) -> None:
    with saying({data_stores.CQL_OPTIONS: SUPPORTED, cassandra.startup(4): answer}) as place:
        assert await facts_of(cassandra.SCANNER, place) == cassandra.CassandraFacts(without_password=without, protocol=4)


@given(st.binary(max_size=300) | st.tuples(st.sampled_from(SEEDS), st.integers(0, 120), st.binary(max_size=6)).map(
    lambda part: part[0][: part[1]] + part[2] + part[0][part[1] + len(part[2]) :]))  # fmt: skip
def test_no_bytes_make_a_reader_fail(data: bytes) -> None:
    for read in (
        data_stores.read_prelogin,
        data_stores.read_tns,
        data_stores.read_srvr,
        data_stores.is_cql,
        cassandra.read_startup,
    ):
        read(data)
