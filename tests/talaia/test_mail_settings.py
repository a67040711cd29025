"""What the settings of mail refuse, and what they become."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.digests import Recipient
from talaia.mail_settings import MailText
from talaia.parts import Parts
from talaia.settings import Settings
from talaia.telling import digests

MAIL: dict[str, Any] = {
    "host": "mail.vilamar.example",
    "username": "talaia",
    "password_file": "mail.secret",
    "sender": "talaia@vilamar.example",
    "recipients": [{"address": "desk@vilamar.example", "department": "citizens", "language": "es"}],
}


def test_a_digest_is_made_of_the_settings(tmp_path: Path) -> None:
    written = MailText.model_validate({**MAIL, "at": "06:05"})
    assert written.cron == "5 6 * * *"
    assert [one.as_recipient() for one in written.recipients] == [Recipient("desk@vilamar.example", "citizens", "es")]
    settings = Settings(mail=written, catalogue=None, source=tmp_path / "talaia.yaml")
    assert digests(Parts(settings), written, "http://127.0.0.1:8600").round() == 0  # nothing is due: no server is asked


@pytest.mark.parametrize(
    "change",
    [
        {"at": "25:00"},
        {"timezone": "Europe/Nowhere"},
        {"password_file": None},
        {"security": "none"},
        {"security": "none", "username": None, "password_file": None},
        {"security": "none", "host": "127.0.0.1"},
        {"sender": "talaia@vilamar.example\r\nBcc: x@y"},
        {"recipients": []},
        {"recipients": [{"address": "nobody"}]},
        {"recipients": [{"address": "a@b.example"}, {"address": "a@b.example", "language": "es"}]},
        {"recipients": [{"address": "a@b.example", "language": "fr"}]},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MailText.model_validate({**MAIL, **change})
