"""XML of other programs, part by part: bounded, without entities or anything from elsewhere, whole or not at all."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scanners.clean_text import clean_text
from scanners.located_yaml import FileError

DEPTH_LIMIT = 32
T = TypeVar("T")


def parts_of(document: bytes, roots: frozenset[str], wanted: frozenset[str]) -> Iterator[Element]:
    """Each element named in ``wanted`` once it is complete, and then the next; what was given is forgotten after it.

    Raises ``ParseError``, ``ValueError`` or ``DefusedXmlException`` (see :func:`read_whole`), also for a root not in ``roots``.
    """
    above: list[Element] = []
    held = 0  # how many elements that are given whole are open now
    for event, element in iterparse(BytesIO(document), events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if not above and element.tag not in roots:
                raise ValueError(f"its first element is <{clean_text(str(element.tag), 60)}>, not <{sorted(roots)[0]}>")
            above.append(element)
            held += element.tag in wanted
            if len(above) > DEPTH_LIMIT:
                raise ValueError(f"it is nested deeper than {DEPTH_LIMIT} levels")
            continue
        above.pop()
        if element.tag in wanted:
            held -= 1
            if not held:
                yield element
        if not held and above:
            above[-1].remove(element)


def read_whole(source: str, read: Callable[[], T]) -> T:
    """What ``read`` gives. What is wrong with the XML is a :class:`FileError` that names ``source``, with the line if known."""
    try:
        return read()
    except ParseError as error:
        said = f"is not a complete XML document: {clean_text(str(error), 200)}"
        raise FileError(source, [(error.position[0], said)]) from error
    except (DefusedXmlException, ValueError, LookupError, OverflowError, OSError) as error:
        raise FileError(source, [(0, clean_text(str(error), 300))]) from error
