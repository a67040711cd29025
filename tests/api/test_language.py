"""Three languages, all of each; nothing on a page is left in another."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

import api
from api.pages.language import Tongue
from api.pages.words import WORDS
from collector.events import Action
from collector.runs import ScanState
from collector.score import FindingInputs, finding_risk
from scanners.observation import Vantage
from scanners.zone import Intrusiveness
from tests.api.browser import pages_of
from tests.api.seed import NOW
from tests.api.world import World

ROOM = Path(api.__file__).parent
LOCALE = ROOM / "locale"
# Words that are the same, and proper names.
SAME = {"normal", "factor", "internet", "talaia", "servei", "tls", "ens"}


def _written() -> set[str]:
    """Every text that the code and the templates ask to be translated."""
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
    method_map = [("**.py", "python"), ("**.html", "jinja2")]
    options = {"**.html": {"encoding": "utf-8", "trimmed": "true"}}
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(ROOM, method_map, options, keywords=keywords):
        found.add(message if isinstance(message, str) else message[0])
    return found - {""}


def _catalog(language: str) -> Catalog:
    return read_po(BytesIO((LOCALE / language / "LC_MESSAGES" / "talaia.po").read_bytes()), locale=language)


@pytest.mark.parametrize("language", ["ca", "es"])
def test_every_text_is_translated(language: str) -> None:
    catalog = _catalog(language)
    for text in _written():
        message = catalog.get(text)
        assert message is not None, f"{text!r} is not in {language}/talaia.po"
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(translated), f"{text!r} is not translated into {language}"
        assert not message.fuzzy
        for hole in re.findall(r"%\(\w+\)s|%s", text):
            assert any(hole in one for one in translated), f"{hole} is lost in {text!r} ({language})"


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_the_compiled_catalogue_is_that_of_its_texts(language: str) -> None:
    path = LOCALE / language / "LC_MESSAGES" / "talaia.mo"
    made = BytesIO()
    write_mo(made, _catalog(language))
    with path.open("rb") as compiled:
        kept = read_mo(compiled)
    made.seek(0)
    fresh = read_mo(made)
    pairs = [sorted(repr((message.id, message.string)) for message in one if message.id) for one in (kept, fresh)]
    assert len(pairs[0]) > 200
    assert pairs[0] == pairs[1]


def test_every_word_of_the_data_has_a_text() -> None:
    assert set(WORDS["event"]) >= {action.value for action in Action}
    assert set(WORDS["scan"]) == {state.value for state in ScanState}
    assert set(WORDS["vantage"]) >= {vantage.value for vantage in Vantage}
    assert set(WORDS["intrusiveness"]) == {one.value for one in Intrusiveness}


class _Texts(HTMLParser):
    """The visible texts of a page and of its labels, leaving out what is marked as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "style") or ("lang" in given and tag != "html"):
            self.hidden.append(tag)
        for name in ("aria-label", "placeholder", "title", "data-label"):
            if given.get(name) and not self.hidden:
                self.found.add(str(given[name]))

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self.hidden and data.strip():
            self.found.add(data.strip())


@pytest.mark.parametrize("language", ["ca", "es"])
def test_no_page_has_a_text_in_english(fresh: World, language: str) -> None:
    client = TestClient(fresh.app, follow_redirects=False, headers={"accept-language": f"{language},en;q=0.5"})
    english = {text for text in _written() if len(text) > 3} - SAME
    catalog = _catalog(language)
    english -= {text for text in english if (message := catalog.get(text)) and message.string == text}
    client.post("/sign-in", data={"token": fresh.secrets["administrator"]})
    # Words of the data that happen to be English ones too (a zone's name, an observed value) are no texts of ours.
    data = {"open", "internal", "medium", "name", "address", "certificate", "high", "low", "risk", "network card", "service"}
    for name, path in {**pages_of(fresh), "sign_in": "/sign-in"}.items():
        texts = _Texts()
        texts.feed(client.get(path).text)
        assert not (texts.found & (english - data)), (name, texts.found & (english - data))
        assert f'<html lang="{language}"' in client.get(path).text


def test_what_factors_come_from_is_said_in_every_language() -> None:
    inputs = FindingInputs(
        base=60, threat=0.4, exposure="internet", category="ALTA", days_overdue=3.5, deadline_days=14, known_exploited=True
    )
    shown = {
        language: [
            Tongue(language, ZoneInfo("Europe/Madrid"), lambda: NOW).source(one.source) for one in finding_risk(inputs).factors
        ]
        for language in ("ca", "es", "en")
    }
    for language in ("ca", "es"):
        assert not set(shown[language]) & set(shown["en"]) - {"internet"}, shown
    assert "3,5 dies sobre un termini de 14" in shown["ca"]


def test_the_switch_wins_over_the_browser_and_is_remembered(world: World) -> None:
    client = TestClient(world.app, follow_redirects=False, headers={"accept-language": "es"})
    assert "Entrar" in client.get("/sign-in").text
    answer = client.post("/language", data={"language": "ca", "back": "/sign-in"})
    assert answer.headers["location"] == "/sign-in"
    assert '<html lang="ca"' in client.get("/sign-in").text
    client.post("/language", data={"language": "xx"})
    assert '<html lang="ca"' in client.get("/sign-in").text


def test_the_api_answers_in_the_language_asked(world: World) -> None:
    client = TestClient(world.app, headers=world.bearer())
    titles = {
        language: client.get(f"/api/v1/rules/TLS-002?language={language}").json()["title"] for language in ("ca", "es", "en")
    }
    assert len(set(titles.values())) == 3
    accepted = client.get("/api/v1/rules/TLS-002", headers={"accept-language": "fr, es-ES;q=0.8, en;q=0.2"})
    assert accepted.json()["title"] == titles["es"]


def test_nothing_happens_at_import() -> None:
    code = "import api.app, sys; assert 'uvicorn' not in sys.modules; print('quiet')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False, cwd=ROOM.parent)
    assert done.stdout.strip() == "quiet", done.stderr
