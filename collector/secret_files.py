"""Secrets that the settings name by their files (or systemd credentials): read at use, kept nowhere."""

from pathlib import Path


class SecretError(ValueError):
    """A secret cannot be read; the message names the file and holds nothing of it."""


def read_secret(path: Path) -> str:
    """The file's text without the white space around it. Raises :class:`SecretError` when it cannot be read or is empty."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"the secret in {path} cannot be read: {type(error).__name__}") from error
    if not secret:
        raise SecretError(f"the file {path} is empty: it should hold a secret")
    return secret
