"""Two witnesses of the programs that Talaia starts: the kernel's list (``/proc``), and Python's audit events, which miss none.

The second one is a ``sitecustomize`` that a Talaia under test imports before anything else; it also lets every logger speak.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

WITNESS = """import json, logging, os, sys
_PLACE = os.environ.pop("CANARY_WITNESS", "")
if _PLACE:
    def _heard(event, args):
        if event not in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
            return
        env = args[-1] if event != "os.system" and args[-1] is not None else dict(os.environ)
        with open(_PLACE, "a") as file:
            file.write(json.dumps({"event": event, "argv": repr(args[:2]), "env": repr(env)}) + "\\n")
    sys.addaudithook(_heard)
    if os.environ.pop("CANARY_DEBUG", ""):
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
"""


class Watch(threading.Thread):
    """Samples what runs below this process until :meth:`end`. ``told`` were handed secrets in their environment."""

    def __init__(self) -> None:
        super().__init__(name="canary watch", daemon=True)
        self.told: set[int] = set()
        self.commands: set[bytes] = set()
        self.environments: set[bytes] = set()
        self.rounds = 0
        self.lock = threading.Lock()  # held while one is started that is told secrets
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.02):
            with self.lock:
                self._round()

    def end(self) -> None:
        self._ended.set()
        self.join(300)

    def _round(self) -> None:
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                with suppress(OSError, IndexError, ValueError):
                    parents[int(name)] = int(Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1])
        for process, parent in parents.items():
            if self._below_us(process, parents):
                with suppress(OSError):
                    self._look(process, parent)
        self.rounds += 1

    def _below_us(self, process: int, parents: dict[int, int]) -> bool:
        at = process
        while at > 1:
            at = parents.get(at, 0)
            if at == os.getpid():
                return True
        return False

    def _look(self, process: int, parent: int) -> None:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        self.commands.add(command)
        # Between fork and exec a child still has its parent's memory, and with it the parent's words.
        if process not in self.told and command and command != Path(f"/proc/{parent}/cmdline").read_bytes():
            self.environments.add(Path(f"/proc/{process}/environ").read_bytes())

    def write(self, folder: Path) -> None:
        """What was seen, for the net."""
        (folder / "commands").write_bytes(b"\n".join(sorted(self.commands)))
        (folder / "environments").write_bytes(b"\n".join(sorted(self.environments)))
