"""The house itself: imports point one way, files stay small, nothing hides behind an empty name, the texts agree."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("scanners", "rules", "collector", "api", "talaia")  # each may import itself and what stands before it
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
EMPTY_NAMES = {"core", "common", "utils", "util", "helpers", "helper", "manager", "base", "misc"}


def imported_rooms(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    wrong = {
        str(path.relative_to(ROOT)): sorted(imported_rooms(path) - allowed)
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == room and imported_rooms(path) - allowed
    }
    assert not wrong


def test_no_file_is_long() -> None:
    ours = [path for path in SOURCES if "migrations" not in path.parts]  # lists of tables, written by Alembic
    long = {str(path.relative_to(ROOT)): lines for path in ours if (lines := len(path.read_text().splitlines())) > 400}
    assert not long


def test_no_function_is_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > 50
        and "migrations" not in path.parts  # a list of tables, written by Alembic
    ]
    assert not long


def test_names_say_something() -> None:
    assert not [path for path in SOURCES if EMPTY_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)]


def test_scapy_and_nmap_stay_in_their_own_processes() -> None:
    """Their licences and rights end at a process border (docs/licences.md)."""
    border = {"scapy": "scanners/raw", "nmap": "scanners/nmap"}
    for path in SOURCES:
        place = str(path.relative_to(ROOT))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0}
        for package, folder in border.items():
            if any(name.split(".")[0] == package for name in names):
                assert place.startswith(folder), f"{place} imports {package}"


def test_nothing_happens_at_import() -> None:
    """Importing every module opens no socket, reads no clock-dependent settings and starts no thread and no other program."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
        if path.name != "__main__.py" and "migrations" not in path.parts and "raw" not in path.parts
    ]
    program = (
        "import sys, socket, threading, importlib\n"
        "def refuse(*a, **k): raise AssertionError('a socket at import')\n"
        "socket.socket.connect = refuse; socket.socket.bind = refuse\n"
        "def heard(what, how):\n"
        "    assert what not in ('subprocess.Popen', 'os.posix_spawn', 'os.exec', 'os.fork', 'os.system'), how\n"
        "sys.addaudithook(heard)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_scanner_has_its_test() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "scanners").glob("test_*.py"))
    scanners = importlib.import_module("scanners.scanner").scanners_by_name()
    assert scanners
    modules = {name: type(scanner).__module__ for name, scanner in scanners.items()}
    assert not [name for name, module in modules.items() if f"from {module} import" not in tests and f"{name}." not in tests]


def test_package_list_is_sorted_and_unique() -> None:
    lines = [line for line in (ROOT / "tests/debian-packages.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))


def test_changelog_names_the_version() -> None:
    version = importlib.import_module("tomllib").loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"[{version}]" in (ROOT / "CHANGELOG.md").read_text() or "[Unreleased]" in (ROOT / "CHANGELOG.md").read_text()
