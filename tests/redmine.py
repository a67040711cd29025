"""A real Redmine for tests: Debian's, as a copy with a database, accounts and rights of its own, on loopback."""

import base64
import html
import json
import os
import re
import shutil
import sqlite3
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.processes import free_port, running

PERSON, PERSON_PASSWORD = "laia", "the-password-of-laia"
_INSTALLED = Path("/usr/share/redmine")
_DATABASE = Path("/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default")  # as installed: no data of anybody

# The rights of Talaia's account are those that docs/integrations/tickets.md asks an administrator for, and no other.
_SEED = """
Rails.application.config.after_initialize do
  next if User.find_by_login('talaia')
  Setting.rest_api_enabled = '1'
  User.find_by_login('admin').update_columns(must_change_passwd: false)
  trackers, statuses = Tracker.all.to_a, IssueStatus.all.to_a
  field = IssueCustomField.create!(name: 'PostureId', field_format: 'string', is_filter: true, trackers: trackers)
  rights = [:view_issues, :add_issues, :edit_issues, :add_issue_notes, :view_private_notes, :set_notes_private]
  roles = {
    'talaia' => Role.create!(name: 'Talaia', permissions: rights),
    'laia' => Role.create!(name: 'Technician', permissions: rights + [:edit_own_issue_notes], assignable: true)
  }
  reachable = { 'talaia' => ['In Progress', 'Resolved'], 'laia' => statuses.map(&:name) }
  roles.each do |login, role|
    trackers.product([0] + statuses.map(&:id), statuses).each do |tracker, from, to|
      next unless (from == 0 && to.id == tracker.default_status_id) || reachable[login].include?(to.name)
      WorkflowTransition.create!(role: role, tracker: tracker, old_status_id: from, new_status_id: to.id)
    end
  end
  users = roles.keys.to_h do |login|
    user = User.new(firstname: login.capitalize, lastname: 'Test', mail: "#{login}@test.invalid", language: 'ca')
    user.login, user.password = login, 'the-password-of-laia'
    user.save!
    [login, user]
  end
  { 'posture' => 'Posture', 'network' => 'Network' }.each do |identifier, name|
    project = Project.create!(name: name, identifier: identifier, is_public: false, trackers: trackers,
                              enabled_module_names: ['issue_tracking'], issue_custom_fields: [field])
    users.each { |login, user| Member.create!(project: project, principal: user, roles: [roles[login]]) }
  end
  File.write('FOLDER/key', users['talaia'].api_key)
end
"""


class RedmineServer:
    """``url`` is its address, ``key_file`` holds the API key of Talaia's account. ``ask`` acts as somebody who works there."""

    def __init__(self, url: str, key_file: Path, database: Path) -> None:
        self.url, self.key_file, self._database = url, key_file, database

    def ask(self, method: str, path: str, body: dict[str, object] | None = None, *, administrator: bool = False) -> Any:
        """What the REST API answers to a person, or to the administrator; ``None`` when that is nothing."""
        login = "admin:admin" if administrator else f"{PERSON}:{PERSON_PASSWORD}"
        headers = {"authorization": "Basic " + base64.b64encode(login.encode()).decode(), "content-type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", content, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def page(self, path: str) -> str:
        """The page that the person's browser shows."""
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(f"{self.url}/login", timeout=120) as answer:
            token = re.search(r'name="authenticity_token" value="([^"]+)"', answer.read().decode())
        assert token
        form = {"authenticity_token": html.unescape(token[1]), "username": PERSON, "password": PERSON_PASSWORD}
        browser.open(f"{self.url}/login", urllib.parse.urlencode(form).encode(), timeout=120).close()
        with browser.open(f"{self.url}/{path}", timeout=120) as answer:
            return str(answer.read().decode())

    def permit(self, role: int, permissions: list[str]) -> None:
        """The administrator ticks exactly these rights of a role (its REST API cannot)."""
        with closing(sqlite3.connect(self._database, timeout=20)) as database, database:
            stored = "---\n" + "".join(f"- :{permission}\n" for permission in permissions)
            database.execute("UPDATE roles SET permissions = ? WHERE id = ?", (stored, role))


@contextmanager
def redmine(folder: Path) -> Iterator[RedmineServer]:
    """The server while the context lasts. ``folder`` is empty, and every folder above it may be entered by others."""
    home, instance = folder / "redmine", folder / "redmine/instances/default"
    shutil.copytree(_INSTALLED, home, symlinks=True, ignore=shutil.ignore_patterns("instances", "Gemfile.lock"))
    for part in ("config", "files", "log", "tmp", "public"):
        (instance / part).mkdir(parents=True)
    shutil.copy(_DATABASE, folder / "database")
    (instance / "config/secret_key.txt").write_text("0123456789abcdef" * 4)
    (instance / "config/database.yml").write_text(
        f"production:\n  adapter: sqlite3\n  database: {folder}/database\n  timeout: 20000\n"
    )
    (home / "Gemfile").write_text((home / "Gemfile").read_text().replace(str(_INSTALLED), str(home)))
    (home / "Gemfile.local").write_text("gem 'puma'\n")
    (home / "config/initializers/seed.rb").write_text(_SEED.replace("FOLDER", str(folder)))
    user = "www-data" if os.geteuid() == 0 else None
    if user:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user) if not path.is_symlink() else None
    environment = {
        "RAILS_ENV": "production",
        "HOME": str(folder),
        "BUNDLE_GEMFILE": f"{home}/Gemfile",
        "BUNDLER_VERSION": _bundler(),
    }
    port = free_port()
    argv = ["bundle", "exec", "puma", "-b", f"tcp://127.0.0.1:{port}", "-t", "2:4", "--dir", str(home), f"{home}/config.ru"]
    with running(argv, listens=("127.0.0.1", port), log=folder / "log", environment=environment, timeout_seconds=600, user=user):
        yield RedmineServer(f"http://127.0.0.1:{port}", folder / "key", folder / "database")


def _bundler() -> str:
    """The version of Debian's bundler: Ruby may bring another, which does not know Debian's gems."""
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "ruby-bundler"], check=True, capture_output=True, text=True)
    return shown.stdout.partition("-")[0]
