"""Brings the Elasticsearch nodes that tests run against from Maven Central, once. ``python -m tests.fetch_elasticsearch``."""

import os
import subprocess
import tempfile
from pathlib import Path

VERSIONS = {"8.19": "8.19.21", "9.2": "9.2.4"}


def cache() -> Path:
    """Where downloads are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talaia-tests"


def archive(line: str) -> Path:
    """The zip of the newest tried version of a line (``8.19`` or ``9.2``), downloaded with Maven if it is not there."""
    return from_maven("org.elasticsearch.distribution.integ-test-zip", "elasticsearch", VERSIONS[line])


def from_maven(group: str, name: str, version: str) -> Path:
    """A zip from Maven Central; it is kept between runs, and never there in part."""
    path = cache() / f"{name}-{version}.zip"
    if not path.exists():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            command = [
                "mvn",
                "-q",
                "-B",
                "dependency:copy",
                f"-Dartifact={group}:{name}:{version}:zip",
                f"-DoutputDirectory={folder}",
            ]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=900)
            (Path(folder) / path.name).replace(path)
    return path


if __name__ == "__main__":
    for name in VERSIONS:
        print(archive(name))
