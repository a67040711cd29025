"""The settings of mail: the city's server, when, and who reads digests of what."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from collector.digests import Recipient
from collector.mailer import Security

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _time(text: str) -> str:
    datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of the clock, of no day
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, LookupError, ValueError) as error:
        raise ValueError(f"{text!r} is not a time zone") from error
    return text


Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$")]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecipientText(_Written):
    """``department`` is an id of the catalogue; without one, the digest is of the whole city."""

    address: Address
    department: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    language: Literal["ca", "es", "en"] = "ca"
    at_once: bool = Field(default=True, description="told of what is known to be exploited without waiting for the digest")

    def as_recipient(self) -> Recipient:
        return Recipient(self.address, self.department, self.language, self.at_once)


class MailText(_Written):
    """``security: none`` is for a server on this very machine. ``at`` is on the clock of ``timezone``."""

    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=587, ge=1, le=65535)
    security: Security = Security.STARTTLS
    username: str | None = None
    password_file: Path | None = None
    sender: Address
    at: Annotated[str, AfterValidator(_time)] = "07:30"
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Madrid"
    recipients: tuple[RecipientText, ...] = Field(min_length=1)

    @property
    def cron(self) -> str:
        hour, minute = self.at.split(":")
        return f"{int(minute)} {int(hour)} * * *"

    @model_validator(mode="after")
    def _nothing_in_clear(self) -> "MailText":
        if bool(self.username) != bool(self.password_file):
            raise ValueError("mail: username and password_file belong together")
        if self.security is Security.NONE and (self.host not in _LOOPBACK or self.username):
            raise ValueError("mail: without encryption only a server on this machine is used, and no password is sent")
        keys = [recipient.as_recipient().key for recipient in self.recipients]
        if len(set(keys)) < len(keys):
            raise ValueError("mail: the same recipient is written twice for the same department")
        return self
