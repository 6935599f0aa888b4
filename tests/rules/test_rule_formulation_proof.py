"""The proof says which formulation a finding is about, and that the billing code does not tell it."""

from typing import Any

import pytest
from casemaker import document, fill, pa, plan, regimen, rule

from tracker.rules.answer import FactUsed, Finding
from tracker.rules.casefile import case_from
from tracker.rules.check import check
from tracker.rules.decision import decide
from tracker.rules.desk import Desk
from tracker.rules.proof_formulation import formulation_facts
from tracker.rules.wording import Wording
from tracker.rules.words import AboutKind, AlertCode, Severity


def facts_of(facts: Any, code: str) -> list[tuple[str, str, str]]:
    case = case_from(facts)
    found = next(alert for alert in check(case, case.as_of).alerts if alert.code == code)
    return [
        (fact.label, fact.value, fact.kind)
        for fact in found.proof.facts_used
        if fact.label in ("Formulation", "Billing code")
    ]


def uncovered(**more: Any) -> Any:
    """The next fill has no authorization, and the plan asks for one."""
    return document(plans=[plan(rules=[rule(prior_authorization=True)])], **more)


@pytest.mark.parametrize(
    ("formulation", "said"),
    [
        ("modified", "cyclosporine modified"),
        ("non_modified", "cyclosporine non-modified"),
        (None, "cyclosporine, formulation not on file"),
    ],
)
def test_a_refused_fill_says_its_formulation(formulation: str | None, said: str) -> None:
    facts = uncovered(regimens=[regimen(formulation=formulation)], fills=[])

    assert facts_of(facts, "PA_MISSING") == [
        ("Formulation", said, "regimen"),
        ("Billing code", "J7502 does not tell modified and non-modified apart", "regimen"),
    ]


def test_two_codes_are_named_together() -> None:
    facts = uncovered(regimens=[regimen(dose_mg=125)])

    assert facts_of(facts, "PA_MISSING")[1][1] == (
        "J7502 and J7515 do not tell modified and non-modified apart"
    )


def test_a_code_of_one_formulation_is_not_blamed() -> None:
    facts = document(
        plans=[plan(rules=[rule(code="J7503", prior_authorization=True)])],
        regimens=[
            regimen(drug="tacrolimus", formulation="envarsus_xr", form="tablet", strengths_mg=[4], dose_mg=4)
        ],
        fills=[],
    )

    assert facts_of(facts, "PA_MISSING") == [("Formulation", "tacrolimus Envarsus XR", "regimen")]


def test_a_drug_without_formulations_says_nothing_of_them() -> None:
    facts = document(
        plans=[plan(rules=[rule(code="J7520", prior_authorization=True)])],
        regimens=[regimen(drug="sirolimus", formulation=None, form="tablet", strengths_mg=[1], dose_mg=1)],
        fills=[],
    )

    assert facts_of(facts, "PA_MISSING") == []


def test_a_planned_fill_has_its_own_formulation() -> None:
    planned = {"on": "2026-07-05", "days_supply": 30, "units": {"J7502": 60}, "formulation": "non_modified"}
    facts = uncovered(planned_fills=[planned])

    assert facts_of(facts, "PA_MISSING")[0] == ("Formulation", "cyclosporine non-modified", "planned_fill")


def test_a_switch_found_on_a_fill_says_what_was_dispensed() -> None:
    facts = document(fills=[fill(formulation="non_modified")])

    assert facts_of(facts, "FORMULATION_SWITCH") == [
        ("Formulation", "cyclosporine non-modified", "fill"),
        ("Billing code", "J7502 does not tell modified and non-modified apart", "fill"),
    ]


def test_a_finding_about_a_regimen_says_its_formulation() -> None:
    facts = document(regimens=[regimen(dose_mg=110)], fills=[])

    assert facts_of(facts, "DOSE_NOT_CAPSULE_DIVISIBLE")[0] == (
        "Formulation",
        "cyclosporine modified",
        "regimen",
    )


def test_a_finding_about_an_authorization_alone_says_none() -> None:
    facts = document(authorizations=[pa(status="pended", decided_on=None, reply_by="2026-06-10")])
    case = case_from(facts)

    for alert in check(case, case.as_of).alerts:
        if alert.about_kind == "authorization":
            assert "Formulation" not in [fact.label for fact in alert.proof.facts_used]


def words_about(facts: Any, fill_id: str) -> list[FactUsed]:
    case = case_from(facts)
    desk = Desk(case)
    finding = Finding(AlertCode.CLAIM_RESUBMIT, Severity.WARNING, fill_id, AboutKind.FILL, None, None)
    return list(formulation_facts(Wording(desk, decide(desk, case.as_of), finding)))


def test_a_fill_that_was_reversed_or_has_no_regimen_says_none() -> None:
    assert words_about(document(fills=[fill(reversed=True)]), "f1") == []
    assert words_about(document(regimens=[]), "f1") == []
    assert len(words_about(document(), "f1")) == 2
