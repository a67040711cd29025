"""Real servers for tests: started in a process of their own, waited for, and ended by pid."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def free_port(address: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(address: str, port: int, timeout_seconds: float = 120.0) -> None:
    """Return when something accepts connections there; ``TimeoutError`` when nothing does in time."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((address, port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {address}:{port} after {timeout_seconds:g} s")


@contextmanager
def running(
    argv: Sequence[str],
    *,
    listens: tuple[str, int] | None = None,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 120.0,
    user: str | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server while the context lasts; ``listens`` is the endpoint to wait for. The whole process group is ended."""
    output = log.open("ab") if log else subprocess.DEVNULL
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        user=user,
    )
    try:
        if listens:
            _wait_or_tell(process, listens, timeout_seconds, log)
        yield process
    finally:
        stop(process)


def _wait_or_tell(process: subprocess.Popen[bytes], listens: tuple[str, int], timeout_seconds: float, log: Path | None) -> None:
    try:
        wait_for_port(*listens, timeout_seconds)
    except TimeoutError as error:
        said = log.read_text(errors="replace")[-2000:] if log else ""
        raise TimeoutError(f"{process.args!r} (exit {process.poll()}): {error}\n{said}") from error


def stop(process: subprocess.Popen[bytes], patience_seconds: float = 5.0) -> None:
    """End the process and its children: politely first, then for good."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(patience_seconds)
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait(patience_seconds)
