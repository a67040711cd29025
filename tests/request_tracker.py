"""A real Request Tracker 5 for tests: Debian's, with a database and settings of its own, on loopback."""

import base64
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import free_port, running

PERSON, PERSON_PASSWORD = "laia", "the-password-of-laia"

_DATA = """
@Queues = ({ Name => 'Posture' }, { Name => 'Network' });
@Users = (map {
  +{ Name => $_, Privileged => 1, Disabled => 0, EmailAddress => "$_\\@test.invalid", Password => 'the-password-of-laia' }
} qw(talaia laia));
@CustomFields = ({
  Name => 'PostureId', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => ['Posture', 'Network'] });
my @rights = qw(SeeQueue ShowTicket ShowTicketComments CreateTicket CommentOnTicket
  ModifyTicket OwnTicket SeeCustomField ModifyCustomField);
@ACL = map {
  my $q = $_; map { my $u = $_; map { +{ UserId => $u, Queue => $q, Right => $_ } } @rights } qw(talaia laia)
} qw(Posture Network);
push @Final, sub {
  my $user = RT::User->new(RT->SystemUser);
  $user->Load('talaia');
  my ($ok, $said, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->Id, Description => 'tests');
  die $said unless $ok;
  open my $file, '>', 'FOLDER/token' or die $!;
  print $file $token;
  close $file;
};
1;
"""


class RequestTrackerServer:
    """``url`` is its address, ``token_file`` holds the token of Talaia's account. ``person`` acts as somebody who works there."""

    def __init__(self, url: str, token_file: Path) -> None:
        self.url, self.token_file = url, token_file

    def person(self, ticket: str, changes: dict[str, object]) -> Any:
        """What ``PUT /ticket/:id`` answers to a person."""
        return self.ask("PUT", f"ticket/{ticket}", changes)

    def ask(self, method: str, path: str, body: dict[str, object] | None = None, *, administrator: bool = False) -> Any:
        """What REST2 answers to a person, or to the administrator."""
        login = "root:password" if administrator else f"{PERSON}:{PERSON_PASSWORD}"
        headers = {"authorization": "Basic " + base64.b64encode(login.encode()).decode(), "content-type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/REST/2.0/{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def request_tracker(folder: Path) -> Iterator[RequestTrackerServer]:
    """The server while the context lasts. ``folder`` is empty, and every folder above it may be entered by others."""
    port = free_port()
    settings = {
        "rtname": "test", "Organization": "test", "DatabaseType": "SQLite", "DatabaseName": f"{folder}/rtdb", "WebPath": "",
        "WebDomain": "127.0.0.1", "WebPort": str(port), "WebBaseURL": f"http://127.0.0.1:{port}", "MailCommand": "testfile",
        "BcryptCost": "4", "LogToSyslog": "", "LogToSTDERR": "error", "Timezone": "America/New_York",
    }  # fmt: skip
    (folder / "settings.pm").write_text("\n".join(f"Set(${name}, '{value}');" for name, value in settings.items()) + "\n1;\n")
    (folder / "data").write_text(_DATA.replace("FOLDER", str(folder)))
    (folder / "parts").mkdir()
    user = "www-data" if os.geteuid() == 0 else None
    if user:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user)
    environment = {"RT_SITE_CONFIG": f"{folder}/settings.pm", "RT_SITE_CONFIG_DIR": f"{folder}/parts", "HOME": str(folder)}
    for action in (["--action", "init"], ["--action", "insert", "--datafile", f"{folder}/data"]):
        subprocess.run(
            ["/usr/sbin/rt-setup-database-5", "--skip-create", *action],
            env={**os.environ, **environment}, user=user, check=True, capture_output=True, timeout=600, cwd=folder,
        )  # fmt: skip
    argv = ["/usr/share/request-tracker5/libexec/rt-server", "--port", str(port), "--host", "127.0.0.1"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "log", environment=environment, timeout_seconds=300, user=user):
        yield RequestTrackerServer(f"http://127.0.0.1:{port}", folder / "token")
