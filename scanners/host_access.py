"""How a zone lets Talaia log in on its hosts: whom as, with which key, and which host keys it may meet."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from scanners.secret_reference import parse_reference
from scanners.target import parse_address

ASK = "ask"
"""Instead of a fingerprint: look which key the host offers and say so, but do not log in."""

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_KNOWN_HOSTS = re.compile(r"file:/.{1,1000}")


def _pin(text: str) -> str:
    if text != ASK and not _FINGERPRINT.fullmatch(text) and not _KNOWN_HOSTS.fullmatch(text):
        raise ValueError(
            f"write the host key as SHA256:…, as file:/path of a known_hosts file, or {ASK!r} to be told which it is"
        )
    return text


class HostAccess(BaseModel):
    """``key`` says where the private key is (:mod:`scanners.secret_reference`), never the key itself.

    ``host_keys`` are by address, and are also the list of hosts that are looked at inside: an address that is not in it gets no
    such look. The value is the fingerprint of the host's key, ``file:/path`` of a known_hosts file that has it, or ``ask``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$", examples=["talaia"])
    key: Annotated[str, AfterValidator(parse_reference)] = Field(
        examples=["credential:talaia-ssh", "file:/etc/talaia/id_ed25519"]
    )
    port: int = Field(default=22, ge=1, le=65535, strict=True)
    host_keys: dict[
        Annotated[str, AfterValidator(lambda text: str(parse_address(text)))], Annotated[str, AfterValidator(_pin)]
    ] = Field(default_factory=dict, description="address: SHA256:… of its key, file:/path of a known_hosts file, or ask")
    sudo: bool = Field(default=False, description="use the sudo lines of docs/host-access.md; without them less can be seen")

    def pin_of(self, address: str) -> str | None:
        """What is written for ``address``; None when it is not to be looked at inside."""
        return self.host_keys.get(address)
