"""A small sound rule as text, for tests that break it."""

from pathlib import Path

RULE = """\
id: TST-001
uuid: 11111111-2222-5333-8444-555555555555
title:
  ca: Prova de cookie
  es: Prueba de cookie
  en: Test of a cookie
rationale: {ca: Per què, es: Por qué, en: Why}
remediation: {ca: Com, es: Cómo, en: How}
severity: medium
base: 40
parameters:
  days: {type: int, default: 30, about: Days}
profiles:
  ccn-807-strict: {parameters: {days: 60}}
mappings:
  ens: [mp.com.3]
  ccn_stic: [{id: "807"}]
  cis_v8_1: ["3.10"]
  nis2_21_2: [h]
  iso_27001_2022: [A.8.24]
  cwe: [CWE-298]
checks:
  - judges: http
    when: http.status < param.days * 20
    expect: http.cookies.all(c, c.secure)
    observed:
      names: http.cookies.filter(c, !c.secure).map(c, c.name)
    expected:
      names: []
examples:
  - {name: none, result: pass, facts: {status: 200, cookies: []}}
  - name: bare
    result: fail
    facts: {status: 200, cookies: [{name: a, secure: false, http_only: true, same_site: "", session: true}]}
  - {name: error page, result: not_applicable, facts: {status: 600, cookies: []}}
  - {name: missing, result: unknown, facts: {status: 200}}
"""


def write(folder: Path, *changes: tuple[str, str], name: str = "TST-001.yaml") -> Path:
    """Write the rule into ``folder`` with each first text of ``changes``, which must be there, replaced by the second."""
    text = RULE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
