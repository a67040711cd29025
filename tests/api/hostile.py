"""What a hostile server, ticket system or colleague may write (reliability H1), and a store in which all of them did."""

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Column, String, Table, Text, and_, select, update

from collector import tables
from collector.store import Store

MARK = re.compile(r"m\d{5}q")
# Leaves whatever it stands in.
BREAKERS = (
    '', '">', "'>", '\'">', '"/>', '>', '--><!--', ']]>', '</title>', '</textarea>', '</script>', '</style>', '</svg>',
    '</time>', '</pre></code>', '</option></select>', '</td></tr></table>', '</summary></details>', '</form></main>',
    '\\"\'>', '`>', '%22%3E', '&quot;&gt;', '&#34;&#62;', '\\u0022\\u003e', '\xa0>', '\uff1e\uff02', '<!--', '<![CDATA[',
    '<?x ', '</noscript>', '{% endraw %}',
)  # fmt: skip
# Does something when it is not text; the address that would be asked is nobody's, on loopback. ``pwn`` names nothing that the
# dashboard has: it is found if it becomes an attribute.
PAYLOADS = (
    '<script>alert(1)</script>', '<script pwn src=//127.0.0.9:9/x></script>', '<ScRiPt/pwn>alert(1)</sCrIpT>',
    '<<script>alert(1)//<', '<img pwn src=x onerror=alert(1)>', '<img pwn src=//127.0.0.9:9/x>',
    '<img/pwn/src=x/onerror=alert(1)//', '<image pwn href=x>', '<svg pwn onload=alert(1)>',
    '<svg><script pwn>alert(1)</script>', '<svg><animate pwn onbegin=alert(1) attributeName=x dur=1s>',
    '<math pwn><mtext></form><form><mglyph><style></math><img pwn src onerror=alert(1)>',
    "<noscript><p title='</noscript><img pwn>'>", "<iframe pwn srcdoc='<script>alert(1)</script>'>",
    '<iframe pwn src=//127.0.0.9:9/x>', '<object pwn data=data:text/html,x>', '<embed pwn src=//127.0.0.9:9/x>',
    '<link pwn rel=stylesheet href=//127.0.0.9:9/x>', '<base pwn href=//127.0.0.9:9/x>',
    "<meta pwn http-equiv=refresh content='0;url=//127.0.0.9:9/x'>", "<style pwn>@import '//127.0.0.9:9/x'</style>",
    '<details pwn open ontoggle=alert(1)>', '<input pwn autofocus onfocus=alert(1)>',
    '<video pwn><source onerror=alert(1)></video>', '<body pwn onload=alert(1)>', '<marquee pwn onstart=alert(1)>',
    '<audio pwn src onerror=alert(1)>', '<b pwn style=color:red>x', '<form pwn action=//127.0.0.9:9/x><button>x',
    '<button pwn formaction=javascript:alert(1)>x', '<template pwn><script>alert(1)</script>',
    '<div pwn hx-get=/audit hx-trigger=load>', '<div pwn hx-on::load=alert(1)>',
    '<div pwn data-hx-get=/audit data-hx-trigger=load>', '" pwn onmouseover=alert(1) x="',
    "' pwn onfocus=alert(1) autofocus x='", 'x pwn onclick=alert(1)', '` pwn onerror=alert(1)', 'javascript:alert(1)',
    'JaVaScRiPt:alert(1)//', 'java\tscript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'vbscript:x',
    'https://x"><img pwn src=x onerror=alert(1)>', 'http:javascript:alert(1)',
    "<a pwn href='//127.0.0.9:9/x' ping='//127.0.0.9:9/x'>x</a>", '{{7*7}}', '${7*7}', '#{7*7}', '<%= 7*7 %>',
    "{% include '/etc/passwd' %}", '%(asctime)s', '{0.__class__}', '%s%s%s%n', '${jndi:ldap://127.0.0.9:9/a}',
    "=cmd|' /C calc'!A0", '@SUM(1+1)*cmd|x', '+1+cmd', '-2+3', '\t=1+1', "';drop table finding;--",
    'HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>', 'SSH-2.0-\x1b]0;owned\x07',
    '220 \x1b[2J\x1b[31mred\x1b[0m',
)  # fmt: skip
# Hidden, reordering, terminal and broken characters, and one that is long.
SPICES = (
    '', '\x1b[31m', '\x1b]0;owned\x07', '\x9b31m', '\x00', '\x08\x08\x08', '\x7f', '\r\n', "\n" * 3, '\t', '\x0b\x0c',
    '\x85', '\u202etxt.exe', '\u2066\u2069', '\u200b\u200d\ufeff', '\u2028\u2029', '\U000e0041\U000e0042', '\ufffe',
    '\ue000', '\ufdd0', 'Z\u0351\u036b\u0343\u036a\u0302', '\ufdfa', '\u3164', '\U0001f468\u200d\U0001f469', '\\xff\\xfe',
    "A" * 300,
    "\xa0" * 40,
)  # fmt: skip

# Whatever comes from outside or is written by people, by table: a new column of text is here or in STRUCTURAL, a test says.
WRITTEN: Mapping[str, tuple[str, ...]] = {
    "account": ("name", "display_name", "email"),
    "asset": ("name", "owner", "os", "names", "risk_factors"),
    "audit": ("actor", "address", "action", "subject", "subject_id", "detail"),
    "coverage": ("observed", "expected"),
    "department": ("names",),
    "digest": ("last_error",),
    "endpoint": ("name", "service", "product", "version"),
    "event": ("detail",),
    "exception": ("reason", "control", "requested_by", "decided_by", "closed_by"),
    "finding": ("asset_name", "name", "factors", "observed", "expected", "zone", "waiver"),
    "identifier": ("value",),
    "observation": ("detail", "facts"),
    "outbox": ("last_error",),
    "saved_filter": ("owner", "name"),
    "scan": ("zone", "targets", "asked_by", "detail"),
    "score_history": ("factors",),
    "service": ("names", "audience", "plan", "strategic_line", "project", "supplier"),
    "ticket": ("subject", "opened_by", "written", "remote_id", "remote_url", "remote"),
    "ticket_remark": ("author", "text"),
    "ticket_step": ("text", "trouble"),
    "token": ("name",),
    "unit": ("detail",),
    "vulnerability_feed": ("version",),
    "web_session": ("agent",),
    "webhook": ("url", "created_by", "last_error"),
    "webhook_letter": ("reason",),
    "zone_change": ("text", "reason", "differences", "proposed_by", "decided_by"),
}

# Written by Talaia itself, or checked against a closed list or form before it is kept.
STRUCTURAL = frozenset((
    'account_id', 'action', 'actor_id', 'address', 'addresses', 'asset_id', 'audience', 'authorised_ports', 'band', 'base',
    'body', 'caller', 'catalogue_id', 'checkpoint', 'closed_because', 'closed_in', 'confidence', 'cron', 'cve', 'deadline',
    'decided_by_id', 'department', 'department_id', 'departments', 'digest', 'due_local', 'ens', 'ens_category', 'event_id',
    'evidence_sha256', 'exception_id', 'exploitation', 'exposure', 'external_id', 'finding_id', 'fingerprint', 'holder',
    'id', 'issuer', 'kept', 'key', 'kind', 'kinds', 'language', 'last_conclusive', 'last_result', 'level', 'live_key',
    'media_type', 'moments', 'name', 'namespace', 'observation_id', 'opened_by_id', 'outcome', 'owner_id', 'parameters',
    'password', 'permissions', 'place', 'previous', 'proposed_by_id', 'recipient', 'refresh', 'requested_by_id',
    'resolved_because', 'result', 'review', 'role', 'rule', 'scan_id', 'scanner', 'scanner_version', 'schedule_id', 'secret',
    'service_id', 'severity', 'silent_in', 'sink', 'slot', 'state', 'stream', 'subject', 'tests', 'ticket_id', 'timezone',
    'token_id', 'transport', 'tried', 'vantage', 'wanted', 'webhook_id', 'words', 'worst', 'zone',
))  # fmt: skip
# Of these, one part of the value is a text of others: filled by hand in the test.
IN_PART = {("scan", "progress"), ("saved_filter", "query"), ("control", "value")}

READ = {"status", "due", "updated_at"}  # of a ticket over there: read as a closed list and as times before they are kept


def strings(count: int, seed: int = 7) -> Iterator[str]:
    """``count`` different texts, each with a mark of its own in front by which it is found again."""
    chance = random.Random(seed)
    for number in range(count):
        breaker, payload, spice = (chance.choice(one) for one in (BREAKERS, PAYLOADS, SPICES))
        yield f"m{number:05d}q" + "".join(chance.sample([breaker + payload, spice], 2))


class Poison:
    """Puts a different hostile text into each text of a store; ``given`` says which marks went where."""

    def __init__(self, count: int) -> None:
        self._left = strings(count)
        self.given: dict[str, set[str]] = {}

    def text(self, where: str, limit: int | None = None) -> str:
        text = next(self._left)[:limit]
        self.given.setdefault(where, set()).update(MARK.findall(text))
        return text

    def value(self, where: str, value: Any) -> Any:
        """The same shape, with other texts; names of fields stay."""
        if isinstance(value, str):
            return self.text(where)
        if isinstance(value, list):
            return [self.value(where, one) for one in value]
        if isinstance(value, dict):
            return {key: one if key in READ else self.value(where, one) for key, one in value.items()}
        return value

    def store(self, store: Store) -> None:
        """Every column of :data:`WRITTEN`, row by row."""
        with store.write() as connection:
            for name, columns in WRITTEN.items():
                table = tables.metadata.tables[name]
                for row in connection.execute(select(table)).mappings().all():
                    changed = {one: self._changed(table.c[one], row[one]) for one in columns if row[one] is not None}
                    this = and_(*(column == row[column.name] for column in _key(table)))
                    if changed:
                        connection.execute(update(table).where(this).values(**changed))

    def _changed(self, column: Column[Any], value: Any) -> Any:
        if isinstance(column.type, JSON):
            return self.value(str(column), value)
        return self.text(str(column), getattr(column.type, "length", None))


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns) or list(table.columns)


def columns_of_text() -> set[tuple[str, str]]:
    """Every column that can hold a text, as (table, column)."""
    kinds = (String, Text, JSON)
    return {
        (table.name, one.name) for table in tables.metadata.sorted_tables for one in table.columns if isinstance(one.type, kinds)
    }
