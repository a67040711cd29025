"""The host key that is pinned for an address, and what to say when another one is offered."""

from collections.abc import Iterable
from pathlib import Path

from scanners.host_access import ASK
from scanners.ssh_library import asyncssh
from scanners.wire import ProtocolError

_LARGEST = 1024 * 1024


def pinned_keys(pin: str, address: str, port: int) -> frozenset[str]:
    """The fingerprints that ``pin`` (a value of ``host_keys``) allows for ``address``; none for ``ask``.

    Raises :class:`~scanners.wire.ProtocolError` when a known_hosts file cannot be read or does not have the address.
    """
    if pin == ASK:
        return frozenset()
    if not pin.startswith("file:"):
        return frozenset({pin})
    path = Path(pin.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            known = asyncssh.import_known_hosts(file.read(_LARGEST).decode("utf-8", "replace"))
        keys, _, revoked, *_ = known.match(address, address, port)
    except (OSError, ValueError, asyncssh.Error) as error:
        raise ProtocolError(f"the known_hosts file {path} could not be read: {type(error).__name__}; nobody logged in") from None
    found = {key.get_fingerprint() for key in keys} - {key.get_fingerprint() for key in revoked}
    if not found:
        raise ProtocolError(f"the known_hosts file {path} has no key of {address}; nobody logged in")
    return frozenset(found)


def refusal(address: str, pin: str, offered: Iterable[str]) -> str:
    """Why nobody logged in, which fingerprints were offered, and what to write to pin one."""
    keys = ", ".join(sorted(offered)) or "no key that could be read"
    if pin == ASK:
        example = next(iter(sorted(offered)), "SHA256:…")
        return (
            f"the host offers {keys}; nobody logged in. Compare it on the host (ssh-keygen -lf) "
            f'and pin it: host_keys: {{"{address}": "{example}"}}'
        )
    return (
        f"the host offers {keys}, which is not the pinned key: nobody logged in. Was it reinstalled, or is something in between?"
    )
