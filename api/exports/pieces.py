"""JSON documents written piece by piece: the frame at once, its long lists one item after another."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

PIECE_CHARACTERS = 65_536
_encode = msgspec.json.Encoder(decimal_format="number").encode


def as_json(value: Any) -> str:
    return _encode(value).decode()


def framed(frame: Mapping[str, Any], lists: Iterable[tuple[str, Iterable[Any]]], *, keep_empty: bool = False) -> Iterator[str]:
    """The document ``frame`` with each list of ``lists`` (key and items) in the place of its empty one, in the document's order.

    An item is a value, or an iterator of pieces when it is long itself. A list that turns out empty is left out, key and all
    (unless ``keep_empty``), so it must not be the last of its object.
    """
    rest = as_json(frame)
    for name, items in lists:
        # A quote inside a text is escaped in JSON: this can be nothing but the key.
        before, found, rest = rest.partition(f'"{name}":[]')
        if not found:
            raise ValueError(f"the frame has no empty list {name!r}")
        yield before
        empty = True
        for item in items:
            yield f'"{name}":[' if empty else ","
            empty = False
            if isinstance(item, Iterator):
                yield from item
            else:
                yield as_json(item)
        if not empty:
            yield "]"
        elif keep_empty:
            yield found
        else:
            rest = rest.removeprefix(",")
    yield rest


def joined(pieces: Iterable[str]) -> Iterator[bytes]:
    """The same text in fewer pieces, as bytes."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= PIECE_CHARACTERS:
            yield "".join(waiting).encode()
            waiting.clear()
            length = 0
    if waiting:
        yield "".join(waiting).encode()
