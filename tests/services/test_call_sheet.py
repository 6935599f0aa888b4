"""The call sheet: one call a request, least drug left first, at most a page."""

from datetime import UTC, date, datetime, timedelta

import pytest

import kept
import make
from tracker.models.payer import Payer
from tracker.services import call_sheet, patient_sheet

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def on_the_day(session, cast):
    kept.stand_on(session, cast.renal)


def sheet(session, clinic):
    return call_sheet.call_sheet(session, clinic, now=NOON)


def someone(session, clinic, number, in_days=3, **more):
    who = make.patient(session, clinic, mrn=f"M{number}", family=f"F{number}")
    on = kept.DAY + timedelta(days=in_days)
    kept.check(session, who, [kept.fill(on, result="fail", code="PA_GAP")])
    kept.alert(session, who, **more)
    return who


def test_the_payer_of_the_cause_is_called_with_a_question(session, cast):
    plan = make.plan(session, cast.renal)
    session.get(Payer, plan.payer_id).phone = "800-555-0110"
    someone(session, cast.renal, 1, plan_id=plan.id)

    (call,) = sheet(session, cast.renal).calls

    assert (call.desk.payer, call.desk.phone) == ("Acme Health", "800-555-0110")
    assert call.ask == "Can the new authorization start earlier, to close the gap?"
    assert call.harm_on == date(2026, 6, 11)


def test_what_one_payer_is_asked_stands_together_under_the_worst_of_it(session, cast):
    acme, beacon = make.plan(session, cast.renal), make.plan(session, cast.renal, payer="Beacon")
    for number, plan in enumerate((acme, beacon, acme)):
        someone(session, cast.renal, number, in_days=3 + number, plan_id=plan.id)
    someone(session, cast.renal, 3, in_days=6)

    found = sheet(session, cast.renal)

    assert [
        (payer.desk and payer.desk.payer, [call.who.mrn for call in payer.calls]) for payer in found.payers
    ] == [("Acme Health", ["M0", "M2"]), ("Beacon", ["M1"]), (None, ["M3"])]
    assert [call.who.mrn for call in found.calls] == ["M0", "M2", "M1", "M3"]


def test_a_request_that_is_chased_and_endangers_a_fill_is_called_about_once(session, cast):
    plan = make.plan(session, cast.renal)
    who = make.patient(session, cast.renal)
    pa = make.authorization(session, who, plan, status="submitted", starts_on=None)
    kept.check(session, who, [kept.fill(date(2026, 6, 11), result="fail", code="REFILL_AT_RISK")])
    kept.alert(session, who, key="a", code="REFILL_AT_RISK", about_id=pa.id, plan_id=plan.id)
    kept.alert(
        session,
        who,
        key="b",
        code="PA_DECISION_OVERDUE",
        about_id=pa.id,
        facts={"due_at": "2026-06-05T09:00:00-05:00"},
    )

    assert len(sheet(session, cast.renal).calls) == 1


def test_what_does_not_fit_on_the_page_is_counted(session, cast):
    for number in range(9):
        someone(session, cast.renal, number, in_days=3 + number)

    found = sheet(session, cast.renal)

    assert ([call.who.mrn for call in found.calls][:2], len(found.calls), found.more) == (["M0", "M1"], 7, 2)


def test_the_sheet_of_a_patient_names_the_payers_that_pay_from_now_on(session, cast):
    who = make.patient(session, cast.renal)
    past, now, later = (make.plan(session, cast.renal, payer=name) for name in ("Past", "Now", "Later"))
    make.coverage(session, who, past, ends_on=date(2026, 6, 7))
    make.coverage(session, who, later, starts_on=date(2027, 1, 1))
    make.coverage(session, who, now, ends_on=date(2026, 12, 31))

    found = patient_sheet.payer_lines(session, clinic_id=cast.renal.id, patient_id=who.id, on=kept.DAY)

    assert [line.name for line in found] == ["Now Gold", "Later Gold"]
    assert patient_sheet.payer_lines(session, clinic_id=cast.skin.id, patient_id=who.id, on=kept.DAY) == []
