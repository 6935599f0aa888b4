"""The shape of the code: functions and files stay small; the exceptions are listed and may only shrink."""

import ast
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
FILES = sorted((HOME / "tracker").rglob("*.py"))
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
SHARE_UNDER_30 = 0.95


def function_lengths() -> dict[str, int]:
    lengths = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lengths[f"{path.relative_to(HOME)}:{node.name}"] = node.end_lineno - node.lineno + 1
    return lengths


def test_no_function_is_longer_than_a_screen():
    assert {name: n for name, n in function_lengths().items() if n > LONGEST_FUNCTION} == {}


def test_nearly_all_functions_are_short():
    lengths = list(function_lengths().values())

    assert sum(n <= 30 for n in lengths) / len(lengths) >= SHARE_UNDER_30


def test_no_file_outgrows_its_room():
    long = {str(p.relative_to(HOME)): len(p.read_text().splitlines()) for p in FILES}

    assert {name: n for name, n in long.items() if n > LONGEST_FILE} == {}


def test_every_module_says_what_lives_in_it():
    silent = [
        str(path.relative_to(HOME))
        for path in FILES
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []
