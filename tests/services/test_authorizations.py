"""The moves of an authorization: which are allowed, what each keeps; the patient is always checked."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import make
from tracker.models.alert import Alert, AlertState
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.authorization import Authorization, AuthorizationLine, Denial
from tracker.models.authorization_log import AuthorizationMove
from tracker.models.patient import Coverage, PatientCheck
from tracker.models.payer import Plan
from tracker.rules.moves import SENSE, Move, leads
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, DenialLevel, LineOfBusiness
from tracker.services import authorizations, checking, facts
from tracker.services.actor import Actor
from tracker.services.authorizations import Report
from tracker.services.errors import Conflict, Refused, TrackerError

NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
ANA = Actor("Ana")
S = AuthorizationStatus
DECIDED = {"number": "A9", "starts_on": date(2026, 1, 1), "ends_on": date(2026, 6, 30)}
STARTS, ENDS = {"starts_on": date(2026, 1, 1)}, {"ends_on": date(2026, 6, 30)}
# The law of the product, written out: from each status, every status that a move may lead to.
ALLOWED = {
    S.DRAFT: {S.SUBMITTED, S.CANCELLED},
    S.SUBMITTED: {
        S.PENDED,
        S.APPROVED,
        S.PARTIALLY_APPROVED,
        S.NOT_REQUIRED,
        S.DENIED,
        S.CANCELLED,
    },
    S.PENDED: {
        S.SUBMITTED,
        S.APPROVED,
        S.PARTIALLY_APPROVED,
        S.NOT_REQUIRED,
        S.DENIED,
        S.CANCELLED,
    },
    S.APPEALED: {S.APPROVED, S.PARTIALLY_APPROVED, S.NOT_REQUIRED, S.DENIED, S.CANCELLED},
    S.APPROVED: {S.CANCELLED, S.LAPSED_ON_PURPOSE},
    S.PARTIALLY_APPROVED: {S.CANCELLED, S.LAPSED_ON_PURPOSE},
    S.NOT_REQUIRED: {S.CANCELLED, S.LAPSED_ON_PURPOSE},
    S.DENIED: {S.APPEALED, S.LAPSED_ON_PURPOSE},
    S.CANCELLED: set(),
    S.LAPSED_ON_PURPOSE: set(),
}


@pytest.fixture
def who(session, cast):
    patient = make.covered_patient(session, cast.renal)
    session.commit()
    return patient


def plan_of(session, who):
    return session.scalars(select(Coverage.plan_id).where(Coverage.patient_id == who.id)).one()


def request(session, who, status=S.SUBMITTED, **more):
    plan = session.get(Plan, plan_of(session, who))
    values = {"starts_on": None, "ends_on": None, "number": None, **more}
    row = make.authorization(session, who, plan, status=status, **values)
    row.lines = [
        AuthorizationLine(
            clinic_id=who.clinic_id, code="J7502", requested=True, requested_units=720, units=360
        )
    ]
    session.flush()
    return row


def moved(session, row, what, **told):
    report = Report(
        on=told.pop("on", date(2026, 6, 8)),
        reason=told.pop("reason", "said on the phone"),
        status=told.pop("status", None),
        columns=told.pop("columns", DECIDED),
        denial=told.pop("denial", {}),
    )
    version = told.pop("version", row.version)
    return authorizations.move(session, row, what, report, version=version, actor=ANA, now=NOW)


def move_to(session, row, to):
    """Whatever move is asked for: the right one if there is one, else each that could end there."""
    found = leads(row.status, to)
    tries = [found] if found else [each for each in Move if to in SENSE[each].ends]
    for what in tries:
        moved(session, row, what, status=to)
    if not tries:
        raise Refused("No move leads there.")


@pytest.mark.parametrize(("origin", "to"), list(product(S, S)), ids=lambda word: word.value)
def test_only_sensible_moves_are_made(session, who, origin, to):
    row = request(session, who, origin)

    if to in ALLOWED[origin]:
        move_to(session, row, to)
    else:
        with pytest.raises(Refused):
            move_to(session, row, to)

    session.expire_all()
    kept = session.scalars(select(AuthorizationMove)).all()
    assert row.status is (to if to in ALLOWED[origin] else origin)
    assert [(each.from_status, each.to_status) for each in kept] == (
        [(origin, to)] if to in ALLOWED[origin] else []
    )


def test_the_table_of_the_rules_is_the_law():
    made = {origin: {to for to in S if leads(origin, to)} for origin in S}

    assert made == ALLOWED


def test_a_refusal_says_what_to_do_instead(session, who):
    row = request(session, who, S.DENIED)

    with pytest.raises(Refused, match="Appeal it, or replace it by a new request"):
        moved(session, row, Move.SUBMIT)


def test_a_move_keeps_who_when_and_why_and_is_audited(session, who):
    row = request(session, who)

    moved(session, row, Move.PEND, reason="Chart note missing", columns={"reply_by": date(2026, 6, 12)})

    kept = session.scalars(select(AuthorizationMove)).one()
    assert (kept.actor, kept.at, kept.on_date, kept.reason) == (
        "Ana",
        NOW,
        date(2026, 6, 8),
        "Chart note missing",
    )
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.CHANGED)).one()
    assert event.new["status"] == "pended"
    assert event.patient_id == who.id
    assert (row.decided_on, row.reply_by) == (date(2026, 6, 8), date(2026, 6, 12))


def test_a_decision_closes_the_alert_in_the_same_transaction(session, who):
    row = request(session, who, received_at=datetime(2026, 6, 1, 15, tzinfo=UTC))
    checking.recheck_many(session, clinic_id=who.clinic_id, patient_ids=[who.id], now=NOW, actor=ANA)
    assert "PA_DECISION_OVERDUE" in set(session.scalars(select(Alert.code)))

    lines = [
        {
            "code": "J7502",
            "approved": True,
            "units": 360,
            "units_used_before": 0,
            "requested": True,
            "requested_units": 720,
        }
    ]
    columns = {**DECIDED, "ends_on": date(2027, 12, 31), "lines": lines}
    outcome = moved(session, row, Move.DECIDE, status=S.PARTIALLY_APPROVED, columns=columns)

    alert = session.scalars(select(Alert).where(Alert.code == "PA_DECISION_OVERDUE")).one()
    assert (alert.state, outcome.closed >= 1) == (AlertState.CLOSED, True)
    assert "PA_PARTIAL" in set(session.scalars(select(Alert.code).where(Alert.state == AlertState.OPEN)))
    assert [(each.requested_units, each.units) for each in row.lines] == [(720, 360)]


def test_papers_sent_take_the_payers_question_away(session, who):
    row = request(
        session, who, S.PENDED, reply_by=date(2026, 6, 9), decided_on=date(2026, 6, 7), reason="Labs"
    )

    moved(session, row, Move.REPLY, columns={})

    assert (row.status, row.reply_by, row.decided_on, row.reason) == (S.SUBMITTED, None, None, None)


def test_a_denial_makes_its_row_and_the_deadline(session, who):
    row = request(session, who)

    denial = {"level": DenialLevel.INTERNAL, "received_on": date(2026, 6, 8), "carc": "50"}
    moved(session, row, Move.DENY, reason=None, denial=denial)

    kept = session.scalars(select(Denial)).one()
    assert (kept.authorization_id, kept.notice_on, kept.carc) == (row.id, date(2026, 6, 8), "50")
    alert = session.scalars(select(Alert).where(Alert.code == "APPEAL_DEADLINE")).one()
    assert alert.harm_on == date(2026, 12, 5)  # 180 days from receipt


def test_a_second_refusal_leaves_one_deadline(session, who):
    row = request(session, who)
    moved(session, row, Move.DENY, denial={"level": DenialLevel.INTERNAL})
    moved(session, row, Move.APPEAL)
    external = {"level": DenialLevel.EXTERNAL, "received_on": date(2026, 6, 8)}

    moved(session, row, Move.DENY, denial=external)

    assert session.scalars(select(Denial.level)).all() == [DenialLevel.EXTERNAL]
    open_ones = select(Alert.harm_on).where(Alert.code == "APPEAL_DEADLINE", Alert.state == AlertState.OPEN)
    assert session.scalars(open_ones).all() == [date(2026, 10, 8)]


@pytest.mark.parametrize(
    ("status", "line", "level"),
    [
        (S.SUBMITTED, LineOfBusiness.COMMERCIAL, DenialLevel.INTERNAL),
        (S.APPEALED, LineOfBusiness.COMMERCIAL, DenialLevel.EXTERNAL),
        (S.SUBMITTED, LineOfBusiness.MEDICARE_PART_D, DenialLevel.REDETERMINATION),
        (S.SUBMITTED, LineOfBusiness.MEDICAID, DenialLevel.INTERNAL),
    ],
)
def test_the_usual_level_follows_the_line_of_business(status, line, level):
    assert authorizations.usual_level(Plan(line_of_business=line), status) is level


@pytest.mark.parametrize(
    ("what", "origin", "told", "field"),
    [
        (Move.SUBMIT, S.DRAFT, {"on": None}, "on"),
        (Move.PEND, S.SUBMITTED, {"reason": None}, "reason"),
        (Move.DECIDE, S.SUBMITTED, {}, "status"),
        (Move.DECIDE, S.SUBMITTED, {"status": S.DENIED}, "status"),
        (Move.DECIDE, S.SUBMITTED, {"status": S.APPROVED, "on": None}, "on"),
        (
            Move.DECIDE,
            S.SUBMITTED,
            {"status": S.APPROVED, "columns": ENDS},
            "starts_on",
        ),
        (
            Move.DECIDE,
            S.SUBMITTED,
            {"status": S.APPROVED, "columns": STARTS},
            "ends_on",
        ),
        (Move.DENY, S.SUBMITTED, {"reason": None}, "reason"),
        (Move.CANCEL, S.APPROVED, {"reason": None}, "reason"),
        (Move.LAPSE, S.APPROVED, {"reason": None}, "reason"),
    ],
)
def test_each_move_asks_for_what_it_needs(session, who, what, origin, told, field):
    row = request(session, who, origin)

    with pytest.raises(Refused) as refused:
        moved(session, row, what, **told)

    assert refused.value.field == field
    assert row.status is origin


def test_not_required_needs_no_dates(session, who):
    row = request(session, who)

    moved(session, row, Move.DECIDE, status=S.NOT_REQUIRED, columns={})

    assert (row.status, row.ends_on) == (S.NOT_REQUIRED, None)


def test_what_a_fill_to_come_needs_cannot_lapse(session, who):
    dates = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 7, 31)}
    row = request(session, who, S.APPROVED, **dates)
    facts.change(session, row, {"lines": []}, version=row.version, actor=ANA, now=NOW)

    with pytest.raises(Refused, match="The fill of Sun 2026-07-05 is covered by it"):
        moved(session, row, Move.LAPSE)


def test_a_move_of_a_changed_record_is_a_conflict(session, who):
    row = request(session, who)
    version = row.version
    facts.change(session, row, {"prescriber": "Dr Shah"}, version=version, actor=ANA, now=NOW)

    with pytest.raises(Conflict):
        moved(session, row, Move.CANCEL, version=version)


def test_a_move_writes_only_what_is_its_own(session, who):
    row = request(session, who, S.DRAFT)

    moved(session, row, Move.SUBMIT, columns={"number": "X", "received_at": NOW, "expedited": True})

    assert (row.number, row.received_at, row.expedited) == (None, NOW, True)
    assert row.requested_on == date(2026, 6, 8)


def test_an_authorization_with_a_history_is_voided_not_removed(session, who):
    row = request(session, who)
    moved(session, row, Move.CANCEL)

    with pytest.raises(Refused, match="still used by another record"):
        facts.remove(session, row, version=row.version, actor=ANA, now=NOW)


def test_a_renewal_follows_the_day_after_as_long_as_before(session, who):
    dates = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 6, 30)}
    row = request(session, who, S.APPROVED, formulation="modified", **dates)

    draft = authorizations.renew(session, row, actor=ANA, now=NOW)

    assert (draft.status, draft.renews_id, draft.formulation) == (S.DRAFT, row.id, "modified")
    assert (draft.requested_starts_on, draft.requested_ends_on) == (date(2026, 7, 1), date(2026, 12, 28))
    assert [(each.code, each.requested_units, each.approved) for each in draft.lines] == [
        ("J7502", 360, False)
    ]
    assert draft.requested_ends_on - draft.requested_starts_on == timedelta(days=180)


def test_a_second_renewal_leads_to_the_first(session, who):
    row = request(session, who, S.APPROVED, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))

    first = authorizations.renew(session, row, actor=ANA, now=NOW)

    assert authorizations.renew(session, row, actor=ANA, now=NOW).id == first.id


@pytest.mark.parametrize(
    ("status", "dates"),
    [
        (S.DENIED, {"ends_on": date(2026, 6, 30)}),
        (S.DRAFT, {"ends_on": None}),
        (S.APPROVED, {"ends_on": None}),
    ],
)
def test_what_cannot_be_renewed_says_why(session, who, status, dates):
    row = request(session, who, status, **dates)

    with pytest.raises(Refused):
        authorizations.renew(session, row, actor=ANA, now=NOW)


def test_a_denied_request_is_replaced_once(session, who):
    asked = {"requested_starts_on": date(2026, 6, 11), "requested_ends_on": date(2027, 6, 10)}
    row = request(session, who, S.DENIED, **asked)

    draft = authorizations.replace(session, row, actor=ANA, now=NOW)

    assert [each.requested_units for each in draft.lines] == [720]
    assert (draft.requested_starts_on, draft.requested_ends_on) == (date(2026, 6, 11), date(2027, 6, 10))
    assert authorizations.replace(session, row, actor=ANA, now=NOW).id == draft.id


def test_an_approved_one_is_not_replaced(session, who):
    row = request(session, who, S.APPROVED, ends_on=date(2026, 6, 30))

    with pytest.raises(Refused, match="nothing to replace"):
        authorizations.replace(session, row, actor=ANA, now=NOW)


def test_an_exception_is_drafted_once(session, who):
    asked = {
        "clinic_id": who.clinic_id,
        "patient_id": who.id,
        "plan_id": plan_of(session, who),
        "codes": ["J7502"],
        "starts_on": date(2026, 7, 5),
        "reason": "tried and failed under a previous plan",
        "actor": ANA,
        "now": NOW,
    }

    draft = authorizations.ask_exception(session, **asked)

    assert (draft.kind, draft.status) == (AuthorizationKind.STEP_THERAPY_EXCEPTION, S.DRAFT)
    assert authorizations.ask_exception(session, **asked).id == draft.id


@given(chosen=st.lists(st.sampled_from(list(Move)), min_size=1, max_size=6))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_sequence_of_moves_leaves_the_patient_unchecked(session, cast, chosen):
    """Saved means checked: the kept answer is always that of the facts as they are."""
    session.rollback()
    mrn = f"9{len(session.scalars(select(make.Patient.id)).all())}"
    who = make.covered_patient(session, cast.renal, mrn=mrn)
    row = request(session, who, S.DRAFT)
    facts.change(session, row, {"prescriber": "Dr Shah"}, version=row.version, actor=ANA, now=NOW)
    session.commit()

    for what in chosen:
        try:
            moved(session, row, what, status=S.APPROVED if what is Move.DECIDE else None)
            session.commit()
        except TrackerError:
            session.rollback()
        session.expire_all()
        kept = session.get(PatientCheck, who.id)
        before = kept.answer
        assert (kept.due, kept.error) == (False, None)
        checking.recheck_many(session, clinic_id=who.clinic_id, patient_ids=[who.id], now=NOW, actor=ANA)
        session.expire_all()
        assert session.get(PatientCheck, who.id).answer == before
        assert checking.last_outcome(session) == checking.Outcome(0, 0)
        session.rollback()


def test_removing_a_draft_without_history_is_possible(session, who):
    row = request(session, who, S.APPROVED, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    draft = authorizations.renew(session, row, actor=ANA, now=NOW)

    facts.remove(session, draft, version=draft.version, actor=ANA, now=NOW)

    assert len(session.scalars(select(Authorization)).all()) == 1
