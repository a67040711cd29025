"""What a host of the tests' city is: how it starts, and the truth about it.

A host without faults is a hardened twin: no rule may fail there but those of ``TOLERATED``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.city.servers import Command, Yard

# Opinions on a bare page that no twin of ours means to answer: a wildcard, an Alt name, an organisation's CAA record.
TOLERATED = frozenset({"CERT-008"})
WEB_BARE = "WEB-003 WEB-004 WEB-005"  # a page without any header


@dataclass(frozen=True)
class Host:
    """``faults`` are ``port: rule ids``; port 0 stands for the host as a whole. ``listens`` are the TCP ports to wait for.

    ``names`` are domains that it answers for, and the rule ids of each one's faults: a domain is an asset of its own, and one
    without faults is a twin like a host.
    """

    address: str
    name: str
    start: Callable[[Yard], list[Command]]
    listens: tuple[int, ...]
    faults: dict[int, str]
    service: str | None = "e_office"  # None: the catalogue does not know the host
    authorised: tuple[int, ...] | None = None
    names: dict[str, str] = field(default_factory=dict)

    @property
    def truth(self) -> set[tuple[str, int, str]]:
        of_host = {(self.address, port, rule) for port, rules in self.faults.items() for rule in rules.split()}
        return of_host | {(name, 0, rule) for name, rules in self.names.items() for rule in rules.split()}
