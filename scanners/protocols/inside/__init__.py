"""A look inside a host, without an agent: one read-only session over SSH, with a key that the zone refers to."""

from scanners.protocols.inside.facts import InsideFacts
from scanners.protocols.inside.look import SCANNER, InsideScanner

__all__ = ["SCANNER", "InsideFacts", "InsideScanner"]
