"""Doubles that keep what Talaia sends out: an Elasticsearch, an identity provider, and a parrot that repeats all it hears."""

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.api.ticketing.doubles.server import Asked, Double, Reply


def kept(double: Double, folder: Path, *, bodies: bool = True) -> None:
    """Write down all that was asked of a double: addresses to one file, bodies to another. Headers are not kept: a login is there
    to be sent."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "addresses").write_text("\n".join(f"{one.method} {one.target}" for one in double.asked))
    if bodies:
        (folder / "bodies").write_bytes(b"\n".join(one.body for one in double.asked))


class Elastic(Double):
    """As much of Elasticsearch as the delivery needs; ``login`` is the one Authorization that it takes."""

    def __init__(self, login: str) -> None:
        super().__init__()
        self.login = login
        self.stored: list[bytes] = []
        self.logins: list[str] = []

    def answer(self, asked: Asked) -> Reply:
        product = {"x-elastic-product": "Elasticsearch", "content-type": "application/vnd.elasticsearch+json;compatible-with=9"}
        said = asked.headers.get("authorization", "")
        if said != self.login:
            return Reply(401, {"error": {"type": "security_exception", "reason": f"unable to authenticate {said}"}}, product)
        self.logins.append(said)
        if asked.path != "/_bulk":
            return Reply(200, {} if asked.method == "GET" else {"acknowledged": True}, product)
        lines, items, at = asked.body.splitlines(), [], 0
        while at < len(lines):
            verb = next(iter(json.loads(lines[at])))
            items.append({verb: {"status": 200 if verb == "delete" else 201}})
            at += 1 if verb == "delete" else 2
        self.stored.append(asked.body)
        return Reply(200, {"items": items}, product)


class Identity(Double):
    """A small provider of OpenID Connect. ``nonce`` is the one of the sign-in under way; ``refreshes`` counts what it gave."""

    def __init__(self, client: str, secret: str, refresh: str) -> None:
        super().__init__()
        self.client, self.secret, self.refresh = client, secret, refresh
        self.url = self.nonce = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.given = 0

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/keys":
            return Reply(200, {"keys": [self.key.as_dict(private=False)]})
        if asked.path != "/token":
            names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return Reply(200, {"issuer": self.url, **{name: self.url + where for name, where in names.items()}})
        good = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {good}":
            return Reply(401, {"error": "invalid_client", "error_description": f"not {asked.headers.get('authorization')}"})
        self.given += 1
        return Reply(200, {"access_token": self.refresh + "-access", "id_token": self._token(), "refresh_token": self.refresh})

    def verifiers(self) -> list[str]:
        """The secrets of PKCE that were sent."""
        return [parse_qs(one.body.decode())["code_verifier"][0] for one in self.asked if b"code_verifier" in one.body]

    def _token(self) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.url, "aud": self.client, "sub": "77", "exp": now + 600, "iat": now}
        claims |= {"nonce": self.nonce, "preferred_username": "nuria", "name": "Núria", "groups": ["watch"]}
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


class Parrot(Double):
    """Refuses everything and repeats what it was sent, as it came and decoded: a broken server, or a false one."""

    def __init__(self, status: int = 403) -> None:
        super().__init__()
        self.status = status

    def answer(self, asked: Asked) -> Reply:
        heard = [*asked.headers.values(), asked.target, asked.body.decode("utf-8", "replace")]
        words = {word for text in heard for word in text.split()}
        for word in list(words):
            try:
                words.add(base64.b64decode(word, validate=True).decode())
            except ValueError:
                continue
        words |= {quote(word, safe="") for word in words} | {word.partition(":")[2] for word in words}
        said = " ".join(sorted(words - {""}))
        spoken = {"error": {"type": said, "reason": said}, "message": said, "errorMessages": [said], "error_description": said}
        return Reply(self.status, spoken, {"x-elastic-product": "Elasticsearch"})
