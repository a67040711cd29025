"""Plain text as an Atlassian document, and back (https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/)."""

import re

from api.ticketing.answers import MOST_TEXT, list_at, text_at

_DEEPEST = 40
_INLINE = {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"}


def to_document(text: str) -> dict[str, object]:
    """A paragraph for each block of lines; a line in it ends with a hard break. There are no empty texts, which are refused."""
    blocks = [block for block in re.split(r"\n{2,}", text.strip()) if block]
    paragraphs: list[object] = []
    for block in blocks:
        content: list[object] = []
        for number, line in enumerate(block.splitlines()):
            if number:
                content.append({"type": "hardBreak"})
            if line:
                content.append({"type": "text", "text": line})
        paragraphs.append({"type": "paragraph", "content": content})
    return {"type": "doc", "version": 1, "content": paragraphs}


def from_document(document: object) -> str:
    """The text of a document, its blocks apart by an empty line; of anything else, nothing."""
    return "\n\n".join(_blocks(document, 0)).strip()[:MOST_TEXT]


def _blocks(node: object, depth: int) -> list[str]:
    if depth > _DEEPEST:
        return []
    blocks: list[str] = []
    line = ""
    for child in list_at(node, "content"):
        if text_at(child, "type") in _INLINE:
            line += _inline(child)
            continue
        blocks += [line] if line else []
        line = ""
        blocks += _blocks(child, depth + 1)
    return blocks + ([line] if line else [])


def _inline(node: object) -> str:
    if text_at(node, "type") == "hardBreak":
        return "\n"
    return text_at(node, "text") or text_at(node, "attrs", "text") or text_at(node, "attrs", "url")
