"""How fast the lists and the risk calls answer over a city of 50,000 assets and 1,000,000 findings.

    python -m benchmarks.api [--assets N] [--findings N] [--rounds N] [--url postgresql://…] [--keep FOLDER]

Seeds the tables directly, then asks the application over ASGI with a real token: each line is one call with its 50th and 99th
percentile in milliseconds and the processor time it took (which a busy machine does not change), as Markdown. Cursors are
followed, so that late pages are measured too.
"""

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import Connection, insert, text

from api.app import create_app
from api.parts import AppParts, RateLimits
from collector import tables, tally
from collector.grants import Role
from collector.score import band
from collector.store import Store, to_json
from collector.tokens import create_token
from rules.rulebook import load_rules, our_rules
from tests.api.seed import NOW
from tests.api.world import RecordedActions, zone

DEPARTMENTS = [f"department-{number}" for number in range(9)]
SERVICES = [f"service-{number}" for number in range(18)]
RULES = [f"{family}-{number:03}" for family in ("TLS", "CERT", "WEB", "SSH", "NET") for number in range(1, 11)]
STATES = ["open"] * 7 + ["resolved"] * 3
VANTAGES = ["internal"] * 17 + ["internet"] * 2 + ["industrial"]
SEVERITIES = ["low"] * 4 + ["medium"] * 3 + ["high"] * 2 + ["critical"]


def seed(store: Store, assets: int, findings: int) -> None:
    tables.metadata.create_all(store.engine)
    with store.write() as connection:
        connection.execute(
            insert(tables.department), [{"id": key, "names": {"en": key}, "inventory_size": assets // 9} for key in DEPARTMENTS]
        )
        services = [
            {
                "id": key,
                "department_id": DEPARTMENTS[number // 2],
                "names": {"en": key},
                "ens": {},
                "parameters": {},
                "inventory_size": assets // 18,
            }
            for number, key in enumerate(SERVICES)
        ]
        connection.execute(insert(tables.service), services)
    dice = random.Random(1)
    ids = [str(uuid.UUID(int=dice.getrandbits(128))) for _ in range(assets)]
    _in_batches(store, tables.asset, _assets(ids, dice))
    words = ({"asset_id": row["id"], "words": f"{row['name']} {to_json(row['addresses'])}"} for row in _assets(ids, dice))
    _in_batches(store, tables.asset_words, words)
    _in_batches(store, tables.asset_service, ({"asset_id": key, "service_id": SERVICES[n % 18]} for n, key in enumerate(ids)))
    later = list(tables.finding.indexes)
    for index in later:
        index.drop(store.engine)
    _in_batches(store, tables.finding, _findings(ids, findings, dice))
    for index in later:
        index.create(store.engine)
    _in_batches(store, tables.coverage, _coverage(ids))
    _in_batches(store, tables.score_history, _history())
    with store.write() as connection:
        tally.rebuild(connection)
        connection.execute(text("ANALYZE"))


def _assets(ids: list[str], dice: random.Random) -> Iterator[dict[str, Any]]:
    for number, key in enumerate(ids):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        yield {
            "id": key,
            "name": f"host-{number:06}.vilamar.example",
            "namespace": "",
            "declared": number % 20 != 0,
            "department_id": DEPARTMENTS[number % 18 // 2],
            "service_id": SERVICES[number % 18],
            "addresses": [address],
            "names": [],
            "first_seen": NOW - timedelta(days=300),
            "last_seen": NOW - timedelta(hours=5),
            "last_evaluated": NOW - timedelta(hours=5),
            "risk": 100 * dice.random() ** 3,
            "risk_factors": {"version": 1, "contributions": [{"finding": key, "points": 9.876543210123456}] * 5},
            "open_findings": 14,
            "expected": 50,
            "conclusive": 45,
        }


def _findings(ids: list[str], count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(count):
        which = number % len(ids)
        rule = RULES[number // len(ids) % len(RULES)]
        risk = 100 * dice.random() ** 2
        department, service = DEPARTMENTS[which % 18 // 2], SERVICES[which % 18]
        state = dice.choice(STATES)
        yield {
            "id": str(uuid.UUID(int=dice.getrandbits(128))),
            "rule": rule,
            "asset_id": ids[which],
            "place": f"tcp/{443 + number // len(ids) // len(RULES)}",
            "state": state,
            "severity": dice.choice(SEVERITIES),
            "confidence": "confirmed",
            "base": 50.0,
            "risk": risk,
            "band": band(risk),
            "factors": [{"name": "base", "value": 0.5, "source": "the rule's base score"}],
            "observed": {"protocols": ["TLSv1", "TLSv1.2"]},
            "expected": {"protocols": ["TLSv1.2", "TLSv1.3"]},
            "asset_name": f"host-{which:06}.vilamar.example",
            "address": f"10.{which >> 16}.{which >> 8 & 255}.{which & 255}",
            "port": 443,
            "transport": "tcp",
            "vantage": dice.choice(VANTAGES),
            "exposure": "internal",
            "zone": f"zone-{which % 12}",
            "department_id": department,
            "service_id": service,
            "first_seen": NOW - timedelta(days=60),
            "opened_at": NOW - timedelta(days=60),
            "last_seen": NOW - timedelta(seconds=dice.randrange(500_000)),
            "last_evaluated": NOW - timedelta(hours=5),
            "last_result": "fail",
            "due": None if number % 5 == 0 else NOW + timedelta(seconds=dice.randrange(-2_000_000, 5_000_000)),
        }


def _coverage(ids: list[str]) -> Iterator[dict[str, Any]]:
    for number, key in enumerate(ids):
        for rule in RULES[:4]:
            yield {
                "asset_id": key,
                "place": "tcp/443",
                "vantage": "internal",
                "scanner": "tls",
                "rule": rule,
                "result": ("pass", "fail", "unknown")[number % 3],
                "evaluated_at": NOW,
                "department_id": DEPARTMENTS[number % 18 // 2],
                "service_id": SERVICES[number % 18],
            }


def _history() -> Iterator[dict[str, Any]]:
    keys = [("city", ""), *(("department", key) for key in DEPARTMENTS), *(("service", key) for key in SERVICES)]
    for level, key in keys:
        for hours in range(1, 90 * 24, 3):
            yield {
                "level": level,
                "key": key,
                "at": NOW - timedelta(hours=hours),
                "value": 55.0,
                "low": 55.0,
                "high": 61.0,
                "coverage": 0.9,
                "version": 1,
                "factors": {"factors": [], "inventory_size": 50_000},
            }


def _in_batches(store: Store, table: Any, rows: Iterator[dict[str, Any]], size: int = 20_000) -> None:
    batch: list[dict[str, Any]] = []

    def write(connection: Connection) -> None:
        connection.execute(insert(table), batch)

    for row in rows:
        batch.append(row)
        if len(batch) == size:
            with store.write() as connection:
                write(connection)
            batch.clear()
    if batch:
        with store.write() as connection:
            write(connection)


CALLS = [
    "risk",
    "risk/departments/department-3",
    "risk/services/service-7",
    "risk/assets/ASSET",
    "findings",
    "findings?state=open",
    "findings?state=open&sort=due",
    "findings?state=open&sort=seen",
    "findings?state=open&department=department-4",
    "findings?state=open&service=service-9&sort=due",
    "findings?state=open&rule=TLS-002",
    "findings?state=open&band=critical&band=high",
    "findings?state=open&severity=critical",
    "findings?state=open&severity=critical&department=department-2&vantage=industrial",
    "findings?state=open&vantage=internet",
    "findings?state=open&vantage=industrial&zone=zone-3",
    "findings?state=open&zone=zone-5",
    "findings?state=open&vantage=partner",
    "findings?overdue=true",
    "findings?overdue=true&department=department-1",
    "findings?asset=ASSET",
    "findings?q=host-012",
    "findings?q=vilamar",
    "findings?q=10.0.77.5",
    "findings?q=10.0.77.",
    "findings?q=10.0.77.&sort=seen",
    "findings?q=host-0123&sort=due",
    "findings?q=nobody-has-this-name",
    "findings?address=10.0.77.5",
    "findings/FINDING",
    "assets",
    "assets?sort=name",
    "assets?department=department-4",
    "assets?service=service-4",
    "assets?declared=false",
    "assets?q=host-0123",
    "assets/ASSET",
    "departments",
    "services",
    "verdicts",
    "verdicts?rule=TLS-002&result=fail",
    "verdicts?asset=ASSET",
    "coverage",
    "coverage?department=department-3",
    "rules",
    "scans",
]


async def measure(app: Any, secret: str, rounds: int) -> list[tuple[str, float, float]]:
    transport = httpx2.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {secret}"}
    results = []
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://testserver/api/v1/", headers=headers, timeout=120
    ) as client:
        finding = (await client.get("findings?limit=1")).json()["items"][0]
        for call in CALLS:
            path = call.replace("ASSET", finding["asset_id"]).replace("FINDING", finding["id"])
            await client.get(path)
            taken, busy, cursor = [], [], None
            for _ in range(rounds):
                joined = f"{path}{'&' if '?' in path else '?'}cursor={cursor}" if cursor else path
                begun, worked = time.perf_counter(), time.process_time()
                answer = await client.get(joined)
                taken.append((time.perf_counter() - begun) * 1000)
                busy.append((time.process_time() - worked) * 1000)
                answer.raise_for_status()
                body = answer.json()
                cursor = body.get("next_cursor") if isinstance(body, dict) else None
            shown = [statistics.median(taken), _p99(taken), statistics.median(busy), _p99(busy)]
            results.append((call, shown[0], shown[1]))
            print(f"| `{call}` | {' | '.join(f'{value:.1f}' for value in shown)} |", flush=True)
    return results


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=50_000)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--url", help="a PostgreSQL database to fill; else a SQLite file")
    parser.add_argument("--keep", type=Path, help="a folder for the SQLite file, used again when it is there")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = (asked.keep or Path(scratch)) / "bench.db"
        ready = path.exists() and not asked.url
        store = Store(asked.url or f"sqlite:///{path}")
        begun = time.monotonic()
        if not ready:
            seed(store, asked.assets, asked.findings)
        print(
            f"seeded in {time.monotonic() - begun:.0f} s: {store.dialect}, {asked.assets:,} assets, {asked.findings:,} findings\n"
        )
        with store.write() as connection:
            _, secret = create_token(connection, f"benchmark {uuid.uuid4()}", Role.VIEWER, NOW, timedelta(days=1))
        many = 10**9
        parts = AppParts(
            store=store,
            rules=load_rules([our_rules()]),
            zones=lambda: {"dmz": zone()},
            actions=RecordedActions(store),
            city_names={"en": "Benchmark"},
            allowed_hosts=("testserver",),
            clock=lambda: NOW,
            limits=RateLimits(many, many, many),
        )
        print("| call | p50 ms | p99 ms | processor p50 ms | processor p99 ms |\n|---|---:|---:|---:|---:|")
        app = create_app(parts)
        gc.collect()
        gc.freeze()  # as the service does
        results = asyncio.run(measure(app, secret, asked.rounds))
        slow = [call for call, _, p99 in results if p99 >= 100]
        print(
            f"\np99 under 100 ms: {len(results) - len(slow)} of {len(results)} calls"
            + (f"; slower: {', '.join(slow)}" if slow else "")
        )
        store.close()


if __name__ == "__main__":
    main()
