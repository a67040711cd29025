"""The replies of SMTP (RFC 5321, 4.2)."""

import re

import msgspec

from scanners.clean_text import clean_bytes
from scanners.protocols.mail_talk import CLIENT_NAME, MOST_LINES, words
from scanners.wire import ProtocolError, Wire

_CODED = re.compile(rb"[2-5][0-9]{2}(?:[ \r\n-]|$)")


class Reply(msgspec.Struct, frozen=True):
    """``code`` is the three digits, ``text`` what follows them in all lines, clean; ``lines`` the same as received."""

    code: int
    text: str
    lines: tuple[bytes, ...] = ()


async def read_reply(wire: Wire) -> Reply:
    """One reply of one or more lines. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    lines: list[bytes] = []
    for _ in range(MOST_LINES):
        line = await wire.read_line()
        if not _CODED.match(line):
            raise ProtocolError("its reply does not begin with a code of three digits" if line else "ended the connection")
        lines.append(line[4:].rstrip(b"\r\n"))
        if line[3:4] != b"-":
            return Reply(int(line[:3]), clean_bytes(b" ".join(lines), 2000), tuple(lines))
    raise ProtocolError("its reply does not end")


async def say(wire: Wire, command: str) -> Reply:
    await wire.write(command.encode("ascii") + b"\r\n")
    return await read_reply(wire)


async def hello(wire: Wire) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """EHLO, or HELO where it is not known: the keywords of the extensions, and the mechanisms of AUTH.

    ``AUTH=PLAIN`` of servers before RFC 2554 counts as well. Raises :class:`~scanners.wire.ProtocolError` when both are refused.
    """
    reply = await say(wire, f"EHLO {CLIENT_NAME}")
    if reply.code != 250:
        if (await say(wire, f"HELO {CLIENT_NAME}")).code != 250:
            raise ProtocolError(f"refuses EHLO and HELO: {reply.text[:100]}")
        return (), ()
    told = [line.replace(b"AUTH=", b"AUTH ", 1) if line[:5].upper() == b"AUTH=" else line for line in reply.lines[1:]]
    keywords = words(b" ".join(line.split(maxsplit=1)[0] for line in told if line.split()))
    mechanisms = words(b" ".join(line[5:] for line in told if line[:5].upper() == b"AUTH "))
    return keywords, mechanisms
