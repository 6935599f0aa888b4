"""A Case, or an Answer, as a JSON-able document."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from tracker.rules.answer import Alert, Answer, CheckResult, TableFill
from tracker.rules.facts import Case, Patient

_KEYS = {"starts_on": "from", "ends_on": "to"}
# Learnt from a clinic's own decisions, and no fact of the case: a case file has no such key.
_LEFT_OUT = frozenset({"learnt_decision_days"})


def case_document(case: Case) -> dict[str, object]:
    """The pa-case/1 document of a case; reading it gives the same case."""
    document: dict[str, object] = {"format": "pa-case/1"}
    for field in fields(case):
        document[field.name] = _plain(getattr(case, field.name))
    return document


def _plain(value: object) -> object:
    """Values as JSON has them, at the one edge where a Decimal must become a JSON number."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _json_number(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _object(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


def _json_number(value: Decimal) -> int | float:
    """Whole numbers as such; others as the shortest decimal, exact up to the 15 digits a case may hold."""
    return int(value) if value == value.to_integral_value() else float(value)


def _object(thing: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields(thing):  # type: ignore[arg-type]  # only called on dataclasses
        if field.name in _LEFT_OUT:
            continue
        value = getattr(thing, field.name)
        if isinstance(thing, Patient) and field.name in ("family", "given"):
            name = found.setdefault("name", {})
            assert isinstance(name, dict)
            name[field.name] = value
            continue
        found[_KEYS.get(field.name, field.name)] = _plain(value)
    return found


def answer_document(answer: Answer) -> dict[str, object]:
    """The pa-answer/1 document of an answer."""
    denial = answer.earliest_denial
    return {
        "format": "pa-answer/1",
        "as_of": _plain(answer.as_of),
        "valid_until": _plain(answer.valid_until),
        "run_out": _plain(answer.run_out),
        "next_fill": _plain(answer.next_fill),
        "start_renewal_by": _plain(answer.start_renewal_by),
        "earliest_denial": _plain(denial),
        "fills": [_fill(each) for each in answer.fills],
        "alerts": [_alert(each) for each in answer.alerts],
    }


def _fill(fill: TableFill) -> dict[str, object]:
    return {
        "on": _plain(fill.on),
        "days_supply": fill.days_supply,
        "plan": fill.plan,
        "units": _plain(fill.units),
        "authorization": fill.authorization,
        "ok": fill.ok,
        "checks": [_check(each) for each in fill.checks],
        "coverage": fill.coverage,
        "regimen": fill.regimen,
        "formulation": _plain(fill.formulation),
        "planned": fill.planned,
        "override": _plain(fill.override),
        "runs_out_on": _plain(fill.runs_out_on),
    }


def _check(check: CheckResult) -> dict[str, object]:
    return {
        "check": check.check.value,
        "result": check.result.value,
        "code": _plain(check.code),
        "facts": _plain(check.facts),
    }


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "code": alert.code.value,
        "severity": alert.severity.value,
        "about": alert.about,
        "harm_on": _plain(alert.harm_on),
        "facts": _plain(alert.facts),
        "message": alert.message,
        "clears_when": alert.clears_when,
        "about_kind": alert.about_kind.value,
        "key": alert.key,
        "proof": _plain(alert.proof),
    }
