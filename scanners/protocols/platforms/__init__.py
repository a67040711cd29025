"""Data stores and platforms that speak HTTP: which one it is, and whether it answers without credentials."""

from scanners.protocols.platforms.facts import PlatformsFacts
from scanners.protocols.platforms.look import SCANNER

__all__ = ["SCANNER", "PlatformsFacts"]
