"""Operating system, installed packages and updates that wait."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import OsFacts, UpdateFacts
from scanners.protocols.inside.sections import Sections

_BY_MAJOR = frozenset({"debian", "rhel", "centos", "rocky", "almalinux", "ol", "fedora"})
_VIRTUAL = re.compile(r"virt (?!none$)[a-z0-9-]+")
_PORTABLE = frozenset({"8", "9", "10", "11", "14", "30", "31", "32"})  # SMBIOS 3.6 §7.4.1: laptops, notebooks, tablets
_INST = re.compile(r"Inst ([a-zA-Z0-9][a-zA-Z0-9+.:-]{0,127}) (?:\[[^\]]{1,200}\] )?\(([^)]{1,400})\)")
_ADVISORY = re.compile(r"\S{1,64}\s+(?:\S{1,20}/)?Sec\.?\S{0,12}\s+(\S{1,200})|\S{1,64}\s+security\s+\S{1,20}\s+(\S{1,200})\s.*")
_NEVRA = re.compile(r"(.+)-[^-]+-[^-]+")


def read_os(sections: Sections) -> OsFacts | None:
    """os-release(5), systemd-detect-virt(1) and the chassis of SMBIOS."""
    virtual, portable = _machine(sections)
    said = dict(line.split("=", 1) for line in sections.lines("os") or () if "=" in line)
    words = {name: clean_text(value.strip().strip("\"'"), 100) for name, value in said.items()}
    id_, version = words.get("ID"), words.get("VERSION_ID")
    release = None
    if id_ and version:
        release = f"{id_} {version.split('.')[0] if id_ in _BY_MAJOR else version}"
    return OsFacts(id=id_, version=version, release=release, name=words.get("PRETTY_NAME"), virtual=virtual, portable=portable)


def _machine(sections: Sections) -> tuple[bool | None, bool | None]:
    lines = sections.lines("machine")
    if lines is None:
        return None, None
    chassis = next((line.split()[1] for line in lines if re.fullmatch(r"chassis [0-9]{1,3}", line)), None)
    virtual: bool | None = None
    if any(_VIRTUAL.fullmatch(line) or line == "hypervisor" for line in lines):
        virtual = True
    elif "virt none" in lines:
        virtual = False
    return virtual, None if chassis is None else chassis in _PORTABLE


def read_packages(sections: Sections) -> tuple[str, ...] | None:
    """Names of what dpkg or rpm calls installed."""
    lines = sections.lines("packages")
    if not lines:
        return None
    names = {line.split()[1] for line in lines if line.startswith("installed ") and len(line.split()) == 2}
    return tuple(sorted(clean_text(name, 128) for name in names))


def read_updates(sections: Sections) -> UpdateFacts:
    """``apt-get -s dist-upgrade`` or ``dnf -C updateinfo list --security``; how old the lists are; who installs by itself."""
    automatic, reboot = _automatic(sections)
    return UpdateFacts(security=_security(sections), lists_days=_age(sections), automatic=automatic, reboot=reboot)


def _security(sections: Sections) -> tuple[str, ...] | None:
    lines = sections.lines("updates")
    if not lines:
        return None
    if lines[0] == "apt":
        found = {match[1] for line in lines if (match := _INST.match(line)) and "security" in match[2].lower()}
    else:
        found = {_name_of(match[1] or match[2]) for line in lines[1:] if (match := _ADVISORY.fullmatch(line.strip()))}
    return tuple(sorted(clean_text(name, 128) for name in found))


def _name_of(nevra: str) -> str:
    match = _NEVRA.fullmatch(nevra)
    return match[1] if match else nevra


def _age(sections: Sections) -> float | None:
    lines = sections.lines("lists") or []
    stamps = [int(word) for line in lines if re.fullmatch(r"[0-9]{1,12}", word := line.split()[0])]
    if len(stamps) < 2:
        return None
    now, *written = stamps
    return round(max(0.0, (now - max(written)) / 86_400), 1)


def _automatic(sections: Sections) -> tuple[bool | None, bool | None]:
    lines = sections.lines("automatic") or []
    text = "\n".join(lines)
    reboot = "reboot yes" in lines or "reboot-status 1" in lines
    waits = reboot if reboot or "reboot no" in lines or "reboot-status 0" in lines else None
    if re.search(r"^unit dnf-automatic(-install)?\.timer enabled$", text, re.MULTILINE):
        installs = re.search(r"^apply_updates\s*=\s*(yes|true|1)\s*$", text, re.MULTILINE | re.IGNORECASE)
        return bool(installs) or "unit dnf-automatic-install.timer enabled" in lines, waits
    if "APT::Periodic" in text or "have unattended-upgrade" in lines:
        wanted = re.search(r'^APT::Periodic::Unattended-Upgrade "(?!0"|")[^"]{1,20}";$', text, re.MULTILINE)
        on = not re.search(r'^APT::Periodic::Enable "0";$', text, re.MULTILINE)
        return bool(wanted) and on and "have unattended-upgrade" in lines, waits
    known = sections.lines("automatic") is not None and (sections.lines("updates") or [""])[0] in ("apt", "dnf")
    return False if known else None, waits
