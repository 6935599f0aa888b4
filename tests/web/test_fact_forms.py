"""Forms to add, change and take back the facts of a patient."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

import make
from tracker.models.alert import Alert
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.authorization import Authorization, Denial, Trial
from tracker.models.patient import Coverage, Lab, Transplant, Weight
from tracker.models.therapy import Fill, PlannedFill, RefillContact, Regimen
from tracker.rules.words import Formulation, OverrideKind
from writing import fields, sent_from, sign_in


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def rosa(session, cast):
    who = make.covered_patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


def plan_id(session, who):
    return session.scalars(select(Coverage.plan_id).where(Coverage.patient_id == who.id)).first()


# Kind, table, typed into a new form, on file then, typed into it later, on file after that.
CASES = [
    (
        "weight",
        Weight,
        {"on_date": "6/1/2026", "kg": "70.5"},
        {"kg": Decimal("70.5")},
        {"kg": "71"},
        {"kg": 71},
    ),
    (
        "transplant",
        Transplant,
        {"organ": "kidney", "on_date": "2023-10-12", "part_a_at_transplant": "yes"},
        {"part_a_at_transplant": True, "approved_facility": None},
        {"approved_facility": "no"},
        {"approved_facility": False, "part_a_at_transplant": True},
    ),
    (
        "coverage",
        Coverage,
        {"plan_id": "PLAN", "starts_on": "2027-01-01", "rank": "2", "member_id": " M2 "},
        {"member_id": "M2", "rank": 2, "ends_on": None},
        {"ends_on": "2027-12-31"},
        {"ends_on": date(2027, 12, 31), "member_id": "M2"},
    ),
    (
        "regimen",
        Regimen,
        {"formulation": "modified", "strengths_mg": "25, 100 mg", "dose_mg": "150", "doses_per_day": "2"}
        | {"starts_on": "2025-01-01", "ends_on": "2025-12-31"},
        {"strengths_mg": ["100", "25"], "dose_mg": 150, "drug": "cyclosporine", "days_supply": 30},
        {"dose_mg": "125"},
        {"dose_mg": 125, "strengths_mg": ["100", "25"]},
    ),
    (
        "fill",
        Fill,
        {
            "on_date": "2026-05-06",
            "units_J7502": "60",
            "modifiers": "kx",
            "claim_status": "paid",
            "ndc": "0078-1",
        },
        {"days_supply": 30, "formulation": Formulation.MODIFIED, "modifiers": ["KX"], "ndc": "0078-1"},
        {"units_J7515": "120", "days_supply": "28"},
        {"days_supply": 28, "ndc": "0078-1"},
    ),
    (
        "planned_fill",
        PlannedFill,
        {"on_date": "+30d", "units_J7502": "60"},
        {"on_date": date(2026, 7, 8), "units": {"J7502": 60}, "override_kind": None},
        {"override_kind": "vacation", "override_reason": "six weeks abroad", "override_person": "Kim"}
        | {"override_on": "2026-06-08"},
        {"override_kind": OverrideKind.VACATION, "units": {"J7502": 60}},
    ),
    (
        "trial",
        Trial,
        {"drug": "methotrexate", "starts_on": "2025-09-01", "outcome": "intolerance"},
        {"drug": "methotrexate", "ends_on": None},
        {"ends_on": "2025-11-29", "reason": "nausea"},
        {"ends_on": date(2025, 11, 29), "reason": "nausea"},
    ),
    (
        "refill_contact",
        RefillContact,
        {"on_date": "2026-06-07"},
        {"affirmed": None},
        {"affirmed": "yes"},
        {"affirmed": True},
    ),
    (
        "lab",
        Lab,
        {"on_date": "2026-05-01"},
        {"kind": "creatinine"},
        {"on_date": "eom"},
        {"on_date": date(2026, 6, 30)},
    ),
]


@pytest.mark.parametrize(
    ("kind", "table", "typed", "kept", "later", "then"), CASES, ids=[case[0] for case in CASES]
)
def test_a_fact_is_added_and_changed(ana, session, rosa, kind, table, typed, kept, later, then):
    before = set(session.scalars(select(table.id)))
    typed = {name: plan_id(session, rosa) if value == "PLAN" else value for name, value in typed.items()}

    added = sent_from(ana, f"/patients/{rosa.id}/{kind}/new", **typed)
    row_id = (set(session.scalars(select(table.id))) - before).pop()
    first = session.get_one(table, row_id)
    found = {name: getattr(first, name) for name in kept}
    changed = sent_from(ana, f"/patients/{rosa.id}/{kind}/{row_id}", **later)
    session.expire_all()

    assert (added.status_code, added.location) == (303, f"/patients/{rosa.id}")
    assert found == kept
    assert (changed.status_code, changed.location) == (303, f"/patients/{rosa.id}")
    assert {name: getattr(session.get_one(table, row_id), name) for name in then} == then


def test_units_are_kept_per_code_another_code_too(ana, session, rosa):
    fill = session.scalars(select(Fill)).one()

    sent_from(
        ana, f"/patients/{rosa.id}/fill/{fill.id}", units_J7515="30", code_other="q5099", units_other="2"
    )
    again = sent_from(ana, f"/patients/{rosa.id}/fill/{fill.id}", units_J7515="")
    session.expire_all()

    assert again.status_code == 303
    assert {unit.code: unit.units for unit in fill.unit_rows} == {"J7502": 60, "Q5099": 2}


def test_a_form_sent_back_as_it_was_shown_changes_nothing(ana, session, rosa):
    for table, kind in ((Fill, "fill"), (Regimen, "regimen"), (Coverage, "coverage")):
        row = session.scalars(select(table)).one()

        answer = sent_from(ana, f"/patients/{rosa.id}/{kind}/{row.id}")
        session.expire_all()

        assert (answer.status_code, row.version) == (303, 1)


def test_saving_checks_the_patient_and_says_what_came_of_it(ana, session, rosa):
    answer = sent_from(ana, f"/patients/{rosa.id}/weight/new", on_date="2026-06-01", kg="70")

    page = ana.get(answer.location).text
    assert len(session.scalars(select(Alert)).all()) == 1
    assert "Weight added and checked. 1 alert opened, 0 closed." in page


def test_denial_names_a_fill_or_an_authorization(ana, session, rosa):
    fill = session.scalars(select(Fill)).one()
    url = f"/patients/{rosa.id}/denial/new"

    neither = sent_from(ana, url, level="internal")
    sent_from(ana, url, level="internal", fill_id=fill.id, carc="197", rarc="n130 M62")

    assert neither.status_code == 422
    assert "one of them" in neither.text
    assert session.scalars(select(Denial)).one().rarc == "N130 M62"


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("fill", {"on_date": "2026-02-30"}, "February 2026 has 28 days."),
        ("fill", {"on_date": "   "}, "Give the day."),
        ("fill", {"on_date": "2026-06-09"}, "plan the fill instead"),
        ("fill", {"on_date": "2026-06-05"}, "already"),
        ("fill", {"on_date": "2026-05-01", "units_J7502": "60.5"}, "Give a whole number."),
        ("fill", {"on_date": "2026-05-01", "units_other": "6"}, "Name the code."),
        ("fill", {"on_date": "2026-05-01", "code_other": "J7502", "units_other": "6"}, "its own place above"),
        ("fill", {"on_date": "2026-05-01", "authorization_id": "someone-elses"}, "Choose one of the list."),
        ("coverage", {"plan_id": "someone-elses", "starts_on": "2027-01-01"}, "Choose one of the list."),
        ("regimen", {"dose_mg": "1e3", "strengths_mg": "big"}, "big is no strength"),
        ("regimen", {"formulation": "envarsus_xr"}, "no Envarsus XR formulation"),
        ("regimen", {"drug": "\x00", "formulation": "<b>"}, "Choose one of the list."),
        ("planned_fill", {"on_date": "2026-07-01", "override_kind": "vacation"}, "An override needs"),
        ("trial", {"drug": "a\x00b"}, "cannot be stored"),
        (
            "trial",
            {"drug": "mtx", "starts_on": "2026-02-01", "ends_on": "2026-01-01"},
            "before the first day",
        ),
        ("weight", {"on_date": "2026-06-01", "kg": "9999"}, "Give a number from 0.1 to 700."),
        ("denial", {"rarc": "N1 " * 13}, "Give at most 12 codes."),
        ("lab", {"kind": "", "on_date": "2026-06-01"}, "Name the test."),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_input_is_kept(ana, session, rosa, kind, typed, sentence):
    url = f"/patients/{rosa.id}/{kind}/new"

    answer = sent_from(ana, url, **typed)
    shown = fields(answer)

    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2  # in the summary and at the field
    assert 'role="alert"' in answer.text
    for name, value in typed.items():
        if name not in {"plan_id", "authorization_id", "drug", "formulation"} and "\x00" not in value:
            assert shown[name] == [value]


def test_overlapping_regimens_are_refused_and_nothing_is_kept(ana, session, rosa):
    typed = {"formulation": "modified", "strengths_mg": "100", "dose_mg": "100", "doses_per_day": "2"}

    answer = sent_from(ana, f"/patients/{rosa.id}/regimen/new", starts_on="2026-03-01", **typed)

    assert answer.status_code == 422
    assert "Overlaps another regimen." in answer.text
    assert len(session.scalars(select(Regimen)).all()) == 1


def test_a_fact_can_be_taken_back_and_the_history_keeps_it(ana, session, rosa):
    fill = session.scalars(select(Fill)).one()

    answer = ana.post(f"/patients/{rosa.id}/fill/{fill.id}/remove", data={"version": "1"})

    assert answer.status_code == 303
    assert session.scalars(select(Fill)).all() == []
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.REMOVED)).one()
    assert event.old["units"] == {"J7502": 60}


def test_what_others_still_use_stays_and_the_page_says_so(ana, session, rosa):
    pa = make.authorization(session, rosa, session.get(make.Plan, plan_id(session, rosa)))
    session.scalars(select(Fill)).one().authorization_id = pa.id
    session.commit()

    answer = ana.post(f"/patients/{rosa.id}/authorization/{pa.id}/remove", data={"version": "1"})

    assert answer.status_code == 422
    assert "still used by another record" in answer.text
    assert session.scalars(select(Authorization)).one()


@pytest.mark.parametrize("version", ["", "7", "x", "٣", "9" * 30])
def test_a_fact_that_changed_is_not_removed(ana, session, rosa, version):
    fill = session.scalars(select(Fill)).one()

    answer = ana.post(f"/patients/{rosa.id}/fill/{fill.id}/remove", data={"version": version})

    assert answer.status_code == 409
    assert "Look at it again" in answer.text
    assert session.scalars(select(Fill)).all()


def test_another_clinic_finds_nothing_here(client, cast, session, rosa):
    sign_in(client, "cleo@clinic.example")
    fill = session.scalars(select(Fill)).one()
    own = make.patient(session, cast.skin, mrn="9")
    session.commit()

    for url in (
        f"/patients/{rosa.id}/fill/new",
        f"/patients/{rosa.id}/fill/{fill.id}",
        f"/patients/{own.id}/fill/{fill.id}",
        f"/patients/{own.id}/nonsense/new",
    ):
        assert client.get(url).status_code == 404
        assert client.post(url, data={}).status_code == 404
    assert client.post(f"/patients/{rosa.id}/fill/{fill.id}/remove", data={"version": "1"}).status_code == 404


def test_a_form_without_its_token_is_refused(app, ana, rosa):
    app.config["WTF_CSRF_ENABLED"] = True

    answer = ana.post(f"/patients/{rosa.id}/weight/new", data={"on_date": "2026-06-01", "kg": "70"})

    assert answer.status_code == 400
