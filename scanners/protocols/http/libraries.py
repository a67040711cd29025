"""Software that a page names together with its version: content managers, script libraries, languages."""

import re
from collections.abc import Iterable

from scanners.clean_text import clean_text
from scanners.protocols.http.client import Answer
from scanners.protocols.http.facts import LibraryFacts
from scanners.protocols.http.page import Page

_NAMES = (
    "jquery-ui",
    "jquery-migrate",
    "jquery",
    "bootstrap",
    "angular",
    "lodash",
    "moment",
    "vue",
    "react-dom",
    "react",
    "underscore",
    "backbone",
    "handlebars",
    "dompurify",
    "knockout",
    "prototype",
    "mootools",
    "ember",
    "axios",
    "d3",
    "tinymce",
    "ckeditor",
    "select2",
    "datatables",
    "leaflet",
    "openlayers",
    "pdf",
)
_ALIASES = {"angular": "angularjs", "jquery.ui": "jquery-ui", "pdf": "pdfjs"}
_VERSION = r"(\d{1,4}\.\d{1,4}(?:\.\d{1,6}){0,2}(?:-(?:alpha|beta|rc)[.\d]{0,6})?)"
_NAME = "|".join(re.escape(name) for name in _NAMES)
# jquery-3.4.1.min.js, jquery@3.4.1/dist/jquery.js, lodash.js/4.17.10/lodash.js, jquery.min.js?ver=3.4.1
_IN_FILE = re.compile(
    rf"(?:^|/)({_NAME})(?:\.?js(?:-dist)?)?(?:\.slim|\.bundle|\.custom)?[-.@/_]v?{_VERSION}(?:[./-]|$)", re.IGNORECASE
)
_IN_QUERY = re.compile(
    rf"(?:^|/)({_NAME})(?:[.-](?:slim|bundle|min|core|prod|production))*\.js\?(?:v|ver|version)=v?{_VERSION}", re.IGNORECASE
)
_UNVERSIONED = re.compile(rf"(?:^|/)({_NAME})(?:[.-](?:slim|bundle|min|core|prod|production))*\.js(?:\?|$)", re.IGNORECASE)
_IN_COMMENT = re.compile(
    rf"/\*!?[\s*]{{0,20}}(?:@license |@preserve )?(jquery ui|jquery migrate|{_NAME}|angularjs|vue\.js|moment\.js|underscore\.js)"
    rf"(?: javascript library)?(?: -)?[\s*]{{1,20}}(?:version[: ]{{1,3}}|v)?{_VERSION}",
    re.IGNORECASE,
)
_GENERATORS = re.compile(
    r"^(WordPress|Drupal|Joomla!?|TYPO3 CMS|Moodle|MediaWiki|PrestaShop|Plone|Liferay|Hugo)[ ,]*(?:-[^0-9]*)?v?([0-9][0-9.]*)?",
    re.IGNORECASE,
)
_PHP = re.compile(r"PHP/(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)", re.IGNORECASE)
_KEPT = 50
_LENGTH = 500  # of a script's address that is worth reading


def libraries(page: Page, answer: Answer, scripts: Iterable[str] = ()) -> tuple[LibraryFacts, ...]:
    """What page and headers say, and the beginnings of ``scripts`` that were fetched. Only what comes with a version."""
    found: dict[tuple[str, str], None] = {}
    for name, version in (*_generators(page), *_from_addresses(page.scripts), *_from_comments([*page.inline, *scripts])):
        found.setdefault((name, version))
    for header in (*answer.all("x-powered-by"), *answer.all("server")):
        for match in _PHP.finditer(header[:_LENGTH]):
            found.setdefault(("php", match[1]))
    return tuple(LibraryFacts(name=name, version=clean_text(version, 40)) for name, version in list(found)[:_KEPT])


def unversioned(page: Page) -> list[str]:
    """The addresses of known libraries whose version only their own first comment could tell."""
    return [address for address in page.scripts if _UNVERSIONED.search(address[:_LENGTH]) and not _from_addresses([address])]


def _generators(page: Page) -> list[tuple[str, str]]:
    matches = (_GENERATORS.match(content[:_LENGTH]) for key, content in page.metas if key == "generator")
    return [(match[1].rstrip("!").lower(), match[2].rstrip(".")) for match in matches if match and match[2]]


def _from_addresses(addresses: Iterable[str]) -> list[tuple[str, str]]:
    found = []
    for address in addresses:
        match = _IN_FILE.search(address[:_LENGTH]) or _IN_QUERY.search(address[:_LENGTH])
        if match:
            found.append((_name(match[1]), match[2]))
    return found


def _from_comments(texts: Iterable[str]) -> list[tuple[str, str]]:
    return [(_name(match[1]), match[2]) for text in texts for match in [_IN_COMMENT.search(text[:2000])] if match]


def _name(said: str) -> str:
    name = said.lower().removesuffix(".js").replace(" ", "-")
    return _ALIASES.get(name, name)
