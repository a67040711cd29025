"""The API walked through as its OpenAPI links say: what one answer names is asked for, changed, ended and asked for again.

Every role walks, and then everybody at once: each request as another one, so that what an analyst asks for an approver decides.
All checks of schemathesis hold on every answer. ``TALAIA_CASES`` is how many requests there are at least, over all of them.
"""

import itertools
import os
import random
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import CHECKS
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

from collector.grants import Role
from tests.api.world import (
    ZONES,
    ask_for_exceptions,
    make_world,
    open_tickets,
    propose_a_change,
    save_filters,
    sqlite_url,
    subscribe_webhooks,
)

CASES = int(os.environ.get("TALAIA_CASES", "500"))
EVERYBODY = "everybody"
WALKERS = (*(role.value for role in Role), EVERYBODY)
STEPS = 10


def _accepting(*statuses: str) -> dict[str, Any]:
    return {"positive_data_acceptance": {"expected-statuses": list(statuses)}}


# What is asked for as described may be refused for how things stand: beside 404 and 409 with 412, for an ETag that is stale.
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]
# The text of a zone file has a grammar that a JSON Schema cannot tell.
ZONE_TEXTS = {"include-operation-id": "propose_zone_change", "checks": _accepting(*ACCEPTED, "422")}
SLOW_MACHINES = {"request-timeout": 300}
CONFIG = schemathesis.Config.from_dict({**SLOW_MACHINES, "checks": _accepting(*ACCEPTED), "operations": [ZONE_TEXTS]})


class City:
    """One with a thing of every kind; each scenario begins with it as it was, so that what is found can be found again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.zones = folder / "zones.yaml"
        self.world = make_world(sqlite_url(folder), zone_file=self.zones)
        for some in (propose_a_change, ask_for_exceptions, open_tickets, subscribe_webhooks, save_filters):
            some(self.world)
        self._live, self._kept = sqlite3.connect(str(self.world.store.url.database)), sqlite3.connect(":memory:")
        self._live.backup(self._kept)

    def as_it_was(self) -> None:
        self._kept.backup(self._live)
        self.zones.write_text(ZONES)
        self.world.actions.done.clear()

    def close(self) -> None:
        self._live.close()
        self._kept.close()
        self.world.store.close()


def machine_for(city: City, walker: str) -> Any:
    """The state machine of the document's links; ``sent`` of it counts the requests, ``statuses`` how they were answered."""
    world, chance = city.world, random.Random()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", world.app, config=CONFIG, headers=world.bearer())
    # A stream until the scan ends, which no scan of this world does: the test of scans reads it.
    schema = schema.exclude(operation_id="watch_scan")

    @schema.auth(refresh_interval=None)
    class _Bearer:
        def get(self, case: Any, context: Any) -> str:
            role = chance.choice(list(Role)).value if walker == EVERYBODY else walker
            return world.bearer(role)["authorization"]

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["authorization"] = data

    checks = tuple(CHECKS.get_all())

    class Walking(schema.as_state_machine()):  # type: ignore[misc]
        sent = 0
        statuses: ClassVar[dict[tuple[str, int], int]] = {}
        asked: ClassVar[dict[str, dict[str, Any]]] = {}  # what was asked, by the cursor that it gave

        def setup(self) -> None:
            city.as_it_was()
            chance.seed(0)
            self.asked.clear()

        def before_call(self, case: Case) -> None:
            if case.meta is not None and case.meta.generation.mode.is_positive:
                _as_a_program_would(case, self.asked)

        def after_call(self, response: Response, case: Case) -> None:
            super().after_call(response, case)
            type(self).sent += 1
            key = (case.operation.definition.raw["operationId"], response.status_code)
            self.statuses[key] = self.statuses.get(key, 0) + 1
            if response.status_code == 200 and b'"next_cursor":"' in response.content:
                self.asked[response.json()["next_cursor"]] = dict(case.query or {})

        def validate_response(self, response: Response, case: Case, additional_checks: Any = None, **kwargs: Any) -> None:
            case.validate_response(response, checks=checks, transport_kwargs=kwargs or None, recorder=self.recorder)

    return Walking


def _as_a_program_would(case: Case, asked: dict[str, dict[str, Any]]) -> None:
    """The schema cannot say where two things come from, and made-up ones are refused (`test_queries`, `test_repeats`): a cursor
    goes with the filters of the page that gave it, and a key stands for one request."""
    if "cursor" in (case.query or {}):
        cursor = case.query.pop("cursor")
        if cursor in asked:
            case.query.clear()
            case.query.update(asked[cursor], cursor=cursor)
    for name in list(case.headers or ()):
        if name.lower() == "idempotency-key":
            case.headers[name] = str(uuid.uuid4())


@pytest.fixture(scope="module")
def reached() -> Iterator[set[str]]:
    """The operations that were done for somebody."""
    found: set[str] = set()
    yield found
    assert len(found) > min(40, CASES // 25), sorted(found)


@pytest.mark.timeout(300 + CASES)
@pytest.mark.parametrize("walker", WALKERS)
def test_walking_as_the_links_say_nothing_fails(tmp_path: Path, walker: str, reached: set[str]) -> None:
    city, share, sent = City(tmp_path / "city"), CASES // len(WALKERS), 0
    for number in itertools.count():
        machine = hypothesis.seed(number)(machine_for(city, walker))
        settings = hypothesis.settings(
            max_examples=min(500, max(10, (share - sent) // 8)),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        machine.run(settings=settings)
        sent += machine.sent
        assert not [key for key in machine.statuses if key[1] >= 500]
        reached |= {name for name, status in machine.statuses if status < 300}
        if sent >= share:
            break
    city.close()
    print(f"{walker}: {sent} requests")  # pytest -s
