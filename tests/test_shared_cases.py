"""The shared case files, in process, compared as their own runner compares."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tracker.rules.casefile import answer_document, case_document, case_from
from tracker.rules.check import check

# Beside the checkout; above it where the tests run from a copy inside.
CASES = next(
    (each / "shared" / "cases" for each in Path(__file__).parents if (each / "shared" / "cases").exists()),
    Path(__file__).parents[2] / "shared" / "cases",
)
FILES = sorted(CASES.glob("*.json"))
ABSENT = f"no shared cases beside the checkout ({CASES})"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """The comparison of the cases' own runner."""
    path = CASES / "run.py"
    if not path.exists():
        pytest.skip(ABSENT)
    spec = importlib.util.spec_from_file_location("shared_cases_run", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_answer_is_as_expected(path: Path, runner: ModuleType) -> None:
    document = read(path)
    case = case_from(document["case"])

    answer = json.loads(json.dumps(answer_document(check(case, case.as_of))))

    assert runner.differences(document["expect"], answer) == []


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case_round_trips(path: Path) -> None:
    case = case_from(read(path)["case"])

    again = case_from(json.loads(json.dumps(case_document(case))))

    assert again == case
