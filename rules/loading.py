"""Reading folders of rules: each file checked on its own, all of them together, and every problem told at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rules.cel_engine import CompileError
from rules.compiling import Place, ReadCheck, read_check, ready
from rules.examples import example_problems
from rules.parameters import ParameterError, check_value, values_of
from rules.rule import LANGUAGES, PROFILES, Rule
from scanners import located_yaml
from scanners.located_yaml import Document, FileError

RULES_LIMIT = 10_000


class RuleErrors(FileError):
    """Every problem of every rule file. ``errors`` are those of each file; the text has a line a problem."""

    def __init__(self, errors: Sequence[FileError]) -> None:
        self.errors = tuple(errors)
        super().__init__(errors[0].source, [problem for error in errors for problem in error.problems])
        self.args = ("\n".join(str(error) for error in errors),)

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass
class _File:
    document: Document
    rule: Rule
    checks: list[ReadCheck]


def read_rules(folders: Sequence[Path], profile: str) -> tuple[list[ReadCheck], list[Rule]]:
    """The checks of the rules that ``profile`` enables, and the rules it disables. Raises :class:`RuleErrors`."""
    errors: list[FileError] = []
    files: list[_File] = []
    if profile not in PROFILES:
        errors.append(FileError("profile", [(0, f"{profile!r} is no profile (there are: {', '.join(PROFILES)})")]))
    for folder in folders:
        if not folder.is_dir():
            errors.append(FileError(str(folder), [(0, "is no folder of rules")]))
    for path in list(_paths(folders))[:RULES_LIMIT]:
        try:
            files.append(_read_file(path))
        except FileError as error:
            errors.append(error)
    errors += _clashes(files)
    if errors:
        raise RuleErrors(errors)
    on = [file for file in files if file.rule.enabled(profile)]
    return [check for file in on for check in file.checks], [file.rule for file in files if not file.rule.enabled(profile)]


def _paths(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*.yaml") if path.is_file())


def _read_file(path: Path) -> _File:
    document = located_yaml.read(path)
    rule = located_yaml.validated(document, Rule)
    checks: list[ReadCheck] = []
    problems: list[tuple[Place, str]] = _named_for_its_file(rule, path) + _settings(rule)
    if not problems:
        for index, check in enumerate(rule.checks):
            read_, found = read_check(rule, check, ("checks", index))
            problems += found
            if read_:
                checks.append(read_)
    if not problems:
        problems = _compiles(checks) or example_problems(rule, checks)
    if problems:
        raise FileError(document.source, sorted((document.line(place), said) for place, said in problems))
    return _File(document, rule, checks)


def _named_for_its_file(rule: Rule, path: Path) -> list[tuple[Place, str]]:
    problems: list[tuple[Place, str]] = []
    if path.stem != rule.id:
        problems.append((("id",), f"id: {rule.id} stands in a file named {path.name}; name it {rule.id}.yaml"))
    seen: set[str] = set()
    for index, check in enumerate(rule.checks):
        if check.judges in seen:
            problems.append((("checks", index), f"checks.{index}: {check.judges} facts are judged by an earlier check already"))
        seen.add(check.judges)
    return problems


def _settings(rule: Rule) -> list[tuple[Place, str]]:
    """Parameters whose values are of another type, profiles that there are not."""
    problems: list[tuple[Place, str]] = []
    given = [(("parameters", name, "default"), name, item.default) for name, item in rule.parameters.items()]
    for profile, setting in rule.profiles.items():
        if profile not in PROFILES:
            problems.append((("profiles", profile), f"profiles.{profile}: is no profile (there are: {', '.join(PROFILES)})"))
        given += [(("profiles", profile, "parameters", name), name, value) for name, value in setting.parameters.items()]  # type: ignore[misc]
    for place, name, value in given:
        try:
            check_value(rule, name, value)
        except ParameterError as error:
            problems.append((place, str(error)))
    return problems


def _compiles(checks: Sequence[ReadCheck]) -> list[tuple[Place, str]]:
    problems: list[tuple[Place, str]] = []
    for index, check in enumerate(checks):
        for profile in PROFILES:
            try:
                ready(check, values_of(check.rule, profile, {}))
            except CompileError as error:
                problems.append((("checks", index), f"checks.{index}: with the parameters of {profile}: {error}"))
    return problems


def _clashes(files: Sequence[_File]) -> list[FileError]:
    """Ids, UUIDs and titles that two rules share."""
    taken: dict[tuple[str, str], _File] = {}
    errors: list[FileError] = []
    for file in files:
        names: Mapping[tuple[str, str], Place] = {
            ("id", file.rule.id): ("id",),
            ("uuid", file.rule.uuid): ("uuid",),
            **{(f"title in {lang}", file.rule.title[lang].casefold()): ("title", lang) for lang in LANGUAGES},  # type: ignore[literal-required]
        }
        problems = []
        for name, place in names.items():
            other = taken.setdefault(name, file)
            if other is not file:
                problems.append((file.document.line(place), f"the {name[0]} is that of {other.document.source} already"))
        if problems:
            errors.append(FileError(file.document.source, problems))
    return errors
