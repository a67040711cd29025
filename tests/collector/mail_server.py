"""A real mail server on loopback (aiosmtpd) that keeps what it takes: with STARTTLS, TLS from the first byte, or neither."""

import email
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.processes import free_port

USER, PASSWORD = "talaia", "a password of the tests"


@dataclass
class Box:
    """``answers`` are what it says after DATA, in turn; then always 250."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    password: str = PASSWORD

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's own name
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
            self.recipients.append(envelope.rcpt_tos)
            self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return answer

    def login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), self.password.encode())
        return AuthResult(success=good)


@contextmanager
def mail_server(certificate: Path | None = None, *, implicit: bool = False) -> Iterator[Box]:
    """``certificate`` (PEM with its key): STARTTLS and a login are asked for; ``implicit``: TLS from the first byte."""
    box, more, context = Box(port=free_port()), {}, None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    if context is not None and not implicit:
        more = {"tls_context": context, "require_starttls": True, "authenticator": box.login, "auth_required": True}
    controller = Controller(box, hostname="127.0.0.1", port=box.port, ssl_context=context if implicit else None, **more)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
