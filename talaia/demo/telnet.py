"""The demo city's Telnet servers (telnetlib3): ``python -m talaia.demo.telnet SERVERS.json``. They ask, and let nobody in."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import telnetlib3


async def shell(reader: Any, writer: Any) -> None:
    writer.write("\r\nVilamar router\r\n\r\nlogin: ")
    await reader.readline()
    writer.write("Password: ")
    await reader.readline()
    writer.write("\r\nLogin incorrect\r\n")
    writer.close()


async def serve(servers: list[dict[str, Any]]) -> None:
    for server in servers:
        await telnetlib3.create_server(host=server["address"], port=server["port"], shell=shell, timeout=30)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
