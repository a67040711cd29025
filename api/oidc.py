"""Sign-in by the city's identity provider: OpenID Connect Core 1.0, the code flow with PKCE (RFC 7636), back-channel logout 1.0.

Whatever the provider sends is checked: its document, its keys, every claim. An attempt is kept here, bound to its browser by a
cookie, and used up by the first answer, so that neither a code nor a state is taken twice. With the refresh token of a sign-in
the provider is asked again whether the person may still be here (RFC 6749, section 6).
"""

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from collector import attempts
from collector.grants import Grant
from collector.store import Store
from collector.tokens import digest_of

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAX_BYTES = 256 * 1024
_MAX_REFRESH = 16_000
_ATTEMPT_LASTS = timedelta(minutes=10)
_KEEPS = timedelta(minutes=10)
_REFRESH_AFTER = timedelta(seconds=10)  # an unknown key asks for the keys again, no more often than this
_LEEWAY_SECONDS = 30


class Refused(Exception):
    """What came back proves nobody's identity; the message says what was wrong and holds no secret."""


class Unreachable(Refused):
    """The provider did not answer, or nothing that can be understood: it said neither yes nor no."""


@dataclass(frozen=True)
class Provider:
    """``claim`` is a path to a list of words (``realm_access.roles``); ``roles`` says what each is worth here."""

    issuer: str
    client_id: str
    secret: Callable[[], str]
    claim: str
    roles: Mapping[str, Grant]
    scope: str = "openid profile"
    grace: timedelta = timedelta(minutes=5)  # how long sessions go on when the provider does not answer


@dataclass(frozen=True)
class Person:
    """Who the provider says it is; ``subject`` is its lasting name there."""

    subject: str
    login: str
    display_name: str
    grants: frozenset[Grant]
    refresh: str = field(default="", repr=False)  # with this the provider is asked again


class Oidc:
    """One provider, for a whole process."""

    def __init__(self, provider: Provider, clock: Callable[[], datetime], store: Store) -> None:
        self.provider = provider
        self._clock = clock
        self._store = store
        self._document: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, list[dict[str, Any]]] | None = None

    def begin(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and the secret to leave in its cookie."""
        where = self.endpoint("authorization_endpoint")
        nonce, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        challenge = _encoded(hashlib.sha256(_verifier(browser).encode()).digest())
        kept = {"nonce": nonce, "browser": digest_of(browser)}
        with self._store.write() as connection:
            state = attempts.begin(connection, "oidc", self._clock(), _ATTEMPT_LASTS, kept=kept)
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": back,
            "scope": self.provider.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{where}?{urlencode(asked)}", browser

    def finish(self, state: str, browser: str, code: str, back: str) -> Person:
        """The person of an answer to :meth:`begin`. Raises :class:`Refused`."""
        with self._store.write() as connection:
            attempt = attempts.take(connection, "oidc", state, self._clock())
        if attempt is None:
            raise Refused("the answer belongs to no attempt that is under way")
        if not hmac.compare_digest(attempt.kept["browser"], digest_of(browser)):
            raise Refused("the answer came to another browser than the one that asked")
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        answer = self._token({**sent, "code_verifier": _verifier(browser)})
        claims = self._claims(answer.get("id_token"))
        if claims.get("nonce") != attempt.kept["nonce"]:
            raise Refused("the nonce is not the one that was sent")
        return self._person(claims, answer.get("refresh_token"))

    def ask_again(self, subject: str, refresh: str) -> Person:
        """What the provider says today of a person who signed in before. Raises :class:`Refused` when it says no,
        :class:`Unreachable` when it says nothing."""
        answer = self._token({"grant_type": "refresh_token", "refresh_token": refresh, "scope": self.provider.scope})
        claims = self._claims(answer.get("id_token"))
        if claims["sub"] != subject:
            raise Refused("the token is another person's")
        return self._person(claims, answer.get("refresh_token") or refresh)

    def logged_out(self, token: str) -> str:
        """The subject whom the provider signed out (back-channel). Raises :class:`Refused`."""
        claims = self._claims(token)
        events = claims.get("events")
        if not isinstance(events, dict) or _LOGOUT_EVENT not in events or "nonce" in claims:
            raise Refused("this is no logout token")
        return str(claims["sub"])

    def endpoint(self, name: str) -> str:
        """An endpoint of the discovery document, which must be the issuer's own. Raises :class:`Refused`."""
        now = self._clock()
        if self._document is None or now - self._document[0] > _KEEPS:
            found = self._fetch("GET", f"{self.provider.issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self.provider.issuer:
                raise Refused("the discovery document is another issuer's")
            self._document = (now, found)
        where = self._document[1].get(name)
        scheme = "https://" if self.provider.issuer.startswith("https://") else "http"
        if not isinstance(where, str) or not where.startswith(scheme):
            raise Refused(f"the discovery document has no usable {name}")
        return where

    def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        return self._fetch("POST", self.endpoint("token_endpoint"), {**form, "client_id": self.provider.client_id})

    def _claims(self, token: Any) -> dict[str, Any]:
        if not isinstance(token, str) or len(token) > 32_000:
            raise Refused("there is no token in the answer")
        claims = self._verified(token)
        now, audience = self._clock().timestamp(), claims.get("aud")
        several = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self.provider.issuer:
            raise Refused("the token is another issuer's")
        if self.provider.client_id not in several:
            raise Refused("the token is for somebody else")
        if claims.get("azp", None if len(several) > 1 else self.provider.client_id) != self.provider.client_id:
            raise Refused("the token was given to somebody else")
        if not _number(claims.get("exp")) or claims["exp"] + _LEEWAY_SECONDS <= now:
            raise Refused("the token has expired, or never does")
        if any(name in claims and (not _number(claims[name]) or claims[name] - _LEEWAY_SECONDS > now) for name in ("nbf", "iat")):
            raise Refused("the token is not valid yet")
        if not isinstance(claims.get("sub"), str) or not 1 <= len(claims["sub"]) <= 255:
            raise Refused("the token names nobody")
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        for again in (False, True):
            try:
                return dict(jwt.decode(token, self._key_set(again), algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError, TypeError, KeyError):
                if again:
                    break
        raise Refused("the token is not signed as it must be, by a key of the issuer")

    def _key_set(self, again: bool) -> KeySet:
        now = self._clock()
        old = timedelta(0) if self._keys is None else now - self._keys[0]
        if self._keys is None or old > _KEEPS or (again and old >= _REFRESH_AFTER):
            found = self._fetch("GET", self.endpoint("jwks_uri")).get("keys")
            keys = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
            fit = [one for one in keys if one.get("kty") in ("RSA", "EC") and one.get("use", "sig") == "sig"]
            self._keys = (now, fit[:50])
        return KeySet.import_key_set({"keys": self._keys[1]})

    def _person(self, claims: Mapping[str, Any], refresh: Any) -> Person:
        if not isinstance(refresh, str) or not 1 <= len(refresh) <= _MAX_REFRESH:
            raise Refused("the provider gave no refresh token, so it could not be asked again")
        value: Any = claims
        for part in self.provider.claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        words = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
        login = str(claims.get("preferred_username") or "").lower()
        shown = "".join(one for one in str(claims.get("name") or login) if one.isprintable())[:200]
        grants = frozenset(self.provider.roles[word] for word in words if word in self.provider.roles)
        return Person(claims["sub"], login, shown or "–", grants, refresh)

    def _fetch(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object, bounded in time and bytes; no redirect is followed."""
        login = (self.provider.client_id, self.provider.secret()) if form else None
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        body = bytearray()
        try:
            with (
                httpx2.Client(timeout=5, follow_redirects=False, trust_env=False) as client,
                client.stream(method, url, data=form, auth=login, headers=headers) as answer,
            ):
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > _MAX_BYTES:
                        raise Unreachable("the identity provider's answer is too long")
            found = json.loads(body)
        except (httpx2.HTTPError, OSError, ValueError, RecursionError) as error:
            raise Unreachable(f"the identity provider cannot be understood or reached: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise Unreachable("the identity provider's answer is no object")
        if answer.status_code == 400 and found.get("error") == "invalid_grant":
            raise Refused("the identity provider answered 400: it grants nothing for this")
        if answer.status_code != 200:
            raise Unreachable(f"the identity provider answered {answer.status_code}")
        return found


def _verifier(browser: str) -> str:
    """PKCE's secret, worked out of the one in the browser's cookie: who reads the store cannot say it."""
    return _encoded(hmac.digest(browser.encode(), b"code_verifier", "sha256"))


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
