"""Sign-in by a real Keycloak (A3): its login form, PKCE, roles, a replayed code, rotated keys, back-channel logout."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from api.access import COOKIE
from api.oidc import Oidc, Provider
from collector import accounts, provider_sessions, tables
from collector.audit import latest
from collector.grants import Grant, Role
from tests.api.browser import serving
from tests.api.world import World, make_world, sqlite_url
from tests.keycloak import Keycloak, keycloak

WORTH = {"risk": Grant(Role.ANALYST), "look": Grant(Role.VIEWER)}


@pytest.fixture(scope="session")
def server() -> Iterator[Keycloak]:
    with keycloak() as running:
        yield running


@pytest.fixture
def city(tmp_path: Path) -> Iterator[World]:
    world = make_world(sqlite_url(tmp_path), base_url="http://127.0.0.1:1", clock=lambda: datetime.now(UTC))
    yield world
    world.store.close()


def prepare(server: Keycloak, city: World, base: str) -> None:
    """A realm with one person who has one role, and our confidential client in it."""
    client = {
        "clientId": "talaia",
        "secret": "only-for-the-tests",
        "redirectUris": [f"{base}/sign-in/oidc/back"],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "backchannel.logout.url": f"{base}/sign-in/oidc/logout",
            "backchannel.logout.session.required": "true",
            "post.logout.redirect.uris": f"{base}/sign-in",
        },
        "protocolMappers": [
            {
                "name": "roles",
                "protocol": "openid-connect",
                "protocolMapper": "oidc-usermodel-realm-role-mapper",
                "config": {"claim.name": "realm_access.roles", "multivalued": "true", "id.token.claim": "true"},
            }
        ],
    }
    person = {
        "username": "marta",
        "enabled": True,
        "email": "marta@vilamar.example",
        "emailVerified": True,
        "firstName": "Marta",
        "lastName": "Soler",
        "credentials": [{"type": "password", "value": "quatre gats"}],
        "realmRoles": ["risk"],
    }
    realm = f"vilamar-{urlsplit(base).port}"
    roles = {"realm": [{"name": "risk"}, {"name": "look"}]}
    server.admin(
        "POST",
        "/realms",
        {"realm": realm, "enabled": True, "sslRequired": "none", "roles": roles, "clients": [client], "users": [person]},
    )
    secret = "only-for-the-tests"
    issuer = f"{server.url}/realms/{realm}"
    provider = Provider(issuer, "talaia", lambda: secret, "realm_access.roles", WORTH)
    city.app.state.oidc = Oidc(provider, lambda: datetime.now(UTC), city.store)
    for name, value in (("base_url", base), ("provider", provider)):  # the port is known once it is served
        object.__setattr__(city.app.state.parts, name, value)


def signed_in(base: str) -> tuple[httpx2.Client, str]:
    """A browser that went through Keycloak's own form, and the address it came back to."""
    browser = httpx2.Client(timeout=60, trust_env=False, headers={"accept-language": "en"})
    form = browser.get(f"{base}/sign-in/oidc", follow_redirects=True).text
    action = re.search(r'action="([^"]+)"', form)
    assert action, form[:500]
    for cookie in browser.cookies.jar:
        cookie.secure = False  # a browser sends Keycloak's to loopback all the same
    answer = browser.post(html.unescape(action[1]), data={"username": "marta", "password": "quatre gats"})
    back = answer.headers["location"]
    assert back.startswith(f"{base}/sign-in/oidc/back?")
    assert browser.get(back).status_code == 200
    return browser, back


def test_a_person_of_keycloak_comes_in_and_is_signed_out_from_there(server: Keycloak, city: World) -> None:
    with serving(city) as base:
        prepare(server, city, base)
        oidc = city.app.state.oidc
        realm = oidc.provider.issuer.rpartition("/")[2]
        browser, back = signed_in(base)
        assert browser.get(f"{base}/findings").status_code == 200
        assert "marta" in browser.get(f"{base}/account").text
        assert browser.get(f"{base}/tokens").status_code == 403
        assert browser.get(back).status_code == 401  # the answer again
        _replayed_code(oidc, back, base)
        _rotated(server, realm, oidc)
        other, _ = signed_in(base)
        assert other.get(f"{base}/findings").status_code == 200
        person = server.admin("GET", f"/realms/{realm}/users?username=marta")[0]
        server.admin("POST", f"/realms/{realm}/users/{person['id']}/logout")
        for one in (browser, other):
            assert one.get(f"{base}/findings").headers.get("location") == "/sign-in"
        leaving = browser.get(f"{base}/sign-in/oidc/leave")
        assert browser.get(leaving.headers["location"]).status_code == 302  # nobody is signed in there any more: back at once


def _fill(page: Page, password: str, login: str = "marta") -> None:
    """Keycloak's own form."""
    page.fill("#username", login)
    page.fill("#password", password)
    page.click("#kc-login")


def test_a_person_presses_the_button_fills_the_form_and_leaves(server: Keycloak, city: World, browser: Browser) -> None:
    with serving(city) as base:
        prepare(server, city, base)
        page = browser.new_context(locale="ca-ES").new_page()
        page.goto(f"{base}/sign-in")
        page.get_by_role("link", name="Entra amb el compte de l'ajuntament").click()
        _fill(page, "cinc gats")
        expect(page.get_by_text("Invalid username or password.")).to_be_visible()  # it says no, and nobody is in
        _fill(page, "quatre gats")
        page.wait_for_url(f"{base}/")
        expect(page.get_by_role("link", name="Troballes", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Testimonis", exact=True)).to_have_count(0)  # an analyst makes none
        (cookie,) = [one for one in page.context.cookies() if one["httpOnly"] and one["name"] == COOKIE]
        page.get_by_role("button", name="Surt", exact=True).click()
        page.wait_for_url(f"{base}/sign-in")
        page.context.add_cookies([cookie])  # who kept it has nothing
        page.goto(f"{base}/findings")
        page.wait_for_url(f"{base}/sign-in")
        page.get_by_role("link", name="Surt-ne").click()
        page.get_by_role("button", name="Logout").click()
        page.wait_for_url(f"{base}/sign-in")
        page.get_by_role("link", name="Entra amb el compte de l'ajuntament").click()
        expect(page.locator("#password")).to_be_visible()  # signed out there too: it asks again
        page.context.close()


def test_who_has_no_role_here_is_told_so_in_their_language(server: Keycloak, city: World, browser: Browser) -> None:
    with serving(city) as base:
        prepare(server, city, base)
        realm = city.app.state.oidc.provider.issuer.rpartition("/")[2]
        person = server.admin("GET", f"/realms/{realm}/users?username=marta")[0]
        risk = server.admin("GET", f"/realms/{realm}/roles/risk")
        server.admin("DELETE", f"/realms/{realm}/users/{person['id']}/role-mappings/realm", [risk])
        page = browser.new_context(locale="es-ES").new_page()
        page.goto(f"{base}/sign-in/oidc")
        _fill(page, "quatre gats")
        expect(page.get_by_role("alert")).to_contain_text("ningún rol")
        page.goto(f"{base}/findings")
        page.wait_for_url(f"{base}/sign-in")
        page.context.close()


def test_what_keycloak_takes_away_is_gone_here_at_the_next_question(server: Keycloak, city: World) -> None:
    """A role, then the account: each shows once the session's last question is 45 seconds old. Keycloak is asked for real."""
    with serving(city) as base:
        prepare(server, city, base)
        realm = city.app.state.oidc.provider.issuer.rpartition("/")[2]
        browser, _ = signed_in(base)
        person = server.admin("GET", f"/realms/{realm}/users?username=marta")[0]
        roles = f"/realms/{realm}/users/{person['id']}/role-mappings/realm"
        look = server.admin("GET", f"/realms/{realm}/roles/look")
        risk = server.admin("GET", f"/realms/{realm}/roles/risk")
        assert browser.get(f"{base}/findings").status_code == 200
        server.admin("POST", roles, [look])
        server.admin("DELETE", roles, [risk])
        assert _grants(city) == ["analyst"]
        _later(city)
        assert browser.get(f"{base}/findings").status_code == 200
        assert _grants(city) == ["viewer"]
        server.admin("PUT", f"/realms/{realm}/users/{person['id']}", {**person, "enabled": False})
        _later(city)
        assert browser.get(f"{base}/findings").headers["location"] == "/sign-in"
        with city.store.read() as connection:
            assert connection.execute(tables.provider_session.select()).all() == []
            assert latest(connection)[0].action == "signed_out_by_provider"


def _grants(city: World) -> list[str]:
    with city.store.read() as connection:
        account = accounts.list_accounts(connection)[0]
    return [grant.role.value for grant in account.grants]


def _later(city: World) -> None:
    """As if the provider had been asked 45 seconds ago."""
    with city.store.write() as connection:
        connection.execute(tables.provider_session.update().values(checked_at=datetime.now(UTC) - provider_sessions.EVERY))


def _replayed_code(oidc: Oidc, back: str, base: str) -> None:
    """A used code in a fresh attempt: Keycloak refuses it, and so do we."""
    where, cookie = oidc.begin(f"{base}/sign-in/oidc/back")
    state = parse_qs(urlsplit(where).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    with pytest.raises(Exception, match="answered 400"):
        oidc.finish(state, cookie, code, f"{base}/sign-in/oidc/back")


def _rotated(server: Keycloak, realm: str, oidc: Any) -> None:
    """A newer key signs from now on; ours were read more than ten seconds ago."""
    parent = server.admin("GET", f"/realms/{realm}")["id"]
    key = {
        "name": "newer",
        "providerId": "rsa-generated",
        "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": parent,
        "config": {"priority": ["500"], "active": ["true"], "enabled": ["true"], "algorithm": ["RS256"]},
    }
    server.admin("POST", f"/realms/{realm}/components", key)
    at, known = oidc._keys
    oidc._keys = (datetime.fromtimestamp(at.timestamp() - 11, UTC), known)
