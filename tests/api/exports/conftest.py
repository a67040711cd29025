"""A city whose findings are in every state, exported."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.exports.formats import Format
from collector.queries.findings import STATES
from tests.api.exports.reading import set_states
from tests.api.world import make_world, sqlite_url

HOSTILE = '=cmd|"/c calc"!A1\x1b[31m\u202e [click](http://x.invalid) <b>","results":[]'


@pytest.fixture(params=[None, HOSTILE], ids=["plain", "hostile"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Gives the export of a city in all states by its format; the hostile one has such texts from the network everywhere."""
    (tmp_path / "told").mkdir()
    made = make_world(sqlite_url(tmp_path / "told"), hostile=request.param)
    set_states(made, dict(zip(made.finding_ids, STATES * len(made.finding_ids), strict=False)))
    client = TestClient(made.app, headers=made.bearer("viewer"))

    def ask(form: Format, **asked: Any) -> str:
        answer = client.get(f"/api/v1/exports/{form}", params={"language": "en", **asked})
        assert answer.status_code == 200, answer.text
        return answer.text

    yield ask
    made.store.close()
