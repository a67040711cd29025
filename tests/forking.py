"""Many short-lived copies of one process: everything is imported once, then each copy is forked, and killed.

``python -m tests.forking MODULE`` reads commands (JSON lines) and answers each with a line.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Forks:
    """Copies of ``module``, each running its ``main`` with the given texts. Use as a context; copies left over are ended."""

    def __init__(self, module: str) -> None:
        argv = [sys.executable, "-m", "tests.forking", module]
        self._parent = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._left: set[int] = set()

    def __enter__(self) -> "Forks":
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self._left):
            self.kill(pid)
        self._parent.communicate(timeout=10)

    def _ask(self, *command: object) -> int:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(command) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def begin(self, *texts: str) -> int:
        """Start a copy; returns its pid."""
        pid = self._ask("run", *texts)
        self._left.add(pid)
        return pid

    def wait(self, pid: int) -> int:
        """Until the copy has ended; returns its exit code (-9: killed)."""
        self._left.discard(pid)
        return self._ask("wait", pid)

    def kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.wait(pid)

    def kill_after(self, seconds: float, *texts: str) -> None:
        pid = self.begin(*texts)
        time.sleep(seconds)
        self.kill(pid)


def main(name: str) -> None:
    module = importlib.import_module(name)
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        if verb == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(rest[0], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            code = 1
            try:
                module.main(*rest)
                code = 0
            finally:
                os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
