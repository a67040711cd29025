"""The answer of the PowerShell script of a Windows host, read into the same facts as a Unix host's."""

import json
import re
from collections.abc import Mapping
from typing import Any

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import (
    AccountFacts,
    AuditFacts,
    BootFacts,
    DiskFacts,
    FirewallFacts,
    InsideFacts,
    LogFacts,
    OsFacts,
    PasswordFacts,
    PersonFacts,
    RunningFacts,
    SessionFacts,
    SudoFacts,
    TimeFacts,
    UpdateFacts,
)
from scanners.wire import ProtocolError

_RELEASE = re.compile(r"Windows(?: Server)? (20[0-9]{2}(?: R2)?|[0-9]{1,2}(?:\.[0-9])?)\b")
_VIRTUAL = re.compile(r"VMware|VirtualBox|KVM|QEMU|Virtual Machine|Xen|HVM domU", re.IGNORECASE)
_PORTABLE_TYPES = (2, 8)  # Win32_ComputerSystem.PCSystemType: mobile, slate
_EVERYBODY = frozenset({"S-1-1-0", "S-1-5-7", "S-1-5-11", "S-1-5-32-545", "S-1-5-32-546"})
_COMPLEX = 2  # IADsDomain.PasswordAttributes: PASSWORD_ATTR_COMPLEX; three of the four classes that we count
_SCHEDULED = 4  # IAutomaticUpdatesSettings.NotificationLevel: aunlScheduledInstallation
_FOR_EVER = 99_999
_DISABLED = 4  # the Start value of a driver
_NO_AUDITING = frozenset({"", "No Auditing", "Sin auditoría", "Sense auditoria", "Pas d'audit", "Keine Überwachung"})
_SHIPPERS = frozenset(
    {"winlogbeat", "nxlog", "SplunkForwarder", "WazuhSvc", "OssecSvc", "elastic agent", "fluent-bit", "HealthService"}
)
_ANTIMALWARE = frozenset(
    {
        "CSFalconService",
        "SentinelAgent",
        "Sense",
        "WazuhSvc",
        "SAVService",
        "Sophos MCS Agent",
        "ekrn",
        "cyserver",
        "mfemms",
        "xagt",
    }
)
_BACKUP = frozenset(
    {
        "VeeamEndpointBackupSvc",
        "VeeamAgentSvc",
        "bareos-fd",
        "BareosFilesystemBackup",
        "UrBackupClientBackend",
        "GxCVD",
        "NetBackup Client Service",
    }
)


def read_windows(text: str) -> InsideFacts:
    """Raises :class:`~scanners.wire.ProtocolError` when ``text`` is no JSON object; wrong types in it are not determined."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the answer of the host's PowerShell is no JSON") from error
    if not isinstance(said, dict):
        raise ProtocolError("the answer of the host's PowerShell is no JSON object")
    return InsideFacts(
        root=_flag(said, "admin"),
        packages=_texts(said, "software"),
        os=_os(said),
        updates=_updates(said),
        accounts=_accounts(said),
        passwords=_passwords(said),
        sudo=_administrators(said),
        audit=_audit(said),
        logs=LogFacts(forwarded=_forwarded(said)),
        time=_time(said),
        firewall=_firewall(said),
        disks=_disks(said),
        boot=BootFacts(uefi=True if _flag(said, "secure_boot") is not None else None, secure_boot=_flag(said, "secure_boot")),
        running=_running(said),
        session=_session(said),
    )


def _number(said: Mapping[str, Any], name: str) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**40 else None


def _flag(said: Mapping[str, Any], name: str) -> bool | None:
    value = said.get(name)
    return value if isinstance(value, bool) else None


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    return clean_text(value, 300) if isinstance(value, str) else None


def _texts(said: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = said.get(name)
    if not isinstance(value, list):
        return None
    return tuple(sorted({clean_text(item, 200) for item in value[:4000] if isinstance(item, str)}))


def _rows(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]] | None:
    value = said.get(name)
    return [item for item in value[:4000] if isinstance(item, dict)] if isinstance(value, list) else None


def _days(said: Mapping[str, Any], since: int | None) -> float | None:
    now = _number(said, "now")
    return None if now is None or since is None else round(max(0.0, (now - since) / 86_400), 1)


def _os(said: Mapping[str, Any]) -> OsFacts:
    caption, model, kind = _text(said, "caption"), _text(said, "model"), _number(said, "system_type")
    match = _RELEASE.search(caption or "")
    return OsFacts(
        id="windows" if caption else None,
        version=_text(said, "version"),
        release=f"windows {match[1]}" if match else None,
        name=caption,
        virtual=None if model is None else bool(_VIRTUAL.search(model)),
        portable=None if kind is None else kind in _PORTABLE_TYPES,
    )


def _updates(said: Mapping[str, Any]) -> UpdateFacts:
    level = _number(said, "auto_level")
    return UpdateFacts(
        security=_texts(said, "pending"),
        lists_days=_days(said, _number(said, "searched")),
        automatic=None if not level else level == _SCHEDULED,
        reboot=_flag(said, "reboot"),
    )


def _accounts(said: Mapping[str, Any]) -> AccountFacts | None:
    """Whether a password is empty cannot be asked without trying it, so that stays open."""
    users = _rows(said, "users")
    if users is None:
        return None
    kept = [user for user in users if not str(user.get("sid", "")).endswith("-500") and user.get("name") != said.get("who")]
    age = _number(_part(said, "policy"), "age")
    longest = _FOR_EVER if any(_flag(user, "expires") is False for user in users) else _age_days(age)
    return AccountFacts(people=tuple(_person(said, user) for user in kept), longest_days=longest if users else 0)


def _person(said: Mapping[str, Any], user: Mapping[str, Any]) -> PersonFacts:
    last = _number(user, "last")
    idle = _days(said, _number(user, "set") if last is None else last)
    return PersonFacts(name=_text(user, "name") or "", idle_days=-1.0 if idle is None else idle)


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def _age_days(seconds: int | None) -> int | None:
    if seconds is None:
        return None
    return _FOR_EVER if seconds <= 0 else min(seconds // 86_400, _FOR_EVER)  # -1: never


def _passwords(said: Mapping[str, Any]) -> PasswordFacts | None:
    policy = _part(said, "policy")
    attributes = _number(policy, "attributes")
    return PasswordFacts(
        min_length=_number(policy, "length"),
        classes=None if attributes is None else 3 if attributes & _COMPLEX else 0,
        remembered=_number(policy, "history"),
        max_days=_age_days(_number(policy, "age")),
        attempts=_number(policy, "attempts"),
    )


def _administrators(said: Mapping[str, Any]) -> SudoFacts | None:
    members = _texts(said, "admins")
    if members is None:
        return None
    return SudoFacts(without_password=(), everyone=tuple(sid for sid in members if sid in _EVERYBODY))


def _audit(said: Mapping[str, Any]) -> AuditFacts:
    settings, services = said.get("audit"), _texts(said, "services")
    rules = (
        None if not isinstance(settings, list) else sum(isinstance(item, str) and item not in _NO_AUDITING for item in settings)
    )
    return AuditFacts(running=None if services is None else "EventLog" in services, rules=rules)


def _forwarded(said: Mapping[str, Any]) -> bool | None:
    services = _texts(said, "services")
    if _flag(said, "forward") is True:
        return True
    return None if services is None else bool(_SHIPPERS & set(services))


def _time(said: Mapping[str, Any]) -> TimeFacts | None:
    """Only that it is *not* synchronised can be told without reading a text in the host's language."""
    services, kind = _texts(said, "services"), _text(said, "time_type")
    if services is None:
        return None
    keeps = "W32Time" in services and kind != "NoSync"
    return TimeFacts(service="W32Time" if keeps else "", synchronised=None if keeps else False)


def _firewall(said: Mapping[str, Any]) -> FirewallFacts | None:
    profiles = _rows(said, "firewall")
    if not profiles:
        return None
    on = all(profile.get("enabled") == "True" for profile in profiles)
    blocks = on and all(profile.get("inbound") in ("Block", "NotConfigured") for profile in profiles)
    return FirewallFacts(active=on, default="drop" if blocks else "accept")


def _disks(said: Mapping[str, Any]) -> DiskFacts:
    protection, start, autorun = _text(said, "bitlocker"), _number(said, "usbstor"), _number(said, "autorun")
    return DiskFacts(
        encrypted={"On": True, "Off": False}.get(protection or ""),
        usb_blocked=None if start is None else start == _DISABLED,
        automount=None if autorun is None else autorun != 0xFF,
    )


def _running(said: Mapping[str, Any]) -> RunningFacts:
    services, defender = _texts(said, "services"), _part(said, "defender")
    known = set(services or ())
    malware = sorted((known & _ANTIMALWARE) | ({"Defender"} if _flag(defender, "on") else set()))
    old = {"SMB1"} if _flag(said, "smb1") else set[str]()
    return RunningFacts(
        services=None if services is None else tuple(sorted(known | old)),
        antimalware=tuple(malware) if malware or (services is not None and _flag(defender, "on") is False) else None,
        signature_days=_days(said, _number(defender, "signatures")) if _flag(defender, "on") else None,
        backup=None if services is None else tuple(sorted(known & _BACKUP)),
    )


def _session(said: Mapping[str, Any]) -> SessionFacts:
    """A value that is not in the registry was not set: the script then leaves it out, and so is nothing known to be off."""
    administrator, notice, idle = _flag(said, "admin"), _text(said, "notice"), _number(said, "idle")
    return SessionFacts(
        timeout_seconds=idle if idle is not None else 0 if administrator else None,
        banner=bool(notice.strip()) if notice is not None else False if administrator else None,
    )
