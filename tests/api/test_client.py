"""The Python client: made from the published document, installable, typed, and used against a served city."""

import filecmp
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.published import written
from collector import tables
from tests.api.browser import serving
from tests.api.seed import NOW
from tests.api.world import World

ROOT = Path(__file__).parent.parent.parent
CLIENT = ROOT / "clients" / "python"
FLOWS = Path(__file__).with_name("client_flows.py")


def test_the_published_document_is_the_one_that_is_served() -> None:
    assert (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8") == written(), "run bin/client"


def test_it_is_what_the_generator_makes_of_the_published_document(tmp_path: Path) -> None:
    subprocess.run([ROOT / "bin" / "client", "--into", tmp_path], check=True, capture_output=True)
    made, kept = tmp_path / "talaia_client", CLIENT / "talaia_client"
    names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    there = sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert names == there, "run bin/client"
    assert filecmp.cmpfiles(made, kept, names, shallow=False) == (names, [], []), "run bin/client"
    assert len(names) > 100


def test_it_has_a_function_for_every_operation() -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    operations = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    written_down = {path.stem for path in (CLIENT / "talaia_client" / "api").rglob("*.py")} - {"__init__"}
    assert operations == written_down


def _checked(file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--config-file=", "--follow-imports=silent", f"--cache-dir={folder}"]
    environment = {**os.environ, "MYPYPATH": str(CLIENT)}
    command = [sys.executable, "-m", "mypy", *options, str(file)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_what_is_written_with_it_is_type_checked(tmp_path: Path) -> None:
    good = _checked(FLOWS, tmp_path)
    assert good.returncode == 0, good.stdout
    wrong = tmp_path / "wrong.py"
    wrong.write_text(FLOWS.read_text().replace("limit=step", "limit=str(step)"))
    assert 'incompatible type "str"' in _checked(wrong, tmp_path).stdout


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The flows, with the client as pip installs it."""
    folder = tmp_path_factory.mktemp("installed")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", folder, CLIENT], check=True)
    assert (folder / "talaia_client" / "py.typed").exists()
    sys.path.insert(0, str(folder))
    yield importlib.import_module("tests.api.client_flows")
    sys.path.remove(str(folder))


def test_findings_page_by_page_an_exception_by_two_and_test_again(fresh: World, flows: Any) -> None:
    of = tables.finding.c
    with fresh.store.read() as connection:
        severities = of.severity.in_(["critical", "high", "medium"])
        query = select(of.id).where(of.department_id == "citizens", of.state == "open", severities)
        wanted = set(connection.scalars(query))
    with serving(fresh) as base:
        desk, approver, viewer = (
            flows.AuthenticatedClient(base, token=fresh.secrets[role], raise_on_unexpected_status=True)
            for role in ("analyst", "approver", "viewer")
        )
        found = list(flows.every_finding(desk, "citizens", step=2))
        assert [one.id for one in found] == sorted(wanted, key=[one.id for one in found].index)
        assert len(found) == len(wanted) > 4
        first = flows.whole(desk, found[0].id)
        assert first.parsed.remediation
        assert flows.whole(desk, found[0].id, first.headers["etag"]).status_code == 304
        made = flows.excused(desk, approver, found[0], NOW + timedelta(days=60))
        assert (made.state, made.decided_by) == ("approved", "test approver")
        assert flows.whole(desk, found[0].id, first.headers["etag"]).parsed.state == "waived"
        assert flows.tested_again(desk, found[1].id).state == "waiting"
        with pytest.raises(flows.Refused) as refused:
            flows.tested_again(viewer, found[1].id)
        assert refused.value.code == "forbidden"
        with pytest.raises(flows.Refused) as refused:
            flows.tested_again(desk, "none-such")
        assert refused.value.code == "not-found"
        assert flows.rescheduled(desk, "dmz").interval_seconds == 86_400
