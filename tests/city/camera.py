"""A camera's ONVIF side, simulated: ``python -m tests.city.camera ADDRESS PORT open|closed``.

The device service (Core Specification: GetSystemDateAndTime is for everybody, GetDeviceInformation wants a password on a
``closed`` one) on the TCP port, and WS-Discovery on UDP 3702. No ONVIF server is to be had as a package.
"""

import asyncio
import re
import sys
from typing import Any

_SOAP = '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" {}>'
_BODY = "<SOAP-ENV:Body>{}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
_TDS = 'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
DATE = "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime/></tds:GetSystemDateAndTimeResponse>"
INFORMATION = (
    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Prova</tds:Manufacturer><tds:Model>PC-200</tds:Model>"
    "<tds:FirmwareVersion>2.4.7</tds:FirmwareVersion><tds:SerialNumber>0</tds:SerialNumber></tds:GetDeviceInformationResponse>"
)
REFUSED = (
    '<SOAP-ENV:Fault xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value>'
    "<SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code></SOAP-ENV:Fault>"
)


def match(address: str, port: int) -> bytes:
    inner = (
        '<d:ProbeMatches xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter'
        "</d:Types><d:Scopes>onvif://www.onvif.org/name/Prova</d:Scopes>"
        f"<d:XAddrs>http://{address}:{port}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>"
    )
    return (_SOAP.format("") + _BODY.format(inner)).encode()


class Discovery(asyncio.DatagramProtocol):
    def __init__(self, address: str, port: int) -> None:
        self.answer = match(address, port)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if b"discovery/Probe" in data:
            self.transport.sendto(self.answer, addr)


async def main(address: str, port: int, how: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: *([0-9]+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(found[1])) if found else b""
            writer.write(answer(head, body, how))
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        writer.close()

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Discovery(address, port), local_addr=(address, 3702))
    server = await asyncio.start_server(serve, address, port)
    await server.serve_forever()


def answer(head: bytes, body: bytes, how: str) -> bytes:
    """gSOAP's manner: a fault is a 400, and what is no service is a 404."""
    status, said = "404 Not Found", ""
    if head.startswith(b"POST /onvif/device_service "):
        if b"GetSystemDateAndTime" in body:
            status, said = "200 OK", DATE
        elif b"GetDeviceInformation" in body:
            status, said = ("200 OK", INFORMATION) if how == "open" else ("400 Bad Request", REFUSED)
    text = (_SOAP.format(_TDS) + _BODY.format(said)).encode() if said else b""
    top = f"HTTP/1.1 {status}\r\nServer: gSOAP/2.8\r\nContent-Type: application/soap+xml\r\nContent-Length: {len(text)}\r\n"
    return (top + "Connection: close\r\n\r\n").encode() + text


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
