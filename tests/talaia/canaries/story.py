"""A good day: Talaia with a secret in every setting that takes one, used for all it is for; then each is changed under it."""

import base64
import getpass
import os
import re
import signal
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import yaml
from standardwebhooks import Webhook, WebhookVerificationError

from talaia.demo.certificates import Authority, Wish
from tests.api.ticketing.doubles.receiver import Receiver as TicketSystem
from tests.collector.mail_server import Box
from tests.collector.webhooks.receiver import Receiver
from tests.processes import free_port, wait_for_port
from tests.talaia.canaries.gate import Elastic, Identity
from tests.talaia.canaries.run import Browser, Run, until
from tests.talaia.canaries.servers import HOST, Database, Door

PASSWORD = "the person's password"
PAGES = (
    "/", "/findings", "/findings.csv", "/assets", "/assets.csv", "/tickets", "/exceptions", "/scans", "/webhooks",
    "/accounts", "/zones", "/health", "/schedules", "/tokens", "/audit", "/rules", "/coverage", "/overdue",
    "/filters", "/exports/sarif", "/exports/oscal", "/api/v1/accounts", "/api/v1/tokens",
    "/api/v1/audit", "/api/v1/audit/verify", "/api/v1/webhooks", "/api/v1/health/parts", "/api/v1/health", "/api/v1/zones",
    "/api/v1/zone-file", "/api/v1/events", "/api/v1/tickets", "/api/v1/tickets/drift", "/api/v1/findings",
    "/api/v1/verdicts", "/api/v1/assets", "/api/v1/scans", "/api/v1/schedules", "/api/v1/risk", "/api/v1/exports/csv",
    "/api/v1/exports/ocsf", "/api/v1/exports/oscal", "/api/v1/exports/sarif", "/api/v1/exports/csaf",
    "/api/v1/exports/ens-catalog", "/api/v1/openapi.json",
)  # fmt: skip


@dataclass
class City:
    """The servers around Talaia, and what was seen of their logins."""

    database: Database
    elastic: Elastic
    elastic_url: str
    identity: Identity
    tickets: TicketSystem
    tickets_url: str
    mail: Box
    receiver: Receiver
    door: Door
    authority: Path
    open_port: int


@dataclass
class Day:
    """``rotated`` says of each secret whether its server took the new one without a restart."""

    run: Run
    city: City
    port: int = field(default_factory=free_port)
    rotated: dict[str, bool] = field(default_factory=dict)
    process: Any = None
    pages: dict[str, int] = field(default_factory=dict)

    @property
    def config(self) -> str:
        return str(self.run.home / "city" / "talaia.yaml")

    @property
    def environment(self) -> dict[str, str]:
        birds, credentials = self.run.birds, str(self.run.home / "secrets")
        return {"CREDENTIALS_DIRECTORY": credentials, "CANARY_SSH_KEY": birds["ssh key"], "TALAIA_CONFIG": self.config}

    # -- the settings

    def write_settings(self) -> None:
        run, city, birds = self.run, self.city, self.run.birds
        run.secret("pg", birds["postgresql password"])
        run.secret("seal", birds["sealing key"])
        run.secret("webhook-tickets", birds["ticket secret"])
        settings = {
            "database": city.database.url,
            "database_password_file": "credential:pg",
            "catalogue": None,
            "elasticsearch": {"hosts": [city.elastic_url], "api_key_file": run.secret("es", birds["elasticsearch key"])},
            "listen": {"port": self.port},
            "sign_in": {
                "key_file": "credential:seal",
                "oidc": {
                    "issuer": city.identity.url,
                    "client_id": "talaia",
                    "client_secret_file": f"file:{run.secret('oidc', birds['oidc secret'])}",
                    "claim": "groups",
                    "roles": {"watch": {"role": "analyst"}},
                },
            },
            "webhooks": {"http_on_loopback": True},
            "mail": {
                "host": "127.0.0.1",
                "port": city.mail.port,
                "username": "talaia",
                "password_file": run.secret("mail", birds["mail password"]),
                "sender": "talaia@vilamar.example",
                "at": "00:00",
                "recipients": [{"address": "desk@vilamar.example"}],
            },
            "ticketing": {
                "to": {"system": "webhook", "url": city.tickets_url, "secret_file": "credential:webhook-tickets"},
                "open_for": ["critical", "high", "medium", "low"],
                "poll_seconds": 10,
            },
            "trusted_authorities": [str(city.authority)],
        }
        Path(self.config).write_text(yaml.safe_dump(settings))
        Path(self.config).with_name("zones.yaml").write_text(yaml.safe_dump({"zones": [self._zone()]}))

    def _zone(self) -> dict[str, Any]:
        door = self.city.door
        return {
            "id": "own",
            "networks": ["127.77.1.10", HOST],
            "authorised_by": "the tests",
            "valid_from": "2026-01-01",
            "valid_until": "2099-12-31",
            "ports": f"8443,{door.port},{self.city.open_port}",
            "udp_ports": "161",
            "packets_per_second": 20000,
            "vantage": "internet",
            "intrusiveness": "normal",
            "snmp_communities": ["public", f"file:{self.run.secret('snmp', self.run.birds['snmp community'])}"],
            "host_access": {
                "user": getpass.getuser(),
                "key": "env:CANARY_SSH_KEY",
                "port": door.port,
                "host_keys": {HOST: door.pin},
            },
        }

    # -- at the command line

    def morning(self) -> tuple[str, str]:
        """A first scan, a token and an account; returns the token and the link's path."""
        run = self.run
        token = run.command("token", "desk", "--role", "administrator", environment=self.environment, shows="token").strip()
        run.birds.caught("token", token)
        made = ("account", "create", "marta", "--role", "administrator")
        link = run.command(*made, environment=self.environment, shows="welcome link").strip()
        run.birds.caught("welcome link", link.rpartition("/")[2])
        run.command("scan", environment=self.environment)
        began = "insert into digest (recipient, since, place, urgent_place, urgent_tries, tries, failures)"
        self.city.database.run(f"{began} values ('desk@vilamar.example ', now() - interval '2 days', 0, 0, 0, 0, 0)")
        return token, urlsplit(link).path

    def serve(self) -> None:
        self.process = self.run.start(["-m", "talaia", "serve"], self.environment, "serve")
        wait_for_port("127.0.0.1", self.port, 60)

    # -- people

    def person(self, welcome: str) -> Browser:
        """Marta sets a password, mistypes it, turns the second step on, and signs in with it."""
        birds, browser = self.run.birds, Browser(self.run, self.port)
        browser.get(welcome, shows=["welcome link"])
        browser.post(welcome, new=birds[PASSWORD])
        birds.caught("first session", browser.session)
        browser.get(welcome, shows=["welcome link"])  # used up; its own address, in the browser that has it
        browser.post("/sign-out", csrf=browser.mark("/account"))
        stranger = Browser(self.run, self.port)
        stranger.post("/sign-in", login="marta", password=birds.hatch("mistyped password"))
        stranger.post("/sign-in", login=birds.hatch("password in the login's place"), password="x" * 12)
        stranger.post("/sign-in", token="talaia_" + birds.hatch("mistyped token", plain=True))
        stranger.get("/api/v1/findings", headers={"authorization": "Bearer " + birds.hatch("another's token", plain=True)})
        stranger.get("/enter/" + birds.hatch("link of nobody", plain=True))
        browser.post("/sign-in", login="marta", password=birds[PASSWORD])
        birds.caught("second session", browser.session)
        mark = browser.mark("/account/second-step")
        page = browser.post("/account/second-step", ["totp secret"], csrf=mark, password=birds[PASSWORD]).text
        shown = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page)
        assert shown, page
        secret = shown[0].replace(" ", "")
        birds.caught("totp secret", secret, base64.b32decode(secret), shown[0].encode())
        now, device = int(time.time()), pyotp.TOTP(secret)
        page = browser.post("/account/second-step/confirm", ["recovery code"], csrf=mark, code=device.at(now)).text
        code = re.search(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", page)
        assert code, page
        birds.caught("recovery code", code[0], code[0].replace("-", "").encode())
        browser.post("/sign-out", csrf=browser.mark("/account"))
        browser.post("/sign-in", login="marta", password=birds[PASSWORD])
        birds.caught("second step's mark", str(browser.client.cookies.get("talaia_step")))
        browser.post("/sign-in/code", code="000000")
        browser.post("/sign-in/code", code=device.at(now + 30))
        birds.caught("third session", browser.session)
        assert browser.get("/account").status_code == 200
        return browser

    def by_the_provider(self, name: str) -> int:
        """Somebody signs in there; returns what the page answered. Another attempt is left under way."""
        browser = Browser(self.run, self.port)
        for attempt in ("left", "finished"):
            asked = parse_qs(urlsplit(browser.get("/sign-in/oidc").headers["location"]).query)
            self.run.birds.caught(f"{name} {attempt} state", asked["state"][0])
            self.run.birds.caught(f"{name} {attempt} mark", str(browser.client.cookies.get("talaia_attempt")))
        self.city.identity.nonce = asked["nonce"][0]
        code = self.run.birds.hatch(f"{name} code")
        answer = browser.get("/sign-in/oidc/back", params={"state": asked["state"][0], "code": code})
        Browser(self.run, self.port).get("/sign-in/oidc/back", params={"state": asked["state"][0], "code": code})
        if answer.status_code == 200:
            self.run.birds.caught(f"{name} session", browser.session)
        return answer.status_code

    # -- programs

    def programs(self, token: str) -> str:
        """A second token, a webhook, and everything that can be read; returns the id of the webhook."""
        birds, desk = self.run.birds, Browser(self.run, self.port, token)
        once = {"name": "siem", "role": "viewer"}
        made = desk.tell("/tokens", once, ["api token"], **{"idempotency-key": "one"})
        birds.caught("api token", made["secret"])
        desk.ask("POST", "/api/v1/tokens", json=once, headers={"idempotency-key": "one"})
        hook = desk.tell("/webhooks", {"url": self.city.receiver.url}, ["webhook secret"], **{"idempotency-key": "two"})
        birds.caught("webhook secret", hook["secret"], base64.b64decode(hook["secret"].removeprefix("whsec_")))
        login = f"https://talaia:{birds.hatch('login in an address', plain=True)}@siem.vilamar.example/"
        assert desk.ask("POST", "/api/v1/webhooks", json={"url": login}).is_client_error
        desk.tell(f"/webhooks/{hook['id']}/replay", {"after": "e0"})
        finding = desk.get("/api/v1/findings?state=open").json()["items"][0]["id"]
        reader = Browser(self.run, self.port)
        reader.post("/sign-in", token=token)
        birds.caught("token's session", reader.session)
        for path in (*PAGES, f"/findings/{finding}", f"/api/v1/findings/{finding}", f"/findings/{finding}/incident-report.txt"):
            self.pages[path] = (desk if path.startswith("/api/") else reader).get(path).status_code
        return str(hook["id"])

    # -- secrets change while it runs

    def evening(self, person: Browser, token: str, hook: str) -> None:
        run, city, birds = self.run, self.city, self.run.birds
        until(lambda: city.mail.taken and city.tickets.tickets and city.receiver.got, "a mail, a ticket and an event")
        new_key, new_ticket = birds["second sealing key"], birds["second ticket secret"]
        city.elastic.login, before = f"ApiKey {birds['second elasticsearch key']}", len(city.elastic.stored)
        city.identity.secret = birds["second oidc secret"]
        city.tickets.signature, asked = Webhook(new_ticket), len(city.tickets.asked)
        city.mail.password, mails = birds["second mail password"], len(city.mail.taken)
        run.secret("es", birds["second elasticsearch key"])
        run.secret("oidc", birds["second oidc secret"])
        run.secret("webhook-tickets", new_ticket)
        run.secret("mail", birds["second mail password"])
        run.secret("snmp", birds["second snmp community"])
        run.secret("seal", f"{new_key}\n{birds['sealing key']}")
        run.secret("pg", birds["second postgresql password"])
        city.database.change_password(birds["second postgresql password"])
        city.database.run("update digest set slot = null, told_at = null, place = 0, next_at = null")
        desk = Browser(run, self.port, token)
        until(lambda: desk.get("/api/v1/findings").status_code == 200, "an answer with PostgreSQL's new password")
        self.rotated["postgresql"] = True
        self.rotated["oidc"] = self.by_the_provider("evening") == 200
        second = desk.tell("/webhooks", {"url": city.receiver.url}, ["second webhook secret"])
        birds.caught("second webhook secret", second["secret"], base64.b64decode(second["secret"].removeprefix("whsec_")))
        self._scan(desk)
        seen = len(city.receiver.got)
        for key in (hook, second["id"]):
            desk.tell(f"/webhooks/{key}/replay", {"after": "e0"})
        until(lambda: len(city.receiver.got) > seen + 1, "events under the old and the new sealing key")
        self.rotated["sealing"] = self._signed_by_both()
        until(lambda: len(city.elastic.stored) > before, "documents with Elasticsearch's new key")
        until(lambda: _taken(city.tickets, asked), "a request that is signed with the new secret of the ticket system")
        until(lambda: len(city.mail.taken) > mails, "a mail with the new password")
        self.rotated |= {"elasticsearch": True, "tickets": True, "mail": True}
        looked = desk.get("/api/v1/verdicts?rule=SNMP-002").json()["items"]
        self.rotated["snmp"] = [item["result"] for item in looked] == ["fail"]  # it answered to the new community
        assert person.get("/account").status_code == 200  # nobody was signed out by all this

    def _signed_by_both(self) -> bool:
        birds, signed = self.run.birds, set()
        for name in ("webhook secret", "second webhook secret"):
            for one in self.city.receiver.got:
                try:
                    Webhook(birds[name]).verify(one.body, one.headers)
                except WebhookVerificationError:  # it is for the other one
                    continue
                signed.add(name)
        return len(signed) == 2

    def _scan(self, desk: Browser) -> None:
        scan = desk.tell("/scans", {"zone": "own"})
        until(lambda: desk.get(f"/api/v1/scans/{scan['id']}").json()["state"] not in ("waiting", "running"), "the scan's end")

    def crash(self) -> int:
        """The service dies as by a bug in C. Returns how it ended."""
        limits = Path(f"/proc/{self.process.pid}/limits").read_text()
        self.run.keep("limits", limits)
        os.kill(self.process.pid, signal.SIGABRT)
        code: int = self.process.wait(300)
        return code


def _random_key() -> tuple[str, bytes]:
    raw = os.urandom(32)
    return base64.b64encode(raw).decode(), raw


def _taken(tickets: TicketSystem, asked: int) -> bool:
    """Whether a request was taken since; those that come with a wrong signature are refused."""
    for one in tickets.asked[asked:]:
        try:
            tickets.signature.verify(one.body or f"{one.method} {one.target}", one.headers, json_parse=False)
        except Exception:  # noqa: BLE001 - signed with the old one
            continue
        return True
    return False


def hatch_all(run: Run) -> None:
    """The secrets of the settings, and those that will take their places."""
    birds = run.birds
    birds.hatch(PASSWORD)
    birds.hatch("refresh token")
    for turn in ("", "second "):
        for name in ("postgresql password", "oidc secret", "mail password"):
            birds.hatch(turn + name)
        birds.hatch(f"{turn}snmp community", plain=True)
        key = birds.hatch(f"{turn}elasticsearch key itself", plain=True)
        birds.caught(f"{turn}elasticsearch key", base64.b64encode(f"the-id:{key}".encode()).decode())
        birds.caught(f"{turn}sealing key", *_random_key())
        text, raw = _random_key()
        birds.caught(f"{turn}ticket secret", f"whsec_{text}", raw)


def certificate(folder: Path) -> tuple[Path, Path]:
    """An authority and, signed by it, a certificate for 127.0.0.1."""
    folder.mkdir()
    authority = Authority(folder, datetime.now(UTC))
    return authority.path, authority.issue("mail", Wish(("127.0.0.1",)))
