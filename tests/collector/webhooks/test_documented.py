"""The examples of ``docs/integrations/events.md`` check a signature as they say."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

PAGE = (Path(__file__).parents[3] / "docs/integrations/events.md").read_text(encoding="utf-8")
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
BODY = '{"type": "finding-opened", "data": {"text": "ç"}}'


def _example(language: str, holding: str) -> str:
    return next(one for one in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if holding in one)


def _headers(at: datetime) -> dict[str, str]:
    signature = Webhook(SECRET).sign("id-1", at, BODY)
    return {"webhook-id": "id-1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": f"v1a,x {signature}"}


def _in_shell(headers: dict[str, str], body: str) -> bool:
    names = {"ID": "webhook-id", "TIMESTAMP": "webhook-timestamp", "SIGNATURE": "webhook-signature"}
    environment = {name: headers[header] for name, header in names.items()} | {"SECRET": SECRET, "PATH": "/usr/bin:/bin"}
    script = _example("sh", "openssl")
    return subprocess.run(["sh", "-c", script], input=body.encode(), env=environment, check=False).returncode == 0


def _in_python(headers: dict[str, str], body: str) -> bool:
    names: dict[str, Any] = {}
    exec(_example("python", "def receive"), names)
    try:
        names["receive"](SECRET, headers, body.encode())
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("check", [_in_shell, _in_python])
def test_the_example_takes_what_is_signed_and_nothing_else(check: Any) -> None:
    now = datetime.now(UTC)
    assert check(_headers(now), BODY)
    assert not check(_headers(now), BODY + " ")
    assert not check(_headers(now - timedelta(minutes=6)), BODY)
    assert not check({**_headers(now), "webhook-id": "id-2"}, BODY)
