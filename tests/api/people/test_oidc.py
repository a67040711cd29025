"""Sign-in by OpenID Connect (A3) against a little provider over real HTTP, which lies in one way at a time."""

import hmac
import json
import re
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select
from starlette.testclient import TestClient

from api.oidc import Oidc, Provider
from collector import accounts
from collector.audit import latest
from collector.grants import Grant, Role
from collector.sign_in_tables import sign_in_attempt
from tests.api.world import World, make_world, sqlite_url


class Liar:
    """``lie`` changes the claims, ``forge`` makes the token instead."""

    def __init__(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})]
        self.lie: dict[str, Any] = {}
        self.forge: Any = None
        self.posted: list[dict[str, str]] = []
        self.nonce = ""
        self.forgetful = False
        self.given = 0  # refresh tokens
        self.says: tuple[int, bytes] | None = None  # instead of a token
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def claims(self) -> dict[str, Any]:
        now = int(time.time())
        true = {"iss": self.issuer, "aud": "talaia", "sub": "1234", "exp": now + 300, "iat": now, "nonce": self.nonce}
        return {**true, "preferred_username": "marta", "name": "Marta", "groups": ["risk"], **self.lie}

    def token(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.keys[-1].kid}, claims, self.keys[-1])

    def _answer(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/token":
            self.given += 1
            refresh = {} if self.forgetful else {"refresh_token": f"refresh {self.given}"}
            return {"access_token": "x", "id_token": (self.forge or self.token)(self.claims()), **refresh}
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer, **{name: self.issuer + where for name, where in names.items()}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = 200, json.dumps(liar._answer(self.path)).encode()
                if liar.says and self.path == "/token":
                    status, body = liar.says
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["content-length"])).decode()
                liar.posted.append({name: values[0] for name, values in parse_qs(text).items()})
                self.do_GET()

            def log_message(self, *_: Any) -> None: ...

        return Handler


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def city(tmp_path: Path, liar: Liar) -> Iterator[World]:
    def now() -> datetime:
        return datetime.now(UTC)

    world = make_world(sqlite_url(tmp_path), base_url="https://testserver", clock=now)
    roles = {"risk": Grant(Role.ANALYST), "look": Grant(Role.VIEWER, "citizens")}
    provider = Provider(liar.issuer, "talaia", lambda: "secret", "groups", roles)
    world.app.state.oidc = Oidc(provider, now, world.store)
    yield world
    world.store.close()


def browser_of(city: World) -> TestClient:
    return TestClient(city.app, base_url="https://testserver", follow_redirects=False, headers={"accept-language": "en"})


def asked(browser: TestClient, liar: Liar) -> dict[str, str]:
    found = parse_qs(urlsplit(browser.get("/sign-in/oidc").headers["location"]).query)
    liar.nonce = found["nonce"][0]
    return {name: values[0] for name, values in found.items()}


def come_back(browser: TestClient, liar: Liar) -> Any:
    return browser.get("/sign-in/oidc/back", params={"state": asked(browser, liar)["state"], "code": "c"})


def test_a_person_signs_in_with_pkce_and_has_the_roles_of_the_provider(city: World, liar: Liar) -> None:
    browser = browser_of(city)
    first = asked(browser, liar)
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first["code_challenge"])
    answer = browser.get("/sign-in/oidc/back", params={"state": first["state"], "code": "c"})
    assert answer.status_code == 200
    assert len(liar.posted[0]["code_verifier"]) >= 43
    assert browser.get("/findings").status_code == 200
    with city.store.read() as connection:
        account = accounts.account_of_subject(connection, liar.issuer, "1234")
    assert account
    assert account.grants == (Grant(Role.ANALYST),)
    again = browser.get("/sign-in/oidc/back", params={"state": first["state"], "code": "c"})
    assert again.status_code == 401  # neither the state nor the code is taken twice
    assert len(liar.posted) == 1


def test_what_is_kept_of_an_attempt_lets_nobody_in_and_no_page_repeats_the_code(city: World, liar: Liar) -> None:
    browser = browser_of(city)
    state = asked(browser, liar)["state"]
    with city.store.read() as connection:
        kept = str(connection.execute(select(sign_in_attempt)).all())
    pages = [browser.get(f"/sign-in/oidc/back?state=made-up{number}&code=a-code-of-the-tests").text for number in range(2)]
    assert browser.get("/sign-in/oidc/back", params={"state": state, "code": "c"}).status_code == 200
    assert liar.posted[0]["code_verifier"] not in kept
    assert state not in kept
    pages.append(browser.get("/enter/a-code-of-the-tests").text)
    assert not [page for page in pages if "a-code-of-the-tests" in page or "made-up" in page]
    assert all('name="back" value="/sign-in"' in page for page in pages)


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ["talaia", "another"]},
        {"azp": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "never"},
        {"nbf": 99_999_999_999},
        {"sub": ""},
        {"sub": 7},
        {"groups": []},
        {"groups": "risk"},
        {"groups": ["another"]},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused_and_written_down(city: World, liar: Liar, lie: dict[str, Any]) -> None:
    browser = browser_of(city)
    liar.lie = lie
    assert come_back(browser, liar).status_code == 401
    assert browser.get("/findings").status_code == 303
    with city.store.read() as connection:
        assert (latest(connection)[0].action, latest(connection)[0].outcome) == ("sign_in", "denied")
        assert accounts.account_of_subject(connection, liar.issuer, "1234") is None


def _confused(claims: dict[str, Any], public: bytes) -> str:
    """HS256 with the issuer's public key as if it were a shared secret."""
    parts = (urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in ({"alg": "HS256", "kid": "one"}, claims))
    signed = b".".join(parts)
    return (signed + b"." + urlsafe_b64encode(hmac.digest(public, signed, "sha256")).rstrip(b"=")).decode()


@pytest.mark.parametrize("how", ["none", "confusion", "stranger", "cut", "nothing"])
def test_a_token_that_the_issuer_did_not_sign_is_refused(city: World, liar: Liar, how: str) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    public = liar.keys[0].as_pem(private=False)
    hidden = "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0"  # {"alg":"none","kid":"one"}
    forgeries: dict[str, Any] = {
        "none": lambda claims: f"{hidden}.{liar.token(claims).split('.')[1]}.",
        "confusion": lambda claims: _confused(claims, public),
        "stranger": lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, stranger),
        "cut": lambda claims: liar.token(claims)[:-4],
        "nothing": lambda _: None,
    }
    liar.forge = forgeries[how]
    assert come_back(browser_of(city), liar).status_code == 401


def test_an_answer_without_its_state_or_in_another_browser_is_refused(city: World, liar: Liar) -> None:
    browser, other = browser_of(city), browser_of(city)
    for state in ("", "made-up"):
        assert browser.get("/sign-in/oidc/back", params={"state": state, "code": "c"}).status_code == 401
    state = asked(browser, liar)["state"]
    assert other.get("/sign-in/oidc/back", params={"state": state, "code": "c"}).status_code == 401
    assert liar.posted == []


def test_keys_that_were_rotated_are_asked_for(city: World, liar: Liar) -> None:
    assert come_back(browser_of(city), liar).status_code == 200
    liar.keys = [RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})]
    oidc = city.app.state.oidc
    at, known = oidc._keys
    oidc._keys = (datetime.fromtimestamp(at.timestamp() - 11, UTC), known)
    assert come_back(browser_of(city), liar).status_code == 200


def test_the_provider_signs_a_person_out_at_once(city: World, liar: Liar) -> None:
    browser = browser_of(city)
    assert come_back(browser, liar).status_code == 200
    event = {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}
    claims = {name: value for name, value in liar.claims().items() if name != "nonce"}
    provider = browser_of(city)
    for wrong in (claims, {**claims, **event, "aud": "another"}, {**claims, **event, "nonce": "x"}):
        assert provider.post("/sign-in/oidc/logout", data={"logout_token": liar.token(wrong)}).status_code == 400
    assert browser.get("/findings").status_code == 200
    assert provider.post("/sign-in/oidc/logout", data={"logout_token": liar.token({**claims, **event})}).status_code == 200
    assert browser.get("/findings").status_code == 303
