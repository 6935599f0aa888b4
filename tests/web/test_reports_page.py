"""The page of reports: its days, its tables, and each table as a file that is on record."""

import csv
import io
from datetime import UTC, datetime

import pytest
from reading import statements
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditAction, AuditEvent
from writing import sign_in

JUNE = "/reports/?from=2026-06-01&to=2026-06-30"


@pytest.fixture
def uncovered(session, cast):
    """Rosa's drug ended on 2026-06-01, and her fill is still refused on 2026-06-08."""
    rosa = make.patient(session, cast.renal)
    opened = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
    row = kept.alert(session, rosa, code="PA_EXPIRED", opened_at=opened)
    row.run_out_on = kept.DAY.replace(day=1)
    session.commit()
    return rosa


def test_who_ran_out_is_named_with_days_and_cause(ana, uncovered):
    text = ana.get(JUNE).text

    assert "Alvarez, Rosa" in text
    assert "8 days" in text
    assert "PA has expired" in text
    assert "Goes on" in text


def test_an_empty_clinic_is_told_what_would_stand_here(ana):
    text = ana.get(JUNE).text

    assert "Nobody ran out uncovered" in text
    assert "No payer decided anything" in text
    assert "No alert in these days" in text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=2026-13-01", "There is no month 13."),
        ("from=2026-06-10&to=2026-06-01", "Give a day from 2026-06-10 on."),
        ("from=1999-01-01&to=2026-06-01", "at most 1,100 days"),
        ("to=9999-12-31", "Give a date between 1900 and 2199."),
        ("from=%00", "Write the date"),
    ],
)
def test_days_that_cannot_be_are_refused_with_the_cure_and_the_usual_ones_shown(ana, query, says):
    answer = ana.get(f"/reports/?{query}")

    assert answer.status_code == 200
    assert says in answer.text
    assert "both included: 30 days" in answer.text


def test_the_days_may_be_written_as_everywhere(ana):
    text = ana.get("/reports/?from=6/1/2026&to=eom").text

    assert 'value="2026-06-01"' in text
    assert 'value="2026-06-30"' in text


def test_another_clinic_sees_nobody_of_this_one(client, uncovered):
    assert "Alvarez" not in sign_in(client, "cleo").get(JUNE).text


@pytest.mark.parametrize("table", ["lapses", "payers", "people", "alerts"])
def test_each_table_is_a_file_and_on_record(ana, uncovered, session, table):
    answer = ana.post("/reports/file", data={"table": table, "from": "2026-06-01", "to": "2026-06-30"})
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.EXPORTED)).one()

    assert answer.headers["Content-Disposition"].endswith(f"{table}-2026-06-01-to-2026-06-30.csv")
    assert len({len(row) for row in rows}) == 1
    assert (event.new["table"], event.new["rows"]) == (table, len(rows) - 1)
    assert event.new["count"] == (1 if table == "lapses" else 0)


def test_the_file_of_lapses_says_what_the_page_says(ana, uncovered):
    answer = ana.post("/reports/file", data={"table": "lapses", "from": "2026-06-01", "to": "2026-06-30"})

    assert '"Alvarez","Rosa","1971-04-02","100234","2026-06-01","8","PA has expired","goes on"' in answer.text


@pytest.mark.parametrize("data", [{"table": "everything"}, {"table": "lapses", "from": "soon"}])
def test_a_file_of_nothing_is_refused(ana, data, session):
    assert ana.post("/reports/file", data=data).status_code == 422
    assert session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.EXPORTED)).all() == []


def test_more_of_everything_asks_no_more_questions(ana, uncovered, session, cast):
    before = statements(ana, JUNE)
    for number in range(5):
        who = make.patient(session, cast.renal, mrn=f"9{number}")
        kept.alert(session, who, code="NO_COVERAGE").run_out_on = kept.DAY
    session.commit()

    assert statements(ana, JUNE) == before
