"""What a case file is refused for, with the path and the reason; and that nothing hostile gets further."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from casemaker import Maker, coverage, document, fill, pa, plan, regimen, rule, step
from hypothesis import event, given
from hypothesis import strategies as st

from tracker.rules.casefile import BadCase, answer_document, case_document, case_from, read_case, validate
from tracker.rules.casefile_fields import MOST_ITEMS
from tracker.rules.casefile_json import LIMIT_BYTES, one_line
from tracker.rules.check import check
from tracker.rules.facts import Case

FULL = document(
    as_of="2026-06-08",
    plans=[
        plan(
            rules=[
                rule(
                    quantity_limit={"quantity": 120, "per_days": 30, "unit": "capsule", "method": "per_fill"},
                    step_therapy={"steps": [step(min_days=90, lookback_days=365)]},
                )
            ]
        )
    ],
    weights=[{"on": "2026-05-01", "kg": 70.5}],
    planned_fills=[{"on": "2026-07-05"}],
    authorizations=[
        pa(
            lines=[{"code": "J7502", "units": 360, "units_used_before": 0}],
            requested={"on": "2025-12-20", "received_at": "2025-12-20T10:00:00-06:00"},
        )
    ],
    trials=[{"id": "t1", "drug": "methotrexate", "from": "2025-09-01", "to": "2025-11-29"}],
    refill_contacts=[{"on": "2026-06-07", "affirmed": True}],
    labs=[{"kind": "creatinine", "on": "2026-05-01"}],
    denials=[{"id": "d1", "fill": "f1", "level": "internal"}],
    policy={"fill_ahead_days": 2},
    name={"family": "Alvarez", "given": "Rosa"},
)


def at(path: str, value: Any) -> Any:
    """The full document with one value put at a path; `-` at its end takes the key away."""
    found = deepcopy(FULL)
    place: Any = found
    *parents, last = path.replace("]", "").replace("[", ".").split(".")
    for key in parents:
        place = place[int(key)] if key.isdigit() else place[key]
    key: Any = int(last) if last.isdigit() else last
    if value is GONE:
        del place[key]
    elif isinstance(place, list) and key == len(place):
        place.append(value)
    else:
        place[key] = value
    return found


GONE = object()
OVERRIDE = {"kind": "vacation", "reason": "away", "person": "Ana", "on": "2026-06-01"}
PATIENT = "patient."

REFUSED: list[tuple[str, Any, str, str]] = [
    ("format", "pa-case/2", "format", "must be pa-case/1"),
    ("format", GONE, "format", "is required"),
    ("as_of", None, "as_of", "is required"),
    ("as_of", "2026-W01-1", "as_of", "must be a date YYYY-MM-DD"),
    ("as_of", "20260608", "as_of", "must be a date YYYY-MM-DD"),
    ("as_of", "2026-02-30", "as_of", "is no day of the calendar"),
    ("as_of", "1899-12-31", "as_of", "must be a date from 1900 to 2199"),
    ("as_of", "2200-01-01", "as_of", "must be a date from 1900 to 2199"),
    ("as_of", 20260608, "as_of", "must be a date YYYY-MM-DD"),
    ("patient", GONE, "patient", "is required"),
    ("patient", [], "patient", "must be an object"),
    ("color", 1, "color", "is not a known key"),
    ("patient.nickname", "x", "patient.nickname", "is not a known key"),
    ("policy.fill_ahead_days", 366, "policy.fill_ahead_days", "must be from 0 to 365"),
    ("policy.fill_ahead_days", True, "policy.fill_ahead_days", "must be a number"),
    ("policy.refill_threshold_percent", 0, "policy.refill_threshold_percent", "must be from 1 to 100"),
    ("policy.refill_threshold_percent", 101, "policy.refill_threshold_percent", "must be from 1 to 100"),
    ("policy.time_zone", "Mars/Olympus", "policy.time_zone", "is not a known time zone"),
    ("policy.time_zone", "../../etc/passwd", "policy.time_zone", "is not a known time zone"),
    ("plans[0].line_of_business", "hmo", "plans[0].line_of_business", "must be one of"),
    ("plans[0].line_of_business", GONE, "plans[0].line_of_business", "is required"),
    ("plans[0].id", " ", "plans[0].id", "must not be blank"),
    ("plans[1]", plan(), "plans[1].id", "gold is given twice"),
    ("plans[0].rules[0].code", None, "plans[0].rules[0].code", "is required"),
    ("plans[0].rules[0].to", "2019-01-01", "plans[0].rules[0].to", "is before from"),
    ("plans[0].rules[1]", rule(), "plans[0].rules[1].from", "overlaps another rule of J7502"),
    ("plans[0].rules[0].covered", "yes", "plans[0].rules[0].covered", "must be true or false"),
    ("plans[0].rules[0].quantity_limit.per_days", 0, "plans[0].rules[0].quantity_limit.per_days", "zero"),
    ("plans[0].rules[0].quantity_limit.quantity", 0, "plans[0].rules[0].quantity_limit.quantity", "zero"),
    ("plans[0].rules[0].quantity_limit.method", "x", "plans[0].rules[0].quantity_limit.method", "one of"),
    ("plans[0].rules[0].refill_threshold_percent", 0, "plans[0].rules[0].refill_threshold_percent", "1 to"),
    (
        "plans[0].rules[0].step_therapy.steps[0].need",
        3,
        "plans[0].rules[0].step_therapy.steps[0].need",
        "more",
    ),
    ("plans[0].rules[0].step_therapy.steps[0].outcomes", GONE, "step_therapy.steps[0].outcomes", "required"),
    (PATIENT + "weights[0].kg", 0, "patient.weights[0].kg", "must not be zero"),
    (PATIENT + "weights[0].kg", -1, "patient.weights[0].kg", "must not be negative"),
    (PATIENT + "weights[0].kg", 1_000_001, "patient.weights[0].kg", "must be at most 1000000"),
    (PATIENT + "weights[0].kg", "70", "patient.weights[0].kg", "must be a number"),
    (PATIENT + "weights[0].kg", 1e-13, "patient.weights[0].kg", "has too many digits"),
    (PATIENT + "weights[0].kg", float("inf"), "patient.weights[0].kg", "must be a finite number"),
    (PATIENT + "weights", {}, "patient.weights", "must be a list"),
    (PATIENT + "mrn", 7, "patient.mrn", "must be text"),
    (PATIENT + "mrn", "a\0b", "patient.mrn", "must not contain a NUL character"),
    (PATIENT + "mrn", "\ud800", "patient.mrn", "half a character"),
    (PATIENT + "coverages[0].from", GONE, "patient.coverages[0].from", "is required"),
    (PATIENT + "coverages[0].plan", "lead", "patient.coverages[0].plan", "there is no plan lead"),
    (PATIENT + "coverages[0].to", "2019-12-31", "patient.coverages[0].to", "is before from"),
    (PATIENT + "coverages[0].rank", 1.5, "patient.coverages[0].rank", "must be a whole number"),
    (PATIENT + "coverages[1]", coverage(), "patient.coverages[1].id", "c1 is given twice"),
    (PATIENT + "regimens[1]", regimen(id="r2"), "patient.regimens[1].from", "overlaps another regimen"),
    (
        PATIENT + "regimens",
        [regimen(to="2026-03-31"), regimen(id="r2", **{"from": "2026-03-31"})],
        "patient.regimens[1].from",
        "overlaps another regimen",
    ),
    (
        PATIENT + "trials",
        [{"id": "t1", "drug": "methotrexate", "from": "2024-07-15", "to": "2024-03-04"}],
        "patient.trials[0].to",
        "is before from",
    ),
    (PATIENT + "regimens[0].strengths_mg", [75], "patient.regimens[0].strengths_mg[0]", "one of 100, 50, 25"),
    (
        PATIENT + "regimens[0].strengths_mg",
        [],
        "patient.regimens[0].strengths_mg",
        "is required for a capsule",
    ),
    (PATIENT + "regimens[0].dose_mg", 0, "patient.regimens[0].dose_mg", "must not be zero"),
    (PATIENT + "regimens[0].days_supply", 0, "patient.regimens[0].days_supply", "must be from 1 to 365"),
    (PATIENT + "regimens[0].formulation", "envarsus_xr", "patient.regimens[0].formulation", "none of"),
    (PATIENT + "regimens[0].drug", "tacrolimus", "patient.regimens[0].formulation", "none of tacrolimus"),
    (PATIENT + "regimens[0]", regimen(drug="tacrolimus", formulation=None), "formulation", "is required for"),
    (
        PATIENT + "regimens[0]",
        regimen(drug="sirolimus", form="solution"),
        "patient.regimens[0].form",
        "not on",
    ),
    (PATIENT + "fills[0].on", "2026-06-09", "patient.fills[0].on", "is after as_of"),
    (PATIENT + "fills[0].days_supply", 366, "patient.fills[0].days_supply", "must be from 1 to 365"),
    (PATIENT + "fills[0].units.J7502", -1, "patient.fills[0].units.J7502", "must not be negative"),
    (PATIENT + "fills[0].units.J7502", 1.5, "patient.fills[0].units.J7502", "must be a whole number"),
    (
        PATIENT + "fills[0].authorization",
        "x",
        "patient.fills[0].authorization",
        "there is no authorization x",
    ),
    (PATIENT + "fills[0].modifiers", [None], "patient.fills[0].modifiers[0]", "must not be null"),
    (PATIENT + "fills[1]", fill(), "patient.fills[1].id", "f1 is given twice"),
    (PATIENT + "planned_fills[1]", {"on": "2026-07-05"}, "patient.planned_fills[1].on", "already"),
    (PATIENT + "planned_fills[0].override", {**OVERRIDE, "person": None}, "override.person", "is required"),
    (PATIENT + "authorizations[0].status", GONE, "patient.authorizations[0].status", "is required"),
    (PATIENT + "authorizations[0].plan", "lead", "patient.authorizations[0].plan", "there is no plan"),
    (PATIENT + "authorizations[0].renews", "x", "patient.authorizations[0].renews", "there is no"),
    (PATIENT + "authorizations[0].to", "2025-01-01", "patient.authorizations[0].to", "is before from"),
    (
        PATIENT + "authorizations[0].quantity_limit",
        True,
        "authorizations[0].quantity_limit",
        "must be an object",
    ),
    (PATIENT + "authorizations[0].requested.to", "2025-01-01", "requested.to", "is before from"),
    (
        PATIENT + "authorizations[0].requested.received_at",
        "2025-12-20T10:00:00",
        "received_at",
        "with offset",
    ),
    (
        PATIENT + "authorizations[0].requested.received_at",
        "2025-12-32T10:00:00Z",
        "received_at",
        "no instant",
    ),
    (
        PATIENT + "authorizations[0].requested.received_at",
        "1899-12-30T10:00:00Z",
        "received_at",
        "1900 to 2199",
    ),
    (PATIENT + "authorizations[0].lines[0].units", 1_000_001, "lines[0].units", "must be at most"),
    (PATIENT + "denials[0].fill", "x", "patient.denials[0].fill", "there is no fill x"),
    (PATIENT + "denials[0].authorization", "x", "patient.denials[0].authorization", "no authorization x"),
    (PATIENT + "denials[0].fill", None, "patient.denials[0]", "a fill or an authorization is required"),
    (PATIENT + "denials[0].level", "second", "patient.denials[0].level", "must be one of"),
]


def test_full_document_is_read() -> None:
    full = at("patient.authorizations[0].requested.from", None)

    case = case_from(full)

    assert case_from(case_document(case)) == case
    validate(case)


@pytest.mark.parametrize(("path", "value", "fault", "reason"), REFUSED)
def test_document_is_refused(path: str, value: Any, fault: str, reason: str) -> None:
    changed = at(path, value)
    if path.endswith("requested.to"):
        changed["patient"]["authorizations"][0]["requested"]["from"] = "2026-01-01"

    with pytest.raises(BadCase) as refused:
        case_from(changed)

    assert fault in refused.value.path
    assert reason in refused.value.reason
    assert str(refused.value) == f"{refused.value.path}: {refused.value.reason}"


ACCEPTED: list[tuple[str, Any]] = [
    ("as_of", "2026-06-08"),
    ("policy", None),
    ("patient.weights[0].kg", 0.001),
    ("patient.coverages[0].to", "9999-12-31"),
    ("patient.coverages[0].rank", 2.0),
    ("patient.regimens[0].days_supply", 365),
    ("patient.fills[0].on", "2026-06-08"),
    ("patient.fills[0].units", None),
    ("patient.fills[0].units", {}),
    ("patient.authorizations[0].quantity_limit", False),
    ("patient.authorizations[0].to", None),
    ("patient.regimens[0].form", "injection"),
    ("patient.regimens[0].form", "solution"),
    ("plans[0].rules[0].step_therapy.steps[0].need", 2),
    ("plans[0].rules[0].step_therapy", True),
    ("plans[0].rules[0].quantity_limit.quantity", 1_000_000),
]


@pytest.mark.parametrize(("path", "value"), ACCEPTED)
def test_document_is_accepted(path: str, value: Any) -> None:
    assert isinstance(case_from(at(path, value)), Case)


def test_key_given_twice_is_refused_where_it_is() -> None:
    text = json.dumps(FULL).replace('"days_supply": 30', '"days_supply": 30, "days_supply": 31', 1)

    with pytest.raises(BadCase, match=r"patient\.regimens\[0\]\.days_supply: is given twice"):
        read_case(text)


TEXTS: list[tuple[bytes | str, str]] = [
    (b"", "document: is empty"),
    (b"   \n", "document: is empty"),
    (b"{", "document: is not JSON"),
    (b"[1,]", "document: is not JSON"),
    (b"null", "document: must be an object"),
    (b"[]", "document: must be an object"),
    ('{"format": "pa-case/1"}'.encode("utf-16"), "document: is not UTF-8"),
    (b"\xff\xfe", "document: is not UTF-8"),
    (b"[" * 100_000, "document: is nested too deeply"),
    (b'{"a":' * 50_000, "document: is nested too deeply"),
    (b" " * (LIMIT_BYTES + 1), "document: is larger than 2 MB"),
    ("é" * (LIMIT_BYTES // 2 + 1), "document: is larger than 2 MB"),
    (b'{"format": NaN}', "format: NaN is no number"),
    (b'{"format": -Infinity}', "format: -Infinity is no number"),
    (b'{"format": "\\ud800"}', "format: contains half a character"),
    ('{"format": "\ud800"}', "format: contains half a character"),
    (b'{"\\u0000": 1, "format": "pa-case/1"}', "as_of: is required"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_text_is_refused(text: bytes | str, message: str) -> None:
    with pytest.raises(BadCase) as refused:
        read_case(text)

    assert str(refused.value).startswith(message)


NUMBERS = [
    "1" * 5000,
    "1" * 1_000_000,
    "-" + "9" * 30,
    "1e999999999",
    "1e-999999999",
    "1e99999999999999999999999",
    "0." + "1" * 1_000_000,
    "0.30000000000000004e1",
    "NaN",
    "Infinity",
    "true",
    "[1]",
    '"1"',
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda text: text[:12])
def test_odd_number_is_refused_with_its_path(number: str) -> None:
    text = json.dumps(FULL).replace('"kg": 70.5', f'"kg": {number}')

    with pytest.raises(BadCase, match=r"^patient\.weights\[0\]\.kg: "):
        read_case(text)


EXACT: list[tuple[bytes | str, str]] = [
    (b"{", "document: is not JSON: Expecting property name enclosed in double quotes (line 1, column 2)"),
    (b'{"a": 1,\n "b" 2}', "document: is not JSON: Expecting ':' delimiter (line 2, column 6)"),
    (b"\xff\xfe", "document: is not UTF-8 (byte 1)"),
    (b'{"a\xff": 1}', "document: is not UTF-8 (byte 4)"),
    (b'{"format": NaN}', "format: NaN is no number"),
    (b'{"format": 1, "format": 1}', "format: is given twice"),
    (b" " * LIMIT_BYTES, "document: is empty"),
    (b'{"a b": 1, "format": "pa-case/1", "as_of": "2026-06-08", "patient": {}}', '"a b": is not a known key'),
]


@pytest.mark.parametrize(("text", "message"), EXACT)
def test_text_is_refused_in_these_words(text: bytes | str, message: str) -> None:
    with pytest.raises(BadCase) as refused:
        read_case(text)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("9" * 20, "must be at most 1000000"),
        ("9" * 21, "must be at most 1000000"),
        ("9" * 5000, "must be at most 1000000"),
        ("-" + "9" * 19, "must not be negative"),
        ("-" + "9" * 20, "must be at most 1000000"),
        ("0." + "1" * 98, "has too many digits"),
        ("1." + "0" * 98, None),
        ("1." + "0" * 99, "has too many digits"),
        ("1e999999999", "must be at most 1000000"),
        ("1e99999999999999999999999", "is no number"),
        ("70.1", None),
        ("70.123456789012345", "has too many digits"),
        ("NaN", "NaN is no number"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_number_is_refused_for_this_reason(number: str, reason: str | None) -> None:
    text = json.dumps(FULL).replace('"kg": 70.5', f'"kg": {number}')
    if reason is None:
        assert read_case(text).patient.weights[0].kg == Decimal(number)
        return

    with pytest.raises(BadCase) as refused:
        read_case(text)

    assert str(refused.value) == f"patient.weights[0].kg: {reason}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * 200, "a" * 200),
        ("a" * 201, "a" * 200 + "..."),
        ("a" * 999, "a" * 200 + "..."),
        ("a\nb\u2028", "a\\u000ab\\u2028"),
        ("\n" * 201, ("\\u000a" * 34)[:200] + "..."),
        ("", ""),
    ],
)
def test_a_refusal_is_shortened_and_shows_what_cannot_be_seen(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_byte_order_mark_is_no_part_of_the_document() -> None:
    text = json.dumps(at("policy", None))

    assert read_case(b"\xef\xbb\xbf" + text.encode()) == read_case(text)


def test_refusal_is_one_short_line() -> None:
    key = "a\nb\x1b[31m\u2028" * 500

    with pytest.raises(BadCase) as refused:
        read_case(json.dumps({**FULL, key: 1}))

    assert "\n" not in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 500


def test_keys_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadCase, match="has a key that is no text"):
        case_from({1: 2})


def test_validate_refuses_what_was_built_wrong() -> None:
    case = case_from(at("policy", None))
    bad = Case(case.as_of, case.policy, (), case.patient)

    with pytest.raises(BadCase, match=r"^patient\.coverages\[0\]\.plan: there is no plan gold$"):
        validate(bad)


def test_what_was_learnt_of_a_payer_is_not_written_into_a_case_file() -> None:
    case = case_from(document())
    learnt = replace(case, plans=tuple(replace(each, learnt_decision_days=9) for each in case.plans))

    assert case_from(json.loads(json.dumps(case_document(learnt)))) == case


def case_of_fills(count: int) -> bytes:
    fills = [{"id": f"f{n}", "on": "2026-01-01", "days_supply": 365} for n in range(count)]
    return json.dumps(document(fills=fills)).encode()


def hostile_fills() -> bytes:
    return case_of_fills(30_000)


def most_fills() -> bytes:
    return case_of_fills(MOST_ITEMS)


def hostile_list() -> bytes:
    return b'{"format":"pa-case/1","as_of":"2026-06-08","plans":[' + b"{}," * 600_000 + b'{}],"patient":{}}'


def hostile_keys() -> bytes:
    keys = ",".join(f'"k{n}":1' for n in range(150_000))
    return ("{" + keys + "}").encode()


@pytest.mark.parametrize("make", [hostile_fills, most_fills, hostile_list, hostile_keys])
def test_hostile_size_is_checked_or_refused_in_time(make: Callable[[], bytes]) -> None:
    text = make()
    assert len(text) < LIMIT_BYTES
    started = time.process_time()

    with suppress(BadCase):
        case = read_case(text)
        check(case, case.as_of)

    assert time.process_time() - started < 2


def test_a_list_longer_than_a_patients_is_refused_with_its_place() -> None:
    with pytest.raises(BadCase, match=r"^patient\.fills: has 5001 items; a case takes at most 5000$"):
        read_case(case_of_fills(MOST_ITEMS + 1))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(text: bytes) -> None:
    with pytest.raises(BadCase):
        read_case(text)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-06-08"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.integers(0, 10**6), st.integers(0, 10**6), junk)
def test_a_value_replaced_by_junk_is_refused_or_answered(seed: int, number: int, value: Any) -> None:
    facts = Maker(seed).document()
    places = list(leaves(facts))
    parent, key = places[number % len(places)]
    parent[key] = value

    try:
        case = case_from(facts)
    except BadCase as error:
        refusal = str(error)
        event("refused")
    else:
        refusal = json.dumps(answer_document(check(case, case.as_of)))

    assert refusal.isprintable()


def leaves(value: Any) -> Any:
    for key in range(len(value)) if isinstance(value, list) else list(value):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from leaves(value[key])


EXTREMES = {
    "dose": ("patient.regimens[0]", regimen(form="solution", dose_mg=0.000001)),
    "large dose": (
        "patient.regimens[0]",
        regimen(form="solution", dose_mg=1_000_000, doses_per_day=1_000_000),
    ),
    "period": (
        "plans[0].rules[0].quantity_limit",
        {"quantity": 1, "per_days": 1_000_000, "unit": "mg", "method": "rolling"},
    ),
    "look-back": (
        "plans[0].rules[0].step_therapy",
        {"steps": [step(min_days=1_000_000, lookback_days=1_000_000)]},
    ),
    "hours": ("plans[0].decision_hours", {"standard": 1_000_000, "expedited": 1_000_000}),
    "injection": ("patient.regimens[0]", regimen(form="injection", dose_mg=0.5)),
    "late": ("as_of", "2199-12-31"),
}


@pytest.mark.parametrize(("path", "value"), EXTREMES.values(), ids=EXTREMES)
def test_extreme_values_are_answered(path: str, value: Any) -> None:
    facts = at(path, value)
    facts["plans"][0]["rules"][0]["prior_authorization"] = True
    facts["patient"]["authorizations"][0].update(status="submitted")
    case = case_from(facts)

    assert check(case, case.as_of).as_of == case.as_of
