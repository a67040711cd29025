"""A real Keycloak for tests: fetched with Maven once, one process on loopback, in a folder of its own."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.fetch_elasticsearch import from_maven
from tests.java import java_home
from tests.processes import free_port, running

VERSION = "26.4.0"


class Keycloak:
    """Its administration, by REST."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx2.Client(base_url=url, timeout=60, trust_env=False)

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": "admin"}
        token = self.client.post("/realms/master/protocol/openid-connect/token", data=form).json()["access_token"]
        answer = self.client.request(method, f"/admin{path}", json=body, headers={"authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def keycloak() -> Iterator[Keycloak]:
    """Runs while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="talaia-keycloak-"))
    try:
        with zipfile.ZipFile(from_maven("org.keycloak", "keycloak-quarkus-dist", VERSION)) as zipped:
            zipped.extractall(folder)
        home, port = folder / f"keycloak-{VERSION}", free_port()
        script = home / "bin" / "kc.sh"
        script.chmod(0o755)
        environment = {
            "JAVA_HOME": str(java_home(21)),
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": "admin",
            "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx384m",
            "PATH": os.environ["PATH"],
        }
        argv = [str(script), "start-dev", "--http-port", str(port), "--http-host", "127.0.0.1"]
        with running(argv, listens=("127.0.0.1", port), log=folder / "log", environment=environment, timeout_seconds=600):
            yield Keycloak(f"http://127.0.0.1:{port}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
