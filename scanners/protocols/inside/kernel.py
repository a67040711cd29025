"""What the kernel refuses: sysctl settings, SELinux or AppArmor, disks, USB storage and how the machine starts."""

import re

from scanners.protocols.inside.facts import BootFacts, DiskFacts, KernelFacts
from scanners.protocols.inside.running import names_running
from scanners.protocols.inside.sections import Sections

_SETTING = re.compile(r"([a-z0-9_.]{1,64}) (-?[0-9]{1,9})")


def read_kernel(sections: Sections) -> KernelFacts:
    values = {match[1]: int(match[2]) for line in sections.lines("sysctls") or () if (match := _SETTING.fullmatch(line))}
    mac, enforcing = _mac(sections)
    return KernelFacts(
        accept_redirects=_any_on(values, "accept_redirects"),
        send_redirects=_any_on(values, "send_redirects"),
        source_route=_any_on(values, "accept_source_route"),
        rp_filter=max((number for name, number in values.items() if name.endswith(".rp_filter")), default=None),
        syncookies=None if "syncookies" not in values else values["syncookies"] > 0,
        suid_dumpable=values.get("suid_dumpable"),
        aslr=values.get("aslr"),
        mac=mac,
        mac_enforcing=enforcing,
    )


def _any_on(values: dict[str, int], setting: str) -> bool | None:
    found = [number for name, number in values.items() if name.endswith(f".{setting}")]
    return any(number > 0 for number in found) if found else None


def _mac(sections: Sections) -> tuple[str | None, bool | None]:
    lines = sections.lines("mac")
    if lines is None:
        return None, None
    said = dict(line.split(" ", 1) for line in lines if " " in line)
    if said.get("selinux") in ("Enforcing", "Permissive"):
        return "selinux", said["selinux"] == "Enforcing"
    if said.get("apparmor") == "Y":
        return "apparmor", said.get("profiles") != "0" and "profiles" in said
    if "lsm" in said or "selinux" in said or "apparmor" in said:
        return "", False
    return None, None


def read_disks(sections: Sections) -> DiskFacts:
    """lsblk(8) below the root file system; modprobe(8); usbguard; autofs and udisks."""
    below, names, usb = sections.lines("disks"), names_running(sections), sections.lines("usb")
    blocked: bool | None = None
    if usb is not None and names is not None:
        refused = any(
            re.search(r"^install usb[-_]storage \S*/(false|true)\b|^modprobe install \S*/(false|true)\b", line) for line in usb
        )
        blocked = refused or "usbguard-daemon" in names or "usbguard" in names
        if not refused and not any(line.startswith("modprobe") for line in usb) and not blocked:
            blocked = None
    return DiskFacts(
        encrypted=None if not below else "crypt" in below,
        usb_blocked=blocked,
        automount=None if names is None else bool({"automount", "autofs", "udisksd", "udisks2"} & names),
    )


def read_boot(sections: Sections) -> BootFacts:
    """GRUB's password (RHEL keeps it in user.cfg), and Secure Boot by mokutil(1) or the firmware's own variable."""
    machine = sections.lines("machine")
    counts = dict(line.rsplit(":", 1) for line in sections.lines("grub") or () if re.fullmatch(r"/.{1,100}:[0-9]{1,6}", line))
    counts.pop("/boot/grub2/grub.cfg", None) if "/boot/grub2/user.cfg" in counts else None
    password: bool | None = None
    if counts:  # RHEL's grub.cfg always has the lines that would use a password of user.cfg
        password = any(int(count) > 0 for path, count in counts.items() if path != "/boot/grub2/grub.cfg")
    if machine is None:
        return BootFacts(password=password)
    uefi = True if "firmware uefi" in machine else False if "firmware bios" in machine else None
    secure: bool | None = False if uefi is False else None
    if "SecureBoot enabled" in machine or "secureboot 1" in machine:
        secure = True
    elif "SecureBoot disabled" in machine or "secureboot 0" in machine:
        secure = False
    return BootFacts(password=password, uefi=uefi, secure_boot=secure)
