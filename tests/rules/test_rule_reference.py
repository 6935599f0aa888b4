"""The product and the reference, a second and plain reading of the rulebook, answer alike."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from casemaker import Maker

from reference.compare import differences
from reference.engine import answer
from reference.hostile import HostileCases
from tracker.rules.casefile import case_from

CASES = Path(__file__).parents[3] / "shared" / "cases"
FILES = sorted(CASES.glob("*.json"))
ABSENT = f"no shared cases beside the checkout ({CASES})"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """The comparison of the cases' own runner."""
    spec = importlib.util.spec_from_file_location("shared_cases_compare", CASES / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not FILES, reason=ABSENT)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reference_answers_a_shared_case_as_expected(path: Path, runner: ModuleType) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    case = case_from(document["case"])

    found = answer(case, case.as_of)

    assert runner.differences(document["expect"], found) == []


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_product_and_reference_agree_on_generated_cases(first: int) -> None:
    found = {seed: differences(Maker(seed).document()) for seed in range(first, first + 10)}

    assert {seed: differs for seed, differs in found.items() if differs} == {}


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_product_and_reference_agree_on_hostile_cases(first: int) -> None:
    found = {seed: differences(HostileCases(seed).document()) for seed in range(first, first + 10)}

    assert {seed: differs for seed, differs in found.items() if differs} == {}
