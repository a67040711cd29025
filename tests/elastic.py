"""Real Elasticsearch nodes for tests: one process each, on loopback, as an unprivileged user, in a folder of their own."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from tests import processes
from tests.fetch_elasticsearch import VERSIONS, archive
from tests.java import java_home

LEAST_JAVA = {"8.19": 17, "9.2": 21}
USER = "nobody"  # Elasticsearch refuses to run as root

_OPTIONS = """-Xms512m
-Xmx512m
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
-XX:+ExitOnOutOfMemoryError
-XX:-HeapDumpOnOutOfMemoryError
-Djava.io.tmpdir=${ES_TMPDIR}
"""


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _end_with_the_tests() -> None:
    """A test run that is killed takes its nodes with it."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Node:
    """One node. ``start`` returns before it answers; ``wait`` returns when it does. Its data outlives ``stop`` and ``kill``."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"talaia-elasticsearch-{line}-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._unpack()

    def _unpack(self) -> None:
        with zipfile.ZipFile(archive(self.line)) as zipped:
            zipped.extractall(self.folder)
        self.home = self.folder / f"elasticsearch-{VERSIONS[self.line]}"
        for script in (self.home / "bin").iterdir():
            script.chmod(0o755)
        (self.home / "config" / "jvm.options").write_text(_OPTIONS)
        settings = {
            "cluster.name": "talaia-test",
            "node.name": "one",
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": processes.free_port(),
            "discovery.type": "single-node",
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "node.store.allow_mmap": False,
            "xpack.security.enabled": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }
        (self.home / "config" / "elasticsearch.yml").write_text("\n".join(f"{k}: {json.dumps(v)}" for k, v in settings.items()))
        for name in ("data", "logs", "tmp"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, USER)

    def _java(self) -> Path:
        """Java, where the node's user can read it."""
        home = java_home(LEAST_JAVA[self.line])
        copy = self.folder / "java"
        user = USER if os.geteuid() == 0 else None
        asked = [str(home / "bin" / "java"), "-version"]
        try:
            if subprocess.run(asked, user=user, capture_output=True, check=False).returncode == 0:
                return home
        except PermissionError:
            pass
        if not copy.exists():
            shutil.copytree(home, copy)
        return copy

    def start(self) -> None:
        log = (self.folder / "output.log").open("ab")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "tmp"),
            "TMPDIR": str(self.folder / "tmp"),
            "ES_JAVA_HOME": str(self._java()),
            "CLI_JAVA_OPTS": "-Xmx64m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        self._process = subprocess.Popen(
            [str(self.home / "bin" / "elasticsearch")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=self.folder / "tmp",
            start_new_session=True,
            user=USER if os.geteuid() == 0 else None,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - one system call, no lock is taken
        )

    def wait(self, timeout_seconds: float = 600.0) -> None:
        """Until the node has recovered what it knows and serves it."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                health = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s"
                with urllib.request.urlopen(health, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.HTTPError):
                time.sleep(0.25)
        raise TimeoutError(f"Elasticsearch {self.line} does not answer:\n{(self.folder / 'output.log').read_text()[-3000:]}")

    def stop(self) -> None:
        if self._process is not None:
            processes.stop(self._process, patience_seconds=20)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
