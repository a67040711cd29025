"""A deadline counts what a host takes, not what our own queues do; what a child process borrows is missing from the rest."""

import asyncio
import socket
from contextlib import closing

import pytest

from scanners.door import Door
from scanners.pace import Pace, Turnstile, deadline, queueing
from scanners.target import Target, Transport
from tests.scanners.looking import serving
from tests.scanners.looks import loopback_zone
from tests.scanners.small_servers import HERE


async def test_waiting_in_a_queue_does_not_count() -> None:
    async with deadline(0.2):
        with queueing():
            await asyncio.sleep(0.5)


async def test_all_else_counts() -> None:
    async def queues_and_dawdles() -> None:
        async with deadline(0.1):
            with queueing():
                await asyncio.sleep(0.2)
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await queues_and_dawdles()


async def test_deadlines_nest_and_hold_in_the_tasks_below() -> None:
    pace, passed = Pace(4), False

    async def queues_and_dawdles() -> None:
        nonlocal passed
        async with deadline(0.2), deadline(10):
            await asyncio.gather(*(pace.take() for _ in range(3)))  # half a second of queueing: allowed
            passed = True
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        await queues_and_dawdles()
    assert passed


async def test_the_turnstile_is_a_queue() -> None:
    gate = Turnstile()

    async def hold() -> None:
        async with gate.through("a", 1):
            await asyncio.sleep(0.3)

    first = asyncio.create_task(hold())
    await asyncio.sleep(0)
    async with deadline(0.1), gate.through("a", 1):
        pass
    await first


async def test_a_loan_takes_connections_and_pace() -> None:
    zone = loopback_zone(connections_per_host=4, packets_per_second=1000)
    door, release = Door([zone]), asyncio.Event()
    connected = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def connect(port: int) -> None:
        nonlocal connected
        async with door.open(Target(address=HERE, port=port)):
            connected += 1
            await release.wait()

    async with serving(handle) as port, door.lend(HERE, zone_id=zone.id, share=0.5) as loan, asyncio.TaskGroup() as group:
        assert (str(loan.address), loan.connections, loan.packets_per_second) == (HERE, 1, 500)
        for _ in range(4):
            group.create_task(connect(port))
        while connected < 3:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert connected == 3  # the fourth waits: one of the four connections is lent
        release.set()
    assert connected == 4


async def test_an_answer_from_another_port_counts_only_when_asked_for() -> None:
    loop = asyncio.get_running_loop()

    class Elsewhere(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
                other.bind((HERE, 0))
                other.sendto(b"from elsewhere", addr)

    transport, _ = await loop.create_datagram_endpoint(Elsewhere, local_addr=(HERE, 0))
    target = Target(address=HERE, port=transport.get_extra_info("sockname")[1], transport=Transport.UDP)
    door = Door([loopback_zone()])
    assert await door.datagram(target, b"?", timeout_seconds=0.3) == []
    assert await door.datagram(target, b"?", any_port=True) == [b"from elsewhere"]
    transport.close()


async def test_a_reserved_port() -> None:
    ports: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        writer.write(b"x")
        await writer.drain()

    async with serving(handle) as port, Door([loopback_zone()]).open(Target(address=HERE, port=port), reserved_port=True) as wire:
        await wire.read_some()
    assert 512 <= ports[0] < 1024
