"""The files and folders of feeds that an administrator's timer fetched: bounded, and read before anything is changed."""

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from collector.feeds.content import Content, FeedName, SsvcRow
from collector.feeds.parsing import merged, parsed
from scanners.located_yaml import FileError

LIMIT_BYTES = 192 << 20  # of one file, also once unpacked: today's whole EPSS takes 10 MB
MOST_FILES = 600_000  # Vulnrichment is a file a CVE
# What is taken of a folder: the names under which the sources publish.
NAMES = ("CVE-*.json", "*known_exploited_vulnerabilities*.json", "epss*.csv", "epss*.csv.gz", "nvd*.json", "nvd*.json.gz")


def read_feeds(places: Iterable[Path]) -> list[Content]:
    """What the files say, and those of the folders by :data:`NAMES`, one content a feed: of KEV and EPSS the newest, of SSVC all
    records together, the newest of each CVE.

    Raises :class:`~scanners.located_yaml.FileError` when one of them cannot be read, is too large, or is not as it should be.
    """
    return _gathered((str(place), parsed(str(path), _content(path))) for place in places for path in _files(place))


def read_feed(source: str, data: bytes) -> list[Content]:
    """What one file that somebody sent says, packed or not; nothing when it says nothing of a vulnerability.

    Raises :class:`~scanners.located_yaml.FileError`, which names it ``source``.
    """
    return _gathered([(source, parsed(source, _whole(source, data)))])


def _gathered(read: Iterable[tuple[str, Content]]) -> list[Content]:
    newest: dict[FeedName, Content] = {}
    points: list[tuple[SsvcRow, str]] = []
    source = ""
    for place, content in read:
        if content.feed is FeedName.SSVC:
            points += [(row, content.version) for row in content.rows if isinstance(row, SsvcRow)]
            source = source or place
        elif content.feed not in newest or newest[content.feed].published < content.published:
            newest[content.feed] = content
    found = [newest[name] for name in FeedName if name in newest]
    return [*found, merged(source, points)] if points else found


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    count = 0
    for folder, below, names in os.walk(place, onerror=_unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not any(fnmatch(name, pattern) for pattern in NAMES):
                continue
            count += 1
            if count > MOST_FILES:
                raise FileError(str(place), [(0, f"holds more than {MOST_FILES} files of feeds")])
            yield Path(folder) / name
    if not count:
        raise FileError(str(place), [(0, f"holds no file named as feeds are: {', '.join(NAMES)}")])


def _unreadable(error: OSError) -> None:
    raise FileError(str(error.filename), [(0, f"cannot be read: {error.strerror or error}")])


def _content(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError(str(path), [(0, "is not a file")])
        with path.open("rb") as opened:
            data = opened.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise FileError(str(path), [(0, f"cannot be read: {error.strerror or error}")]) from error
    return _whole(str(path), data)


def _whole(source: str, data: bytes) -> bytes:
    if data.startswith(b"\x1f\x8b") and len(data) <= LIMIT_BYTES:
        data = _unpacked(source, data)
    if len(data) > LIMIT_BYTES:
        raise FileError(source, [(0, f"is larger than {LIMIT_BYTES >> 20} MB")])
    return data


def _unpacked(source: str, data: bytes) -> bytes:
    """At most one byte more than the limit, so that a small file that unpacks into a huge one takes no more memory."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(source, [(0, f"cannot be unpacked: {error}")]) from error
