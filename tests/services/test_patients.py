"""Patients: the list, the search, and one patient's page from the kept answer."""

from datetime import date, timedelta

import pytest

import kept
import make
from tracker.models.patient import PatientCheck
from tracker.rules.words import Severity
from tracker.services import kept_answer, patient_page, patients
from tracker.services.errors import NotFound
from tracker.services.kept_answer import FillResult


@pytest.fixture
def people(session, cast):
    rosa = make.covered_patient(session, cast.renal, mrn="100234")
    juergen = make.patient(session, cast.renal, mrn="7", family="Müller-Lüdenscheidt", given="Jürgen")
    return rosa, juergen


def test_the_list_is_by_family_name_with_the_worst_open_alert(session, cast, people):
    rosa, _ = people
    kept.check(session, rosa, [kept.fill(date(2026, 6, 14), result="fail", code="PA_GAP")])
    kept.alert(session, rosa, key="a", severity="warning")
    kept.alert(session, rosa, key="b", severity="high")

    first, second = patients.patient_list(session, clinic_id=cast.renal.id).lines

    assert (first.severity, first.earliest_denial_on, first.current) == (
        Severity.HIGH,
        date(2026, 6, 14),
        True,
    )
    assert (second.severity, second.current) == (None, False)


def test_a_list_goes_on_to_a_second_page(session, cast):
    for number in range(51):
        make.patient(session, cast.renal, mrn=str(number), family=f"F{number:02}")

    last = patients.patient_list(session, clinic_id=cast.renal.id, page=2)

    assert (last.total, last.pages, [line.who.family for line in last.lines]) == (51, 2, ["F50"])


def view(session, clinic, who, on=kept.DAY):
    return patient_page.patient_page(session, clinic_id=clinic.id, patient_id=who.id, on=on)


def test_the_page_reads_every_fill_from_the_kept_answer(session, cast):
    shown = view(session, cast.renal, kept.alvarez(session, cast.renal))

    assert [row.on for row in shown.table][:3] == [date(2026, 4, 15), date(2026, 5, 15), date(2026, 6, 14)]
    assert [row.result for row in shown.table][:4] == [
        FillResult.PAID,
        FillResult.PAID,
        FillResult.REFUSED,
        FillResult.COVERED,
    ]
    assert shown.denial_why == "No PA from 2026-06-11 to 2026-06-24"
    assert shown.table[2].alert_id == shown.alerts[0].line.id
    assert (shown.table[3].authorization, shown.table[3].plan) == ("A-55907", "Acme Health Gold")
    assert (shown.pa_ends_on, shown.pa_next_on) == (date(2026, 6, 10), date(2026, 6, 25))
    assert shown.codes == ("J7502", "J7515")


def test_a_reversed_fill_leaves_no_drug_behind(session, cast):
    who = make.patient(session, cast.renal)
    make.fill(session, who, on=date(2026, 5, 1))
    make.fill(session, who, on=date(2026, 5, 20), reversed=True)

    first, second = view(session, cast.renal, who).table

    assert (first.runs_out_on, second.result) == (date(2026, 5, 31), FillResult.REVERSED)


def test_a_patient_without_a_check_has_a_page_that_is_not_current(session, cast):
    shown = view(session, cast.renal, make.patient(session, cast.renal))

    assert (shown.check.current, shown.fills, shown.pa_name) == (False, [], None)


def test_a_failed_check_keeps_the_old_answer_and_is_not_current(session, cast):
    who = kept.alvarez(session, cast.renal)
    session.get(PatientCheck, who.id).error = "ValueError"
    session.flush()

    shown = view(session, cast.renal, who)

    assert not shown.check.current
    assert len(shown.to_come) == 12


def test_what_was_asked_stands_beside_what_was_approved(session, cast):
    shown = view(session, cast.renal, kept.alvarez(session, cast.renal))
    panel = next(each for each in shown.panels if each.kind == "authorization")
    line = next(each for each in panel.lines if each.label == "A-55907")

    assert [cell.text for cell in line.cells][2:] == [
        "partially approved",
        "2026-06-11 to 2027-06-10; 720 J7502; on 2026-06-01",
        "2026-06-25 to 2026-12-31; 360 J7502; decided 2026-06-05",
    ]


def test_another_clinics_patient_is_not_found(session, cast):
    who = kept.alvarez(session, cast.renal)

    with pytest.raises(NotFound):
        view(session, cast.skin, who)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"result": "fail", "code": "PA_EXPIRED", "facts": {"expired_on": "2026-06-07"}},
            "PA ended 2026-06-07",
        ),
        ({"result": "fail", "code": "PA_EXPIRED", "facts": {}}, "PA has expired"),
        ({"result": "fail", "code": "NO_COVERAGE", "facts": {"coverage_end": None}}, "No coverage"),
        ({"result": "unknown"}, "Verify with the payer: 5 of 6 checks"),
        ({}, ""),
    ],
)
def test_a_cause_is_told_from_the_facts_of_the_failed_check(row, words):
    (fill,) = kept_answer.read_fills([kept.fill(kept.DAY, **row)])

    assert kept_answer.cause(fill) == words


def test_an_answer_of_an_older_version_is_still_read():
    row = kept.fill(kept.DAY)
    for name in ("runs_out_on", "planned", "coverage", "regimen", "override"):
        del row[name]

    (fill,) = kept_answer.read_fills([row])

    assert fill.runs_out_on == kept.DAY + timedelta(days=30)
