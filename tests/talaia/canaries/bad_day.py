"""A bad day: every server refuses and repeats what it heard, or is not there; files have mistakes; people type secrets where none
belong."""

import json
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from talaia.cli import COMMANDS
from tests.processes import free_port, wait_for_port
from tests.talaia.canaries.gate import Identity, Parrot
from tests.talaia.canaries.run import Browser, Run, until
from tests.talaia.canaries.servers import HOST

SYSTEMS: dict[str, dict[str, str]] = {
    "request_tracker": {"token_file": "rt token", "queue": "Posture"},
    "redmine": {"key_file": "redmine key", "project": "posture", "tracker": "Posture"},
    "glpi": {"user_token_file": "glpi user token", "app_token_file": "glpi app token"},
    "glpi_v2": {"user": "talaia", "password_file": "glpi password", "client": "c", "client_secret_file": "glpi client secret"},
    "jira_cloud": {"user": "talaia@vilamar.example", "token_file": "jira cloud token", "project": "POS"},
    "jira_data_center": {"token_file": "jira token", "project": "POS"},
    "servicenow": {"user": "talaia", "password_file": "servicenow password"},
    "znuny": {"user": "talaia", "password_file": "znuny password", "queue": "Posture", "customer": "posture"},
    "webhook": {"secret_file": "receiver's secret"},
}
HARMLESS = [one for one in COMMANDS if one not in ("serve", "demo", "init", "listen", "scan", "test-again", "stop")]
ZONE = (
    f"zones:\n- id: own\n  networks: [{HOST}]\n  authorised_by: the tests\n  valid_from: 2026-01-01\n  valid_until: 2099-12-31\n"
)


@dataclass
class BadDay:
    """``parrot`` and ``nobody`` are addresses; ``runs`` are commands for :mod:`tests.talaia.canaries.many`."""

    run: Run
    parrot: Parrot
    parrot_url: str
    identity: Identity
    port: int = field(default_factory=free_port)
    nobody: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    runs: list[tuple[list[str], dict[str, str]]] = field(default_factory=list)
    process: Any = None

    @property
    def folder(self) -> Path:
        folder = self.run.home / "city" / "bad"
        folder.mkdir(exist_ok=True)
        return folder

    def settings(self, name: str, **written: Any) -> str:
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"catalogue": None, **written}))
        return str(path)

    def typed(self, name: str, text: str) -> str:
        """A file of settings with a secret in it, which is where it may be: with the secrets."""
        return self.run.secret(f"{name}.yaml", text)

    # -- one process, many commands

    def commands(self) -> None:
        """Every command's help, and every command with nothing wrong, a wrong database and a wrong file."""
        (self.folder / "zones.yaml").write_text(ZONE)
        good = self.settings("good")
        unreachable = self._databases()
        self.runs += [([one, "--help"], {}) for one in COMMANDS] + [(["--help"], {})]
        self.runs += [(["--config", good, *self._words(one)], {}) for one in HARMLESS]
        for form in ("csv", "ocsf", "oscal", "sarif", "csaf"):
            self.runs.append((["--config", good, "export", "findings", "--format", form], {}))
        self.runs += [(["--config", unreachable, *self._words(one)], {}) for one in HARMLESS]
        self._ticket_systems()
        self._mistakes(good)

    def _words(self, command: str) -> list[str]:
        more = {"export": ["findings-csv"], "import": [__file__, "--format", "csv"], "ticket-text": ["0000"]}
        more |= {"incident-report": ["0000"], "account": ["create", "pere"], "token": ["one", "--json"], "rules": ["TLS-002"]}
        return [command, *more.get(command, [])]

    def _databases(self) -> str:
        """Addresses that hold a password, some of them wrong; returns one where nobody listens."""
        birds, port = self.run.birds, free_port()
        secret = birds.hatch("password in an address", plain=True)
        wrong = (
            f"postgresql://talaia:{secret}@127.0.0.1:{port}/talaia",
            f"postgresql://talaia:x@{secret}@127.0.0.1:{port}/talaia",
            f"postgresql://talaia:{secret}@127.0.0.1:notaport/talaia",
            f"postgresql://127.0.0.1:{port}/talaia?password={secret}",
            f"mysql://talaia:{secret}@127.0.0.1/talaia",
            f"{secret}@127.0.0.1/talaia",
            f"sqlite://talaia:{secret}@127.0.0.1/talaia.db",
            f"postgres//talaia:{secret}@127.0.0.1/talaia",
            f"postgresql://talaia:{secret}@127.0.0.1:{port}/talaia?sslpassword={secret}",
        )
        for number, address in enumerate(wrong):
            self.runs.append((["--config", self.settings("other"), "findings"], {"TALAIA_DATABASE": address}))
            self.runs.append(
                (["--config", self.typed(f"database {number}", f"database: {json.dumps(address)}\n"), "findings"], {})
            )
        return self.typed("unreachable", f"database: {json.dumps(wrong[0])}\ncatalogue: null\n")

    def _ticket_systems(self) -> None:
        for name, words in SYSTEMS.items():
            named = {word: f"CANARY_{word.upper()}" for word in words if word.endswith("_file")}
            secrets = {variable: self.run.birds.hatch(words[word]) for word, variable in named.items()}
            files = {**words, **{word: f"env:{variable}" for word, variable in named.items()}}
            for place, url in (("parrot", self.parrot_url), ("nobody", self.nobody)):
                if place == "nobody" and name not in ("request_tracker", "znuny"):
                    continue  # three tries take seconds
                path = self.settings(f"{name} {place}", ticketing={"to": {"system": name, "url": url, **files}})
                self.runs.append((["--config", path, "tickets", "check"], secrets))

    def _mistakes(self, good: str) -> None:
        """Secrets that somebody wrote into a settings file, or put into files that everybody can read."""
        secret = self.run.birds.hatch("secret in a wrong place", plain=True)
        lines = (
            f"elasticsearch: {{hosts: ['elastic:{secret}@es.example:9200']}}",
            f"elasticsearch: {{hosts: ['https://elastic:{secret}@es.example:9200']}}",
            f"elasticsearch: {{hosts: ['https://es.example:9200'], api_key: {secret}}}",
            f"elasticsearch: {{hosts: ['https://es.example:9200'], api_key_file: {secret}, username: {secret}}}",
            f"elasticsearch: {{hosts: ['https://es.example:9200'], api_key_file: '{secret}', : }}",
            f"sign_in: {{oidc: {{issuer: 'talaia:{secret}@idp.example', client_secret: {secret}}}}}",
            f"listen: {{public_url: 'talaia:{secret}@talaia.example'}}",
            f"mail: {{host: 'talaia:{secret}@mail.example', password: {secret}}}",
            f"ticketing: {{to: {{system: glpi, url: 'https://talaia:{secret}@glpi.example', user_token: {secret}}}}}",
            f"ticketing: {{to: {{system: glpi, url: 'https://talaia:{secret}@glpi.example', user_token_file: x}}}}",
            f"database_password_file: {secret}\ndatabase: !{secret} x",
            f"database: 'postgresql://talaia:{secret}@h/x",
            f"database: &{secret} x",
        )
        for number, line in enumerate(lines):
            path = self.typed(f"settings {number}", line + "\n")
            self.runs += [(["--config", path, "check"], {}), (["--config", path, "tickets", "check"], {})]
        zones = (
            f"  snmp_communities: [{secret}]",
            f"  snmp_communities: [public, '{secret}'",
            f"  snmp_communities: !{secret} x",
            f"  host_access: {{user: talaia, key: {secret}}}",
            f"  host_access: {{user: talaia, key: 'file:{secret}'}}",
            f"  host_access: {{user: talaia, key: 'env:{secret} x', password: {secret}}}",
        )
        for number, line in enumerate(zones):
            place = self.typed(f"zones {number}", ZONE + line + "\n")
            path = self.settings(f"zones {number}", zones=place)
            self.runs += [(["--config", path, "check"], {}), (["--config", path, "scan"], {})]
        for word in ("env:CANARY_NOT_SET", "credential:nothing", "nothing", "file:/nowhere"):
            tickets = {"to": {"system": "redmine", "url": self.parrot_url, "key_file": word, "project": "p", "tracker": "t"}}
            path = self.typed(f"place {len(self.runs)}", yaml.safe_dump({"catalogue": None, "ticketing": tickets}))
            self.runs.append((["--config", path, "tickets", "check"], {}))

    def begin(self) -> None:
        """Start them, one after the other in a process of their own."""
        place = self.run.secret("many.json", json.dumps(self.runs))
        self.process = self.run.start(["-m", "tests.talaia.canaries.many", place], {}, "many")

    def ends(self) -> list[dict[str, Any]]:
        """How each ended."""
        assert self.process.wait(300) == 0, (self.run.left / "many stderr").read_text()[-3000:]
        said = (self.run.left / "many stderr").read_text().splitlines()
        ends = [json.loads(line) for line in said if line.startswith('{"command"')]
        assert len(ends) == len(self.runs)
        return ends

    # -- served

    def serve(self) -> None:
        """Every secret comes from the environment, and every server that it is for is a parrot."""
        birds = self.run.birds
        names = {"ES": "elasticsearch password", "OIDC": "another oidc secret"}
        secrets = {f"CANARY_{word}": birds.hatch(name) for word, name in names.items()}
        secrets["CANARY_TICKETS"] = birds["jira token"]
        secrets["CANARY_SEAL"] = birds["second sealing key"]
        (self.folder / "zones.yaml").write_text(ZONE + "  ports: '1'\n")
        oidc = {"issuer": self.identity.url, "client_id": "talaia", "client_secret_file": "env:CANARY_OIDC", "claim": "groups"}
        path = self.settings(
            "served",
            database="sqlite:///served.db",
            elasticsearch={"hosts": [self.parrot_url], "username": "talaia", "password_file": "env:CANARY_ES"},
            listen={"port": self.port},
            sign_in={"key_file": "env:CANARY_SEAL", "oidc": {**oidc, "roles": {"watch": {"role": "viewer"}}}},
            ticketing={
                "to": {
                    "system": "jira_data_center",
                    "url": self.parrot_url,
                    "token_file": "env:CANARY_TICKETS",
                    "project": "POS",
                },
                "poll_seconds": 10,
            },
        )
        env = {**secrets, "TALAIA_CONFIG": path}
        token = self.run.command("token", "desk", "--role", "administrator", environment=env, shows="bad day's token").strip()
        birds.caught("bad day's token", token)
        process = self.run.start(["-m", "talaia", "serve"], env, "bad serve")
        wait_for_port("127.0.0.1", self.port, 60)
        desk = Browser(self.run, self.port, token)
        desk.tell("/scans", {"zone": "own"})
        asked = desk.get("/sign-in/oidc").headers["location"]
        state = asked.partition("state=")[2].partition("&")[0]
        assert desk.get(f"/sign-in/oidc/back?state={state}&code=x").status_code == 401
        until(lambda: {"/_bulk", "/rest"} <= {_room(one.path) for one in self.parrot.asked}, "both were asked")
        desk.post("/sign-in", token=token)
        for page in ("/health", "/tickets", "/audit", "/webhooks", "/api/v1/health/parts", "/api/v1/audit", "/api/v1/tickets"):
            desk.get(page)
        process.send_signal(signal.SIGTERM)
        process.wait(300)


def _room(path: str) -> str:
    if path.startswith(("/_component", "/_index", "/_bulk", "/_cluster")):
        return "/_bulk"
    return "/" + path.split("/")[1]
