"""The OpenAPI document as it is published, without a city: ``python -m api.published FILE`` writes it."""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from api.app import create_app
from api.parts import Actions, AppParts, Rules
from collector.store import Store


def document() -> dict[str, Any]:
    """What every Talaia of this version answers at ``/api/v1/openapi.json``. No database is opened."""
    nothing = Store("sqlite:///never-opened.db")
    parts = AppParts(
        store=nothing,
        rules=cast(Rules, None),
        zones=dict,
        actions=cast(Actions, None),
        city_names={},
        version=version("talaia"),
    )
    return create_app(parts).openapi()


def written() -> str:
    """The document as the file in ``docs/`` has it."""
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(written(), encoding="utf-8")
