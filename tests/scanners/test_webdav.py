"""WebDAV against Apache's mod_dav: open to everybody, behind a login, and not there at all."""

from pathlib import Path

from scanners.observation import Outcome
from scanners.protocols.http import SCANNER, HttpFacts
from scanners.scanner import observe
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from tests.scanners.looking import loopback_zone, occasion
from tests.scanners.web_servers import answer, apache, site, write_site

MODULES = ("dav", "dav_fs", "auth_basic", "authn_core", "authn_file", "authz_user")
DAV = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
OPEN = DAV + "DavLockDB {0}/locks\n<Location /webdav>\nDav On\n</Location>\n"
GUARDED = OPEN.replace("Dav On\n", "Dav On\nAuthType Basic\nAuthName obres\nAuthUserFile {0}/users\nRequire valid-user\n")


async def facts_of(port: int) -> HttpFacts:
    target = Target(address="127.0.0.1", port=port)
    observation = await observe(SCANNER, target, occasion(loopback_zone(), ServiceFacts(name="http", tls=False)))
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, HttpFacts)
    return observation.facts


def written(folder: Path) -> Path:
    return write_site(folder / "site", {"index.html": "<html>hello</html>", "webdav/padro.csv": "1,2,3\n"})


async def test_a_folder_for_everybody(tmp_path: Path) -> None:
    files = written(tmp_path)
    before = sorted(files.rglob("*"))
    with apache(tmp_path, files, OPEN.replace("{0}", str(tmp_path))) as port:
        facts = await facts_of(port)
    assert (facts.webdav, facts.webdav_open) == (True, ("/webdav/",))
    assert sorted(files.rglob("*")) == before


async def test_a_folder_behind_a_login(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("obres:$apr1$abcdefgh$0123456789abcdefghijkl\n")
    with apache(tmp_path, written(tmp_path), GUARDED.replace("{0}", str(tmp_path))) as port:
        facts = await facts_of(port)
    assert facts.webdav_open == ()


async def test_no_webdav(tmp_path: Path) -> None:
    with apache(tmp_path, written(tmp_path)) as port:
        facts = await facts_of(port)
    assert (facts.webdav, facts.webdav_open) == (False, ())


async def test_a_simulated_server_that_describes_everything_proves_nothing() -> None:
    described = answer("<d:multistatus><d:propstat/></d:multistatus>", status="207 Multi-Status", kind="text/xml")
    async with site(lambda method, path, headers: described if method == "PROPFIND" else answer("<html>hello</html>")) as port:
        facts = await facts_of(port)
    assert (facts.webdav, facts.webdav_open) == (False, ())
