"""Brings the Elasticsearch nodes that tests run against from Maven Central, once. ``python -m tests.fetch_elasticsearch``."""

import os
import subprocess
from pathlib import Path

VERSIONS = {"8.19": "8.19.21", "9.2": "9.2.4"}


def cache() -> Path:
    """Where downloads are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talaia-tests"


def archive(line: str) -> Path:
    """The zip of the newest tried version of a line (``8.19`` or ``9.2``), downloaded with Maven if it is not there."""
    version = VERSIONS[line]
    path = cache() / f"elasticsearch-{version}.zip"
    if not path.exists():
        cache().mkdir(parents=True, exist_ok=True)
        artifact = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{version}:zip"
        subprocess.run(
            ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={cache()}"],
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=900,
        )
    return path


if __name__ == "__main__":
    for name in VERSIONS:
        print(archive(name))
