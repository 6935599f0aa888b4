"""Before a rule is saved: which patients, fills and alerts it would change. And versions of a rule."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import func, select

import make
from tracker.models.alert import Alert
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.patient import PatientCheck
from tracker.models.payer import FormularyRule, Payer
from tracker.rules.words import AuthorizationStatus
from tracker.services import blast_radius, decision_times
from tracker.web import blast_page
from writing import fields, sent_from, sign_in


@pytest.fixture
def app(app):
    with time_machine.travel("2026-06-08T15:00:00Z", tick=False):
        yield app


@pytest.fixture
def ana(client, cast):
    return sign_in(client)


@pytest.fixture
def acme(session, cast):
    plan = make.plan(session, cast.renal)
    make.rule(session, plan, prior_authorization=False)
    session.commit()
    return plan


@pytest.fixture
def rosa(ana, session, cast, acme):
    """A patient of the plan with a fill on file, checked: nothing is refused."""
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    make.coverage(session, who, acme)
    make.regimen(session, who)
    make.fill(session, who, on=date(2026, 6, 1))
    session.commit()
    sent_from(ana, f"/patients/{who.id}/weight/new", on_date="2026-06-01", kg="70")
    return who


def rule_of(session, acme):
    session.expire_all()
    query = select(FormularyRule).where(FormularyRule.plan_id == acme.id)
    return session.execute(query.order_by(FormularyRule.starts_on)).scalars().all()


def change_path(session, acme):
    return f"/payers/rules/{rule_of(session, acme)[0].id}/change"


def changes(session):
    """Events of the audit that are no reading: the patients shown are on record as read."""
    query = select(func.count()).where(AuditEvent.action != AuditAction.VIEWED)
    return session.execute(query).scalar_one()


def test_of_very_many_a_part_is_looked_at_and_the_storm_is_that_of_all(session, cast, acme, monkeypatch):
    """Sixty patients whose fills would be refused, though there is time for twenty."""
    for number in range(60):
        who = make.patient(session, cast.renal, mrn=str(number), owner_id=cast.ana.id)
        make.coverage(session, who, acme)
        make.regimen(session, who)
        make.fill(session, who, on=date(2026, 6, 1))
    session.flush()
    rule = session.execute(select(FormularyRule)).scalar_one()
    ask = {"plan_ids": [acme.id], "today": date(2026, 6, 8), "apply": lambda: refuse(session, rule)}
    whole = blast_radius.blast_radius(session, cast.renal, **ask)
    monkeypatch.setattr(blast_radius, "BATCH", 20)
    monkeypatch.setattr(blast_radius, "LOOKED_AT_LEAST", 20)
    monkeypatch.setattr(blast_radius, "LOOK_SECONDS", 0.0)
    part = blast_radius.blast_radius(session, cast.renal, **ask)

    assert (whole.looked_at, whole.partial, part.looked_at, part.members) == (60, False, 20, 60)
    assert whole.storms == part.storms == {"Ana": whole.opened}
    assert session.get_one(FormularyRule, rule.id).prior_authorization is False


def refuse(session, rule):
    rule.prior_authorization = True
    session.flush()


def test_what_a_rule_would_refuse_is_shown_and_nothing_is_saved(ana, session, acme, rosa):
    before = changes(session)
    text = sent_from(ana, change_path(session, acme), prior_authorization="yes").text

    assert "nothing is saved yet" in text
    assert "Alvarez, Rosa" in text
    assert "more refused" in text
    assert "Wed 2026-07-01" in text
    assert rule_of(session, acme)[0].prior_authorization is False
    assert session.execute(select(func.count()).select_from(Alert)).scalar_one() == 0
    assert changes(session) == before
    assert session.get_one(PatientCheck, rosa.id).due is False


def test_of_very_many_the_worst_are_listed_and_all_are_counted(ana, session, cast, acme, rosa, monkeypatch):
    monkeypatch.setattr(blast_page, "MOST_TOUCHED", 2)
    for number in range(3):
        who = make.patient(session, cast.renal, mrn=f"N{number}")
        make.coverage(session, who, acme)
        make.regimen(session, who)
        make.fill(session, who, on=date(2026, 6, 1))
    session.commit()

    text = sent_from(ana, change_path(session, acme), prior_authorization="yes").text

    assert text.count("more refused") == 2
    assert "4 of 4" in text
    assert "the first 2 are here, the figures above count all" in text


def test_seen_it_is_saved_as_it_was_shown(ana, session, acme, rosa):
    path = change_path(session, acme)
    preview = sent_from(ana, path, prior_authorization="yes")
    sent = {name: value for name, value in fields(preview).items() if name != "q"}
    answer = ana.post(path, data={**sent, "seen": "y"})

    assert answer.status_code == 303
    assert rule_of(session, acme)[0].prior_authorization is True
    assert session.get_one(PatientCheck, rosa.id).due is True


def test_a_change_that_touches_nobody_is_saved_at_once(ana, session, acme, rosa):
    assert sent_from(ana, change_path(session, acme), source="Acme 2027").status_code == 303
    assert rule_of(session, acme)[0].source == "Acme 2027"


def test_a_refused_form_shows_no_preview(ana, session, acme, rosa):
    answer = sent_from(ana, change_path(session, acme), prior_authorization="yes", starts_on="rubbish")

    assert answer.status_code == 422
    assert "nothing is saved yet" not in answer.text


def test_a_new_version_ends_the_old_one_the_day_before(ana, session, acme, rosa):
    old = rule_of(session, acme)[0]
    path = f"/payers/rules/{old.id}/version"
    preview = sent_from(ana, path, starts_on="2027-01-01", prior_authorization="yes")
    assert "nothing is saved yet" in preview.text
    sent = {name: value for name, value in fields(preview).items() if name != "q"}
    ana.post(path, data={**sent, "seen": "y"})
    versions = rule_of(session, acme)

    assert [(each.ends_on, each.prior_authorization) for each in versions] == [
        (date(2026, 12, 31), False),
        (None, True),
    ]
    assert "in force" in ana.get(f"/payers/rules/{old.id}").text


@pytest.mark.parametrize(("starts_on", "says"), [("", "Give the day"), ("2025-12-31", "later day")])
def test_a_version_needs_a_later_day(ana, session, acme, rosa, starts_on, says):
    rule = rule_of(session, acme)[0]
    rule.starts_on = date(2026, 1, 1)
    session.commit()
    answer = sent_from(ana, f"/payers/rules/{rule.id}/version", starts_on=starts_on)

    assert answer.status_code == 422
    assert says in answer.text
    assert len(rule_of(session, acme)) == 1


def test_another_clinics_rule_has_no_version_here(client, session, acme, cast):
    client = sign_in(client, "cleo@clinic.example")

    assert client.get(f"/payers/rules/{rule_of(session, acme)[0].id}/version").status_code == 404


# ------------------------------------------------------------------------------------- how long they take


@pytest.mark.parametrize(("share", "days"), [(50, 3), (80, 4), (90, 5), (95, 5), (100, 5)])
def test_a_percentile_is_a_day_on_which_so_many_were_decided(share, days):
    assert decision_times.percentile([1, 2, 3, 4, 5], share) == days
    assert decision_times.percentile([], share) is None


def decide(session, who, plan, days, count):
    for number in range(count):
        make.authorization(
            session,
            who,
            plan,
            number=f"D{days}-{number}",
            status=AuthorizationStatus.APPROVED,
            starts_on=date(2020, 1, 1 + number),
            ends_on=date(2020, 2, 1),
            requested_on=date(2020, 1, 1),
            decided_on=date(2020, 1, 1 + days),
        )
    session.commit()


@pytest.mark.parametrize(("cases", "learnt"), [(4, None), (5, 9)])
def test_the_payers_own_time_counts_from_five_cases_on(session, cast, acme, rosa, cases, learnt):
    decide(session, rosa, acme, 9, cases)
    decision_times.learn(session, clinic_id=cast.renal.id, now=datetime(2026, 6, 8, 15, tzinfo=UTC))
    session.expire_all()

    assert session.get_one(Payer, acme.payer_id).learnt_decision_days == learnt
    assert session.get_one(PatientCheck, rosa.id).due is (learnt is not None)


def test_a_slow_payers_renewals_start_earlier(ana, session, cast, acme, rosa):
    """First refused fill 2026-07-01 - 2 shipping - 9 of its own - 3 preparation days = 2026-06-17."""
    rule_of(session, acme)[0].prior_authorization = True
    decide(session, rosa, acme, 9, 5)
    decision_times.learn(session, clinic_id=cast.renal.id, now=datetime(2026, 6, 8, 15, tzinfo=UTC))
    session.commit()
    sent_from(ana, f"/patients/{rosa.id}/weight/new", on_date="2026-06-02", kg="71")
    session.expire_all()

    assert session.get_one(PatientCheck, rosa.id).start_renewal_by == date(2026, 6, 17)


def test_it_is_learnt_once_a_day(session, cast, acme, rosa):
    decide(session, rosa, acme, 9, 5)
    now = datetime(2026, 6, 8, 15, tzinfo=UTC)
    first = decision_times.learn(session, clinic_id=cast.renal.id, now=now)
    decide(session, rosa, acme, 20, 5)
    again = decision_times.learn(session, clinic_id=cast.renal.id, now=now.replace(hour=20))

    assert (first, again) == ([acme.payer.name], [])


def test_the_page_shows_them_with_n(ana, session, acme, rosa):
    decide(session, rosa, acme, 9, 2)
    text = ana.get(f"/payers/{acme.payer_id}").text

    assert "n = 2" in text
    assert "9 days" in text
    assert "fewer than 5" in text
