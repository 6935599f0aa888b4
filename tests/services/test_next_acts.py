"""The next act on a cause: renewing, asking, appealing, or going after what is under way already."""

import pytest

import kept
import make
from tracker.rules.words import AlertCode, AuthorizationKind
from tracker.services import next_acts
from tracker.services.next_acts import Next


@pytest.fixture
def who(session, cast):
    return make.patient(session, cast.renal)


@pytest.fixture
def plan(session, cast):
    return make.plan(session, cast.renal)


def act_on(session, alert):
    found = next_acts.matters(session, clinic_id=alert.clinic_id, alert_ids=[alert.id])
    return next_acts.next_act(found[alert.id])


@pytest.mark.parametrize(
    ("code", "act", "label"),
    [
        ("PA_EXPIRED", Next.RENEW, "Renew"),
        ("PA_GAP", Next.PLAN, "Plan early fill"),
        ("QL_EXCEEDED", Next.ASK, "Override"),
        ("NO_COVERAGE", Next.COVERAGE, "Add coverage"),
        ("PA_MISSING", Next.ASK, "New PA"),
        ("PA_DENIED", Next.APPEAL, "Appeal"),
        ("PA_DECISION_OVERDUE", Next.CHASE, "Chase"),
        ("STEP_THERAPY_UNMET", Next.STEPS, "Prove steps"),
        ("LAB_OVERDUE", Next.LAB, "Add lab"),
        ("FORMULATION_SWITCH", Next.LOOK, "Open"),
        ("OF_ANOTHER_VERSION", Next.LOOK, "Open"),
    ],
)
def test_each_cause_has_its_act(session, who, plan, code, act, label):
    pa = make.authorization(session, who, plan)

    found = act_on(session, kept.alert(session, who, code=code, about_id=pa.id))

    assert (found.act, found.label) == (act, label)


def test_every_code_with_an_act_is_a_code():
    assert set(next_acts.ACTS) | set(next_acts.KINDS) <= set(AlertCode)


def test_a_renewal_that_is_asked_for_is_chased_and_not_asked_for_again(session, who, plan):
    old = make.authorization(session, who, plan)
    waiting = make.authorization(session, who, plan, number=None, status="submitted", starts_on=None)

    found = act_on(session, kept.alert(session, who, code="PA_EXPIRED", about_id=old.id, plan_id=plan.id))

    assert (found.act, found.authorization_id) == (Next.CHASE, waiting.id)


def test_where_the_payer_waits_for_papers_they_are_sent(session, who, plan):
    waiting = make.authorization(session, who, plan, number=None, status="pended", starts_on=None)

    found = act_on(session, kept.alert(session, who, code="PA_MISSING", about_kind="coverage"))

    assert (found.act, found.label, found.authorization_id) == (Next.REPLY, "Send papers", waiting.id)


def test_a_request_of_another_plan_or_kind_does_not_count(session, cast, who, plan):
    other = make.plan(session, cast.renal, payer="Beacon")
    make.authorization(session, who, other, number=None, status="submitted", starts_on=None)
    make.authorization(
        session, who, plan, number="Q", kind="quantity_limit_override", status="submitted", starts_on=None
    )

    found = act_on(
        session, kept.alert(session, who, code="PA_MISSING", about_kind="coverage", plan_id=plan.id)
    )

    assert found.act is Next.ASK


def test_without_its_authorization_a_renewal_is_a_new_request(session, who):
    found = act_on(session, kept.alert(session, who, code="PA_EXPIRED", about_kind="coverage", about_id="c"))

    assert found.act is Next.ASK


def test_the_kind_of_request_is_that_of_the_cause():
    assert next_acts.kind_asked("QL_EXCEEDED") is AuthorizationKind.QUANTITY_LIMIT_OVERRIDE
    assert next_acts.kind_asked("NOT_COVERED") is AuthorizationKind.FORMULARY_EXCEPTION
    assert next_acts.kind_asked("PA_EXPIRED") is AuthorizationKind.PRIOR_AUTHORIZATION
