"""Secrets by reference: a zone file says where a secret is, never what it is, and it is read at the moment of use only.

``file:/absolute/path``, ``env:NAME`` (a variable of Talaia's process) or ``credential:NAME`` (systemd's LoadCredential=, a file
in ``$CREDENTIALS_DIRECTORY``). A file that everybody on the machine can read or write is no place for a secret: it is refused.
"""

import os
import re
import stat
from pathlib import Path

LIMIT_BYTES = 64 * 1024

_REFERENCE = re.compile(r"(?:file:/.{1,1000}|env:[A-Za-z_][A-Za-z0-9_]{0,127}|credential:[A-Za-z0-9_.@-]{1,128})")


class SecretError(OSError):
    """A reference that could not be read. The message names the reference, never anything of what it leads to."""


def is_reference(text: str) -> bool:
    """Whether it is written as one."""
    return text.startswith(("file:", "env:", "credential:"))


def parse_reference(text: str) -> str:
    """``text`` when it is a reference. Raises ``ValueError``, which does not repeat ``text``: it may be the secret itself."""
    if not _REFERENCE.fullmatch(text) or text.endswith((":.", ":..")):
        raise ValueError("write where the secret is, not the secret: file:/path, env:NAME or credential:NAME")
    return text


def read_secret(reference: str) -> bytes:
    """What ``reference`` leads to, at most 64 KiB. Raises :class:`SecretError`."""
    where, _, name = parse_reference(reference).partition(":")
    if where == "env":
        value = os.environ.get(name)
        if not value:
            raise SecretError(f"the secret {reference} could not be read: the variable is not set")
        return value.encode()
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if where == "credential" and not folder:
        raise SecretError(f"the secret {reference} could not be read: systemd gave this process no credentials")
    return read_secret_file(Path(name) if where == "file" else Path(folder) / name, f"the secret {reference}")


def read_secret_file(path: Path, called: str) -> bytes:
    """What is in the file, at most 64 KiB; ``called`` is its name in messages. Raises :class:`SecretError`."""
    try:
        with path.open("rb") as file:
            found = file.read(LIMIT_BYTES + 1)
        public = open_to_others(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise SecretError(f"{called} could not be read: {reason}") from None
    if public:
        raise SecretError(f"{called} is not used: everybody on this machine can read or change {path} (chmod 600, or 640)")
    if not found or len(found) > LIMIT_BYTES:
        raise SecretError(f"{called} is empty or larger than {LIMIT_BYTES} bytes")
    return found


def open_to_others(path: Path) -> bool:
    """Whether everybody on this machine can read or change the file: its own rights, and a way to it through the folders above.

    Raises ``OSError``.
    """
    place = path.resolve(strict=True)
    if not place.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in place.parents)
