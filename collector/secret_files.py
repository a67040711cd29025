"""Secrets that the settings name by where they are, never by what they are: read at use, kept nowhere.

A place is a path, or a reference as in the zone file: ``file:/absolute/path``, ``env:NAME`` (a variable of this process) or
``credential:NAME`` (systemd's ``LoadCredential=``, a file in ``$CREDENTIALS_DIRECTORY``). A file that others can read is refused.
"""

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote, quote_plus

from scanners import secret_reference


class SecretError(ValueError):
    """A secret cannot be read; the message names its place and holds nothing of it."""


def is_reference(place: Path) -> bool:
    """Whether this is a reference, which no folder goes before."""
    return secret_reference.is_reference(str(place))


def read_secret(place: Path) -> str:
    """The text there without the white space around it. Raises :class:`SecretError` when it cannot be read, is empty, or is open
    to everybody on this machine."""
    try:
        if is_reference(place):
            found = secret_reference.read_secret(str(place))
        else:
            found = secret_reference.read_secret_file(place, f"the secret in {place}")
        secret = found.decode("utf-8").strip()
    except secret_reference.SecretError as error:
        raise SecretError(str(error)) from error
    except UnicodeDecodeError:
        raise SecretError(f"the secret in {place} cannot be read: it is no text") from None
    except ValueError as error:
        raise SecretError(f"the secret in {place} cannot be read: {error}") from error
    if not secret:
        raise SecretError(f"{place} is empty: it should hold a secret")
    return secret


def without_secrets(text: str, secrets: Iterable[str], user: str = "") -> str:
    """``text`` with … for each secret, as it is and as it travels: in base64, with ``user`` as HTTP Basic and SMTP send it, and
    each of these as JSON, addresses and pages write it. A server may repeat in its answer what it was sent."""
    for secret in secrets:
        sent = (secret, f"{user}:{secret}", f"\0{user}\0{secret}") if secret else ()
        forms = {secret, *(b64encode(form.encode()).decode() for form in sent)}
        for _ in range(2):  # an answer in JSON may quote an address
            forms |= {write(form) for form in forms for write in _WAYS}
        for form in sorted(forms - {""}, key=len, reverse=True):
            text = re.sub(re.escape(form), "…", text, flags=re.IGNORECASE)  # %3C is %3c
    return text


_WAYS: tuple[Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, safe=""),
    quote_plus,
    html.escape,
)
