"""What every OSCAL document of ours shares: its version, its identifiers, its properties and its prose."""

import re
import uuid
from typing import Any

from scanners.clean_text import clean_text

OSCAL_VERSION = "1.2.1"
NAMESPACE = "urn:talaia:oscal"
_IDENTITIES = uuid.UUID("5b0f3c52-4a1f-5a53-9a43-3f1d0a6c7d21")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>&{}$|#~])")


def identity(*parts: object) -> str:
    """A UUID (version 5) of what it stands for: the same thing always has the same."""
    return str(uuid.uuid5(_IDENTITIES, "|".join(str(part) for part in parts)))


def prop(name: str, value: object) -> dict[str, Any]:
    """A property of our own namespace; its value is one line that neither begins nor ends with a space."""
    return {"name": name, "ns": NAMESPACE, "value": clean_text(str(value), 500).strip() or "-"}


def prose(text: str, limit: int = 4_000) -> str:
    """Text as it is, in a field that is read as Markdown."""
    return _MARKDOWN.sub(r"\\\1", clean_text(text, limit)).strip() or "-"
