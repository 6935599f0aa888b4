"""Paging, due bands and counts of the worklist, held against a plain reading of every alert."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

import kept
import make
from tracker.models.alert import Alert
from tracker.models.authorization import Authorization
from tracker.rules.words import Severity
from tracker.services import saved_views, worklist_counts, worklist_filters, worklist_page
from tracker.services.worklist_counts import counts, plans_of, view_counts
from tracker.services.worklist_filters import Asker, Due, Filters, Sort
from tracker.services.worklist_page import Place, matching_rows, work_page

CODES = "PA_GAP", "PA_EXPIRING", "PA_DECISION_OVERDUE", "LAB_OVERDUE"


@pytest.fixture
def many(session, cast):
    """Sixty alerts that differ in everything a filter asks for."""
    acme, beacon = make.plan(session, cast.renal), make.plan(session, cast.renal, payer="Beacon")
    patients = [
        make.patient(session, cast.renal, mrn=str(n), owner_id=[cast.ana.id, cast.ben.id, None][n % 3])
        for n in range(9)
    ]
    for n in range(60):
        kept.alert(
            session,
            patients[n % 9],
            key=f"k{n}",
            code=CODES[n % 4],
            severity=list(Severity)[n % 4],
            harm_on=None if n % 7 == 0 else kept.DAY + timedelta(days=n - 10),
            facts={"due_on": (kept.DAY + timedelta(days=n % 40 - 5)).isoformat()} if n % 5 == 0 else {},
            plan_id=[acme.id, beacon.id, None][n % 3],
            drug=["cyclosporine", "tacrolimus", None][n % 3],
            run_out_on=None if n % 6 == 0 else kept.DAY + timedelta(days=60 - n),
            owner_id=cast.ben.id if n % 8 == 0 else None,
        )
    return acme.payer_id


def asker(cast):
    return Asker(cast.renal.id, cast.ana.id, kept.DAY)


def walk(session, cast, filters):
    """Every page forwards, then every page backwards."""
    forwards, pages, place = [], [], Place()
    while True:
        page = work_page(session, asker(cast), filters, place)
        pages.append([row.line.id for row in page.rows])
        forwards += pages[-1]
        if not page.last:
            break
        place = Place(after=page.last)
    backwards = list(pages[-1])
    while page.first:
        page = work_page(session, asker(cast), filters, Place(before=page.first))
        backwards = [row.line.id for row in page.rows] + backwards
    return forwards, backwards


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_show_every_alert_once_in_one_order_both_ways(session, cast, many, monkeypatch, sort):
    monkeypatch.setattr(worklist_page, "PAGE", 7)
    everything = [row.line.id for row in matching_rows(session, asker(cast), Filters(sort=sort), at_most=99)]

    forwards, backwards = walk(session, cast, Filters(sort=sort))

    assert len(set(everything)) == 60
    assert forwards == backwards == everything


def test_a_page_goes_on_where_it_stood_though_rows_before_it_have_closed(session, cast, many, monkeypatch):
    monkeypatch.setattr(worklist_page, "PAGE", 7)
    first = work_page(session, asker(cast), Filters(), Place())
    expected = [row.line.id for row in matching_rows(session, asker(cast), Filters(), at_most=99)][7:14]
    for row in first.rows[:3]:
        alert = session.get(Alert, row.line.id)
        alert.state, alert.closed_at = "closed", kept.CHECKED
    session.flush()

    second = work_page(session, asker(cast), Filters(), Place(after=first.last))

    assert [row.line.id for row in second.rows] == expected


def test_a_passed_date_that_harmed_nobody_stands_after_those_to_come(session, cast):
    who = make.patient(session, cast.renal)
    kept.alert(session, who, key="year", severity="warning", harm_on=date(2026, 5, 1))
    kept.alert(session, who, key="gone", severity="critical", harm_on=date(2026, 6, 1))
    kept.alert(session, who, key="soon", severity="high", harm_on=date(2026, 6, 20))

    rows = work_page(session, asker(cast), Filters(), Place()).rows

    assert [row.line.harm_on for row in rows] == [date(2026, 6, 1), date(2026, 6, 20), date(2026, 5, 1)]


def owner_of(alert):
    return alert.owner_id or alert.patient_owner_id or "none"


def held(alert, filters, payers, me, but):
    """Whether an alert passes every filter but one: the plain reading that counts are held against."""
    owner = me if filters.owner == "me" else filters.owner
    tests = {
        "owner": not owner or owner_of(alert) == owner,
        "payer": not filters.payer or payers.get(alert.plan_id, "none") == filters.payer,
        "drug": not filters.drug or (alert.drug or "none") == filters.drug,
        "cause": not filters.cause or alert.code in filters.codes,
        "severity": not filters.severities or alert.severity in filters.severities,
        "due": not filters.due or filters.due.holds(alert.due_on, kept.DAY),
    }
    return all(passed for name, passed in tests.items() if name != but)


@pytest.mark.parametrize("due", [None, *Due])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"owner": "me"},
        {"owner": "none", "severities": (Severity.CRITICAL, Severity.HIGH)},
        {"cause": "renewals", "payer": "acme"},
        {"cause": "LAB_OVERDUE", "drug": "none", "payer": "none"},
        {"text": "NO PA"},
        {"text": "no pa", "owner": "me", "payer": "acme"},
        {"text": "nowhere"},
    ],
)
def test_counts_are_those_of_a_plain_reading(session, cast, many, due, more):
    filters = Filters(due=due, **{**more, **({"payer": many} if more.get("payer") == "acme" else {})})
    plans = plans_of(session, cast.renal.id)
    payers = {plan_id: payer_id for plan_id, (payer_id, _) in plans.payers.items()}
    every = session.scalars(select(Alert)).all()
    alerts = [each for each in every if filters.text.casefold() in each.message.casefold()]

    def left(but):
        return [each for each in alerts if held(each, filters, payers, cast.ana.id, but)]

    found = counts(session, asker(cast), filters, plans)

    shown = {row.line.id for row in matching_rows(session, asker(cast), filters, at_most=99)}
    assert shown == {each.id for each in left("")}
    assert found.matching == len(shown)
    assert sum(found.severity.values()) == len(left("severity"))
    assert {k: n for k, n in found.cause.items() if n and k not in ("answers", "renewals")} == tally(
        each.code for each in left("cause")
    )
    assert found.payer == tally(payers.get(each.plan_id, "none") for each in left("payer"))
    assert found.drug == tally(each.drug or "none" for each in left("drug"))
    assert {k: n for k, n in found.owner.items() if n and k != "me"} == tally(map(owner_of, left("owner")))
    assert found.due == {band: sum(band.holds(each.due_on, kept.DAY) for each in left("due")) for band in Due}


def tally(values):
    found = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


@pytest.mark.parametrize("shown", [Filters(), Filters(sort=Sort.LEFT), Filters(owner="none", due=Due.WEEK)])
def test_the_views_of_everyone_are_counted_among_what_is_open(session, cast, many, shown):
    page = work_page(session, asker(cast), shown, Place())

    found = view_counts(session, asker(cast), saved_views.BUILT_IN, (shown, page.counts))

    expected = {
        name: work_page(session, asker(cast), filters, Place()).counts.matching
        for name, filters in saved_views.BUILT_IN.items()
    }
    assert found == expected
    assert found["All open"] == 60


def test_a_row_says_whom_to_call_and_the_number_it_is_about(session, cast):
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    pa = make.authorization(session, who, acme, number="A-48213")
    kept.alert(session, who, about_id=pa.id, plan_id=acme.id)
    kept.alert(session, who, key="other", about_id=pa.id, about_kind="coverage")

    rows = {row.line.who.id: row for row in work_page(session, asker(cast), Filters(), Place()).rows}
    numbers = {row.number for row in work_page(session, asker(cast), Filters(), Place()).rows}

    assert len(rows) == 1
    assert numbers == {"A-48213", None}
    assert session.get(Authorization, pa.id).number == "A-48213"


def test_a_page_takes_as_many_queries_whatever_is_on_it(session, cast, many, app):
    def queries(filters):
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731 - one function object to take off again
        event.listen(session.get_bind(), "before_cursor_execute", listener)
        work_page(session, asker(cast), filters, Place())
        event.remove(session.get_bind(), "before_cursor_execute", listener)
        return len(seen)

    first = [queries(each) for each in (Filters(), Filters(owner="me"), Filters(text="refused"))]
    for n in range(30):
        kept.alert(session, make.patient(session, cast.renal, mrn=f"more{n}"))
    again = [queries(each) for each in (Filters(), Filters(owner="me"), Filters(text="refused"))]

    assert first == again == [13, 13, 10]


def test_alerts_follow_their_patient_to_another_owner(session, cast):
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    kept.alert(session, who)
    closed = kept.alert(session, who, key="b", state="closed", closed_at=kept.CHECKED)
    session.commit()

    who.owner_id = cast.ben.id
    session.commit()

    assert work_page(session, asker(cast), Filters(owner="me"), Place()).rows == []
    assert work_page(session, asker(cast), Filters(owner=cast.ben.id), Place()).counts.matching == 1
    assert session.get(Alert, closed.id).patient_owner_id == cast.ben.id


def test_too_many_found_by_words_are_said_to_be_more_and_not_counted_by_choice(
    session, cast, many, monkeypatch
):
    monkeypatch.setattr(worklist_counts, "FOUND_AT_MOST", 20)
    plans = plans_of(session, cast.renal.id)

    every = counts(session, asker(cast), Filters(text="no pa"), plans)
    mine = counts(session, asker(cast), Filters(text="no pa", owner="me"), plans)
    none = counts(session, asker(cast), Filters(text="nowhere"), plans)

    assert (every.told, every.matching_in_words, every.severity) == (False, "over 20", {})
    assert (mine.told, mine.matching, mine.matching_in_words) == (False, 17, "17")
    assert (none.told, none.matching_in_words) == (True, "0")


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "no pa"])
def test_the_order_read_in_runs_is_that_of_its_columns(session, cast, many, sort, text):
    columns = worklist_filters.order(sort, kept.DAY)
    expected = session.scalars(select(Alert.id).order_by(*columns)).all()

    found = worklist_page.matching_ids(session, asker(cast), Filters(sort=sort, text=text), at_most=99)

    assert found == list(expected)
