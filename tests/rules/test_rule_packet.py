"""What a packet holds: had, stale, missing or unknown, at the edge of each age, and how many of how many."""

from dataclasses import replace
from datetime import date

import pytest

from tracker.rules.packet import (
    AskedPaper,
    AskedStep,
    Cure,
    Filing,
    Have,
    Paper,
    PlanRule,
    Request,
    Tried,
    packet,
)
from tracker.rules.steps import Met
from tracker.rules.words import DocumentKind

DAY = date(2026, 6, 8)
NOTE = AskedPaper(DocumentKind.CHART_NOTE, 90)
RULE = PlanRule(
    "r1",
    "J7502",
    source="Acme p. 41",
    verified_on=date(2026, 1, 5),
    step_therapy=False,
    papers_asked=False,
)
WHOLE = Request(
    day=DAY,
    member_id="M1",
    diagnosis="kidney transplant",
    takes="cyclosporine modified, 100 mg twice a day",
    days_supply=30,
    units={"J7502": 60},
    prescriber="Dr Shah",
    rules=(RULE,),
)


def note(dated_on, **more):
    return Paper("d1", DocumentKind.CHART_NOTE, "note.pdf", dated_on, **more)


def item(request, title):
    return next(each for each in packet(request).items if each.title.startswith(title))


def asking(**more):
    return replace(WHOLE, rules=(replace(RULE, **more),))


def test_a_request_with_everything_is_complete_and_the_filing_is_not_counted_yet():
    found = packet(WHOLE)

    assert (found.had, found.total, found.complete) == (5, 5, True)
    assert item(WHOLE, "Proof of filing").state is Have.LATER


@pytest.mark.parametrize(
    ("lacks", "title"),
    [
        ("member_id", "Member ID"),
        ("diagnosis", "Diagnosis"),
        ("takes", "Drug and dose"),
        ("prescriber", "Prescriber"),
    ],
)
def test_a_fact_that_is_not_on_file_is_missing_and_says_where_to_add_it(lacks, title):
    found = item(replace(WHOLE, **{lacks: None}), title)

    assert (found.state, found.cure is None) == (Have.MISSING, False)


@pytest.mark.parametrize(
    ("dated_on", "state"),
    [
        (date(2026, 3, 10), Have.HAVE),
        (date(2026, 3, 9), Have.STALE),
        (None, Have.UNKNOWN),
    ],
)
def test_a_note_is_fresh_through_its_last_day(dated_on, state):
    request = replace(asking(papers_asked=True, papers=(NOTE,)), papers=(note(dated_on),))

    assert item(request, "Chart note").state is state


def test_the_last_fresh_day_is_said():
    request = replace(asking(papers_asked=True, papers=(NOTE,)), papers=(note(date(2026, 3, 10)),))

    assert item(request, "Chart note").good_through == DAY


def test_the_newest_paper_of_its_kind_counts_and_another_kind_does_not():
    papers = (
        note(date(2025, 1, 1)),
        Paper("d2", DocumentKind.CHART_NOTE, "new.pdf", date(2026, 6, 1)),
        Paper("d3", DocumentKind.LAB_REPORT, "lab.pdf", date(2026, 6, 7)),
    )
    request = replace(asking(papers_asked=True, papers=(NOTE,)), papers=papers)

    assert [paper.id for paper in item(request, "Chart note").papers] == ["d2"]


def test_without_a_paper_it_is_missing():
    assert item(asking(papers_asked=True, papers=(NOTE,)), "Chart note").state is Have.MISSING


def test_a_paper_of_any_age_needs_no_date():
    asked = AskedPaper(DocumentKind.CHART_NOTE)
    request = replace(asking(papers_asked=True, papers=(asked,)), papers=(note(None),))

    assert item(request, "Chart note").state is Have.HAVE


@pytest.mark.parametrize("asked", [None, True])
def test_which_papers_are_asked_for_is_unknown_where_the_rule_does_not_say(asked):
    assert item(asking(papers_asked=asked), "Papers").state is Have.UNKNOWN


def test_no_rule_is_unknown_and_never_had():
    assert item(replace(WHOLE, rules=()), "The plan's criteria").state is Have.UNKNOWN


def test_a_rule_that_was_never_verified_is_unknown():
    assert item(asking(verified_on=None), "The plan's criteria").state is Have.UNKNOWN


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Met.MET, Have.HAVE),
        (Met.LOOKBACK, Have.STALE),
        (Met.UNKNOWN, Have.UNKNOWN),
        (Met.UNMET, Have.MISSING),
    ],
)
def test_a_step_stands_as_its_check_found_it(result, state):
    request = asking(step_therapy=True, steps=(AskedStep(("methotrexate",)),))

    assert item(replace(request, steps=(Tried(result),)), "Step 1").state is state


def test_a_step_that_needs_a_document_is_had_only_with_it():
    request = asking(step_therapy=True, steps=(AskedStep(("methotrexate",), document_required=True),))
    request = replace(request, steps=(Tried(Met.MET, (("t1", "methotrexate"),)),))
    proved = replace(request, papers=(note(None, trial="t1"),))

    assert item(request, "Step 1").state is Have.MISSING
    assert item(proved, "Step 1").state is Have.HAVE


def test_steps_are_unknown_where_no_fill_was_checked_or_the_rule_does_not_say():
    steps = asking(step_therapy=True, steps=(AskedStep(("methotrexate",)),))

    assert item(steps, "Step therapy").state is Have.UNKNOWN
    assert item(asking(step_therapy=None), "Step therapy").state is Have.UNKNOWN


def test_who_need_not_take_the_steps_is_not_asked_for_them():
    request = replace(asking(step_therapy=True, steps=(AskedStep(("methotrexate",)),)), exempt=True)

    assert not any(each.title.startswith("Step") for each in packet(request).items)


@pytest.mark.parametrize(
    ("asked", "needed", "state"),
    [
        (None, {"J7502": 720}, Have.HAVE),
        ({"J7502": 720}, {"J7502": 720}, Have.HAVE),
        ({"J7502": 719}, {"J7502": 720}, Have.STALE),
        ({"J7502": None}, {"J7502": 720}, Have.HAVE),
        ({"J7515": 900}, {"J7502": 720}, Have.STALE),
        ({"J7502": 1}, None, Have.HAVE),
    ],
)
def test_units_are_stale_where_the_fills_need_more_than_is_asked(asked, needed, state):
    assert item(replace(WHOLE, asked=asked, needed=needed), "Units").state is state


def test_units_that_are_not_known_are_unknown():
    assert item(replace(WHOLE, units=None), "Units").state is Have.UNKNOWN


@pytest.mark.parametrize(("limit", "state"), [(30, Have.HAVE), (29, Have.MISSING)])
def test_more_days_than_the_plan_allows_are_not_there(limit, state):
    assert item(asking(max_days_supply=limit), "Units").state is state


def test_the_last_letter_counts_only_where_it_hangs_on_the_renewed_authorization():
    letter = Paper("d9", DocumentKind.APPROVAL_LETTER, "letter.pdf", None, authorization="PA1")
    request = replace(WHOLE, renews="PA1", letter_on=date(2025, 12, 23))

    assert item(replace(request, papers=(letter,)), "Last approval").state is Have.HAVE
    assert item(request, "Last approval").state is Have.MISSING
    assert "Tue 2025-12-23" in item(request, "Last approval").said


def test_a_filing_is_proved_by_its_reference():
    sent = replace(WHOLE, sent=True)

    assert item(sent, "Proof").state is Have.MISSING
    assert item(replace(sent, filing=Filing(DAY, "Fax", None)), "Proof").state is Have.MISSING
    assert item(replace(sent, filing=Filing(DAY, "Fax", "F-1")), "Proof").state is Have.HAVE


def test_what_is_not_there_says_where_it_is_added():
    bare = Request(day=DAY, renews="PA1", sent=True)

    assert [each.title for each in packet(bare).items if each.state is not Have.HAVE and not each.cure] == []
    assert {each.cure for each in packet(bare).items} >= {Cure.PATIENT, Cure.LETTER, Cure.FILING}


def test_the_index_of_evidence_names_each_paper_once_with_all_that_it_proves():
    rules = (
        replace(
            RULE,
            step_therapy=True,
            steps=(AskedStep(("methotrexate",)),),
            papers_asked=True,
            papers=(NOTE,),
        ),
    )
    paper = note(date(2026, 6, 1), trial="t1")
    request = replace(WHOLE, rules=rules, papers=(paper,), steps=(Tried(Met.MET, (("t1", "methotrexate"),)),))

    assert packet(request).evidence == [(paper, "Step 1: methotrexate; Chart note")]


def test_the_index_does_not_let_a_stale_paper_pass_for_a_fresh_one():
    old = note(date(2026, 3, 9))
    request = replace(asking(papers_asked=True, papers=(NOTE,)), papers=(old,))

    assert packet(request).evidence == [(old, "Chart note (stale)")]
