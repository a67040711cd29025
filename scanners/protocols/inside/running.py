"""What runs: services, the clock, antimalware, backups."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import RunningFacts, SessionFacts, TimeFacts
from scanners.protocols.inside.sections import Sections
from scanners.protocols.inside.sshd import read_banner

# Names of processes (cut to 15 letters by the kernel) and of units.
_ANTIMALWARE_NAMES = """
clamd clamav-daemon clamonacc wazuh-agentd ossec-agentd falcon-sensor mdatp wdavdaemon ds_agent cbagentd
cbdaemon sentinelone sentineld s1-agent savd sophosd sophos-spl esets_daemon eea cortex-xdr traps_pmd elastic-endpoint
elastic-endpoin mfetpd isectpd xagt kesl epagd bdsecd falcon-sensor-b fsma wazuh-agent sav-protect
"""
ANTIMALWARE = frozenset(_ANTIMALWARE_NAMES.split())
_BACKUP_NAMES = """
bareos-fd bacula-fd bareos-filedaem borgmatic restic urbackupclient urbackupclientb veeamservice duplicati kopia
backuppc amandad burp nsrexecd dsmcad dsmc cvd nbdisco bpcd commvault rubrik-backup-s proxmox-backup-client acronis_mms
qemu-ga-backup autorestic crashplanengine timeshift snapper-timeline
"""
BACKUP = frozenset(_BACKUP_NAMES.split())
_BACKUP_JOB = re.compile(
    r"\b(borgmatic|borg|restic|rsnapshot|duplicity|duply|backupninja|rdiff-backup|bareos|bacula|urbackup|veeam|kopia|autorestic"
    r"|proxmox-backup|rsync)\b|\b\S*backup\S*\.timer",
    re.IGNORECASE,
)
_NO_BACKUP = re.compile(r"dpkg-db-backup|snapd?\.")
_OURS = frozenset({"ps", "head", "sh"})  # of the look itself
_CLOCKS = ("chronyd", "ntpd", "ntpd-rs", "systemd-timesyn", "systemd-timesyncd", "openntpd", "chrony", "ptp4l", "vmtoolsd-time")
_TMOUT = re.compile(r"(?:^|[\s;])(?:export\s+|readonly\s+|declare\s+-\w+\s+|typeset\s+-\w+\s+)*TMOUT=([0-9]{1,7})\b")


def names_running(sections: Sections) -> frozenset[str] | None:
    """Names of services (without ``.service``) and of processes; None when neither could be listed."""
    units, processes = sections.lines("units"), sections.lines("processes")
    if processes is None:
        return None
    services = {line.split()[0].removesuffix(".service").split("@")[0] for line in units or ()}
    return frozenset(clean_text(name.strip(), 64) for name in services | set(processes))


def read_running(sections: Sections) -> RunningFacts:
    names = names_running(sections)
    return RunningFacts(
        services=None if names is None else tuple(sorted(name for name in names if name not in _OURS)),
        antimalware=None if names is None else tuple(sorted(names & ANTIMALWARE)),
        signature_days=_signatures(sections),
        backup=_backup(sections, names),
    )


def _signatures(sections: Sections) -> float | None:
    stamps = [int(line.split()[0]) for line in sections.lines("signatures") or () if re.match(r"[0-9]{1,12} ", line)]
    today = next((int(line) for line in sections.lines("today") or () if re.fullmatch(r"[0-9]{1,12}", line)), None)
    return None if not stamps or today is None else round(max(0.0, (today - max(stamps)) / 86_400), 1)


def _backup(sections: Sections, names: frozenset[str] | None) -> tuple[str, ...] | None:
    jobs = sections.lines("backups")
    if jobs is None or names is None:
        return None
    scheduled = {match[0].lower() for line in jobs if not _NO_BACKUP.search(line) and (match := _BACKUP_JOB.search(line))}
    return tuple(sorted(clean_text(name, 64) for name in scheduled | (names & BACKUP)))


def read_time(sections: Sections) -> TimeFacts | None:
    """What keeps the clock right, and whether timedatectl(1), chronyc(1) or ntpq(8) says that it is."""
    names, said = names_running(sections), sections.lines("clocks")
    if names is None or said is None:
        return None
    service = next((name for name in _CLOCKS if name in names), "")
    text = "\n".join(said)
    right: bool | None = None
    if re.search(r"^Leap status\s*:\s*(Normal|Insert second|Delete second)$", text, re.MULTILINE):
        right = not re.search(r"^Reference ID\s*:\s*(00000000|7F7F0101)\b", text, re.MULTILINE)
    elif re.search(r"^\*", text, re.MULTILINE) or "NTPSynchronized=yes" in said:
        right = True
    elif "NTPSynchronized=no" in said or "Leap status     : Not synchronised" in said or not service:
        right = False
    return TimeFacts(service=service, synchronised=right)


def read_session(sections: Sections) -> SessionFacts:
    """TMOUT of the shells (bash(1)), and the text that sshd shows before the login."""
    profile = sections.lines("profile")
    times = [int(match[1]) for line in profile or () if (match := _TMOUT.search(line.split("#")[0]))]
    return SessionFacts(
        timeout_seconds=None if profile is None else min((each for each in times if each), default=0),
        banner=read_banner(sections),
    )
