"""What tells others of what happened, put together from the settings: webhooks and mail digests."""

from functools import partial
from zoneinfo import ZoneInfo

from api.digest_text import Writer
from collector.digests import Digests
from collector.mailer import MailServer
from collector.sealing import Seal
from collector.secret_files import read_secret
from collector.webhooks.post import Poster
from collector.webhooks.sender import Sender
from collector.webhooks.subscriptions import Hooks
from talaia.mail_settings import MailText
from talaia.parts import Parts, now


def sender(parts: Parts, seal: Seal, base_url: str) -> Sender:
    """What tells webhooks; they trust the city's own authorities too."""
    written = parts.settings.webhooks
    targets = written.as_targets()
    authorities = tuple(parts.settings.path(path) for path in parts.settings.trusted_authorities)
    poster = Poster(targets, authorities=authorities, clock=now)
    return Sender(
        parts.store,
        Hooks(targets, seal),
        poster,
        base_url=base_url,
        clock=now,
        give_up_after=written.patience,
    )


def digests(parts: Parts, written: MailText, base_url: str) -> Digests:
    """What mails digests, in the words of the dashboard."""
    settings = parts.settings
    secret, timezone = written.password_file, ZoneInfo(written.timezone)
    authorities = tuple(settings.path(path) for path in settings.trusted_authorities)
    password = None if secret is None else partial(read_secret, settings.path(secret))
    server = MailServer(written.host, written.port, written.security, written.username, password, authorities)
    writer = Writer(parts.store, parts.rulebook, written.sender, base_url, parts.city_names, timezone, now)
    recipients = [recipient.as_recipient() for recipient in written.recipients]
    return Digests(parts.store, recipients, writer.compose, server.send, cron=written.cron, timezone=written.timezone, clock=now)
