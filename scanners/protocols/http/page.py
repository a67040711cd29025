"""Reading an HTML page in linear time, whatever it is made of.

The parser of the standard library needs quadratic time for pages made for it; this one reads every character once. It knows
what the scanner needs: start tags with their attributes, the title, and what is script, style or comment.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:-]{0,63}")
_BLANKS = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"[^\s\"'<>/=]{1,256}")
_EQUALS = re.compile(r"\s*=\s*")
_BARE = re.compile(r"[^\s>]{0,4000}")
_RAW_TEXT = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "title", "textarea")}
_ATTRIBUTES = 50
_TAGS = 20_000
_TEXT = 512 * 1024  # characters of a page that are read
_KEPT = 500  # of each kind
_SCRIPT_HEAD = 2000


@dataclass
class Page:
    """What a page says. ``scripts`` are their addresses, ``inline`` the beginnings of scripts written in the page,
    ``links`` the addresses of ``a``, ``link``, ``img`` and the like, ``metas`` pairs of name (or http-equiv) and content."""

    title: str = ""
    scripts: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    metas: list[tuple[str, str]] = field(default_factory=list)
    password_field: bool = False

    def meta(self, name: str) -> str:
        return next((content for key, content in self.metas if key == name), "")


def read_page(text: str) -> Page:
    """Read ``text``: at most its first 512 Ki characters, and 20,000 tags of them."""
    page = Page()
    for name, attributes, content in tags(text[:_TEXT]):
        _note(page, name, attributes, content)
    return page


def _note(page: Page, name: str, attributes: dict[str, str], content: str) -> None:
    if name == "title" and not page.title:
        page.title = " ".join(html.unescape(content[:2000]).split())
    elif name == "script":
        if "src" in attributes:
            _keep(page.scripts, attributes["src"])
        else:
            _keep(page.inline, content[:_SCRIPT_HEAD])
    elif name == "meta":
        key = attributes.get("name") or attributes.get("http-equiv") or ""
        if len(page.metas) < _KEPT:
            page.metas.append((key.strip().lower(), attributes.get("content", "")))
    elif name == "input":
        page.password_field |= attributes.get("type", "").strip().lower() == "password"
    elif name in ("a", "link", "img", "iframe", "source"):
        _keep(page.links, attributes.get("href") or attributes.get("src") or "")


def _keep(found: list[str], text: str) -> None:
    if text and len(found) < _KEPT:
        found.append(text)


def tags(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Each start tag: its name in lower case, its attributes, and for script, style, title and the like its content."""
    at, count = 0, 0
    while count < _TAGS:
        at = text.find("<", at)
        if at < 0:
            return
        if text.startswith("<!--", at):
            at = _after(text, "-->", at + 4)
            continue
        name = _NAME.match(text, at + 1)
        if not name:
            at += 1
            continue
        count += 1
        attributes, at = _attributes(text, name.end())
        element, content = name[0].lower(), ""
        if element in _RAW_TEXT:
            end = _RAW_TEXT[element].search(text, at)
            content, at = text[at : end.start() if end else len(text)], end.start() if end else len(text)
        yield element, attributes, content


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    """The attributes from ``at`` on, and where the tag ends. What was read is never read again."""
    found: dict[str, str] = {}
    while at < len(text):
        at = _blanks_end(text, at)
        if at >= len(text):
            break
        if text[at] == ">":
            return found, at + 1
        if text[at] == "<":  # an unfinished tag: the next one begins here
            return found, at
        name = _ATTRIBUTE.match(text, at)
        if not name:
            at += 1
            continue
        value, at = _value(text, name.end())
        if len(found) < _ATTRIBUTES:
            found.setdefault(name[0].lower(), html.unescape(value))
    return found, at


def _blanks_end(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int) -> tuple[str, int]:
    equals = _EQUALS.match(text, at)
    if not equals:
        return "", at
    at = equals.end()
    if at < len(text) and text[at] in "\"'":
        end = text.find(text[at], at + 1)
        return text[at + 1 : end if end >= 0 else len(text)][:4000], end + 1 if end >= 0 else len(text)
    bare = _BARE.match(text, at)
    return (bare[0], bare.end()) if bare else ("", at)
