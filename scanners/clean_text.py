"""One way to make hostile text harmless before a person or a log sees it."""

import re
import unicodedata

# Besides the control characters (C0, DEL, C1): what reorders, hides or joins text without being seen.
# Unicode categories: Cc control, Cf format (bidi, zero width, tags), Cs lone surrogates, Co private use,
# Zl/Zp line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that show nothing: grapheme joiner, Hangul and Khmer fillers, blank Braille, variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}

_SHOWS_NOTHING = re.compile(f"[{''.join(sorted(_BLANK))}]")


def clean_text(text: str, limit: int = 4096) -> str:
    """Return ``text`` with every control, format, surrogate and private-use character written as ``\\uXXXX``.

    ``limit`` is the greatest length of the result, in characters; a longer text ends in ``…``. The result is a
    single line that is safe in a terminal, a log line, a table cell or a ticket. It is *not* HTML-escaped:
    templates do that.
    """
    if len(text) <= limit and text.isprintable() and (text.isascii() or _SHOWS_NOTHING.search(text) is None):
        return text  # nearly all text: what is printable is of none of the hidden categories
    shown = "".join(_visible(character) for character in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def clean_bytes(raw: bytes, limit: int = 4096) -> str:
    """Decode ``raw`` as UTF-8, each undecodable byte as ``\\xNN``, and clean it like :func:`clean_text`."""
    return clean_text(raw[: limit * 4].decode("utf-8", "backslashreplace"), limit)


def _visible(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if unicodedata.category(character) not in _HIDDEN and character not in _BLANK:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
