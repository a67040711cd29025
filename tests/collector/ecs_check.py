"""Holds documents against the Elastic Common Schema: types, arrays, allowed values, expected event types.

``data/ecs_9.4.0.json`` is an extract of the flat field list of ECS 9.4.0 (Apache-2.0, Elasticsearch B.V.).
"""

import ipaddress
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

# Elastic's extension for posture, and our own namespace: no ECS fields.
EXTENSIONS = re.compile(
    r"^(rule\.(benchmark\..*|section|tags|remediation|rationale)|result\..*|resource\..*|posture\..*|labels\..*)$"
)
_MAC = re.compile(r"^([0-9A-F]{2}-){5}[0-9A-F]{2}$")


@cache
def fields() -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "ecs_9.4.0.json").read_text())
    return known


def leaves(body: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf as ``(dotted name, value)``; opaque objects (evidence, factors) are not walked into."""
    for name, value in body.items():
        dotted = f"{prefix}{name}"
        opaque = dotted in ("result.evidence", "result.expected", "posture.change", "posture.score.factors")
        if isinstance(value, dict) and not opaque:
            yield from leaves(value, f"{dotted}.")
        else:
            yield dotted, value


def problems(body: dict[str, Any]) -> list[str]:
    """Everything about a document that ECS does not allow."""
    found = []
    for name, value in leaves(body):
        known = fields().get(name)
        if known is None:
            if not EXTENSIONS.match(name):
                found.append(f"{name} is neither ECS nor an extension")
            continue
        if bool(known.get("array")) != isinstance(value, list) and name not in ("tags",):
            found.append(f"{name} is {'an' if known.get('array') else 'no'} array in ECS")
        for item in value if isinstance(value, list) else [value]:
            if not _fits(known["type"], item):
                found.append(f"{name}: {item!r} is no {known['type']}")
            allowed = known.get("allowed") or {word: [] for word in known.get("expected", [])}
            if allowed and item not in allowed:
                found.append(f"{name}: {item!r} is not allowed")
        if name == "host.mac":
            found += [f"host.mac {item} is not RFC 7042's form" for item in value if not _MAC.match(item)]
    return found + list(_unexpected_types(body))


def _unexpected_types(body: dict[str, Any]) -> Iterator[str]:
    categories = body["event"].get("category", [])
    known = fields()["event.category"]["allowed"]
    expected = {kind for category in categories for kind in known.get(category, [])}
    for kind in body["event"].get("type", []):
        if categories and kind not in expected:
            yield f"event.type {kind} does not go with {categories}"


def _fits(kind: str, value: Any) -> bool:
    if kind in ("keyword", "constant_keyword", "wildcard", "text", "match_only_text"):
        return isinstance(value, str) and len(value) <= 8191
    if kind == "date":
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    if kind == "ip":
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    if kind in ("long", "integer"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind in ("float", "double", "scaled_float"):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, dict)
