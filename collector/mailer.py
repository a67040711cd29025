"""Hands mails to the city's own server (RFC 5321, RFC 6409): encrypted and its certificate checked, or not at all."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path

from collector.secret_files import SecretError, without_secrets
from scanners.clean_text import clean_text


class MailFailed(Exception):
    """The server surely has not taken the mail; the message says why and holds no secret."""


class Security(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"  # for a server on this very machine


@dataclass(frozen=True)
class MailServer:
    """``password`` reads the secret at each use; ``authorities`` are PEM files trusted besides the machine's own."""

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str | None = None
    password: Callable[[], str] | None = None
    authorities: tuple[Path, ...] = ()
    timeout_seconds: float = 30.0

    def send(self, message: EmailMessage) -> None:
        """Raises :class:`MailFailed`. A server that offers no STARTTLS is told nothing: there is no way back to clear text."""
        password = None
        try:
            with self._open() as server:
                if self.security is Security.STARTTLS:
                    server.starttls(context=self._context())
                if self.username is not None and self.password is not None:
                    password = self.password()
                    server.login(self.username, password)
                server.send_message(message)
        except (smtplib.SMTPException, OSError, SecretError) as error:
            said = without_secrets(_said(error), [password or ""], self.username or "")
            raise MailFailed(f"{type(error).__name__}: {clean_text(said, 250)}") from error

    def _open(self) -> smtplib.SMTP:
        if self.security is Security.TLS:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=self._context())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for path in self.authorities:
            context.load_verify_locations(cafile=str(path))
        return context


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return f"{error.smtp_code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
    return str(error)
