"""Each line of a packet's checklist as on paper: its words, its origin, where to mend it, its papers."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from test_rule_packet import DAY, RULE, WHOLE

from tracker.rules.packet import (
    AskedPaper,
    AskedStep,
    Filing,
    Have,
    Item,
    Paper,
    Request,
    Tried,
    packet,
)
from tracker.rules.steps import Met
from tracker.rules.words import DocumentKind

SENT = replace(WHOLE, sent=True)
RENEWING = replace(WHOLE, renews="PA1")

STEP = AskedStep(("methotrexate", "azathioprine"))
PROVED = AskedStep(("methotrexate",), document_required=True)
TRIED = (("t1", "methotrexate, 90 days"),)
SLIP = Paper("slip", DocumentKind.CHART_NOTE, "slip.pdf", date(2026, 4, 5), trial="t1")
OTHER = Paper("other", DocumentKind.CHART_NOTE, "other.pdf", None, trial="t7")

FRESH = AskedPaper(DocumentKind.CHART_NOTE, 90)
OF_ANY_AGE = AskedPaper(DocumentKind.CHART_NOTE)
UNDATED = Paper("undated", DocumentKind.CHART_NOTE, "note.pdf", None, authorization="PA1")
LETTER = Paper("letter", DocumentKind.APPROVAL_LETTER, "letter.pdf", None, authorization="PA1")


def note(dated_on: date) -> Paper:
    return Paper("note", DocumentKind.CHART_NOTE, "note.pdf", dated_on)


def asking(*papers: Paper, asked: AskedPaper | None = None, **more: Any) -> Request:
    """The whole request under a changed rule, with these papers on file."""
    if asked is not None:
        more |= {"papers_asked": True, "papers": (asked,)}
    return replace(WHOLE, rules=(replace(RULE, **more),), papers=papers)


def stepping(
    step: AskedStep, result: Met | None, trials: tuple[tuple[str, str], ...] = (), *papers: Paper
) -> Request:
    request = asking(*papers, step_therapy=True, steps=(step,))
    return request if result is None else replace(request, steps=(Tried(result, trials),))


def line_of(item: Item) -> str:
    """A line of the checklist as on paper."""
    parts = [f"{item.part}: {item.title}: {item.state}", item.said]
    parts += [f"from {item.origin}"] if item.origin != "" else []
    parts += [f"mend: {item.cure}"] if item.cure is not None else []
    parts += [f"papers: {', '.join(each.id for each in item.papers)}"] if item.papers != () else []
    parts += [f"kind: {item.kind}"] if item.kind is not None else []
    parts += [f"good through {item.good_through}"] if item.good_through is not None else []
    return " | ".join(parts)


FROM = "from Acme p. 41, verified Mon 2026-01-05"
UNITS = "request: Units and days supply"
ONE = "60 J7502 for 30 days a fill"
FIRST = "plan: Step 1: methotrexate or azathioprine"
NOTE = "plan: Chart note"
KIND = "kind: chart_note"
LAST = "file: Last approval letter"
PROOF = "file: Proof of filing"

LINES = [
    (WHOLE, "request: Member ID: have | M1"),
    (
        replace(WHOLE, member_id=None),
        "request: Member ID: missing | not on file for this plan on that day | mend: coverage",
    ),
    (replace(WHOLE, diagnosis=""), "request: Diagnosis: missing | not on file | mend: patient"),
    (
        replace(WHOLE, takes=None),
        "request: Drug and dose: missing | no regimen on file for that day | mend: regimen",
    ),
    (
        replace(WHOLE, prescriber=None),
        "request: Prescriber: missing | not on file for this request | mend: request",
    ),
    (
        replace(WHOLE, days_supply=None),
        f"{UNITS}: unknown | the units of a fill are not known | mend: regimen",
    ),
    (
        replace(WHOLE, rules=(replace(RULE, max_days_supply=31), replace(RULE, max_days_supply=28))),
        f"{UNITS}: missing | {ONE}; the plan allows 28 days at most | mend: request",
    ),
    (WHOLE, f"{UNITS}: have | {ONE}; asked without a unit limit"),
    (
        replace(WHOLE, units={"J7502": 60, "J7515": 30, "J7516": 1}, asked={"J7502": 1200}),
        f"{UNITS}: stale | 60 J7502 + 30 J7515 + 1 J7516 for 30 days a fill; J7515, J7516 is not asked for"
        " | mend: request",
    ),
    (
        replace(WHOLE, asked={"J7502": 1439}, needed={"J7502": 1440}),
        f"{UNITS}: stale | 1,439 J7502 asked, but the fills foreseen in its days need 1,440 J7502"
        " | mend: request",
    ),
    (
        replace(WHOLE, asked={"J7502": None, "J7515": 1200}, needed={"J7502": 720}),
        f"{UNITS}: have | {ONE}; any number of J7502 + 1,200 J7515 asked",
    ),
    (
        replace(WHOLE, rules=()),
        "plan: The plan's criteria: unknown | no rule of this plan is on file for that day:"
        " verify with the payer | mend: rule",
    ),
    (
        asking(verified_on=None, source=None),
        "plan: The plan's criteria: unknown | the rule of J7502 was never verified with the payer"
        " | from source not on file, not verified | mend: rule",
    ),
    (
        asking(papers_asked=None),
        "plan: Papers with the request: unknown | which papers go with J7502 is not on file:"
        f" verify with the payer | {FROM} | mend: rule",
    ),
    (
        asking(step_therapy=None),
        "plan: Step therapy: unknown | whether and which other drugs must be tried first is not on file:"
        f" verify with the payer | {FROM} | mend: rule",
    ),
    (
        stepping(STEP, None),
        "plan: Step therapy: unknown | no fill is foreseen in its days, so the steps were not checked"
        f" | {FROM} | mend: steps",
    ),
    (
        stepping(STEP, Met.MET, (*TRIED, ("t2", "azathioprine, 60 days")), SLIP, OTHER),
        f"{FIRST}: have | methotrexate, 90 days; azathioprine, 60 days | {FROM} | papers: slip",
    ),
    (
        stepping(STEP, Met.LOOKBACK, TRIED, SLIP),
        f"{FIRST}: stale | methotrexate, 90 days; tried, but before the days that the plan looks back to"
        f" | {FROM} | mend: steps | papers: slip",
    ),
    (
        stepping(STEP, Met.UNKNOWN),
        f"{FIRST}: unknown | facts of the trial are not on file | {FROM} | mend: steps",
    ),
    (
        stepping(PROVED, Met.UNMET),
        f"plan: Step 1: methotrexate: missing | no trial on file meets it | {FROM} | mend: steps",
    ),
    (
        stepping(PROVED, Met.MET, TRIED, OTHER),
        "plan: Step 1: methotrexate: missing | methotrexate, 90 days;"
        f" its document must go along and is not attached | {FROM} | mend: steps",
    ),
    (
        asking(asked=replace(FRESH, note="with the weight")),
        f"{NOTE}: with the weight: missing | none on file; asked for not older than 90 days"
        f" | {FROM} | mend: document | {KIND}",
    ),
    (
        asking(asked=OF_ANY_AGE),
        f"{NOTE}: missing | none on file; asked for of any age | {FROM} | mend: document | {KIND}",
    ),
    (
        asking(UNDATED, asked=OF_ANY_AGE),
        f"{NOTE}: have | on file | {FROM} | papers: undated | {KIND}",
    ),
    (
        asking(UNDATED, note(date(2019, 1, 1)), asked=OF_ANY_AGE),
        f"{NOTE}: have | of Tue 2019-01-01 | {FROM} | papers: note | {KIND}",
    ),
    (
        asking(UNDATED, asked=FRESH),
        f"{NOTE}: unknown | on file, but without the date it bears; asked for not older than 90 days"
        f" | {FROM} | mend: document | papers: undated | {KIND}",
    ),
    (
        asking(note(date(2026, 3, 9)), asked=FRESH),
        f"{NOTE}: stale | of Mon 2026-03-09, 91 days old; asked for not older than 90 days"
        f" | {FROM} | mend: document | papers: note | {KIND}",
    ),
    (
        asking(note(date(2026, 3, 11)), asked=FRESH),
        f"{NOTE}: have | of Wed 2026-03-11, 89 days old; asked for not older than 90 days"
        f" | {FROM} | papers: note | {KIND} | good through 2026-06-09",
    ),
    (
        replace(
            RENEWING,
            papers=(UNDATED, replace(LETTER, id="l0", authorization="PA0"), LETTER, replace(LETTER, id="l2")),
        ),
        f"{LAST}: have | attached to the authorization | papers: letter",
    ),
    (
        replace(RENEWING, papers=(UNDATED,)),
        f"{LAST}: missing | not attached to the authorization | mend: letter",
    ),
    (
        replace(RENEWING, letter_on=date(2025, 12, 23)),
        f"{LAST}: missing | the letter of Tue 2025-12-23 is not attached | mend: letter",
    ),
    (WHOLE, f"{PROOF}: later | comes with “Mark sent”: channel and reference"),
    (SENT, f"{PROOF}: missing | nothing is logged of it | mend: filing"),
    (
        replace(SENT, filing=Filing(DAY, "Fax", "")),
        f"{PROOF}: missing | Fax of Mon 2026-06-08, without a reference | mend: filing",
    ),
    (
        replace(SENT, filing=Filing(DAY, "Fax", "F-1")),
        f"{PROOF}: have | Fax of Mon 2026-06-08, reference F-1",
    ),
]


@pytest.mark.parametrize(("wanted", "line"), LINES)
def test_a_line_is_as_on_paper(wanted: Request, line: str) -> None:
    assert line in [line_of(each) for each in packet(wanted).items]


def test_the_checklist_is_in_the_order_of_the_work_and_asks_for_a_paper_once() -> None:
    rules = tuple(
        replace(RULE, code=code, papers_asked=True, papers=(FRESH,), step_therapy=True, steps=(STEP,))
        for code in ("J7502", "J7515")
    )
    both = replace(RENEWING, rules=rules, steps=(Tried(Met.UNMET),))

    assert [each.title for each in packet(both).items] == [
        "Member ID",
        "Diagnosis",
        "Drug and dose",
        "Units and days supply",
        "Prescriber",
        "Step 1: methotrexate or azathioprine",
        "Step 1: methotrexate or azathioprine",
        "Chart note",
        "Last approval letter",
        "Proof of filing",
    ]


def test_what_comes_later_is_not_counted_and_what_is_stale_is_not_had() -> None:
    found = packet(asking(note(date(2026, 3, 9)), asked=FRESH))

    assert (found.had, found.total, found.complete) == (5, 6, False)
    assert [each.state for each in found.counted].count(Have.LATER) == 0
