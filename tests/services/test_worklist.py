"""The worklist: order, filters that count, one alert with its proof."""

from datetime import date

import pytest

import kept
import make
from tracker.models.alert import AlertState
from tracker.rules.words import AlertCode, Severity
from tracker.services import worklist
from tracker.services.errors import NotFound
from tracker.services.worklist import Filters


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


def found(session, cast, **filters):
    return worklist.worklist(session, clinic_id=cast.renal.id, filters=Filters(**filters))


def test_the_worst_tier_comes_first_and_in_it_the_earliest_harm(session, cast, alerts):
    lines = found(session, cast).lines

    assert [line.id for line in lines] == [alerts[k].id for k in ("soon", "late", "dateless", "info")]


def test_the_owner_is_the_patients_unless_the_alert_has_its_own(session, cast, alerts):
    alerts["late"].owner_id = cast.ben.id
    session.flush()

    owners = {line.id: line.owner for line in found(session, cast).lines}

    assert owners[alerts["late"].id] == "Ben"
    assert owners[alerts["dateless"].id] == "Ana"
    assert owners[alerts["soon"].id] is None


def test_counts_of_a_filter_leave_that_filter_out(session, cast, alerts):
    list_ = found(session, cast, severity=Severity.INFO)

    assert (list_.matching, list_.in_state) == (1, 4)
    assert list_.by_severity == {Severity.CRITICAL: 3, Severity.INFO: 1}
    assert list_.by_code == {"RULE_UNVERIFIED": 1}


def test_text_is_looked_for_in_the_message_only(session, cast, alerts):
    assert found(session, cast, text="NO PA FROM").matching == 4
    assert found(session, cast, text="Brennan").matching == 0
    assert found(session, cast, text="%").matching == 0


def test_code_and_state_narrow_it(session, cast, alerts):
    alerts["soon"].state, alerts["soon"].closed_at = AlertState.CLOSED, kept.CHECKED
    session.flush()

    assert found(session, cast, code=AlertCode.PA_GAP).matching == 2
    assert [line.id for line in found(session, cast, state=AlertState.CLOSED).lines] == [alerts["soon"].id]


def test_a_page_beyond_the_last_is_the_last(session, cast, alerts):
    assert found(session, cast, page=99).page == 1


def test_another_clinic_has_its_own_worklist(session, cast, alerts):
    mine = worklist.worklist(session, clinic_id=cast.skin.id, filters=Filters())

    assert (mine.lines, mine.in_state) == ([], 0)
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

    assert [line.due_on for line in found(session, cast).lines] == [date(2026, 6, 5), date(2026, 6, 30)]
