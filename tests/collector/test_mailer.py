"""Mail is handed to a real server over a checked connection, or not at all."""

from base64 import b64encode
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from collector.mailer import MailFailed, MailServer, Security
from collector.secret_files import SecretError
from talaia.demo.certificates import Authority, Wish
from tests.collector.mail_server import PASSWORD, USER, mail_server


def _message() -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Què hi ha", "talaia@vilamar.example", "desk@vilamar.example"
    message.set_content("text")
    return message


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, datetime.now(UTC))


def _server(port: int, authority: Authority, security: Security = Security.STARTTLS, password: str = PASSWORD) -> MailServer:
    login = (None, None) if security is Security.TLS else (USER, lambda: password)
    return MailServer("127.0.0.1", port, security, *login, authorities=(authority.path,), timeout_seconds=10)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_encrypted_and_taken(authority: Authority, security: Security) -> None:
    certificate = authority.issue("mail", Wish(("127.0.0.1",)))
    with mail_server(certificate, implicit=security is Security.TLS) as box:
        _server(box.port, authority, security).send(_message())
        assert (box.recipients, box.encrypted) == ([["desk@vilamar.example"]], [True])
        assert box.taken[0]["Subject"] == "Què hi ha"


def test_another_name_on_the_certificate_a_wrong_password_and_a_refusal_are_failures(authority: Authority) -> None:
    with mail_server(authority.issue("other", Wish(("mail.other.example",)))) as box:
        with pytest.raises(MailFailed, match="certificate"):
            _server(box.port, authority).send(_message())
        assert box.taken == []
    with mail_server(authority.issue("mail", Wish(("127.0.0.1",)))) as box:
        with pytest.raises(MailFailed) as failed:
            _server(box.port, authority, password="another").send(_message())
        assert "another" not in str(failed.value)
        box.answers = ["451 later"]
        with pytest.raises(MailFailed, match="451"):
            _server(box.port, authority).send(_message())
        assert box.taken == []


def test_a_server_that_repeats_the_password_in_its_refusal_is_not_quoted(authority: Authority) -> None:
    """M8: as it is, and as the login sends it."""
    sent = "\0talaia\0a password of Vilamar's"
    with mail_server(authority.issue("mail", Wish(("127.0.0.1",)))) as box:
        box.answers = [f"550 {sent[8:]} is no password, nor is {b64encode(sent.encode()).decode()}, talaia"]
        box.password = sent[8:]
        with pytest.raises(MailFailed, match="550 … is no password, nor is …, talaia") as failed:
            _server(box.port, authority, password=sent[8:]).send(_message())
        assert "Vilamar" not in str(failed.value)


def test_a_server_without_starttls_is_told_nothing(authority: Authority) -> None:
    with mail_server() as box:
        with pytest.raises(MailFailed, match="STARTTLS"):
            _server(box.port, authority).send(_message())
        assert box.taken == []
        MailServer("127.0.0.1", box.port, Security.NONE).send(_message())
        assert box.encrypted == [False]


def test_a_secret_that_cannot_be_read_and_a_server_that_is_away(authority: Authority) -> None:
    def missing() -> str:
        raise SecretError("the secret in /nowhere cannot be read")

    with mail_server(authority.issue("mail", Wish(("127.0.0.1",)))) as box:
        server = MailServer("127.0.0.1", box.port, Security.STARTTLS, USER, missing, (authority.path,))
        with pytest.raises(MailFailed, match="nowhere"):
            server.send(_message())
        port = box.port
    with pytest.raises(MailFailed, match="ConnectionRefusedError"):
        _server(port, authority).send(_message())
