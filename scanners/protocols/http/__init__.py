"""HTTP and HTTPS."""

from scanners.protocols.http.facts import CookieFacts, HttpFacts, LibraryFacts
from scanners.protocols.http.look import SCANNER

__all__ = ["SCANNER", "CookieFacts", "HttpFacts", "LibraryFacts"]
