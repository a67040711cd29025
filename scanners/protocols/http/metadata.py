"""A program of its own: reads one document from standard input, prints what its metadata tells, one JSON list of texts.

``python metadata.py pdf|office|jpeg``. It runs under limits of memory and processor time in a process that is killed when it
takes too long, because documents from strangers can make any parser spin. It opens no file and no connection. Standard library,
pypdf and defusedxml only: it is run by its path.
"""

import io
import json
import re
import resource
import struct
import sys
import zipfile
from collections.abc import Iterable, Mapping

_MEMORY_BYTES = 1024**3
_CPU_SECONDS = 5
_PART_BYTES = 256 * 1024  # of one part of a zipped document, inflated
_KEPT = 6
_PATH = re.compile(r"[A-Za-z]:\\[^\s:*?\"<>|]{3,100}|\\\\[\w.-]{2,60}\\[^\s:*?\"<>|]{2,100}|/(?:home|Users)/[\w.-]{2,60}")
# What programs write where a person's name should be.
_NOBODY = frozenset(
    [
        *("user", "usuario", "usuari", "admin", "administrator", "administrador", "unknown", "anonymous", "author", "autor"),
        *("root", "office", "owner", "python-docx", "apache poi", "microsoft office user", "windows user"),
        *("usuario de windows", "usuario de microsoft office"),
    ]
)


def pdf(data: bytes) -> list[str]:
    """Author and paths of a PDF's information dictionary (ISO 32000-1, 14.3.3)."""
    import pypdf  # noqa: PLC0415 - only this kind needs it, and it takes long to load

    info: Mapping[str, object] = pypdf.PdfReader(io.BytesIO(data), strict=False).metadata or {}
    texts = {str(key): str(value) for key, value in list(info.items())[:50]}
    return [*_person("author", texts.get("/Author", "")), *_paths(texts.values())]


def office(data: bytes) -> list[str]:
    """Persons, company and paths of an Office Open XML or OpenDocument file."""
    import defusedxml.ElementTree as Tree  # noqa: PLC0415 - only this kind needs it

    found: list[str] = []
    names = {"creator": "author", "initial-creator": "author", "lastModifiedBy": "last saved by", "Manager": "manager"}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in ("docProps/core.xml", "docProps/app.xml", "meta.xml"):
            if part not in archive.namelist():
                continue
            with archive.open(part) as opened:
                root = Tree.fromstring(opened.read(_PART_BYTES))
            for element in root.iter():
                text = (element.text or "").strip()
                label = names.get(str(element.tag).rpartition("}")[2])
                found += _person(label, text) if label else _paths([text])
    return found


def jpeg(data: bytes) -> list[str]:
    """Position and artist of a JPEG's Exif (JEITA CP-3451)."""
    exif = _exif(data)
    if exif is None:
        return []
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return []
    main = _directory(exif, order, struct.unpack_from(order + "I", exif, 4)[0])
    found: list[str] = []
    if 0x8825 in main and 2 in _directory(exif, order, struct.unpack(order + "I", main[0x8825][1])[0]):
        found.append("GPS position")
    if 0x013B in main:
        count, value = main[0x013B]
        at = struct.unpack(order + "I", value)[0]
        raw = exif[at : at + min(count, 200)] if count > 4 else value[:count]
        found += _person("artist", raw.split(b"\x00")[0].decode("utf-8", "replace"))
    return found


def _exif(data: bytes) -> bytes | None:
    """The TIFF structure in the APP1 segment of a JPEG."""
    at = 2
    while data[:2] == b"\xff\xd8" and at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xDA, 0xD9):
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\x00\x00":
            return data[at + 10 : at + 2 + size]
        at += 2 + max(size, 2)
    return None


def _directory(exif: bytes, order: str, at: int) -> dict[int, tuple[int, bytes]]:
    """The entries of a TIFF directory: tag to (count, value or offset)."""
    entries: dict[int, tuple[int, bytes]] = {}
    count = struct.unpack_from(order + "H", exif, at)[0]
    for index in range(min(count, 200)):
        tag, _, number = struct.unpack_from(order + "HHI", exif, at + 2 + 12 * index)
        entries[tag] = (number, exif[at + 10 + 12 * index : at + 14 + 12 * index])
    return entries


def _person(label: str, name: str) -> list[str]:
    name = " ".join(name.split())
    return [f"{label} {name[:80]}"] if len(name) > 2 and name.lower() not in _NOBODY else []


def _paths(texts: Iterable[str]) -> list[str]:
    return [f"path {match[0]}" for text in texts for match in _PATH.finditer(text[:2000])]


READERS = {"pdf": pdf, "office": office, "jpeg": jpeg}


def main(kind: str) -> int:
    """Exit code 0 and a JSON list on standard output; 1 when the document could not be read."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        found = READERS[kind](data)
    except Exception:  # noqa: BLE001 - a stranger's document may make any parser fail, and then nothing is known of it
        return 1
    sys.stdout.write(json.dumps(list(dict.fromkeys(found))[:_KEPT]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
