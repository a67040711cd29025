"""Who may become root without a password, and whether everybody may: sudoers(5)."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import SudoFacts
from scanners.protocols.inside.sections import Sections

_ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\b")
_RUNAS = re.compile(r"\(([^()]*)\)")
_TAG = re.compile(r"(NOPASSWD|PASSWD|[A-Z_]{4,20}):")
_ESCAPED = re.compile(r"\\[,:=\\]")


def read_sudo(sections: Sections) -> SudoFacts | None:
    """None when the files could not be read. Aliases of commands that stand for ALL are followed one step."""
    lines = sections.lines("sudoers")
    if not lines:
        return None
    rules = _joined(lines)
    anything = {"ALL"} | {rule[1].split("=")[0].strip() for rule in map(_alias, rules) if rule and rule[0] and _is_all(rule[1])}
    never_asked = any(re.match(r"Defaults\s+(?:.*[\s,])?!authenticate\b", rule) for rule in rules)
    target = any(re.match(r"Defaults\s+(?:.*[\s,])?(targetpw|rootpw)\b", rule) for rule in rules)
    free: dict[str, None] = {}
    everyone: dict[str, None] = {}
    for rule in rules:
        grant = None if _ALIAS.match(rule) or rule.startswith(("Defaults", "#", "@")) else _grant(rule, anything)
        if grant is None:
            continue
        subject, without = grant
        if without or never_asked:
            free[clean_text(subject, 64)] = None
        if subject == "ALL" and not target:  # with targetpw one needs root's own password
            everyone[clean_text(rule, 200)] = None
    return SudoFacts(without_password=tuple(free), everyone=tuple(everyone))


def _joined(lines: list[str]) -> list[str]:
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    cleaned = (re.sub(r"(?<!\\)#(?!include).*", "", line).strip() for line in text.split("\n"))
    return [_ESCAPED.sub("_", line) for line in cleaned if line]


def _alias(rule: str) -> tuple[bool, str] | None:
    match = _ALIAS.match(rule)
    return (match[1] in ("Cmnd", "Cmd"), rule[match.end() :]) if match else None


def _is_all(text: str) -> bool:
    return "ALL" in (word.strip() for word in text.partition("=")[2].split(","))


def _grant(rule: str, anything: set[str]) -> tuple[str, bool] | None:
    """Whom the rule lets run anything as root, and whether without a password; None when it lets nobody do so."""
    left, sign, right = rule.partition("=")
    words = left.split()
    if not sign or not words:
        return None
    subject, as_root, without, found = words[0], True, False, None
    for item in right.split(","):
        runas = _RUNAS.search(item)
        if runas:
            as_root = bool({"ALL", "root", "#0", ""} & {name.strip() for name in re.split("[,:]", runas[1])})
        for tag in _TAG.findall(item):
            without = True if tag == "NOPASSWD" else False if tag == "PASSWD" else without
        command = _TAG.sub("", _RUNAS.sub("", item)).strip()
        if as_root and command in anything and (found is None or without):
            found = (subject, without)
    return found
