"""What a look inside a host states (kind ``inside``): the same words for Debian, RHEL and their families, and for Windows."""

from typing import ClassVar

import msgspec

from scanners.observation import Facts


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one topic; None in each field: could not be determined."""


class OsFacts(Group, frozen=True, kw_only=True):
    """``id`` and ``version`` as in os-release(5); ``release`` is both, with the major version only where patches are given by it
    (``debian 12``, ``ubuntu 24.04``, ``rhel 9``); ``virtual``: runs in a virtual machine or container; ``portable``: the chassis
    is a laptop's or tablet's."""

    id: str | None = None
    version: str | None = None
    release: str | None = None
    name: str | None = None
    virtual: bool | None = None
    portable: bool | None = None


class UpdateFacts(Group, frozen=True, kw_only=True):
    """``security`` are the packages with a security update pending, by the lists on the host (``lists_days`` old; nothing was
    fetched); ``automatic``: security updates install themselves; ``reboot``: an installed update waits for a restart."""

    security: tuple[str, ...] | None = None
    lists_days: float | None = None
    automatic: bool | None = None
    reboot: bool | None = None


class SshdFacts(Group, frozen=True, kw_only=True):
    """What sshd does by its effective configuration (``sshd -T``), or says in its files. ``grace_seconds`` 0: no limit."""

    permit_root_login: str | None = None
    empty_passwords: bool | None = None
    x11_forwarding: bool | None = None
    password_login: bool | None = None
    max_auth_tries: int | None = None
    grace_seconds: int | None = None
    ciphers: tuple[str, ...] | None = None
    macs: tuple[str, ...] | None = None
    kex: tuple[str, ...] | None = None


class PersonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A local account that can log in (a shell, and not locked), root and our own left out. ``idle_days``: since its last login,
    or since its password was set where it never logged in; -1 when that is not known."""

    name: str
    idle_days: float


class AccountFacts(Group, frozen=True, kw_only=True):
    """``empty_passwords``: accounts that need none; ``extra_root``: accounts of UID 0 beside root; ``weak_hashes``: whose
    password is kept as DES or MD5; ``longest_days``: how long the passwords that are in use may be kept (99999: for ever; 0: none
    is in use)."""

    empty_passwords: tuple[str, ...] | None = None
    extra_root: tuple[str, ...] | None = None
    weak_hashes: tuple[str, ...] | None = None
    people: tuple[PersonFacts, ...] | None = None
    longest_days: int | None = None


class PasswordFacts(Group, frozen=True, kw_only=True):
    """What the host asks of a new password: length, character classes (0 to 4), how many old ones may not come back, days until
    a new account's must be changed; ``attempts``: failures before the account is locked, 0 never."""

    min_length: int | None = None
    classes: int | None = None
    remembered: int | None = None
    max_days: int | None = None
    attempts: int | None = None


class SudoFacts(Group, frozen=True, kw_only=True):
    """``without_password``: who may run anything without a password; ``everyone``: rules that let everybody do anything."""

    without_password: tuple[str, ...] | None = None
    everyone: tuple[str, ...] | None = None


class AuditFacts(Group, frozen=True, kw_only=True):
    """``running``: an audit daemon keeps records; ``rules``: how many rules are loaded."""

    running: bool | None = None
    rules: int | None = None


class LogFacts(Group, frozen=True, kw_only=True):
    """``retention_days`` of the system's own logs; ``world_readable``: log files that every user may read; ``forwarded``: logs
    are sent to another machine."""

    retention_days: int | None = None
    world_readable: tuple[str, ...] | None = None
    forwarded: bool | None = None


class TimeFacts(Group, frozen=True, kw_only=True):
    """``service``: what keeps the clock (an empty text: nothing); ``synchronised``: it says that the clock is right."""

    service: str | None = None
    synchronised: bool | None = None


class FirewallFacts(Group, frozen=True, kw_only=True):
    """``active``: some filter rules are loaded; ``default``: what happens to a packet that no rule names, ``drop`` or
    ``accept``."""

    active: bool | None = None
    default: str | None = None


class KernelFacts(Group, frozen=True, kw_only=True):
    """Of each network setting the weakest of its ``all`` and ``default``, IPv4 and IPv6. ``mac``: selinux, apparmor or an empty
    text; ``mac_enforcing``: it refuses what its policy forbids."""

    accept_redirects: bool | None = None
    send_redirects: bool | None = None
    source_route: bool | None = None
    rp_filter: int | None = None
    syncookies: bool | None = None
    suid_dumpable: int | None = None
    aslr: int | None = None
    mac: str | None = None
    mac_enforcing: bool | None = None


class GuardedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that only the system may write; ``secret``: nor may others read it. ``mode`` in octal digits."""

    path: str
    owner: str
    mode: str
    writable: bool
    readable: bool
    secret: bool


class FileFacts(Group, frozen=True, kw_only=True):
    """``complete``: every local file was seen, so that an empty list means none. ``suid``: files that run with their owner's or
    group's rights; ``world_writable``: files, and directories without the sticky bit, that everybody may write."""

    complete: bool | None = None
    suid: tuple[str, ...] | None = None
    world_writable: tuple[str, ...] | None = None
    unowned: tuple[str, ...] | None = None
    guarded: tuple[GuardedFile, ...] | None = None


class DiskFacts(Group, frozen=True, kw_only=True):
    """``encrypted``: the system's disk is; ``usb_blocked``: no USB storage; ``automount``: what is plugged in gets mounted."""

    encrypted: bool | None = None
    usb_blocked: bool | None = None
    automount: bool | None = None


class BootFacts(Group, frozen=True, kw_only=True):
    """``password``: changing the start needs one; ``uefi``: started by UEFI; ``secure_boot``: only signed code starts."""

    password: bool | None = None
    uefi: bool | None = None
    secure_boot: bool | None = None


class RunningFacts(Group, frozen=True, kw_only=True):
    """``services``: names of services and processes that run; ``antimalware`` and ``backup``: which of them are known as such
    (backup: scheduled ones too); ``signature_days``: age of the malware signatures."""

    services: tuple[str, ...] | None = None
    antimalware: tuple[str, ...] | None = None
    signature_days: float | None = None
    backup: tuple[str, ...] | None = None


class SessionFacts(Group, frozen=True, kw_only=True):
    """``timeout_seconds``: idle time after which a session ends or is locked, 0 never; ``banner``: who logs in is told the rules
    of use."""

    timeout_seconds: int | None = None
    banner: bool | None = None


class InsideFacts(Facts, frozen=True, kw_only=True):
    """Everything that one read-only session could find out. No password, no hash and no key is ever in it.

    ``packages`` are names of installed software; ``root``: the session could run the commands that need root's rights.
    """

    kind: ClassVar[str] = "inside"

    root: bool | None = None
    packages: tuple[str, ...] | None = None
    os: OsFacts | None = None
    updates: UpdateFacts | None = None
    sshd: SshdFacts | None = None
    accounts: AccountFacts | None = None
    passwords: PasswordFacts | None = None
    sudo: SudoFacts | None = None
    audit: AuditFacts | None = None
    logs: LogFacts | None = None
    time: TimeFacts | None = None
    firewall: FirewallFacts | None = None
    kernel: KernelFacts | None = None
    files: FileFacts | None = None
    disks: DiskFacts | None = None
    boot: BootFacts | None = None
    running: RunningFacts | None = None
    session: SessionFacts | None = None
