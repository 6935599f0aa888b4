"""The import law of the rooms: who may import whom, no cycles, nothing imported inside a function."""

import ast
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PACKAGE = HOME / "tracker"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Room -> rooms it may import from, besides itself. `clock` is the one clock; `rules` may not have even that.
LAW = {
    "rules": set(),
    "clock": set(),
    "secret_files": set(),
    "compiled": set(),
    "settings": {"secret_files"},
    "formats": {"rules"},
    "models": {"rules", "clock"},
    "cipher": {"settings"},
    "keyring": set(),
    "antivirus": set(),
    "db": {"models", "cipher"},
    "services": {"models", "rules", "formats", "clock", "cipher", "keyring", "secret_files"},
    "web": {
        *("services", "rules", "models", "clock", "db", "settings", "keyring", "antivirus", "secret_files"),
    },
    "jobs": {"services", "rules", "models", "clock", "db", "cipher", "settings", "secret_files"},
}
COMPOSITION = {
    "core",
    "factory",
    "cli",
    "commands",
    "migrating",
    "readiness",
    "running",
    "serving",
    "__init__",
}
STANDARD_ONLY = {"rules", "clock"}
FORBIDDEN = {
    "formats": {"flask", "sqlalchemy"},
    "services": {"flask", "wtforms", "flask_sqlalchemy", "apscheduler"},
    "models": {"flask"},
}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [node.module or ""]
            found += [f"{node.module}.{alias.name}" for alias in node.names if node.module == "tracker"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_a_room_imports_only_what_it_may(path):
    here = room(path)
    if here in COMPOSITION:
        return
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("tracker.")}

    assert rooms - {here} <= LAW[here]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_outside_libraries_stay_in_their_rooms(path):
    here = room(path)
    outside = {name.split(".")[0] for name in imports(path)} - {"tracker"}
    if here in STANDARD_ONLY:
        assert outside <= set(sys.stdlib_module_names)

    assert not outside & FORBIDDEN.get(here, set())


def test_nothing_imports_the_composition():
    offenders = [
        (str(path.relative_to(HOME)), name)
        for path in FILES
        if room(path) not in COMPOSITION
        for name in imports(path)
        if name.startswith("tracker.") and name.split(".")[1] in COMPOSITION
    ]

    assert offenders == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_nothing_is_imported_inside_a_function(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [
        child.lineno
        for function in functions
        for child in ast.walk(function)
        if isinstance(child, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


def module_name(path: Path) -> str:
    dotted = ".".join(path.relative_to(HOME).with_suffix("").parts)
    return dotted.removesuffix(".__init__")


def module_imports(path: Path, known: set[str]) -> set[str]:
    """Modules of ours that this one loads, a package's names counted as its modules where they are."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names} & known
            found |= names or ({node.module} & known)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known
    return found


def test_there_is_no_import_cycle():
    known = {module_name(path) for path in FILES}
    graph = {module_name(path): module_imports(path, known) - {module_name(path)} for path in FILES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for other in sorted(graph[name]):
            visit(other, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_only_the_clock_asks_what_time_it_is():
    asked = ("date.today(", "datetime.now(", "utcnow(", "time.time(")
    offenders = [
        str(path.relative_to(HOME))
        for path in FILES
        if room(path) != "clock" and any(call in path.read_text(encoding="utf-8") for call in asked)
    ]

    assert offenders == []
