"""Whether a packet that no rule names gets in: ``nft list ruleset`` or ``iptables -S``."""

import re

from scanners.protocols.inside.facts import FirewallFacts
from scanners.protocols.inside.sections import Sections

_CHAIN = re.compile(r"\s*chain (\S{1,128}) \{")
_HOOK = re.compile(r"\s*type filter hook input priority [^;]{1,40};(?: policy (accept|drop);)?")
_LAST = re.compile(r"\s*(?:counter(?: packets \d+ bytes \d+)? )?(?:log(?: prefix \"[^\"]*\")? )?(drop|reject)\b.*")
_JUMP = re.compile(r"\s*(?:counter(?: packets \d+ bytes \d+)? )?(?:jump|goto) (\S{1,128})")


def read_firewall(sections: Sections) -> FirewallFacts | None:
    """None when neither could be asked. firewalld and ufw are seen through the rules that they load."""
    nft, old = sections.lines("nft"), sections.lines("iptables")
    if nft is None and old is None:
        return None
    found = [fact for fact in (_nft(nft or []), _iptables(old or [])) if fact is not None]
    shut = any(fact == "drop" for fact in found)
    return FirewallFacts(active=bool(found), default="drop" if shut else "accept")


def _nft(lines: list[str]) -> str | None:
    """What the base chains of the input hook do in the end; None when there is none."""
    chains: dict[str, list[str]] = {}
    inside: list[str] | None = None
    for line in lines:
        match = _CHAIN.match(line)
        if match:
            inside = chains.setdefault(match[1], [])
        elif line.strip() == "}":
            inside = None
        elif inside is not None:
            inside.append(line)
    hooks = [(hook, chain) for chain in chains.values() for line in chain[:1] if (hook := _HOOK.match(line))]
    if not hooks:
        return None
    return "drop" if any(hook[1] == "drop" or _ends_shut(chain, chains) for hook, chain in hooks) else "accept"


def _ends_shut(chain: list[str], chains: dict[str, list[str]]) -> bool:
    """Whether the last rule, or a chain that it hands every packet to, drops whatever is left."""
    if not chain:
        return False
    if _LAST.fullmatch(chain[-1]):
        return True
    jump = _JUMP.fullmatch(chain[-1])
    beyond = chains.get(jump[1], []) if jump else []
    return bool(beyond and _LAST.fullmatch(beyond[-1]))


def _iptables(lines: list[str]) -> str | None:
    policy = next((line.split()[2] for line in lines if re.fullmatch(r"-P INPUT [A-Z]{1,16}", line)), None)
    rules = [line for line in lines if line.startswith("-A INPUT ")]
    if policy is None or (policy == "ACCEPT" and not rules):
        return None
    last = bool(rules and re.fullmatch(r"-A INPUT -j (DROP|REJECT)( .*)?", rules[-1]))
    return "drop" if policy == "DROP" or last else "accept"
