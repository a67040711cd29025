"""Writes ``talaia_client`` into a folder, from docs/openapi.json: run by bin/client in the generator's own environment."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def plainer(schema: Any) -> Any:
    """Without what the generator cannot say in types: one of several sets of required fields. The server checks those."""
    if isinstance(schema, list):
        return [plainer(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("content"), dict):
        schema = {**schema, "content": {_known(name): one for name, one in schema["content"].items()}}
    beside = {"anyOf", "oneOf"} if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" else set()
    return {name: plainer(value) for name, value in schema.items() if name not in beside}


def _known(media_type: str) -> str:
    """The generator reads JSON, text and bytes: any other kind is text to it (lines of JSON, CSV, server-sent events)."""
    known = media_type.endswith(("/json", "+json")) or media_type.startswith(("text/", "multipart/", "application/octet"))
    return media_type if known and media_type != "text/event-stream" else "text/plain"


def main(target: Path) -> int:
    """``target`` holds a pyproject.toml (how to format) and gets the package."""
    document = plainer(json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "openapi.json"
        written.write_text(json.dumps(document), encoding="utf-8")
        shutil.rmtree(target / "talaia_client", ignore_errors=True)  # what is gone from the API is gone from the client
        command = [
            "openapi-python-client",
            "generate",
            "--path",
            str(written),
            "--meta",
            "none",
            "--overwrite",
            "--fail-on-warning",
        ]
        command += ["--output-path", str(target / "talaia_client")]
        status = subprocess.run(command, check=False).returncode
    (target / "talaia_client" / "py.typed").touch()
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
