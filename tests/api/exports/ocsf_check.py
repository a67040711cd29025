"""Whether an event is valid OCSF 1.5.0: attributes, requirements, types, enums, constraints (the schema's extract is beside)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "ocsf_1_5_0.json").read_text())
_CLASSES = {2003: "compliance_finding", 2002: "vulnerability_finding"}
_PLAIN: dict[str, tuple[type, ...]] = {
    "string_t": (str,),
    "integer_t": (int,),
    "long_t": (int,),
    "float_t": (int, float),
    "boolean_t": (bool,),
}


def problems(event: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event, each with its path; empty when it is valid."""
    kind = SCHEMA["classes"][_CLASSES[event["class_uid"]]]
    found = list(_of(event, kind, ""))
    if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
        found.append("type_uid")
    return found


def _of(value: Mapping[str, Any], kind: Mapping[str, Any], path: str) -> Iterator[str]:
    attributes = kind["attributes"]
    for name, about in attributes.items():
        if about.get("required") and value.get(name) is None:
            yield f"{path}{name} is missing"
    for rule, names in kind.get("constraints", {}).items():
        given = sum(name in value for name in names)
        if given == 0 or (rule == "just_one" and given != 1):
            yield f"{path}{rule} of {names}"
    for name, inner in value.items():
        about = attributes.get(name)
        if about is None or about.get("deprecated"):
            yield f"{path}{name} is not to be used"
            continue
        if about.get("array", False) != isinstance(inner, list):
            yield f"{path}{name} is no list, or should be none"
            continue
        for item in inner if isinstance(inner, list) else [inner]:
            yield from _one(item, about, f"{path}{name}")


def _one(item: Any, about: Mapping[str, Any], path: str) -> Iterator[str]:
    plain = _PLAIN.get(about["type"])
    if plain is not None and (not isinstance(item, plain) or (isinstance(item, bool) and bool not in plain)):
        yield f"{path}: {item!r} is not {about['type']}"
    if "enum" in about and str(item) not in about["enum"]:
        yield f"{path}: {item!r} is none of {about['enum']}"
    inner = SCHEMA["objects"].get(about["type"])
    if inner is not None and isinstance(item, dict):
        yield from _of(item, inner, f"{path}.")
