"""What is said of a finding that stands on no fill, or on an authorization that is not on file."""

import pytest
from casemaker import coverage, document, pa, plan

from tracker.rules.answer import Finding
from tracker.rules.casefile import case_from
from tracker.rules.decision import decide
from tracker.rules.desk import Desk
from tracker.rules.wording import Wording
from tracker.rules.words import AboutKind, AlertCode, Severity


def wording_about(about: str | None, kind: AboutKind) -> Wording:
    """Words for a finding that stands on no fill."""
    facts = document(
        plans=[plan(payer="Gold Health")],
        coverages=[coverage()],
        authorizations=[pa(number="A-48213")],
    )
    case = case_from(facts)
    desk = Desk(case)
    finding = Finding(AlertCode.COVERAGE_CHANGE, Severity.WARNING, about, kind, None, None)
    return Wording(desk, decide(desk, case.as_of), finding)


@pytest.mark.parametrize(("about", "payer"), [("c1", "Gold Health"), ("r1", "no plan"), (None, "no plan")])
def test_without_a_fill_the_coverage_it_is_about_pays(about: str | None, payer: str) -> None:
    assert wording_about(about, AboutKind.COVERAGE).paying == payer


@pytest.mark.parametrize(("about", "name"), [("PA1", "PA A-48213"), ("gone", "PA"), (None, "PA")])
def test_an_authorization_that_is_not_on_file_is_just_a_pa(about: str | None, name: str) -> None:
    assert wording_about(about, AboutKind.AUTHORIZATION).this_pa == name
