"""The index templates: data streams for what happened, an aliased index for the newest state that Kibana's pages read.

The files beside this module are what Elasticsearch is given, word for word. Nothing in them needs more than the default
distribution: unknown fields are stored and not indexed (``dynamic: false``), evidence is ``flattened``, so that no scanned
host can make the mapping grow.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch


@cache
def _read() -> tuple[dict[str, Any], dict[str, Any]]:
    components: dict[str, Any] = {}
    indices: dict[str, Any] = {}
    for item in sorted(files("collector.elasticsearch").joinpath("templates").iterdir(), key=lambda found: found.name):
        kind, _, name = item.name.removesuffix(".json").partition("-")
        (components if kind == "component" else indices)[name] = json.loads(item.read_text(encoding="utf-8"))
    return components, indices


def component_templates() -> dict[str, Any]:
    """Bodies of ``PUT _component_template/<name>`` by name."""
    return dict(_read()[0])


def index_templates() -> dict[str, Any]:
    """Bodies of ``PUT _index_template/<name>`` by name; they are put in after the components."""
    return dict(_read()[1])


def install_templates(client: Elasticsearch) -> list[str]:
    """Put all templates in place; repeating it changes nothing. Returns their names. Raises what the client raises."""
    names = []
    for name, body in component_templates().items():
        client.cluster.put_component_template(name=name, template=body["template"], meta=body["_meta"])
        names.append(name)
    for name, body in index_templates().items():
        known = {"index_patterns", "priority", "composed_of", "data_stream", "template"}
        parts: dict[str, Any] = {key: value for key, value in body.items() if key in known}
        client.indices.put_index_template(name=name, meta=body["_meta"], **parts)
        names.append(name)
    return names
