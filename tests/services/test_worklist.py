"""The worklist: order, filters that count, one alert with its proof."""

from datetime import date

import pytest

import kept
import make
from tracker.models.alert import AlertState
from tracker.rules.words import Severity
from tracker.services import worklist
from tracker.services.errors import NotFound
from tracker.services.worklist_filters import Asker, Due, Filters, Sort, Status
from tracker.services.worklist_page import Place, work_page


@pytest.fixture
def alerts(session, cast):
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    other = make.patient(session, cast.renal, mrn="2", family="Brennan")
    return {
        "late": kept.alert(session, who, key="late", harm_on=date(2026, 6, 20)),
        "soon": kept.alert(session, other, key="soon", harm_on=date(2026, 6, 9)),
        "dateless": kept.alert(session, who, key="dateless", harm_on=None),
        "info": kept.alert(session, who, key="info", severity="info", code="RULE_UNVERIFIED"),
    }


def asker(cast, user=None, clinic=None):
    return Asker((clinic or cast.renal).id, (user or cast.ana).id, kept.DAY)


def found(session, cast, **filters):
    return work_page(session, asker(cast), Filters(**filters), Place())


def ids(page):
    return [row.line.id for row in page.rows]


def test_the_earliest_harm_comes_first_and_what_has_no_date_last(session, cast, alerts):
    assert ids(found(session, cast)) == [alerts[k].id for k in ("soon", "info", "late", "dateless")]


def test_by_severity_the_worst_tier_comes_first_and_in_it_the_earliest_harm(session, cast, alerts):
    page = found(session, cast, sort=Sort.SEVERITY)

    assert ids(page) == [alerts[k].id for k in ("soon", "late", "dateless", "info")]


def test_the_owner_is_the_patients_unless_the_alert_has_its_own(session, cast, alerts):
    alerts["late"].owner_id = cast.ben.id
    session.flush()

    owners = {row.line.id: row.line.owner for row in found(session, cast).rows}

    assert owners[alerts["late"].id] == "Ben"
    assert owners[alerts["dateless"].id] == "Ana"
    assert owners[alerts["soon"].id] is None


def test_counts_of_a_filter_leave_that_filter_out(session, cast, alerts):
    counts = found(session, cast, severities=(Severity.INFO,), owner="me").counts

    assert counts.matching == 1
    assert counts.severity == {Severity.CRITICAL: 2, Severity.INFO: 1}
    assert counts.cause == {"RULE_UNVERIFIED": 1, "answers": 0, "renewals": 0}
    assert counts.owner == {cast.ana.id: 1, "me": 1}


def test_text_is_looked_for_in_the_message_only(session, cast, alerts):
    assert found(session, cast, text="NO PA FROM").counts.matching == 4
    assert found(session, cast, text="Brennan").counts.matching == 0
    assert found(session, cast, text="%").counts.matching == 0


def test_text_is_found_whatever_the_case_of_its_letters(session, cast):
    kept.alert(session, make.patient(session, cast.renal), message="Plan ÄRZTE ends")

    assert found(session, cast, text="ärzte").counts.matching == 1


def test_cause_and_status_narrow_it(session, cast, alerts):
    alerts["soon"].state, alerts["soon"].closed_at = AlertState.CLOSED, kept.CHECKED
    session.flush()

    page = found(session, cast, cause="PA_GAP")
    assert page.counts.matching == 2
    assert page.counts.status == {Status.OPEN: 2, Status.SNOOZED: 0, Status.CLOSED: 1, Status.SETTLED: 0}
    assert ids(found(session, cast, status=Status.CLOSED)) == [alerts["soon"].id]


def test_another_clinic_has_its_own_worklist(session, cast, alerts):
    theirs = work_page(session, asker(cast, cast.cleo, cast.skin), Filters(), Place(after=alerts["soon"].id))

    assert (theirs.rows, theirs.counts.matching) == ([], 0)
    with pytest.raises(NotFound):
        worklist.alert_page(session, clinic_id=cast.skin.id, alert_id=alerts["late"].id)


def test_a_proof_names_who_entered_the_facts_it_rests_on(session, cast):
    who = make.patient(session, cast.renal)
    fill = make.fill(session, who, on=date(2026, 5, 15), entered_by="Ben Cole")
    used = [
        {"label": "Last fill", "value": "2026-05-15", "kind": "fill", "id": fill.id},
        {"label": "Gone", "value": "x", "kind": "fill", "id": "0" * 26},
        {"label": "Plan", "value": "Acme", "kind": "plan", "id": "p"},
    ]
    row = kept.alert(session, who, proof={**kept.PROOF, "facts_used": used})

    facts = worklist.alert_page(session, clinic_id=cast.renal.id, alert_id=row.id).proof.facts_used

    assert [(fact.id, fact.entered_by) for fact in facts] == [
        (fill.id, "Ben Cole"),
        (None, None),
        (None, None),
    ]


def test_what_is_due_is_the_answer_before_the_harm(session, cast):
    who = make.patient(session, cast.renal)
    kept.alert(session, who, key="a", facts={"due_at": "2026-06-05T09:00:00-05:00"})
    kept.alert(session, who, key="b", harm_on=date(2026, 6, 30), facts={})

    page = found(session, cast, sort=Sort.DUE)

    assert [row.line.due_on for row in page.rows] == [date(2026, 6, 5), date(2026, 6, 30)]
    assert page.counts.due[Due.OVERDUE] == 1
    assert page.counts.due[Due.MONTH] == 2
