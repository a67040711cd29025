"""nmap, in a process of its own: ``python -m scanners.nmap`` reads one request, writes JSON lines, and ends.

This is the only module that imports python-nmap (GPL-3). It limits itself, and so nmap, in processor time, memory and file
size before anything else. Input: one :class:`~scanners.nmap.request.NmapRequest` as a JSON line. Output: a line
``{"port": …, "said": …}`` for each port, then ``{"end": true, "detail": …}``; ``{"missing": true}`` when there is no nmap here.
Exit code 0, or 2 when the request cannot be read.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Any

import msgspec
import nmap

from scanners.clean_text import clean_text
from scanners.nmap.request import NmapRequest, arguments_of, host_of, ports_of
from scanners.nmap.xml import read_xml

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_FILE_BYTES = 1024 * 1024
NICENESS = 10  # it runs beside our own looks, and never in front of them


class _Raw(nmap.PortScanner):  # type: ignore[misc]
    """Runs nmap and keeps its report as it came: reading it is ours."""

    def analyse_nmap_xml_scan(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}


def main() -> int:
    try:
        request = msgspec.json.decode(sys.stdin.buffer.readline(), type=NmapRequest)
        host, ports, options = str(host_of(request)), ports_of(request), list(arguments_of(request))
    except (msgspec.DecodeError, ValueError) as error:
        _say({"end": True, "detail": clean_text(f"the request cannot be read: {error}", 300)})
        return 2
    _limit(request)
    os.nice(NICENESS)
    try:
        scanner = _Raw(nmap_search_path=("nmap",))
    except nmap.PortScannerError:
        _say({"missing": True})
        return 0
    detail = _run(scanner, host, ports, options, request.seconds)
    report = scanner.get_nmap_last_output() or b""
    hosts, broken = read_xml(report if isinstance(report, bytes) else report.encode())
    for port, said in hosts.get(host, {}).items():
        _say({"port": port, "said": said})
    _say({"end": True, "detail": detail or broken})
    return 0


def _run(scanner: _Raw, host: str, ports: str, options: list[str], seconds: int) -> str:
    try:
        scanner.scan(hosts=host, ports=ports, arguments=" ".join(options), timeout=seconds + 2)
    except nmap.PortScannerTimeout:
        return f"nmap did not finish within {seconds} s"
    except Exception as error:  # noqa: BLE001 - python-nmap decodes what strangers sent; its failure is the result
        return clean_text(f"nmap failed: {type(error).__name__}: {error}", 300)
    return ""


def _limit(request: NmapRequest) -> None:
    """Limits that nmap inherits; ended with whoever started us; no new rights through setuid programs."""
    resource.setrlimit(resource.RLIMIT_AS, (request.memory_bytes, request.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (request.cpu_seconds, request.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _say(line: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
