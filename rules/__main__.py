"""``python -m rules``: judge observations, check rules, write the rule documentation.

Exit status: 0 done; 1 something was left out (judge) or is wrong (check, docs --check); 2 the command or the rules cannot
be used.
"""

import argparse
import sys
from pathlib import Path

from rules.documentation import generated
from rules.lines import judge_lines
from rules.rule import PROFILES
from rules.rulebook import Rulebook, load_rules, our_rules
from scanners.located_yaml import FileError


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except FileError as error:
        sys.stderr.write(f"{error}\nNothing was judged or written: mend the rules named above.\n")
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _judge(chosen: argparse.Namespace) -> int:
    rulebook = _load(chosen.rules, chosen.profile)
    return 1 if judge_lines(rulebook, sys.stdin.buffer, sys.stdout.buffer) else 0


def _check(chosen: argparse.Namespace) -> int:
    try:
        rulebooks = [_load(chosen.folders, profile) for profile in PROFILES]
    except FileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    rules = {**rulebooks[0].rules, **rulebooks[0].disabled}
    examples = sum(len(rule.examples) for rule in rules.values())
    sys.stdout.write(f"{len(rules)} rules are sound; their {examples} examples give what they say.\n")
    return 0


def _docs(chosen: argparse.Namespace) -> int:
    stale = 0
    for name, text in generated(_load([], PROFILES[0])).items():
        path = chosen.folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if chosen.check:
            sys.stderr.write(f"{path} is not what the rules say now: run python -m rules docs\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")
    return 1 if stale and chosen.check else 0


def _load(folders: list[Path], profile: str) -> Rulebook:
    """Our rules and those of ``folders``; a folder inside ours is not loaded twice."""
    ours = our_rules().resolve()
    return load_rules([ours, *(folder for folder in folders if not folder.resolve().is_relative_to(ours))], profile=profile)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rules", description="Judge what the scanners saw.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    judge = commands.add_parser("judge", help="read observations as JSON lines on standard input, print verdicts as JSON lines")
    judge.add_argument("--profile", choices=PROFILES, default=PROFILES[0], help="which cryptography is asked for")
    judge.add_argument("--rules", type=Path, action="append", default=[], metavar="FOLDER", help="a folder of further rules")
    judge.set_defaults(run=_judge)
    check = commands.add_parser("check", help="check our rules and those of the folders, and prove their examples")
    check.add_argument("folders", type=Path, nargs="*", metavar="FOLDER")
    check.set_defaults(run=_check)
    docs = commands.add_parser("docs", help="write docs/rules.md, docs/rules and docs/schemas/rule.json")
    docs.add_argument("--check", action="store_true", help="write nothing; say whether they are fresh")
    docs.add_argument("--folder", type=Path, default=Path("docs"), help="the documentation folder (docs)")
    docs.set_defaults(run=_docs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
