"""Undoing a content coding (RFC 9110 §8.4) without believing what it says of its size."""

import zlib

import brotli  # type: ignore[import-untyped]

_CODINGS = 2  # one within another; more is nobody's honest setting


def inflate(raw: bytes, codings: str, limit: int) -> bytes:
    """``raw`` without its ``codings`` (the header's value), at most ``limit`` bytes of it.

    Empty for a coding we do not know, for more than two, and for bytes that are not in it.
    """
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > _CODINGS:
        return b""
    data = raw
    for name in reversed(names):
        try:
            data = _one(data, name, limit)
        except (zlib.error, brotli.error):
            return b""
    return data[:limit]


def _one(data: bytes, coding: str, limit: int) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return zlib.decompressobj(wbits=31).decompress(data, limit)
    if coding == "deflate":
        try:
            return zlib.decompressobj().decompress(data, limit)
        except zlib.error:
            return zlib.decompressobj(wbits=-15).decompress(data, limit)  # what some servers mean by deflate
    if coding == "br":
        return _brotli(data, limit)
    return b""


def _brotli(data: bytes, limit: int) -> bytes:
    decompressor = brotli.Decompressor()
    out = bytearray(decompressor.process(data, output_buffer_limit=limit))
    while len(out) < limit and not decompressor.is_finished():
        more = decompressor.process(b"", output_buffer_limit=limit - len(out))
        if not more:
            break
        out += more
    return bytes(out[:limit])
