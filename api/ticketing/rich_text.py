"""Plain text as the HTML that ticket systems keep, and back. Nothing of what is read is ever shown as HTML."""

import html
import re

_SHOWN_AS_TEXT = re.compile(r"&(?:lt|#0*60|#x0*3c);", re.IGNORECASE)
_LINE_ENDS = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def to_html(text: str) -> str:
    """One paragraph with a break for each line; every sign of the text stays that sign."""
    return "<p>" + "<br>".join(html.escape(line, quote=False) for line in text.splitlines()) + "</p>"


def from_html(markup: str) -> str:
    """The text of some HTML, also when its tags come escaped once more (GLPI 10 and before send them so)."""
    if "<" not in markup and _SHOWN_AS_TEXT.search(markup):
        markup = html.unescape(markup)
    return html.unescape(_TAG.sub("", _LINE_ENDS.sub("\n", markup))).strip()
