"""Documents in the Elastic Common Schema 9.4, field by field as Kibana reads them.

Streams: ``logs-posture.inventory-<city>``, ``logs-posture.misconfiguration-<city>`` (one document for each rule and place of an
asset that was evaluated: passed, failed or unknown), ``logs-posture.change-<city>``, ``metrics-posture.score-<city>``, and the
newest state of each evaluation in ``security_solution-posture.misconfiguration_latest-v1``. They are written in the transaction
that made what they say.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, and_, select

from collector.ecs_fields import (
    LATEST,
    Publisher,
    Standing,
    asset_parts,
    evaluation_body,
    head,
    moment,
    resource_id,
)
from collector.findings import State, finding_id
from collector.outbox import Document, put
from collector.records import AssetRecord, Changes, Evaluation, EventRecord, FindingRecord, ScoreRecord
from collector.store import Store
from collector.tables import asset, coverage, finding, identifier
from rules.rule import Rule
from rules.verdict import Result

__all__ = ["EcsDocuments", "Publisher"]

REPUBLISH_ASSETS = 100
_TYPES = {"new": "creation", "opened": "creation", "gone": "deletion", "resolved": "deletion", "closed": "deletion"}


class KnowsRules(Protocol):
    """What is asked of the rules here (:class:`rules.rulebook.Rulebook`)."""

    @property
    def rules(self) -> Mapping[str, Rule]: ...


def digest_id(*parts: object) -> str:
    """The ``_id`` of a document: the SHA-256 (hexadecimal) of what makes it that document and no other."""
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()


class EcsDocuments:
    """Builds the documents. ``rules`` is the loaded rulebook (titles, remediation, mappings)."""

    def __init__(self, publisher: Publisher, rules: KnowsRules) -> None:
        self._publisher = publisher
        self._rules = rules

    def of_changes(self, connection: Connection, changes: Changes, *, at: datetime) -> list[Document]:
        """The documents that one ingested batch makes, for :func:`collector.outbox.put` in the same transaction."""
        macs = _macs(connection, [record.id for record in changes.assets.values()])
        documents = [self._inventory(record, macs.get(record.id, []), at) for record in changes.assets.values()]
        for evaluation in changes.evaluations:
            documents += self._evaluated(evaluation, at)
        documents += self._again(connection, changes, at)
        documents += [self._change(event, changes, at) for event in changes.events]
        documents += [self._score(score, at) for score in changes.scores]
        return [item for item in documents if item is not None]

    # --- evaluations ---------------------------------------------------------------------------------------------

    def _evaluated(self, evaluation: Evaluation, at: datetime) -> Iterator[Document]:
        rule = self._rules.rules.get(evaluation.verdict.rule)
        if rule is None:
            return
        verdict, found = evaluation.verdict, evaluation.finding
        if verdict.result is Result.NOT_APPLICABLE:
            return  # if anything was said before, it has left
        look = evaluation.observation
        standing = Standing(
            rule=rule,
            asset=evaluation.asset,
            place=evaluation.place,
            vantage=evaluation.vantage,
            result=verdict.result,
            observed=verdict.observed,
            expected=verdict.expected,
            looked_at=evaluation.at,
            address=look.target.address if look else None,
            scanner=look.scanner if look else "inventory",
            finding=found,
        )
        stream = self._stream("logs", "misconfiguration")
        cause = look.id if look else moment(evaluation.at)
        event_id = finding_id(rule.id, evaluation.asset.id, evaluation.place)
        body = evaluation_body(self._publisher, standing, event_id, at)
        yield Document(stream=stream, id=digest_id(stream, event_id, evaluation.vantage, cause), body=body)
        yield self._latest(standing, event_id, at)

    def _latest(self, standing: Standing, event_id: str, at: datetime) -> Document:
        """The newest state. What is open stays failed until it is proved fixed, whatever this look could not tell."""
        found = standing.finding
        if found is not None and found.state != State.RESOLVED and standing.result is not Result.FAIL:
            standing = standing.as_failed(found)
        body = evaluation_body(self._publisher, standing, event_id, at)
        key = self._latest_id(standing.rule, standing.asset.id, standing.place)
        return Document(stream=LATEST, id=key, body=body, replaces=True)

    def _latest_id(self, rule: Rule, asset_id: str, place: str) -> str:
        return digest_id(rule.uuid, resource_id(self._publisher, asset_id, place), self._publisher.namespace)

    def _taken_away(self, rule_id: str, asset_id: str, place: str) -> Document:
        """The rule says nothing there any more: no state is left to show."""
        rule = self._rules.rules.get(rule_id)
        uuid = rule.uuid if rule is not None else rule_id
        key = digest_id(uuid, resource_id(self._publisher, asset_id, place), self._publisher.namespace)
        return Document(stream=LATEST, id=key, body=None, replaces=True)

    def republish(self, connection: Connection, *, at: datetime) -> int:
        """Write every open and passed state to the outbox again with ``@timestamp`` = ``at``: Kibana shows 26 hours.

        What is gone is left out. Returns the number of rows written. All in the caller's transaction: in a service use
        :meth:`republish_all`, which does not keep other writers waiting.
        """
        written, last = self._republish_some(connection, "", at)
        while last is not None:
            more, last = self._republish_some(connection, last, at)
            written += more
        return written

    def republish_all(self, store: Store, *, at: datetime) -> int:
        """The same in many short transactions."""
        written = 0
        last: str | None = ""
        while last is not None:
            with store.write() as connection:
                more, last = self._republish_some(connection, last, at)
            written += more
        return written

    def _republish_some(self, connection: Connection, after: str, at: datetime) -> tuple[int, str | None]:
        """The states of the next assets after the id ``after``; returns rows written and the last id, None at the end."""
        present = select(asset.c.id).where(asset.c.id > after, asset.c.gone_since.is_(None))
        ids = list(connection.execute(present.order_by(asset.c.id).limit(REPUBLISH_ASSETS)).scalars())
        if not ids:
            return 0, None
        states = self._standing(connection, asset.c.id.in_(ids), at)
        return put(connection, states.values(), at=at), ids[-1]

    def _again(self, connection: Connection, changes: Changes, at: datetime) -> Iterator[Document]:
        """The newest states of what is another now though nobody looked: waived or not, another's, merged, seen from elsewhere;
        and what has left is taken away. What only weighs more by being late is told by the daily word."""
        said = (item for item in changes.evaluations if item.verdict.result is not Result.NOT_APPLICABLE)
        judged = {(item.verdict.rule, item.asset.id, item.place) for item in said}
        records = [changes.findings[key] for key in changes.again.findings]
        unseen = sorted(row.id for row in records if (row.rule, row.asset_id, row.place) not in judged)
        moved = sorted(changes.again.assets)
        for which, ids, at_once in ((finding.c.id, unseen, 500), (asset.c.id, moved, REPUBLISH_ASSETS)):
            for start in range(0, len(ids), at_once):
                yield from self._standing(connection, which.in_(ids[start : start + at_once]), at).values()
        for rule_id, asset_id, place in sorted(changes.again.left):
            yield self._taken_away(rule_id, asset_id, place)

    def _standing(self, connection: Connection, which: ColumnElement[bool], at: datetime) -> dict[str, Document]:
        """The newest states of ``which``, from what is stored of them, by the ids of their documents."""
        same = and_(
            finding.c.rule == coverage.c.rule, finding.c.asset_id == coverage.c.asset_id, finding.c.place == coverage.c.place
        )
        judged = coverage.c.result.in_([Result.PASS.value, Result.FAIL.value, Result.UNKNOWN.value])
        query = select(coverage, asset, finding).join_from(coverage, asset, asset.c.id == coverage.c.asset_id)
        query = query.outerjoin(finding, same).where(judged, which)
        names = [(column.table.name, column.name) for column in query.selected_columns]
        states: dict[str, Document] = {}
        for row in connection.execute(query):
            document = self._standing_row(_split(names, row), at)
            if document is not None:
                kept = states.get(document.id)
                states[document.id] = document if kept is None else _worse(kept, document)
        return states

    def _standing_row(self, row: Mapping[str, dict[str, Any]], at: datetime) -> Document | None:
        covered, owner, found = row["coverage"], row["asset"], row["finding"]
        rule = self._rules.rules.get(covered["rule"])
        if rule is None:
            return None
        record = _record(FindingRecord, found) if found["id"] is not None else None
        standing = Standing(
            rule=rule,
            asset=_record(AssetRecord, owner),
            place=covered["place"],
            vantage=covered["vantage"],
            result=Result(covered["result"]),
            observed=covered["observed"] or {},
            expected=covered["expected"] or {},
            looked_at=covered["evaluated_at"],
            address=covered["address"] or (record.address if record else None),
            scanner="inventory" if covered["scanner"] == "asset" else covered["scanner"],
            finding=record,
        )
        return self._latest(standing, finding_id(rule.id, standing.asset.id, standing.place), at)

    # --- assets, changes, scores ---------------------------------------------------------------------------------

    def _stream(self, kind: str, dataset: str) -> str:
        return f"{kind}-posture.{dataset}-{self._publisher.namespace}"

    def _inventory(self, record: AssetRecord, macs: list[str], at: datetime) -> Document:
        stream = self._stream("logs", "inventory")
        body = head(self._publisher, "inventory", "asset", at)
        seen = record.last_seen or at
        body["event"] |= {
            "category": ["host"],
            "type": ["info"],
            "outcome": "success",
            "id": record.id,
            "action": "asset-gone" if record.gone_since else "asset-observed",
            "created": moment(seen),
            "start": moment(record.first_seen or seen),
            "end": moment(seen),
        }
        body["message"] = f"Asset {record.name} observed" + (f" on {record.addresses[0]}" if record.addresses else "")
        body |= asset_parts(self._publisher, record, macs, whole=True)
        body["tags"] = ["posture", "inventory"]
        return Document(stream=stream, id=digest_id(stream, record.id, moment(at)), body=body)

    def _change(self, event: EventRecord, changes: Changes, at: datetime) -> Document:
        stream = self._stream("logs", "change")
        body = head(self._publisher, "change", "event", at)
        subject, _, what = event.action.partition("-")
        body["event"] |= {
            "category": ["configuration"] if subject in ("finding", "scan") else ["host"],
            "type": [_change_type(subject, what)],
            "outcome": "success",
            "id": event.id,
            "action": event.action,
            "created": moment(event.at),
        }
        record = changes.assets.get(event.asset_id or "")
        found = changes.findings.get(event.finding_id or "")
        name = record.name if record else (found.asset_name if found else "")
        body["message"] = " ".join(part for part in (event.action.replace("-", " "), found.rule if found else "", name) if part)
        if record is not None:
            body |= asset_parts(self._publisher, record, [], whole=False)
        if found is not None:
            body["rule"] = {"id": found.rule}
            body.setdefault("posture", {})["finding"] = {"id": found.id, "status": found.state}
        body.setdefault("posture", {})["change"] = dict(event.detail)
        return Document(stream=stream, id=digest_id(stream, event.id), body=body)

    def _score(self, score: ScoreRecord, at: datetime) -> Document:
        stream = self._stream("metrics", "score")
        body = head(self._publisher, "score", "metric", at)
        body["@timestamp"] = moment(score.at)
        key = digest_id(stream, score.level, score.key, moment(score.at))
        body["event"] |= {"id": key, "created": moment(score.at)}
        body["posture"] = {
            "score": {
                "level": score.level,
                "key": score.key,
                "value": score.value,
                "low": score.low,
                "high": score.high,
                "coverage": score.coverage,
                "version": score.version,
                "factors": score.factors,
            }
        }
        return Document(stream=stream, id=key, body=body)


def _change_type(subject: str, what: str) -> str:
    """ECS allows creation and deletion for configuration, start and end for host."""
    kind = _TYPES.get(what, "change")
    if subject in ("finding", "scan"):
        return kind
    return {"creation": "start", "deletion": "end"}.get(kind, "change")


def _macs(connection: Connection, asset_ids: list[str]) -> dict[str, list[str]]:
    """Network card addresses by asset, in the form of RFC 7042."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(asset_ids), 500):
        some = asset_ids[start : start + 500]
        query = select(identifier.c.asset_id, identifier.c.value)
        for row in connection.execute(query.where(identifier.c.kind == "mac", identifier.c.asset_id.in_(some))):
            found.setdefault(row.asset_id, []).append(row.value.upper().replace(":", "-"))
    return found


def _split(names: list[tuple[str, str]], row: Any) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {}
    for (table, column), value in zip(names, row, strict=True):
        parts.setdefault(table, {})[column] = value
    return parts


def _record(kind: Any, values: Mapping[str, Any]) -> Any:
    return kind(**{name: values[name] for name in kind.__struct_fields__ if name in values})


def _worse(one: Document, other: Document) -> Document:
    """Of two vantages' states of the same place: failed before unknown before passed."""
    order = ("failed", "unknown", "passed")
    rank = [order.index((item.body or {})["result"]["evaluation"]) for item in (one, other)]
    return one if rank[0] <= rank[1] else other
