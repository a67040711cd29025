"""Controllers for tests, each in a process of its own: ``python -m tests.city.controllers KIND ADDRESS [PORT]``.

Real servers: Modbus (pymodbus), S7 (python-snap7's own), BACnet (bacpypes3), IEC 60870-5-104 (c104), EtherNet/IP (cpppo).
There is none of DNP3 to be had: that one is a simulator of the link layer of IEEE 1815, written for these tests.
"""

# ruff: noqa: PLC0415 - each process loads only the library that it runs

import asyncio
import logging
import runpy
import sys
import time

USUAL = {"modbus": 502, "s7": 102, "bacnet": 47808, "iec104": 2404, "ethernet-ip": 44818, "dnp3": 20000}
BACNET_READY = 47809


def command(kind: str, address: str, port: int | None = None) -> list[str]:
    """The command that runs a controller of ``kind`` (a key of ``USUAL``)."""
    return [sys.executable, "-m", "tests.city.controllers", kind, address, str(port or USUAL[kind])]


async def _modbus(address: str, port: int) -> None:
    from pymodbus import ModbusDeviceIdentification
    from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
    from pymodbus.server import StartAsyncTcpServer

    who = ModbusDeviceIdentification(
        info_name={"VendorName": "Schneider Electric", "ProductCode": "TM221CE40R", "MajorMinorRevision": "V1.10"}
    )
    block = ModbusSequentialDataBlock(1, [17] * 100)
    context = ModbusServerContext(devices=ModbusDeviceContext(hr=block), single=True)
    await StartAsyncTcpServer(context, identity=who, address=(address, port))


def _s7(address: str, port: int) -> None:
    from snap7.server import Server

    server = Server()
    server.start_to(address, port)
    while True:
        time.sleep(60)


async def _bacnet(address: str, port: int) -> None:
    from bacpypes3.app import Application
    from bacpypes3.local.device import DeviceObject
    from bacpypes3.local.networkport import NetworkPortObject

    device = DeviceObject(
        objectIdentifier=("device", 1207),
        objectName="Clima-Ajuntament",
        vendorIdentifier=999,
        vendorName="Prova Controls",
        modelName="BC-20",
        firmwareRevision="4.2.1",
    )
    width = 8 if address.startswith("127.") else 16  # its broadcast address must be the link's
    place = NetworkPortObject(f"{address}/{width}:{port}", objectIdentifier=("network-port", 1), objectName="port")
    application = Application.from_object_list([device, place])
    # Nobody can see from outside when a UDP port is bound: a TCP port that nobody looks at says so.
    ready = await asyncio.start_server(lambda reader, writer: writer.close(), address, BACNET_READY)
    async with ready:
        await asyncio.Event().wait()
    application.close()


def _iec104(address: str, port: int) -> None:
    import c104

    server = c104.Server(ip=address, port=port)
    station = server.add_station(common_address=47)
    station.add_point(io_address=11, type=c104.Type.M_ME_NC_1)
    server.start()
    while True:
        time.sleep(60)


def _ethernet_ip(address: str, port: int) -> None:
    sys.argv = ["enip", "--no-config", "-a", f"{address}:{port}", "LEVEL=INT[10]"]
    runpy.run_module("cpppo.server.enip", run_name="__main__")


async def _dnp3(address: str, port: int) -> None:
    """An outstation with link address 10: what is not for it, or bears a wrong CRC, is dropped (IEEE 1815, 9.2)."""
    from scanners.protocols.dnp3 import crc, header

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await reader.readexactly(10)
                if frame[:3] != b"\x05\x64\x05" or crc(frame[:8]) != frame[8:]:
                    break
                if int.from_bytes(frame[4:6], "little") == 10 and frame[3] & 0x4F == 0x49:
                    writer.write(header(0x0B, int.from_bytes(frame[6:8], "little"), 10))
                    await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, address, port)
    await server.serve_forever()


def main(kind: str, address: str, port: int) -> None:
    logging.basicConfig(level=logging.WARNING)
    start = {"modbus": _modbus, "s7": _s7, "bacnet": _bacnet, "iec104": _iec104, "ethernet-ip": _ethernet_ip, "dnp3": _dnp3}[kind]
    running = start(address, port)
    if running is not None:
        asyncio.run(running)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
