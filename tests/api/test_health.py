"""Health on its page and for programs: the same words in three languages, for those who may."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.pages.health_words import TEXTS
from collector import health
from tests.api.world import World


@pytest.mark.parametrize(
    ("language", "word"), [("en", "No scheduler runs."), ("ca", "No hi ha cap programador"), ("es", "No hay ningún")]
)
def test_the_page_and_the_api_say_the_same_in_the_language_asked(world: World, language: str, word: str) -> None:
    answer = TestClient(world.app, headers=world.bearer("analyst")).get(f"/api/v1/health/parts?language={language}").json()
    assert answer["state"] == "trouble"
    (scheduler,) = [item for item in answer["items"] if item["part"] == "scheduler"]
    assert (scheduler["code"], scheduler["state"]) == ("scheduler-never", "trouble")
    assert word in scheduler["found"]
    assert scheduler["to_do"]
    browser = world.browser("analyst")
    browser.headers["accept-language"] = language
    page = browser.get("/health").text
    for item in answer["items"]:
        assert item["found"].split("%")[0][:20] in page.replace("&#39;", "'")
    assert "%(" not in page


def test_liveness_stays_for_everybody_and_health_does_not(world: World) -> None:
    anybody = TestClient(world.app)
    assert anybody.get("/api/v1/health").json()["status"] == "ok"
    assert anybody.get("/api/v1/health/parts").status_code == 401
    assert TestClient(world.app, headers=world.bearer("viewer")).get("/api/v1/health/parts").status_code == 403
    assert world.browser("department").get("/health").status_code == 403


def test_every_code_has_its_words() -> None:
    source = Path(health.__file__).read_text(encoding="utf-8")

    assert not [code for code in TEXTS if f'"{code}"' not in source]
