"""The command line as its users meet it: real processes, real files, real exit codes."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanners.zone import load_zones, zone_schema
from talaia.settings import load_settings
from tests.processes import free_port

TALAIA = (sys.executable, "-m", "talaia")


def talaia(
    *arguments: str, cwd: Path, code: int = 0, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    argv = [*TALAIA, *arguments]
    done = subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **(environment or {})}
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def zones(port: int, *, extra: str = "") -> str:
    return (
        "zones:\n  - id: own\n    networks: [127.77.200.1]\n    authorised_by: the tests\n    valid_from: 2026-01-01\n"
        f"    valid_until: 2099-12-31\n    ports: [{port}]\n    udp_ports: '161'\n{extra}"
    )


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """What ``init`` writes, with a zone of one loopback address where nothing listens."""
    talaia("init", cwd=tmp_path)
    (tmp_path / "zones.yaml").write_text(zones(free_port("127.0.0.1")))
    return tmp_path


def test_init_writes_files_that_check_accepts(tmp_path: Path) -> None:
    done = talaia("init", "new/city", cwd=tmp_path)
    assert "talaia check" in done.stderr
    folder = tmp_path / "new" / "city"
    checked = talaia("check", cwd=folder)
    assert "1 zones" in checked.stderr
    again = talaia("init", ".", cwd=folder, code=1)
    assert "nothing was written" in again.stderr


@pytest.mark.parametrize(
    ("name", "text", "place", "says"),
    [
        ("zones.yaml", "zones:\n  - id: dmz\n    networks: [010.0.0.1]\n", "zones.yaml:3", "not an IP address"),
        ("zones.yaml", "zones: [\n", "zones.yaml:", "not valid YAML"),
        ("zones.yaml", "zones:\n  - id: a\n    prots: 1\n", "zones.yaml:3", "prots"),
        (
            "catalogue.yaml",
            "city:\n  name: {ca: V, es: V, en: V}\nservices:\n  web: {departament: x}\n",
            "catalogue.yaml:4",
            "departament",
        ),
        ("talaia.yaml", "zonas: zones.yaml\n", "talaia.yaml:1", "zonas"),
        ("talaia.yaml", "rules: {profile: strictest}\n", "", "strictest"),
        ("talaia.yaml", "schedules: [{id: x, zone: nowhere, cron: '0 2 * * *'}]\n", "talaia.yaml", "nowhere"),
        ("talaia.yaml", "elasticsearch: {hosts: ['https://user:secret@es:9200']}\n", "talaia.yaml:1", "password"),
        ("talaia.yaml", "elasticsearch: {hosts: ['user:secret@es:9200']}\n", "talaia.yaml:1", "password"),
        ("talaia.yaml", "database: !secret x\n", "talaia.yaml:1", "tags"),
    ],
)
def test_check_names_file_and_line(city: Path, name: str, text: str, place: str, says: str) -> None:
    (city / name).write_text(text)
    done = talaia("check", cwd=city, code=1)
    assert place in done.stderr
    assert says in done.stderr
    assert "secret" not in done.stderr.replace("client_secret", "")
    assert not (city / "talaia.db").exists()


def test_a_custom_rule_with_a_mistake_stops_everything(city: Path) -> None:
    (city / "own").mkdir()
    (city / "own" / "CITY-001.yaml").write_text("id: CITY-001\nexpect: tls.versoins.size() > 0\n")
    (city / "talaia.yaml").write_text("rules: {folders: [own]}\n")
    assert "CITY-001.yaml:" in talaia("check", cwd=city, code=1).stderr
    assert "CITY-001.yaml:" in talaia("scan", cwd=city, code=1).stderr


def test_parameters_are_checked_against_the_rules(city: Path) -> None:
    (city / "zones.yaml").write_text(zones(8080, extra="    parameters: {CERT-002: {dais: 45}}\n"))
    assert "dais" in talaia("check", cwd=city, code=1).stderr


def test_no_settings_file_is_said_plainly(tmp_path: Path) -> None:
    done = talaia("findings", cwd=tmp_path, code=1)
    assert "talaia init" in done.stderr


@pytest.mark.parametrize(
    "target", ["192.0.2.1", "127.0.0.1", "010.0.0.1", "0x7f000001", "::ffff:127.77.200.1", "sede.example", "127.77.200.1.", "-oN"]
)
def test_scan_refuses_what_no_zone_names(city: Path, target: str) -> None:
    done = talaia("scan", "--", target, cwd=city, code=3)
    assert done.stderr.startswith("talaia: ")


def test_a_scan_of_nothing_is_a_scan(city: Path) -> None:
    done = talaia("scan", "--json", cwd=city)
    assert json.loads(done.stdout)["state"] == "finished"
    assert talaia("scans", "--json", cwd=city).stdout.count("\n") == 1
    assert oct((city / "talaia.db").stat().st_mode & 0o777) == "0o600"


def test_the_stop_button(city: Path) -> None:
    talaia("stop", "network works", cwd=city)
    done = talaia("scan", cwd=city, code=4)
    assert "network works" in done.stderr
    talaia("stop", "--release", cwd=city)
    talaia("scan", cwd=city)


def test_tokens_are_shown_once_and_can_be_revoked(city: Path) -> None:
    made = talaia("token", "desk", "--role", "viewer", "--days", "3", cwd=city)
    secret = made.stdout.strip()
    assert secret.startswith("talaia_")
    listed = talaia("token", "--json", cwd=city).stdout
    assert json.loads(listed)["name"] == "desk"
    assert secret not in listed
    talaia("token", "desk", cwd=city, code=2)
    talaia("token", "--revoke", "desk", cwd=city)
    talaia("token", "--revoke", "desk", cwd=city, code=7)


def test_rules_in_three_languages(city: Path) -> None:
    titles = {
        language: json.loads(talaia("rules", "TLS-002", "--json", cwd=city).stdout)["title"][language]
        for language in ("ca", "es", "en")
    }
    assert len(set(titles.values())) == 3
    for language, title in titles.items():
        assert title in talaia("rules", "TLS-002", "--language", language, cwd=city).stdout
    talaia("rules", "TLS-999", cwd=city, code=7)


def test_export_writes_a_spreadsheet_and_templates(city: Path) -> None:
    talaia("scan", cwd=city)
    rows = list(csv.reader(io.StringIO(talaia("export", "findings-csv", cwd=city).stdout)))
    assert rows[0][:3] == ["rule", "title", "state"]
    assert "logs-posture.inventory" in talaia("export", "elasticsearch-templates", cwd=city).stdout
    rows = list(csv.DictReader(io.StringIO(talaia("export", "findings", "--state", "open", cwd=city).stdout)))
    found = [json.loads(line)["id"] for line in talaia("findings", "--json", cwd=city).stdout.splitlines()]
    assert [row["id"] for row in rows] == found
    (run,) = json.loads(talaia("export", "findings", "--format", "sarif", cwd=city).stdout)["runs"]
    assert {result["guid"] for result in run["results"]} >= set(found)
    talaia("export", "findings", "--format", "none", cwd=city, code=2)
    assert "shows a CVE" in talaia("export", "findings", "--format", "csaf", "--rule", "TLS-001", cwd=city, code=7).stderr
    assert "mp.com.2" in talaia("export", "ens-catalog", cwd=city).stdout


def test_an_empty_store_says_what_to_do_next(city: Path) -> None:
    assert "talaia scan" in talaia("assets", cwd=city).stderr
    assert "unknown" in talaia("risk", cwd=city).stdout
    assert talaia("findings", "--json", cwd=city).stdout == ""


def test_a_database_that_cannot_be_used(city: Path) -> None:
    done = talaia("findings", cwd=city, code=5, environment={"TALAIA_DATABASE": "postgresql://127.0.0.1:1/none"})
    assert "database" in done.stderr
    wrong = ("mysql://u:a-secret@h/x", "sqlite://u:a-secret@h/x.db", "u:a-secret@h/x", "postgresql://u:a-secret@h:port/x")
    for address, command in zip(wrong, ("findings", "tickets", "incident-report 0000", "ticket-text 0000"), strict=True):
        said = talaia(*command.split(), cwd=city, code=5, environment={"TALAIA_DATABASE": address}).stderr
        assert "database" in said
        assert "a-secret" not in said
    (city / "talaia.db").write_bytes(b"this is no database" * 100)
    assert talaia("findings", cwd=city, code=5).stderr


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    shown = talaia("--help", cwd=tmp_path).stdout
    for word in (
        "init",
        "check",
        "scan",
        "serve",
        "findings",
        "assets",
        "risk",
        "rules",
        "export",
        "token",
        "verdicts",
        "stop",
        "Exit codes",
    ):
        assert word in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(tmp_path: Path, shell: str) -> None:
    shown = talaia("--show-completion", shell, cwd=tmp_path).stdout
    assert "talaia" in shown or "_TALAIA_COMPLETE" in shown


def test_the_examples_for_a_real_city_are_in_order() -> None:
    example = Path(__file__).parent.parent.parent / "deploy" / "example"
    settings = load_settings(example / "talaia.yaml")
    assert {schedule.zone for schedule in settings.schedules} == {zone.id for zone in load_zones(example / "zones.yaml")}


def test_the_published_zone_schema_is_fresh() -> None:
    published = Path(__file__).parent.parent.parent / "docs" / "schemas" / "zones.json"
    assert json.loads(published.read_text()) == zone_schema()


def test_import_tries_takes_and_refuses(city: Path) -> None:
    port = '<port protocol="tcp" portid="80"><state state="open"/></port>'
    host = f'<host endtime="1780000000"><address addr="127.77.200.1" addrtype="ipv4"/><ports>{port}</ports></host>'
    report = f'<nmaprun version="7.93" start="1780000000">{host}<runstats><finished time="1780000000"/></runstats></nmaprun>'
    (city / "scan.xml").write_text(report)
    words = ("import", "scan.xml", "--format", "nmap", "--zone", "own")
    assert "1 open ports taken" in talaia(*words, "--dry-run", cwd=city).stderr
    assert "1 open ports taken" in talaia(*words, cwd=city).stderr
    assert "1 known already" in talaia(*words, cwd=city).stderr
    (city / "scan.xml").write_text(report[:-30])
    assert "scan.xml:1" in talaia(*words, cwd=city, code=1).stderr
    talaia("import", "scan.xml", "--format", "nmap", "--zone", "none", cwd=city, code=7)


def test_results_of_another_scanner_are_imported(city: Path) -> None:
    line = {"template-id": "git-config", "info": {"name": "Git", "severity": "medium"}, "ip": "127.77.200.1", "port": "443"}
    (city / "found.jsonl").write_text(json.dumps({**line, "timestamp": "2026-11-20T10:00:00.5Z"}) + "\n")
    words = ("import", "found.jsonl", "--format", "nuclei", "--zone", "own")
    assert "1 results stand" in talaia(*words, "--dry-run", cwd=city).stderr
    assert "EXT-003" not in talaia("findings", cwd=city).stdout
    assert "1 results stand, 0 are gone" in talaia(*words, cwd=city).stderr
    assert "EXT-003" in talaia("findings", cwd=city).stdout
    (city / "found.jsonl").write_text('{"template-id": 1}\n')
    assert "found.jsonl:1" in talaia(*words, cwd=city, code=1).stderr


def test_an_inventory_is_imported_with_a_mapping(city: Path) -> None:
    (city / "mapping.yaml").write_text("source: register\ncolumns: {id: Number, addresses: IP}\n")
    (city / "inventory.csv").write_text("Number;IP\n1;127.0.2.1\n2;192.0.2.1\n")
    words = ("import", "inventory.csv", "--format", "csv", "--mapping", "mapping.yaml")
    tried = talaia(*words, "--dry-run", cwd=city).stderr
    assert "Nothing was changed" in tried
    assert "added: 1, 2" in tried
    assert "2 assets added" in talaia(*words, cwd=city).stderr
    assert "2 as they were" in talaia(*words, cwd=city).stderr
    (city / "inventory.csv").write_text("Number;IP\n1;192.0.2\n")
    assert "inventory.csv:2" in talaia(*words, cwd=city, code=1).stderr
    talaia("import", "inventory.csv", "--format", "csv", cwd=city, code=2)
    talaia("import", "inventory.csv", "--format", "nmap", cwd=city, code=2)
