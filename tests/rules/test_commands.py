"""``python -m rules``: lines in, lines out; checking; the written documentation."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from rules.__main__ import main
from rules.documentation import generated, schema
from rules.lines import LINE_LIMIT_BYTES, exposure_seen_from
from rules.rulebook import our_rules
from scanners import located_yaml
from scanners.observation import Observation, Outcome, Vantage, encode
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from tests.rules.library import rulebook
from tests.rules.rule_text import write

ROOT = Path(__file__).parents[2]


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "rules", *arguments], input=given, capture_output=True, cwd=ROOT, timeout=300, check=False
    )


def line(facts: ServiceFacts | None, outcome: Outcome = Outcome.OBSERVED, vantage: Vantage = Vantage.INTERNAL) -> bytes:
    observation = Observation(
        id="0" * 32,
        zone="office",
        vantage=vantage,
        target=Target(address="192.0.2.7", port=23, name="sw1.example.cat"),
        scanner="service",
        scanner_version="1",
        observed_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
        outcome=outcome,
        facts=facts,
    )
    return encode(observation) + b"\n"


def test_observations_in_verdicts_out() -> None:
    done = run("judge", given=line(ServiceFacts(name="telnet", tls=False)) + b"\n" + line(None, Outcome.TIMEOUT))
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [json.loads(text) for text in done.stdout.splitlines()]
    judged = [rule.id for rule in rulebook().rules_for("service")]
    assert [row["rule"] for row in rows] == judged * 2
    telnet = next(row for row in rows if row["rule"] == "NET-001")
    assert telnet == {
        "rule": "NET-001",
        "result": "fail",
        "severity": "critical",
        "base": 85,
        "confidence": "confirmed",
        "address": "192.0.2.7",
        "port": 23,
        "transport": "tcp",
        "name": "sw1.example.cat",
        "zone": "office",
        "vantage": "internal",
        "scanner": "service",
        "observed_at": "2026-11-23T10:00:00Z",
        "observation": "0" * 32,
        "observed": {"service": "telnet"},
        "expected": {"service": "not telnet"},
        "missing": [],
    }
    assert {row["result"] for row in rows[len(judged) :]} == {"unknown"}
    assert rows[-1]["observed"] == {"outcome": "timeout"}


def test_a_line_that_is_no_observation_is_named_and_the_others_are_judged() -> None:
    long = b'{"id": "' + b"x" * LINE_LIMIT_BYTES + b'"}\n'
    done = run("judge", given=b"{}\n" + long + b"\xff\n" + line(ServiceFacts(name="ssh")))
    assert done.returncode == 1
    said = done.stderr.decode().splitlines()
    assert [text.split(":")[0] for text in said] == [f"line {number} was left out" for number in (1, 2, 3)]
    assert "longer than" in said[1]
    assert len(done.stdout.splitlines()) == len(rulebook().rules_for("service"))


def test_the_profile_and_further_rules_are_chosen(tmp_path: Path) -> None:
    write(tmp_path)
    observed = line(ServiceFacts(name="http")).replace(b'"scanner":"service"', b'"scanner":"http"').replace(
        b'{"name":"http"', b'{"status":200,"cookies":[],"title":"http"'
    )  # fmt: skip
    done = run("judge", "--rules", str(tmp_path), "--profile", "ccn-807-strict", given=observed)
    assert done.returncode == 0, done.stderr
    assert "TST-001" in [json.loads(text)["rule"] for text in done.stdout.splitlines()]
    assert run("judge", "--profile", "lax").returncode == 2


def test_rules_that_cannot_be_used_stop_it_before_the_first_verdict(tmp_path: Path) -> None:
    path = write(tmp_path, ("http.status <", "http.statsu <"))
    done = run("judge", "--rules", str(tmp_path), given=line(ServiceFacts(name="ssh")))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{path}:24: checks.0.when: the fact http.statsu is not known here" in done.stderr.decode()


def test_check_tells_what_is_wrong_with_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = write(tmp_path / "sound")
    assert main(["check", str(sound.parent)]) == 0
    assert f"{len(rulebook().rules) + len(rulebook().disabled) + 1} rules are sound" in capsys.readouterr().out
    broken = write(tmp_path / "broken", ("base: 40", "base: 400"))
    assert main(["check", str(broken.parent)]) == 1
    assert f"{broken}:10: base" in capsys.readouterr().err
    assert main(["check", str(our_rules())]) == 0


def test_the_written_pages_are_fresh() -> None:
    """Run ``python -m rules docs`` after changing a rule or a fact."""
    wanted = generated(rulebook())
    stale = [name for name, text in wanted.items() if (ROOT / "docs" / name).read_text("utf-8") != text]
    assert not stale
    assert {f"rules/{path.name}" for path in (ROOT / "docs/rules").iterdir()} == {name for name in wanted if "rules/" in name}


def test_the_page_names_all_140_rules() -> None:
    page = generated(rulebook())["rules.md"]
    ids = [row["id"] for row in json.loads((Path(__file__).parent / "data/rules_table.json").read_text("utf-8"))]
    assert len(ids) == 140
    assert all(f"| {rule_id} |" in page or f"| [{rule_id}]" in page for rule_id in ids)


def test_docs_check_finds_a_stale_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "--folder", str(tmp_path)]) == 0
    assert main(["docs", "--check", "--folder", str(tmp_path)]) == 0
    (tmp_path / "rules.md").write_text("old")
    assert main(["docs", "--check", "--folder", str(tmp_path)]) == 1
    assert "run python -m rules docs" in capsys.readouterr().err
    assert (tmp_path / "rules.md").read_text() == "old"


def test_the_schema_holds_for_every_rule_and_refuses_others() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    validator.check_schema(json.loads(schema()))
    paths = sorted(our_rules().rglob("*.yaml"))
    assert len(paths) == len(rulebook().rules) + len(rulebook().disabled)
    for path in paths:
        data = located_yaml.read(path).data
        assert not [error.message for error in validator.iter_errors(data)], path
        assert list(validator.iter_errors({**data, "weight": 3}))
        assert list(validator.iter_errors({key: value for key, value in data.items() if key != "rationale"}))


@pytest.mark.parametrize("vantage", list(Vantage))
def test_the_exposure_without_an_inventory(vantage: Vantage) -> None:
    inside = {Vantage.INTERNAL, Vantage.WORKPLACE, Vantage.INDUSTRIAL}
    assert exposure_seen_from(vantage) == ("internal" if vantage in inside else vantage.value)
