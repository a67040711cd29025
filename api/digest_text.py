"""A digest as a person reads it: plain text, and the same as HTML that loads nothing. No secret and no raw evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import Row, select

from api.pages.deadline_words import deadline_short
from api.pages.language import Tongue
from api.pages.words import BANDS, N_
from api.parts import Rules
from api.texts import name_of, rule_text
from api.ticket_text import place_of
from collector.digests import Listed, News, Recipient
from collector.store import Store
from collector.tables import department
from scanners.clean_text import clean_text

_AT_ONCE = N_("What these findings show is known to be exploited. They do not wait for the next digest.")
_FIRST = N_("This is the first digest. From now on you read only what changes, and nothing on quiet days.")
_PAGE = Markup(
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="font-family:sans-serif;line-height:1.5;max-width:42em">{body}</body></html>'
)
_SECTION = Markup("<h2>{heading}</h2><ul>{lines}</ul>{more}")
_LINE = Markup('<li><a href="{url}">{title}</a><br>{detail}</li>')
_PARAGRAPH = Markup("<p>{text}</p>")
_LINK = Markup('<p><a href="{url}">{text}</a></p>')


@dataclass(frozen=True)
class Line:
    title: str
    detail: str
    url: str


@dataclass(frozen=True)
class Section:
    """``more`` says how many are not listed; empty when all are."""

    heading: str
    lines: Sequence[Line]
    more: str


@dataclass(frozen=True)
class Writer:
    """Writes digests. ``base_url`` is how people reach the dashboard; ``city_names`` by language."""

    store: Store
    rules: Rules
    sender: str
    base_url: str
    city_names: Mapping[str, str]
    timezone: ZoneInfo
    clock: Callable[[], datetime]

    def compose(self, recipient: Recipient, news: News) -> EmailMessage:
        """The mail about ``news``, complete but for its Message-ID."""
        tongue = Tongue(recipient.language, self.timezone, self.clock)
        where = self._where(recipient)
        lead, sections = self._lead(tongue, news, where), self._sections(tongue, news)
        link = f"{self.base_url}/departments/{recipient.department}" if recipient.department else f"{self.base_url}/"
        closing = tongue.gettext("All of it in Talaia")
        message = EmailMessage()
        message["Subject"] = clean_text(self._subject(tongue, news, where), 200)
        message["From"] = self.sender
        message["To"] = Address(addr_spec=recipient.address)
        message["Date"] = format_datetime(self.clock())
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
        if news.exploited.total:
            message["Importance"] = "high"  # RFC 4021
        message.set_content(_plain(lead, sections, f"{closing}: {link}"))
        body = [_PARAGRAPH.format(text=line) for line in lead]
        for section in sections:
            lines = Markup("").join(_LINE.format(url=one.url, title=one.title, detail=one.detail) for one in section.lines)
            more = _PARAGRAPH.format(text=section.more) if section.more else ""
            body.append(_SECTION.format(heading=section.heading, lines=lines, more=more))
        body.append(_LINK.format(url=link, text=closing))
        page = _PAGE.format(language=recipient.language, title=message["Subject"], body=Markup("").join(body))
        message.add_alternative(str(page), subtype="html")
        message["Content-Language"] = recipient.language  # of the whole, not of its first part
        return message

    def _where(self, recipient: Recipient) -> str:
        if recipient.department is None:
            return self.city_names.get(recipient.language, "Talaia")
        with self.store.read() as connection:
            row = connection.execute(select(department.c.names).where(department.c.id == recipient.department)).first()
        return clean_text(name_of(row.names if row else None, recipient.department, recipient.language), 200)

    @staticmethod
    def _subject(tongue: Tongue, news: News, where: str) -> str:
        if news.exploited.total:
            loud = tongue.ngettext("%s finding is exploited", "%s findings are exploited", news.exploited.total)
            return f"Talaia: {loud.replace('%s', tongue.number(news.exploited.total))} · {where}"
        if news.since is None:
            return f"Talaia: {tongue.gettext('how things stand')} · {where}"
        counts = (news.opened.total, news.overdue.total, news.fixed.total)
        said = (
            tongue.ngettext("%s new finding", "%s new findings", counts[0]),
            tongue.ngettext("%s overdue finding", "%s overdue findings", counts[1]),
            tongue.ngettext("%s fixed finding", "%s fixed findings", counts[2]),
        )
        parts = [text.replace("%s", tongue.number(count)) for text, count in zip(said, counts, strict=True) if count]
        return f"Talaia: {', '.join(parts)} · {where}"

    @staticmethod
    def _lead(tongue: Tongue, news: News, where: str) -> list[str]:
        if news.exploited.total:
            return [where, tongue.gettext(_AT_ONCE)]
        shown = [f"{tongue.number(news.bands[band])} {tongue.word('band', band)}" for band in BANDS if news.bands.get(band)]
        total = sum(news.bands.values())
        stand = tongue.ngettext("%s finding is open", "%s findings are open", total).replace("%s", tongue.number(total))
        lines = [where, f"{stand}: {', '.join(shown)}." if shown else tongue.gettext("No finding is open.")]
        if news.since is None:
            lines.append(
                tongue.gettext("This is the first digest. From now on you read only what changes, and nothing on quiet days.")
            )
        else:
            lines.append(tongue.gettext("What changed since %s.").replace("%s", tongue.minute(news.since)))
        return lines

    def _sections(self, tongue: Tongue, news: News) -> list[Section]:
        opened = N_("New") if news.since is not None else N_("What weighs most")
        sorts = (
            (N_("Known to be exploited"), news.exploited),
            (opened, news.opened),
            (N_("Overdue now"), news.overdue),
            (N_("Fixed, and proved so"), news.fixed),
        )
        return [self._section(tongue, tongue.gettext(heading), listed) for heading, listed in sorts if listed.total]

    def _section(self, tongue: Tongue, heading: str, listed: Listed) -> Section:
        left = listed.total - len(listed.rows)
        more = tongue.ngettext("and one more", "and %s more", left).replace("%s", tongue.number(left)) if left else ""
        counted = f"{heading} ({tongue.number(listed.total)})"
        return Section(counted, [self._line(tongue, row) for row in listed.rows], more)

    def _line(self, tongue: Tongue, row: Row[Any]) -> Line:
        title = clean_text(rule_text(self.rules, row.rule, "title", tongue.language), 300)
        said = [f"{row.rule}, {tongue.word('band', row.band)}", place_of(row)]
        if row.due is not None and row.state == "open":
            said.append(f"{tongue.gettext('Deadline')}: {tongue.day(row.due)}")
        if row.known_exploited:
            said.append(tongue.gettext("Known to be exploited"))
            said += [deadline_short(tongue, row.deadline)] if row.deadline else []
        return Line(title, " · ".join(said), f"{self.base_url}/findings/{row.id}")


def _plain(lead: Sequence[str], sections: Sequence[Section], closing: str) -> str:
    blocks = ["\n".join(lead)]
    for section in sections:
        lines = [f"- {one.title}\n  {one.detail}\n  {one.url}" for one in section.lines]
        blocks.append("\n".join([section.heading, *lines, *([section.more] if section.more else [])]))
    return "\n\n".join([*blocks, closing]) + "\n"
