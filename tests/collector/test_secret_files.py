"""What a server repeats of a secret is not told on, in whatever way it writes it (M8)."""

import html
import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest

from collector.secret_files import without_secrets

SECRET = 'a "secret" <of> Vilamar & 100%/+é'


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        SECRET.upper(),
        json.dumps({"message": f"not {SECRET}"}),
        json.dumps({"message": f"not {SECRET}"}, ensure_ascii=False),
        json.dumps(json.dumps({"message": SECRET})),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote(quote(SECRET, safe=""), safe=""),
        quote_plus(SECRET),
        html.escape(SECRET),
        html.escape(json.dumps(SECRET)),
        b64encode(SECRET.encode()).decode(),
        quote(b64encode(f"talaia:{SECRET}".encode()).decode(), safe=""),
        b64encode(f"\0talaia\0{SECRET}".encode()).decode(),
    ],
)
def test_a_secret_is_left_out(said: str) -> None:
    told = without_secrets(f"it said {said} to us", [SECRET], "talaia")
    assert "…" in told
    assert "vilamar" not in told.lower()
    assert told.startswith("it said ")
    assert told.endswith(" to us")


def test_nothing_else_is() -> None:
    assert without_secrets("all of it", ["", "another"], "all") == "all of it"
