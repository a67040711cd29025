"""Writing the vectors and numbers of TLS; :class:`~scanners.octets.Octets` reads them."""

from scanners.octets import Octets

__all__ = ["Octets", "numbers", "vector"]


def vector(width: int, data: bytes) -> bytes:
    """``data`` with its length of ``width`` bytes before it."""
    return len(data).to_bytes(width, "big") + data


def numbers(width: int, values: "tuple[int, ...] | list[int]") -> bytes:
    return b"".join(value.to_bytes(width, "big") for value in values)
