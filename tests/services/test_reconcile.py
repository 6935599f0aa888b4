"""What people did with an alert stands until its finding is worse or its cause ends; nothing is lost."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

import kept
import make
from tracker.models.alert import Alert, AlertEvent, AlertState
from tracker.rules.words import Severity
from tracker.services import alert_acts, snoozing
from tracker.services.actor import SCAN, Actor
from tracker.services.errors import Refused
from tracker.services.reconcile import Occasion, reconcile

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
HARM = date(2026, 6, 30)


def finding(key="k", *, severity="warning", harm=HARM, facts=None, **place):
    return {
        "key": key,
        "code": "PA_GAP",
        "severity": severity,
        "about_kind": "authorization",
        "about": None,
        "harm_day": harm,
        "message": "Fill will be refused.",
        "clears_when": "A PA.",
        "facts": facts or {},
        "proof": {},
        "place": place,
    }


class Patient:
    """One patient's alerts, checked and acted on, the clock going on a minute each time."""

    def __init__(self, session, cast):
        kept.stand_on(session, cast.renal)
        self.session, self.cast, self.now = session, cast, NOON
        self.row = make.patient(session, cast.renal, mrn=f"m{id(self)}", owner_id=cast.ana.id)

    def alerts(self):
        query = select(Alert).where(Alert.patient_id == self.row.id).order_by(Alert.key)
        return self.session.execute(query).scalars().all()

    def check(self, *findings):
        self.now += timedelta(minutes=1)
        reconcile(
            self.session,
            clinic_id=self.row.clinic_id,
            patient_id=self.row.id,
            findings=findings,
            kept=self.alerts(),
            on=self.now.date(),
            occasion=Occasion(self.now, SCAN, "fill added by Ben"),
        )
        self.session.flush()
        return self.alerts()

    def act(self, act, alert, **more):
        self.now += timedelta(minutes=1)
        actor = Actor("Ana", self.cast.ana.id)
        place = {"clinic_id": self.row.clinic_id, "alert_id": alert.id}
        return getattr(alert_acts, act)(self.session, **place, actor=actor, now=self.now, **more)

    def history(self):
        query = select(AlertEvent).where(AlertEvent.patient_id == self.row.id)
        events = self.session.execute(query.order_by(AlertEvent.at, AlertEvent.id)).scalars().all()
        return [(e.id, e.kind, e.text, e.actor) for e in events]


@pytest.fixture
def rosa(session, cast):
    return Patient(session, cast)


def snoozed(rosa, **more):
    (alert,) = rosa.check(finding(**more))
    return rosa.act("snooze", alert, until=date(2026, 6, 10), reason="Payer calls back")


def settled(rosa, act="false_alarm", **more):
    (alert,) = rosa.check(finding(**more))
    return rosa.act(act, alert, reason="Letter on file")


def test_the_same_finding_wakes_nobody(rosa):
    alert = snoozed(rosa)
    rosa.check(finding())

    assert alert.state is AlertState.SNOOZED


def test_a_snoozed_alert_is_back_at_once_when_it_gets_worse(rosa):
    alert = snoozed(rosa)
    rosa.check(finding(severity="critical"))

    assert (alert.state, alert.returned_at) == (AlertState.OPEN, rosa.now)
    said = "Was snoozed by Ana until Wed 2026-06-10: Payer calls back. Back at once: it is Critical now."
    assert said in [text for _, _, text, _ in rosa.history()]


@pytest.mark.parametrize("harm", [date(2026, 6, 9), date(2026, 6, 29)])
def test_a_snoozed_alert_is_back_when_its_harm_comes_earlier(rosa, harm):
    alert = snoozed(rosa)
    rosa.check(finding(harm=harm))

    assert (alert.state, alert.harm_on) == (AlertState.OPEN, harm)


def test_a_snoozed_alert_without_harm_is_back_when_it_is_due_earlier(rosa):
    alert = snoozed(rosa, harm=None, facts={"reply_by": "2026-06-20"})
    rosa.check(finding(harm=None, facts={"reply_by": "2026-06-19"}))

    assert alert.state is AlertState.OPEN


def test_a_later_harm_lets_it_sleep(rosa):
    alert = snoozed(rosa)
    rosa.check(finding(harm=date(2026, 7, 3), severity="info"))

    assert alert.state is AlertState.SNOOZED


@pytest.mark.parametrize("act", ["false_alarm", "allow_to_lapse"])
@pytest.mark.parametrize(
    ("worse", "back"),
    [
        ({}, False),
        ({"harm": date(2026, 7, 1)}, False),
        ({"severity": "info"}, False),
        ({"severity": "high"}, True),
        ({"harm": date(2026, 6, 29)}, True),
    ],
)
def test_what_was_settled_comes_back_only_when_it_is_worse(rosa, act, worse, back):
    alert = settled(rosa, act)
    rosa.check(finding(**worse))

    assert (alert.state is AlertState.OPEN) is back
    assert (alert.settled_at is None) is back


def test_what_grew_better_and_back_to_what_was_settled_stays_settled(rosa):
    alert = settled(rosa, severity="high")
    rosa.check(finding(severity="info"))
    rosa.check(finding(severity="high"))

    assert alert.state is AlertState.FALSE_ALARM


def test_a_settled_alert_closes_with_its_cause_and_opens_anew(rosa):
    alert = settled(rosa)
    rosa.check()
    closed = (alert.state, alert.closed_reason, alert.settled_at)
    rosa.check(finding())

    assert closed == (AlertState.CLOSED, "Its cause ended: fill added by Ben.", None)
    assert (alert.state, alert.times_opened) == (AlertState.OPEN, 2)


def test_a_snoozed_alert_closes_with_its_cause(rosa):
    alert = snoozed(rosa)
    rosa.check()

    assert (alert.state, alert.closed_at) == (AlertState.CLOSED, rosa.now)


def test_an_answered_alert_that_gets_worse_asks_again(rosa):
    (alert,) = rosa.check(finding())
    rosa.act("take", alert)
    rosa.check(finding(severity="critical"))

    assert (alert.acknowledged_at, alert.ladder_from, alert.owner_id) == (None, rosa.now, rosa.cast.ana.id)


# ------------------------------------------------------------------------------ any sequence of it

DAYS = st.none() | st.dates(date(2026, 6, 1), date(2026, 7, 20))
FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from("ab"),
        severity=st.sampled_from([word.value for word in Severity]),
        harm=DAYS,
        facts=st.dictionaries(
            st.sampled_from(["reply_by", "due_on", "due_at"]), DAYS.map(lambda d: d and d.isoformat())
        ),
    ),
    max_size=2,
    unique_by=lambda each: each["key"],
)
STEPS = st.one_of(
    st.tuples(st.just("check"), FINDINGS),
    st.tuples(st.just("snooze"), st.dates(date(2026, 6, 5), date(2026, 7, 30))),
    st.tuples(st.sampled_from(["take", "acknowledge", "wake", "undo", "note"]), st.none()),
    st.tuples(st.sampled_from(["false_alarm", "allow_to_lapse"]), st.none()),
    st.tuples(st.just("pass"), st.integers(1, 6)),
)
MORE = {
    "note": {"text": "Called."},
    "false_alarm": {"reason": "Old letter"},
    "allow_to_lapse": {"reason": "On purpose"},
}


def take_step(rosa, step, value, found):
    """One step; the findings that hold after it."""
    if step == "check":
        rosa.check(*value)
        return value
    if step == "pass":
        rosa.cast.renal.demo_today += timedelta(days=value)
        rosa.session.flush()
        snoozing.wake_due(rosa.session, clinic_id=rosa.row.clinic_id, now=rosa.now)
        return found
    for alert in rosa.alerts():
        more = {"until": value, "reason": "Waiting"} if step == "snooze" else MORE.get(step, {})
        before = alert.state
        try:
            with rosa.session.begin_nested():
                safe = snoozing.last_safe_day(alert, clinic=rosa.cast.renal, today=rosa.cast.renal.demo_today)
                rosa.act(step, alert, **more)
                assert step != "snooze" or value <= safe.on
        except Refused:
            assert alert.state is before
    return found


@given(st.lists(STEPS, min_size=3, max_size=14))
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_no_cause_is_lost_and_no_history(session, steps):
    with session.begin_nested() as trial:
        rosa = Patient(session, make_cast(session))
        found, history = (), []
        for step, value in steps:
            found = take_step(rosa, step, value, found)
            kept_now = rosa.history()
            assert set(history) <= set(kept_now)
            history = kept_now
            by_key = {alert.key: alert for alert in rosa.alerts()}
            for each in found:
                alert = by_key[each["key"]]
                assert alert.state is not AlertState.CLOSED
                assert alert.state is not AlertState.SNOOZED or (
                    alert.snooze_reason and alert.snoozed_until > rosa.cast.renal.demo_today
                )
                settled_by_hand = alert.state in {AlertState.FALSE_ALARM, AlertState.LAPSED}
                assert not settled_by_hand or (alert.settled_by and alert.settled_reason)
            for alert in by_key.values():
                if alert.state is AlertState.SNOOZED and alert.harm_on:
                    assert alert.snoozed_until <= alert.harm_on
        trial.rollback()


def make_cast(session):
    clinic = make.clinic(session, name="Property clinic")
    ana = make.user(session, clinic, email="property@clinic.example")
    return make.Cast(renal=clinic, skin=clinic, ana=ana, ben=ana, cleo=ana, dana=ana)


# ------------------------------------------------------------------------------- drug that ended and came


def ends_of_drug(rosa):
    query = select(AlertEvent.kind, AlertEvent.run_out_on).where(AlertEvent.run_out_on.is_not(None))
    return [(kind.value, on.day) for kind, on in rosa.session.execute(query.order_by(AlertEvent.at))]


def test_a_fill_after_the_drug_had_run_out_is_told_with_the_day(rosa):
    rosa.check(finding(run_out_on=date(2026, 6, 2)))
    rosa.check(finding(run_out_on=date(2026, 7, 2)))

    assert ends_of_drug(rosa) == [("changed", 2)]
    assert "Drug again until 2026-07-02: it had run out on 2026-06-02." in rosa.history()[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (date(2026, 6, 8), date(2026, 7, 2)),  # it ends today: nobody is without
        (date(2026, 6, 2), date(2026, 6, 8)),  # a correction: there is still none
        (date(2026, 6, 2), date(2026, 6, 2)),
        (date(2026, 6, 2), None),
        (None, date(2026, 7, 2)),
    ],
)
def test_where_nobody_was_without_drug_nothing_is_told(rosa, before, after):
    rosa.check(finding(run_out_on=before))
    rosa.check(finding(run_out_on=after))

    assert ends_of_drug(rosa) == []


def test_the_end_of_a_refusal_knows_the_day_and_a_settled_one_does_not(rosa):
    rosa.check(finding(run_out_on=date(2026, 6, 2)))
    rosa.check()
    assert ends_of_drug(rosa) == [("closed", 2)]

    settled(rosa, run_out_on=date(2026, 6, 2))
    rosa.check(finding(run_out_on=date(2026, 7, 2)))
    rosa.check()

    assert ends_of_drug(rosa) == [("closed", 2)]
