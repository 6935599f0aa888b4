"""Reports: who ran out uncovered, what payers decided, who did what, how good the alerts are."""

from datetime import UTC, date, datetime, timedelta

import pytest

import kept
import make
from tracker.models.alert import AlertEventKind, AlertState
from tracker.models.authorization_log import AuthorizationMove, Channel, ContactLog
from tracker.rules.moves import Move
from tracker.rules.words import AuthorizationStatus
from tracker.services.report_alerts import quality
from tracker.services.report_lapses import lapses
from tracker.services.report_period import Period, presets
from tracker.services.report_requests import decisions
from tracker.services.report_work import work

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
TODAY = date(2026, 6, 20)
S = AuthorizationStatus


def at(day, hour=17):
    """Noon in Chicago."""
    return datetime(2026, 6, day, hour, 0, tzinfo=UTC)


@pytest.fixture
def rosa(session, cast):
    return make.patient(session, cast.renal)


def refused(session, who, *, key="A", code="PA_EXPIRED", ran_out=date(2026, 6, 10), closed=None, **more):
    row = kept.alert(
        session, who, key=key, code=code, opened_at=datetime(2026, 5, 20, 12, 0, tzinfo=UTC), **more
    )
    row.run_out_on = ran_out
    if closed is not None:
        row.state, row.closed_at, row.closed_reason = AlertState.CLOSED, closed, "Its cause ended."
        kept.event(session, row, AlertEventKind.CLOSED, closed).run_out_on = ran_out
    session.flush()
    return row


def ran_out(session, cast, period=JUNE):
    found = lapses(session, cast.renal, period, today=TODAY)
    return [(each.who.mrn, each.since.day, each.days, each.goes_on) for each in found.rows]


# ----------------------------------------------------------------------------------------------- lapses


def test_days_count_from_the_end_of_the_drug_to_the_day_before_the_cause_ended(session, cast, rosa):
    refused(session, rosa, closed=at(14))

    assert ran_out(session, cast) == [("100234", 10, 4, False)]


def test_what_goes_on_counts_through_today(session, cast, rosa):
    refused(session, rosa)

    assert ran_out(session, cast) == [("100234", 10, 11, True)]


def test_only_days_of_the_period_count(session, cast, rosa):
    refused(session, rosa, ran_out=date(2026, 5, 28), closed=at(3))

    assert ran_out(session, cast) == [("100234", 1, 2, False)]
    assert ran_out(session, cast, Period(date(2026, 5, 1), date(2026, 5, 31))) == [("100234", 28, 4, False)]
    assert ran_out(session, cast, Period(date(2026, 6, 3), date(2026, 6, 30))) == []


def test_the_day_on_which_a_cause_ended_is_the_clinics(session, cast, rosa):
    refused(session, rosa, closed=at(15, hour=4))  # still the 14th in Chicago

    assert ran_out(session, cast) == [("100234", 10, 4, False)]


def test_days_with_two_causes_count_once_and_both_are_named(session, cast, rosa):
    refused(session, rosa, closed=at(14))
    refused(session, rosa, key="B", code="NO_COVERAGE", closed=at(16))
    (found,) = lapses(session, cast.renal, JUNE, today=TODAY).rows

    assert (found.days, found.causes) == (6, ["PA has expired", "No coverage"])


@pytest.mark.parametrize(
    "more",
    [
        {"closed": at(10)},  # cured on the day
        {"ran_out": date(2026, 6, 21)},  # there is drug tomorrow's day
        {"ran_out": None},
        {"code": "LAB_OVERDUE"},
    ],
)
def test_no_day_without_drug_is_no_lapse(session, cast, rosa, more):
    refused(session, rosa, **more)

    assert ran_out(session, cast) == []


def test_what_was_let_lapse_on_purpose_is_none(session, cast, rosa):
    row = refused(session, rosa)
    row.state, row.settled_at, row.settled_by = AlertState.LAPSED, at(12), "Ana"
    row.settled_reason, row.settled_rank = "Moved away", 0
    session.flush()

    assert ran_out(session, cast) == []


def test_a_fill_while_the_refusal_goes_on_hides_no_day_before_it(session, cast, rosa):
    row = refused(session, rosa, ran_out=date(2026, 6, 18))
    kept.event(session, row, AlertEventKind.CHANGED, at(7)).run_out_on = date(2026, 6, 4)

    assert ran_out(session, cast) == [("100234", 4, 6, True)]  # 4th to 6th, 18th to 20th


def test_an_alert_that_opened_again_counts_both_times(session, cast, rosa):
    row = refused(session, rosa, ran_out=date(2026, 6, 19))
    row.opened_at, row.times_opened = at(15), 2
    kept.event(session, row, AlertEventKind.CLOSED, at(6)).run_out_on = date(2026, 6, 2)

    assert ran_out(session, cast) == [("100234", 2, 6, True)]
    assert ran_out(session, cast, Period(date(2026, 6, 1), date(2026, 6, 10))) == [("100234", 2, 4, False)]


def test_another_clinic_has_its_own(session, cast, rosa):
    refused(session, rosa)

    assert lapses(session, cast.skin, JUNE, today=TODAY).rows == []


def test_what_ended_while_drug_was_left_was_prevented(session, cast):
    for closed, ran_out_on in ((14, 20), (18, 30), (18, 10)):
        who = make.patient(session, cast.renal, mrn=f"{closed} {ran_out_on}")
        refused(session, who, ran_out=date(2026, 6, ran_out_on), closed=at(closed))
    found = lapses(session, cast.renal, JUNE, today=TODAY)

    assert (found.prevented, found.days_to_spare) == (2, 9)


def test_a_cause_that_gave_way_to_another_was_not_prevented(session, cast, rosa):
    harm = date(2026, 6, 20)
    refused(session, rosa, code="PA_EXPIRES_BEFORE_REFILL", ran_out=harm, closed=at(14), harm_on=harm)
    later = refused(session, rosa, key="B", ran_out=harm, harm_on=harm)
    later.opened_at = at(14)
    session.flush()

    assert lapses(session, cast.renal, JUNE, today=TODAY).prevented == 0


# --------------------------------------------------------------------------------------------- decisions


def request(session, who, plan, status, *, asked=date(2026, 6, 1), decided=None, **more):
    more.setdefault("ends_on", None)
    return make.authorization(
        session, who, plan, status=status, starts_on=None, requested_on=asked, decided_on=decided, **more
    )


def test_decisions_are_counted_by_payer_on_the_day_of_the_answer(session, cast, rosa):
    acme, beacon = make.plan(session, cast.renal), make.plan(session, cast.renal, payer="Beacon")
    for days, status in ((2, S.APPROVED), (4, S.PARTIALLY_APPROVED), (9, S.DENIED)):
        reason = "Step therapy" if status is S.DENIED else None
        request(session, rosa, acme, status, decided=date(2026, 6, 1) + timedelta(days=days), reason=reason)
    request(session, rosa, acme, S.APPROVED, decided=date(2026, 7, 1))
    request(session, rosa, beacon, S.SUBMITTED, asked=date(2026, 5, 2))
    request(session, rosa, beacon, S.DRAFT)
    total, first, second = decisions(session, clinic_id=cast.renal.id, period=JUNE)

    assert (total.payer, total.decided, total.waiting) == ("All payers", 3, 1)
    assert (first.payer, first.decided, first.granted, first.partly, first.refused) == (
        "Acme Health",
        *(3, 2, 1, 1),
    )
    assert (first.share_granted, first.p50, first.p80, first.main_reason) == (67, 4, 9, "Step therapy")
    assert (second.payer, second.waiting, second.oldest) == ("Beacon", 1, date(2026, 5, 2))
    assert (second.share_granted, second.p50) == (None, None)


def test_without_a_request_there_is_only_the_line_of_all(session, cast):
    (total,) = decisions(session, clinic_id=cast.renal.id, period=JUNE)

    assert (total.decided, total.waiting, total.share_granted) == (0, 0, None)


# -------------------------------------------------------------------------------------------------- work


def test_work_is_counted_by_person_and_what_nobody_owns_stands_last(session, cast, rosa):
    alert = refused(session, rosa)
    own = make.patient(session, cast.renal, mrn="2", owner_id=cast.ana.id)
    row = request(session, rosa, make.plan(session, cast.renal), S.SUBMITTED)
    for kind in (AlertEventKind.SNOOZED, AlertEventKind.NOTED, AlertEventKind.UNDONE):
        kept.event(session, alert, kind, at(8), cast.ana)
    kept.event(session, alert, AlertEventKind.SNOOZED, at(8) - timedelta(days=30), cast.ana)
    common = {"clinic_id": rosa.clinic_id, "patient_id": rosa.id, "at": at(9), "actor": "Ben"}
    for channel in (Channel.CALL, Channel.NOTE):
        make.save(
            session,
            ContactLog(
                **common, actor_id=cast.ben.id, channel=channel, on_date=date(2026, 6, 9), said="Asked"
            ),
        )
    move = {"move": Move.SUBMIT, "from_status": S.DRAFT, "to_status": S.SUBMITTED}
    make.save(session, AuthorizationMove(**common, actor_id=cast.ben.id, authorization_id=row.id, **move))
    found = {each.name: each for each in work(session, cast.renal, JUNE)}

    assert own.owner_id == cast.ana.id
    assert (found["Ana"].alerts, found["Ana"].patients) == (2, 1)
    assert (found["Ben"].contacts, found["Ben"].sent, found["Ben"].answered) == (1, 1, 0)
    assert (found["Unowned"].patients, found["Unowned"].open_alerts) == (1, 1)
    assert list(found) == ["Ana", "Ben", "Unowned"]


# ----------------------------------------------------------------------------------------------- quality


def test_alerts_are_counted_by_cause_with_the_share_of_false_ones(session, cast, rosa):
    alert = kept.alert(session, rosa, code="LAB_OVERDUE", opened_at=at(5))
    alert.acknowledged_at, alert.acknowledged_by = at(5) + timedelta(hours=3), "Ana"
    session.flush()
    for kind, times in (
        (AlertEventKind.OPENED, 2),
        (AlertEventKind.REOPENED, 1),
        (AlertEventKind.FALSE_ALARM, 1),
    ):
        for _ in range(times):
            kept.event(session, alert, kind, at(8))
    kept.event(session, alert, AlertEventKind.OPENED, at(8) - timedelta(days=30))
    total, lab = quality(session, cast.renal, JUNE)

    assert (lab.label, lab.opened, lab.false_alarms, lab.share_false) == ("Lab is overdue", 4, 1, 25)
    assert (lab.hours_to_answer, lab.open_now) == (3, 1)
    assert (total.label, total.opened) == ("All alerts", 4)


def test_every_clinic_has_its_own_line_of_all(session, cast, rosa):
    kept.alert(session, rosa, opened_at=at(5))
    (total,) = quality(session, cast.skin, JUNE)

    assert (total.opened, total.open_now, total.hours_to_answer) == (0, 0, None)


# ------------------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Last 30 days", "2026-02-10", "2026-03-11"),
        ("This month", "2026-03-01", "2026-03-11"),
        ("Last month", "2026-02-01", "2026-02-28"),
        ("This year", "2026-01-01", "2026-03-11"),
    ],
)
def test_the_usual_periods(name, first, last):
    period = dict(presets(date(2026, 3, 11)))[name]

    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_a_period_begins_and_ends_with_the_clinics_day():
    assert Period(date(2026, 3, 8), date(2026, 3, 8)).instants("America/Chicago") == (
        datetime(2026, 3, 8, 6, 0, tzinfo=UTC),
        datetime(2026, 3, 9, 5, 0, tzinfo=UTC),  # the clock went forward
    )
