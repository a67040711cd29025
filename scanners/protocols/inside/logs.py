"""Records of what happens: auditd, retention and rights of the logs, and whether they go to another machine."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import AuditFacts, LogFacts
from scanners.protocols.inside.running import names_running
from scanners.protocols.inside.sections import Sections

_SHIPPER_NAMES = """
systemd-journal-upload filebeat journalbeat auditbeat fluent-bit fluentd td-agent promtail vector alloy otelcol splunkd
nxlog wazuh-agentd ossec-agentd elastic-agent rsyslog-relp syslog-ng-relay azuremonitoragent google_cloud_ops_agent
"""
_SHIPPERS = frozenset(_SHIPPER_NAMES.split())
_TO_ANOTHER = re.compile(
    r"(^|[\s;])(?!-)[a-z*.,;!=\[\]0-9]+\s+-?(@@?|:omrelp:)[\w\[(]|type=\"om(fwd|relp|gssapi|elasticsearch|kafka)\"|action\(.*omfwd",
    re.IGNORECASE,
)
_NG_REMOTE = re.compile(r"\b(network|syslog|tcp6?|udp6?)\s*\(\s*[\"']?(?!ip\b|port\b|localip\b)[\w.:-]+", re.IGNORECASE)
_SENSITIVE = re.compile(
    r"/var/log/(auth\.log|secure|syslog|messages|kern\.log|daemon\.log|user\.log|cron(\.log)?|mail\.log|maillog|btmp|audit/.*|sudo(\.log|-io/.*)?)"
    r"([.-].*)?"
)
_MAIN = ("auth.log", "secure", "syslog", "messages")
_DAYS = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}
_SPAN = re.compile(r"([0-9]{1,7})\s*(year|y|month|M|week|w|day|d|hour|h|min|m|s)?")
_SPAN_DAYS = {
    "year": 365.0,
    "y": 365.0,
    "month": 30.0,
    "M": 30.0,
    "week": 7.0,
    "w": 7.0,
    "day": 1.0,
    "d": 1.0,
    "hour": 1 / 24,
    "h": 1 / 24,
}


def read_audit(sections: Sections) -> AuditFacts:
    """auditctl(8) where it may be run, else the list of processes."""
    status, rules = sections.lines("audit"), sections.lines("audit_rules")
    names = names_running(sections)
    running: bool | None = None
    if status is not None and any(line.startswith("enabled") for line in status):
        pid = next((line.split()[1] for line in status if re.fullmatch(r"pid [0-9]{1,9}", line)), "0")
        running = "enabled 0" not in status and (pid != "0" or "auditd" in (names or ()))
    elif names is not None:
        running = "auditd" in names
    count = None if rules is None else sum(line.startswith(("-a", "-w", "-A")) for line in rules)
    return AuditFacts(running=running, rules=0 if running is False and count is None else count)


def read_logs(sections: Sections) -> LogFacts:
    """logrotate(8), journald.conf(5), rsyslog.conf(5), syslog-ng, and the agents that are known to send logs away."""
    readable = sections.lines("logfiles")
    return LogFacts(
        retention_days=_retention(sections),
        world_readable=None
        if readable is None
        else tuple(clean_text(path, 200) for path in readable if _SENSITIVE.fullmatch(path)),
        forwarded=_forwarded(sections),
    )


def _forwarded(sections: Sections) -> bool | None:
    names, rsyslog, journald = names_running(sections), sections.lines("rsyslog"), sections.lines("journald")
    if names is not None and _SHIPPERS & set(names):
        return True
    if names is None or rsyslog is None or journald is None:
        return None
    text = "\n".join(line.strip() for line in rsyslog)
    configured = any(_TO_ANOTHER.search(line) for line in text.split("\n")) or bool(_NG_REMOTE.search(text))
    return configured and bool({"rsyslogd", "rsyslog", "syslog-ng"} & set(names))


def _retention(sections: Sections) -> int | None:
    """Of the logs of logins and of the system, the one that is kept for the shortest time; of the journal where it is alone."""
    rotated = sections.lines("logrotate")
    if rotated is None:
        return None
    defaults, blocks = _blocks(rotated)
    kept = [_kept(defaults | block) for names, block in blocks if any(f"/var/log/{name}" in names for name in _MAIN)]
    if kept:
        return min(kept)
    journal = dict(line.strip().partition("=")[::2] for line in sections.lines("journald") or ())
    match = _SPAN.fullmatch(journal.get("MaxRetentionSec", "").strip())
    return int(int(match[1]) * _SPAN_DAYS.get(match[2] or "s", 0.0)) if match and match[1] != "0" else None


def _kept(settings: dict[str, str]) -> int:
    return int(int(settings.get("rotate", "0")) * _DAYS[settings.get("period", "weekly")])


def _blocks(lines: list[str]) -> tuple[dict[str, str], list[tuple[str, dict[str, str]]]]:
    """The settings outside of braces, and those of each block with the names before it."""
    defaults: dict[str, str] = {}
    blocks: list[tuple[str, dict[str, str]]] = []
    names, inside = "", False
    for line in lines:
        text = line.split(":", 1)[-1].strip()
        if text.startswith("/"):
            names = f"{names} {text.rstrip('{').strip()} "
        if "{" in text:
            inside = True
            blocks.append((names.replace(" ", "\n"), {}))
        elif text.startswith("}"):
            names, inside = "", False
        else:
            _setting(text, blocks[-1][1] if inside else defaults)
    return defaults, blocks


def _setting(text: str, into: dict[str, str]) -> None:
    words = text.split()
    if words and words[0] in _DAYS:
        into["period"] = words[0]
    elif len(words) == 2 and words[0] == "rotate" and re.fullmatch(r"[0-9]{1,6}", words[1]):
        into["rotate"] = words[1]
