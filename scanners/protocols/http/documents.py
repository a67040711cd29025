"""Documents that a page links to, and what their metadata tells of people, paths and places."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scanners.clean_text import clean_text
from scanners.protocols.http.client import Browser
from scanners.protocols.http.page import Page

_PROGRAM = Path(__file__).with_name("metadata.py")
_KINDS = {
    ".pdf": "pdf",
    ".docx": "office",
    ".xlsx": "office",
    ".pptx": "office",
    ".odt": "office",
    ".ods": "office",
    ".odp": "office",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}
_MAGIC = {"pdf": b"%PDF-", "office": b"PK\x03\x04", "jpeg": b"\xff\xd8\xff"}
_DOCUMENTS = 3
_DOCUMENT_BYTES = 2 * 1024 * 1024
_PHOTOGRAPH_BYTES = 128 * 1024  # Exif stands at the beginning
_SECONDS = 5.0


def linked(browser: Browser, page: Page, path: str) -> list[tuple[str, str]]:
    """Path and kind of up to three documents of this very site that ``page``, found at ``path``, links: papers first."""
    found: dict[str, str] = {}
    for reference in page.links:
        inside = browser.inside(reference, path)
        kind = _KINDS.get(Path((inside or "").partition("?")[0]).suffix.lower())
        if inside and kind:
            found.setdefault(inside, kind)
    papers = [item for item in found.items() if item[1] != "jpeg"]
    pictures = [item for item in found.items() if item[1] == "jpeg"]
    return (papers[: _DOCUMENTS - bool(pictures)] + pictures)[:_DOCUMENTS]


async def document_metadata(browser: Browser, documents: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """For each document whose metadata names somebody or something, its path and what it names.

    Raises what :meth:`~scanners.protocols.http.client.Browser.ask` raises.
    """
    told: list[str] = []
    for path, kind in documents:
        limit = _PHOTOGRAPH_BYTES if kind == "jpeg" else _DOCUMENT_BYTES
        answer = await browser.ask(path, accept_encoding="identity", body_bytes=limit)
        if answer.status == 200 and answer.raw.startswith(_MAGIC[kind]) and (answer.whole or kind == "jpeg"):
            found = await read_metadata(kind, answer.raw)
            if found:
                told.append(clean_text(f"{path}: {', '.join(found)}", 300))
    return tuple(told)


async def read_metadata(kind: str, data: bytes, *, seconds: float = _SECONDS) -> list[str]:
    """What the metadata of ``data`` tells; empty when it tells nothing or could not be read within ``seconds``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_PROGRAM),
        kind,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate(data)
    except TimeoutError:
        return []
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    try:
        found = json.loads(said) if process.returncode == 0 else []
    except ValueError:
        return []
    return [clean_text(str(text), 120) for text in found]
