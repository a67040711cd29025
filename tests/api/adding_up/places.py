"""Every place that counts findings or lists them, as who reads it reads it. Each takes a :class:`Reader` and raises when its sums
are not those of the findings themselves (``truth``)."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from starlette.testclient import TestClient

from collector.digests import Recipient, gather
from collector.queries.findings import STATES
from tests.api.adding_up.town import Town
from tests.api.exports.reading import EVERY_FINDING, states_in
from tests.collector.test_ecs_exceptions import index_of


@dataclass
class Reader:
    """Somebody who may read all (``department`` None) or one department, what they must find, and their program and browser."""

    town: Town
    department: str | None
    truth: Sequence[Row[Any]]
    api: TestClient
    page: TestClient

    @classmethod
    def of(cls, town: Town, department: str | None) -> "Reader":
        truth = [row for row in town.rows() if department in (None, row.department_id)]
        secret = town.readers[department]
        api = TestClient(town.app, headers={"authorization": f"Bearer {secret}"})
        page = TestClient(town.app, headers={"accept-language": "en"})
        page.post("/sign-in", data={"token": secret})
        return cls(town, department, truth, api, page)

    def get(self, path: str, **asked: Any) -> Any:
        answer = self.api.get(f"/api/v1/{path}", params=asked)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def states(self, **same: Any) -> Counter[str]:
        return Counter(row.state for row in self.truth if all(getattr(row, name) == value for name, value in same.items()))

    def open_ones(self, **same: Any) -> int:
        return self.states(**same)["open"]

    def late(self, state: str = "open", **same: Any) -> int:
        """What is past its day."""
        chosen = [row for row in self.truth if row.state == state and row.due is not None and row.due < self.town.city.now]
        return sum(all(getattr(row, name) == value for name, value in same.items()) for row in chosen)


def walked(reader: Reader, path: str, **asked: Any) -> list[dict[str, Any]]:
    """All pages of a list, by its cursor; what its total says is what there is."""
    items: list[dict[str, Any]] = []
    cursor: Mapping[str, str] = {}
    while True:
        page = reader.get(path, **asked, **cursor, limit=4)
        items += page["items"]
        if page["next_cursor"] is None:
            assert (page["total"], page["total_is_exact"]) == (len(items), True), (path, asked)
            assert len({item["id"] for item in items}) == len(items), (path, asked)
            return items
        cursor = {"cursor": page["next_cursor"]}


def lists(reader: Reader) -> None:
    held = {row.id: row.state for row in reader.truth}
    assert {item["id"]: item["state"] for item in walked(reader, "findings")} == held
    for state in STATES:
        assert {item["id"] for item in walked(reader, "findings", state=state)} == {key for key in held if held[key] == state}
    by_department = [reader.get("findings", department=key, limit=1)["total"] for key in ("safety", "citizens", "none")]
    assert sum(by_department) == len(held)
    by_band = [reader.get("findings", band=band, limit=1)["total"] for band in ("critical", "high", "medium", "low", "info")]
    assert sum(by_band) == len(held)


def departments_and_services(reader: Reader) -> None:
    for kind in ("department", "service"):
        for item in reader.get(f"{kind}s")["items"]:
            same = {f"{kind}_id": item["id"]}
            assert item["open_findings"] == reader.open_ones(**same), item
            assert item["overdue"] == reader.late(**same), item
            assert reader.get(f"{kind}s/{item['id']}") == item
    units = reader.get("departments")["items"]
    assert sum(unit["open_findings"] for unit in units) + reader.open_ones(department_id=None) == reader.open_ones()


def assets(reader: Reader) -> None:
    found = walked(reader, "assets")
    for asset in found:
        assert asset["open_findings"] == reader.open_ones(asset_id=asset["id"]), asset
        assert {one["id"] for one in walked(reader, "findings", asset=asset["id"], state="open")} == {
            row.id for row in reader.truth if row.asset_id == asset["id"] and row.state == "open"
        }
    assert {row.asset_id for row in reader.truth} <= {asset["id"] for asset in found}


def verdicts(reader: Reader) -> None:
    """A failed verdict names its finding, in its state; what stands is named by one at least."""
    states = {row.id: row.state for row in reader.truth}
    named = {}
    cursor: Mapping[str, str] = {}
    while True:
        page = reader.get("verdicts", **cursor, limit=500)
        named |= {item["finding_id"]: item["state"] for item in page["items"] if item["finding_id"]}
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert all(states[key] == state for key, state in named.items())
    assert {key for key, state in states.items() if state != "resolved"} <= named.keys()


def risk(reader: Reader) -> None:
    """What would help most is open, and is nobody else's."""
    whole = "risk" if reader.department is None else f"risk/departments/{reader.department}"
    offered = [item["finding"] for item in reader.get(f"{whole}/fixes")["items"]]
    standing = {row.id for row in reader.truth if row.state == "open" and row.risk}
    assert set(offered) <= standing
    assert bool(offered) == bool(standing)


def overdue(reader: Reader) -> None:
    found = reader.get("overdue", limit=100)
    late, late_waived = reader.late(), reader.late("waived")
    assert (found["total"], found["overdue"], found["waived"]) == (late, late, late_waived)
    assert len(found["items"]) == late == reader.get("findings", overdue=True, limit=1)["total"]
    for name, total in (("overdue", late), ("waived", late_waived)):
        assert sum(one[name] for one in found["departments"]) == total
    for one in found["departments"]:
        assert one["overdue"] == reader.late(department_id=one["department_id"])


def standing_exceptions(reader: Reader) -> None:
    """Each that is in force covers what is waived by it, and all that is waived is so by one."""
    approved = {item["id"] for item in walked(reader, "exceptions", state="approved")}
    waived = {row.exception_id for row in reader.truth if row.state == "waived"}
    assert None not in waived
    if reader.department is None:
        assert waived == approved
    for key in approved:
        assert reader.get(f"exceptions/{key}")["id"] == key


def exports(reader: Reader) -> None:
    for form in EVERY_FINDING:
        answer = reader.api.get(f"/api/v1/exports/{form}")
        assert answer.status_code == 200, answer.text
        assert states_in(form, answer.text) == reader.states(), form
        narrowed = reader.api.get(f"/api/v1/exports/{form}", params={"state": "waived"})
        assert states_in(form, narrowed.text).total() == reader.states()["waived"], form


_TOLD = {
    "finding-opened": "open",
    "finding-reopened": "open",
    "finding-unwaived": "open",
    "finding-waived": "waived",
    "finding-resolved": "resolved",
}


def change_feed(reader: Reader) -> None:
    """Who follows the feed from its beginning (``docs/integrations/events.md``) ends with the states of the store."""
    told: dict[str, str] = {}
    after: Mapping[str, str] = {}
    more = True
    while more:
        page = reader.get("events", **after, limit=50)
        for item in page["items"]:
            _follow(told, item, reader.department)
        after, more = {"after": page["cursor"]}, page["more"]
    held = {row.id: row.state for row in reader.truth}
    if reader.department is None:
        assert told == held
    else:  # what is resolved changes hands without a word
        assert _standing(told) == _standing(held)


def _standing(states: Mapping[str, str]) -> dict[str, str]:
    return {key: state for key, state in states.items() if state != "resolved"}


def _follow(told: dict[str, str], item: dict[str, Any], department: str | None) -> None:
    if item["kind"] == "finding-moved":
        told.pop(item["detail"]["from"], None)
        told[item["finding_id"]] = item["detail"]["state"]
    elif item["kind"] == "finding-taken-over":
        told[item["finding_id"]] = item["detail"]["state"]
    elif item["kind"] == "finding-handed-over" and department is not None:
        told.pop(item["finding_id"], None)
    elif item["kind"] in _TOLD:
        told[item["finding_id"]] = _TOLD[item["kind"]]


def index(reader: Reader) -> None:
    named = [body for body in index_of(reader.town.store).values() if "finding" in body["posture"]]
    if reader.department is not None:
        named = [body for body in named if body.get("labels", {}).get("department") == reader.department]
    said, held = Counter(body["posture"]["finding"]["status"] for body in named), reader.states()
    assert (said["open"], said["waived"]) == (held["open"], held["waived"])


def digest(reader: Reader) -> None:
    """The first mail says how things stand."""
    row: Any = type("Row", (), {"told_at": None, "place": 0})
    with reader.town.store.read() as connection:
        news = gather(connection, Recipient("a@vilamar.example", reader.department, "en"), row, 0, reader.town.city.now)
    assert sum(news.bands.values()) == news.opened.total == reader.open_ones()


def pages(reader: Reader) -> None:
    assert _count(_text(reader, "/findings")) == len(reader.truth)
    for state in STATES:
        assert _count(_text(reader, f"/findings?state={state}")) == reader.states()[state]
    views = dict(re.findall(r'<a href="/findings\?([^"]*)"[^>]*>[^<]*<span class="num">(\d+)</span>', _text(reader, "/findings")))
    assert int(views["state=open"]) == reader.open_ones()
    assert int(views["state=resolved"]) == reader.states()["resolved"]
    whole = "/" if reader.department is None else f"/departments/{reader.department}"
    _hero(reader, whole)
    for row in {(row.asset_id): row for row in reader.truth}.values():
        assert _count(_text(reader, f"/assets/{row.asset_id}"), last=True) == reader.open_ones(asset_id=row.asset_id)
    late = re.search(r'<p class="count">', _text(reader, "/overdue"))
    assert late is None or reader.department


def _hero(reader: Reader, path: str) -> None:
    """The counts under the score: by band, and in all."""
    counts = re.search(r'<p class="counts">(.*?)</p>', _text(reader, path))
    assert counts
    *bands, whole = (int(number) for number in re.findall(r"<b>(\d+)</b>", counts[1]))
    assert sum(bands) == whole == reader.open_ones()


def _text(reader: Reader, path: str) -> str:
    answer = reader.page.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def _count(text: str, *, last: bool = False) -> int:
    found = re.findall(r'<p class="count">(?:<a [^>]*>)?(\d+)(?:</a>)?</p>', text)
    assert found
    return int(found[-1 if last else 0])


PLACES: Mapping[str, Callable[[Reader], None]] = {
    one.__name__: one
    for one in (
        lists,
        departments_and_services,
        assets,
        verdicts,
        risk,
        overdue,
        standing_exceptions,
        exports,
        change_feed,
        index,
        digest,
        pages,
    )
}
