"""What is made once, when a module is loaded, comes out the same when it is loaded anew."""

import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType

import pytest

from tracker.rules import casefile_read_patient, catalogue, moves, parameters, products, rule_texts
from tracker.rules.casefile_json import BadCase

# The tables that a module makes by functions of its own or of another.
MADE = [
    (catalogue, ["CODES", "CAPSULES", "SOLUTIONS", "FORMULATIONS", "_OWN_CODES"]),
    (moves, ["SENSE"]),
    (parameters, ["DECISION_HOURS"]),
    (products, ["_MAPS"]),
    (rule_texts, ["RULE_TEXTS"]),
]


def anew(module: ModuleType) -> ModuleType:
    """The module loaded a second time, beside the first."""
    spec = module.__spec__
    assert spec is not None
    assert spec.loader is not None
    second = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = second
    try:
        spec.loader.exec_module(second)
    finally:
        sys.modules[module.__name__] = module
    return second


@pytest.mark.parametrize(("module", "names"), MADE, ids=[module.__name__ for module, _ in MADE])
def test_a_table_is_the_same_when_it_is_made_again(module: ModuleType, names: list[str]) -> None:
    second = anew(module)

    for name in names:
        assert repr(getattr(second, name)) == repr(getattr(module, name))


def test_a_reader_of_a_list_is_the_same_when_it_is_made_again() -> None:
    read = anew(casefile_read_patient)._texts

    assert read(["KX", "GA"], "modifiers") == ("KX", "GA")
    for value, says in [
        ([None], "modifiers[0]: must not be null"),
        (["KX", 7], "modifiers[1]: must be text"),
        ("KX", "modifiers: must be a list"),
    ]:
        with pytest.raises(BadCase) as refused:
            read(value, "modifiers")
        assert str(refused.value) == says


def test_every_table_holds_something() -> None:
    for module, names in MADE:
        for name in names:
            table = getattr(module, name)
            assert table if isinstance(table, Mapping | tuple) else table.ndc
