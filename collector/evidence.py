"""What one observation says about which machine it looked at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scanners.observation import Observation, Outcome
from scanners.passive.facts import PassiveFacts
from scanners.plan import NO_ADDRESS
from scanners.protocols.ssh import SshFacts
from scanners.protocols.tls.facts import TlsFacts
from scanners.service_facts import HostFacts


class Kind:
    """Kinds of identifier, as plain texts: they are part of every key that is looked up."""

    MAC: Final = "mac"
    HOST_KEY: Final = "ssh_host_key"
    CERTIFICATE: Final = "certificate"
    NAME: Final = "name"
    ADDRESS: Final = "address"
    CATALOGUE: Final = "catalogue"


@dataclass(frozen=True)
class Identifying:
    """``address`` within ``namespace`` at ``at``, and the identifiers shown there. ``looked`` is False when nothing answered:
    such a look tells nothing about who is there. ``cause`` is the observation's id, ``round_`` the scan it belongs to. A name
    that leads to no address of a zone is an asset of its own: ``name_only`` is True and ``address`` is the name.
    ``heard`` are names that the host gave itself."""

    namespace: str
    address: str
    at: datetime
    cause: str
    round_: str
    looked: bool
    mac: str | None = None
    host_keys: tuple[str, ...] = ()
    certificate: str | None = None
    name: str | None = None
    heard: tuple[str, ...] = ()
    name_only: bool = False

    @property
    def where(self) -> tuple[str, str, str]:
        """The identifier of the place that was looked at: its address, or its name where there is none."""
        return (self.namespace, Kind.NAME if self.name_only else Kind.ADDRESS, self.address)

    def shown(self) -> list[tuple[str, str, str]]:
        """The identifiers as (namespace, kind, value)."""
        found = [self.where]
        if self.mac:
            found.append((self.namespace, Kind.MAC, self.mac))
        found += [(self.namespace, Kind.HOST_KEY, key) for key in self.host_keys]
        if self.certificate:
            found.append((self.namespace, Kind.CERTIFICATE, self.certificate))
        return found


def identifying(observation: Observation, namespace: str, at: datetime, round_: str) -> Identifying:
    """Read the identifiers out of an observation."""
    facts = observation.facts
    mac = host_keys = certificate = None
    heard: tuple[str, ...] = ()
    looked = observation.outcome is Outcome.OBSERVED
    name_only = observation.target.address == NO_ADDRESS
    if isinstance(facts, HostFacts):
        mac = _plain_mac(facts.mac)
        looked = looked and facts.alive is not False
    elif isinstance(facts, PassiveFacts):
        mac, heard = _plain_mac(facts.mac), facts.names or ()
    elif isinstance(facts, SshFacts) and facts.host_keys:
        host_keys = tuple(sorted(f"{key.algorithm} {key.sha256}"[:300] for key in facts.host_keys))
    elif isinstance(facts, TlsFacts) and facts.certificate is not None:
        certificate = facts.certificate.sha256
    return Identifying(
        namespace=namespace,
        address=(observation.target.name or "") if name_only else observation.target.address,
        name_only=name_only,
        at=at,
        cause=observation.id,
        round_=round_,
        looked=looked,
        mac=mac,
        host_keys=host_keys or (),
        certificate=certificate,
        name=observation.target.name,
        heard=heard if observation.target.port is None else (),
    )


def _plain_mac(text: str | None) -> str | None:
    """None for addresses that are no machine's own: multicast and all zeros."""
    if not text:
        return None
    mac = text.upper().replace(":", "-")
    first = mac.split("-")[0]
    if mac == "00-00-00-00-00-00" or len(first) != 2:
        return None
    return None if int(first, 16) & 1 else mac


def is_random(mac: str) -> bool:
    """Whether the address is locally administered: telephones make up a new one for each network.

    QEMU and KVM give such an address to a virtual machine too (52-54-00), and for good.
    """
    return bool(int(mac[:2], 16) & 2) and not mac.startswith("52-54-00")
