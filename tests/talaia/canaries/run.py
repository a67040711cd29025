"""One run of Talaia with canaries for secrets: where its files are, what it said, and what may be shown where."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.talaia.canaries.birds import Aviary
from tests.talaia.canaries.watching import WITNESS, Watch

ROOT = Path(__file__).parents[3]
LONGEST_SECONDS = 60.0


def until(true: Callable[[], object], what: str) -> None:
    """Return when it is; fail after a minute."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"it never came: {what}"
        time.sleep(0.1)


@dataclass
class Run:
    """``home`` has three folders: ``secrets`` (where secrets lie by right), ``city`` (settings, and where Talaia works), ``left``
    (what it said). The last two are searched. ``shown`` are canaries that a file of ``left`` holds by right: it is the one place
    where they are shown, once."""

    home: Path
    birds: Aviary
    watch: Watch
    shown: dict[str, set[str]] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        for name in ("secrets", "city", "left", "hook"):
            (self.home / name).mkdir(parents=True)
        (self.home / "secrets").chmod(0o700)
        (self.home / "hook" / "sitecustomize.py").write_text(WITNESS)

    @property
    def left(self) -> Path:
        return self.home / "left"

    def secret(self, name: str, value: str) -> str:
        """Where a secret's file is now; written, or written anew."""
        path = self.home / "secrets" / name.replace(" ", "-")
        path.touch(mode=0o600)
        path.write_text(value + "\n")
        return str(path)

    def keep(self, what: str, content: str | bytes, shows: Iterable[str] = ()) -> None:
        """Put something that Talaia said where it is searched."""
        self.count += 1
        path = self.left / f"{self.count:03} {re.sub(r'[^a-z0-9.]+', '-', what.lower())[:60]}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.shown[str(path)] = set(shows)

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """A Talaia under test: the witness hears what it starts, every logger speaks."""
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPYCACHEPREFIX") if name in os.environ}
        seen = {"CANARY_WITNESS": str(self.left / "started"), "CANARY_DEBUG": "1", "PYTHONPATH": f"{self.home / 'hook'}:{ROOT}"}
        return {**plain, **seen, **more}

    def start(self, arguments: list[str], environment: Mapping[str, str], name: str) -> subprocess.Popen[bytes]:
        """A process whose output goes to ``left``; it would leave a core if it were let."""
        with (
            (self.left / f"{name} stdout").open("ab") as out,
            (self.left / f"{name} stderr").open("ab") as err,
            self.watch.lock,
        ):
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.home / "city",
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                umask=0o022,
                preexec_fn=_let_cores,  # noqa: PLW1509 - one system call, no lock is taken
            )
            self.watch.told.add(process.pid)
        return process

    def command(self, *arguments: str, code: int = 0, environment: Mapping[str, str] | None = None, shows: str = "") -> str:
        """Run ``talaia`` to its end; what it printed on standard output. ``shows`` is the canary that it prints there, once."""
        name = f"command {self.count:03} {next(word for word in arguments if word[0] != '-' and '/' not in word)}"
        self.count += 1
        process = self.start(["-m", "talaia", *arguments], environment or {}, name)
        assert process.wait(120) == code, (arguments, process.returncode, (self.left / f"{name} stderr").read_text()[-2000:])
        if shows:
            self.shown[str(self.left / f"{name} stdout")] = {shows}
        return (self.left / f"{name} stdout").read_text()

    def hits(self, *more: Path) -> dict[str, set[str]]:
        """Canaries where none may be: in all that was said, in Talaia's folder, in ``more``."""
        found = self.birds.found_in([self.left, self.home / "city", *more], self.home / "secrets")
        wrong = {place: names - self.shown.get(place, set()) for place, names in found.items()}
        return {place: names for place, names in wrong.items() if names}


def _let_cores() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Browser:
    """A person's browser, or a program with a token; every page and answer is kept."""

    def __init__(self, run: Run, port: int, token: str = "") -> None:
        self.run = run
        headers = {"accept-language": "en", **({"authorization": f"Bearer {token}"} if token else {})}
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False)

    def ask(self, method: str, path: str, shows: Iterable[str] = (), **more: Any) -> httpx2.Response:
        """An answer. Its headers are kept too, but for the cookies, which are there to be sent, and where it leads on to."""
        answer = self.client.request(method, path, **more)
        told = {name: value for name, value in answer.headers.items() if name not in ("set-cookie", "location")}
        self.run.keep(f"{method} {path.partition('?')[0]}", json.dumps(told).encode() + b"\n" + answer.content, shows)
        return answer

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, shows: Iterable[str] = (), **fields: str) -> httpx2.Response:
        """A form."""
        return self.ask("POST", path, shows, data=fields)

    def tell(self, path: str, body: Mapping[str, Any], shows: Iterable[str] = (), **headers: str) -> Any:
        """JSON to the API, and its JSON."""
        answer = self.ask("POST", f"/api/v1{path}", shows, json=body, headers=headers)
        assert answer.status_code < 300, (path, answer.text)
        return answer.json()

    @property
    def session(self) -> str:
        return str(self.client.cookies.get("talaia_session"))

    def mark(self, path: str) -> str:
        """The mark of its session that forms of that page carry."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found, path
        return found[1]
