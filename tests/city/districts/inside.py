"""Whole Debian hosts that Talaia may log in on: one with every fault that a look inside can find, and its hardened twin.

auditd, the synchronised clock and the virus scanner of the twin are stand-ins (``tests/debian_hosts.py``).
"""

from tests.city.host import Host
from tests.city.servers import Command, Yard
from tests.debian_hosts import host_argv, key_pair
from tests.inside_twins import FAULTY, HARDENED, OWN_NETWORK, Access, account


def _host(yard: Yard, prepare: str) -> list[Command]:
    """Known to Talaia by a known_hosts file, and open to the one key that the zone refers to."""
    city = yard.folder.parent
    public = city / "inside-id.pub"
    if not public.exists():
        key_pair(city, "inside-id")
    host_key, host_public = key_pair(yard.folder, "host-key")
    with (city / "inside-known-hosts").open("a") as known:
        known.write(f"{yard.address} {host_public}\n")
    access = Access(public.read_text().strip(), host_key.read_text(), yard.address, 22)
    return [host_argv(yard.folder / "system", account(access) + prepare)]


def faulty(yard: Yard) -> list[Command]:
    return _host(yard, FAULTY)


def hardened(yard: Yard) -> list[Command]:
    return _host(yard, HARDENED + OWN_NETWORK)


ACCESS = (
    "    host_access:\n      user: talaia\n      key: file:@CITY@/inside-id\n      sudo: true\n"
    "      host_keys: {10.77.4.54: file:@CITY@/inside-known-hosts, 10.77.4.55: file:@CITY@/inside-known-hosts}\n"
)
"""Lines of the zone file; ``@CITY@`` stands for the city's folder."""

_FAULTS = (
    "SSH-004 SSH-007 INV-005 HOST-001 HOST-002 HOST-003 HOST-004 HOST-005 HOST-006 HOST-007 HOST-008 HOST-009 HOST-010 HOST-011 "
    "HOST-012 HOST-013 HOST-014 HOST-015 HOST-016 HOST-017 HOST-020 HOST-021 HOST-023 HOST-025 HOST-026"
)
HOSTS = (
    Host("10.77.4.54", "servidor-vell", faulty, (22,), {22: _FAULTS}),
    Host("10.77.4.55", "servidor-cuidat", hardened, (22,), {}),
)
