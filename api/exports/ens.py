"""The measures of the ENS (RD 311/2022, Anexo II) as an OSCAL catalogue: codes and titles, not the text of the law."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from api.exports.extract import Publisher
from api.exports.oscal_parts import OSCAL_VERSION, identity, prop
from api.parts import Rules

BOE = "https://www.boe.es/buscar/act.php?id=BOE-A-2022-7191"
CATEGORIES = ("basica", "media", "alta")


@lru_cache(maxsize=1)
def annex() -> Mapping[str, Any]:
    """``source``, ``families`` (titles by language) and ``measures`` of the annex, as the file beside this one has them."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("ens.json").read_text(encoding="utf-8"))
    return found


def rules_by_measure(rules: Rules) -> dict[str, list[str]]:
    """For each measure, in the order of the annex, the rules in force that show some of it; none where no scan can see it."""
    found: dict[str, list[str]] = {measure["code"]: [] for measure in annex()["measures"]}
    for rule in rules.rules.values():
        for code in rule.mappings.ens:
            if code in found:
                found[code].append(rule.id)
    return found


def objective_of(code: str) -> str:
    """The id of what scanning can show of a measure. It is this that findings are about, and never the whole measure."""
    return f"{code}_obj-scanning"


def catalogue(rules: Rules, publisher: Publisher, language: str, at: datetime) -> dict[str, Any]:
    """The OSCAL catalogue, with what the rules in force show of each measure."""
    shown = rules_by_measure(rules)
    groups = [
        {
            "id": family,
            "class": "family",
            "title": titles[language],
            "controls": [
                _control(measure, shown[measure["code"]], language)
                for measure in annex()["measures"]
                if measure["family"] == family
            ],
        }
        for family, titles in annex()["families"].items()
    ]
    return {
        "catalog": {
            "uuid": identity(publisher.url, "catalogue", language, at.isoformat()),
            "metadata": {
                "title": "Esquema Nacional de Seguridad (RD 311/2022), Anexo II",
                "last-modified": at.isoformat(),
                "version": "BOE-A-2022-7191",
                "oscal-version": OSCAL_VERSION,
                "links": [{"href": BOE, "rel": "source"}],
                "remarks": annex()["source"],
            },
            "groups": groups,
        }
    }


def _control(measure: Mapping[str, Any], rules: list[str], language: str) -> dict[str, Any]:
    code = measure["code"]
    props = [{"name": "label", "value": code}, prop("basis", measure["basis"])]
    props += [prop("dimension", dimension) for dimension in measure["dimensions"]]
    props += [prop(f"applies-{category}", measure["applies"][category]) for category in CATEGORIES]
    props.append(prop("assessable-by-scanning", "in part" if rules else "no"))
    items = [
        {"id": one, "name": "item", "props": [{"name": "label", "value": one}], "links": [{"href": BOE, "rel": "reference"}]}
        for one in measure["requirements"]
    ]
    parts: list[dict[str, Any]] = [{"id": f"{code}_smt", "name": "statement", "parts": items}]
    if rules:
        shown = f"What these rules see of the measure: {', '.join(rules)}."
        parts.append({"id": objective_of(code), "name": "assessment-objective", "prose": shown})
    control = {"id": code, "class": "measure", "title": measure["title"][language], "props": props, "parts": parts}
    if measure["reinforcements"]:
        control["controls"] = [_reinforcement(one) for one in measure["reinforcements"]]
    return control


def _reinforcement(one: Mapping[str, Any]) -> dict[str, Any]:
    needed = "in no category" if one["optional"] else "by category"
    props = [{"name": "label", "value": one["id"]}, prop("required", needed)]
    return {"id": one["code"], "class": "reinforcement", "title": one["title"], "props": props}
