"""The worklist and the page of one alert."""

import pytest
from reading import sign_in
from sqlalchemy import event

import canaries
import kept
import make
from tracker.db import db

TYPED_NAME = "Alvarez"


@pytest.fixture
def alert(session, cast):
    kept.stand_on(session, cast.renal)
    row = kept.alert(session, make.patient(session, cast.renal))
    session.commit()
    return row.id


def test_strangers_sign_in_cleo_finds_nothing_ana_reads(client, cast, alert):
    address = f"/alerts/{alert}"

    assert client.get(address).status_code == 303
    assert sign_in(client, "ana").get(address).status_code == 200
    client.post("/sign-out")
    assert sign_in(client, "cleo").get(address).status_code == 404
    assert "Alvarez" not in client.get("/alerts").text


def test_the_proof_stands_in_its_order(client, alert):
    page = sign_in(client, "ana").get(f"/alerts/{alert}").text

    page = page[page.index("<h1") :]
    order = [
        "will be refused",
        "What clears it",
        "The rule",
        "The dates, added up",
        "The facts used",
        "History",
    ]
    assert [page.index(part) for part in order] == sorted(page.index(part) for part in order)
    for said in (
        "Acme 2026 formulary p. 41",
        "Mon 2026-01-05",
        "Runs out on",
        "14 days, both ends included",
        "Scan",
    ):
        assert said in page


def test_text_of_a_fact_is_never_markup(client, session, cast):
    who = make.patient(session, cast.renal, family="<b>O'Neil</b>")
    row = kept.alert(session, who, message='<img src=x> on Sun 2026-06-14 & "later"')
    session.commit()

    page = sign_in(client, "ana").get(f"/alerts/{row.id}").text

    assert "<img" not in page
    assert "<b>O" not in page
    assert '&lt;img src=x&gt; on <span class="nw">Sun 2026-06-14</span> &amp;' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        (
            "?severity=critical&severity=high&cause=PA_GAP&text=refused&status=open&owner=none&payer=none&due=7",
            True,
        ),
        ("?severity=info", False),
        ("?status=closed", False),
        ("?owner=me", False),
        ("?cause=renewals", False),
        ("?due=overdue", False),
        (f"?text={TYPED_NAME}", False),
        ("?severity=nonsense&cause=nonsense&status=nonsense&due=nonsense&sort=nonsense&after=nonsense", True),
        ("?after=99999999999999999999&before=%00&text=%00", True),
        ("?text=%25", False),
    ],
)
def test_filters_live_in_the_address(client, alert, query, shown):
    if TYPED_NAME in query:
        canaries.type_into_address(TYPED_NAME)

    answer = sign_in(client, "ana").get(f"/alerts{query}")

    assert answer.status_code == 200
    assert (f"/alerts/{alert}" in answer.text) is shown


def test_no_match_names_the_filters_and_an_empty_list_says_so(client, cast, session):
    ana = sign_in(client, "ana")

    assert "severity Info, due overdue" in ana.get("/alerts?severity=info&due=overdue").text
    assert "No alert is open" in ana.get("/alerts").text


def test_the_number_of_queries_does_not_grow_with_the_alerts(client, session, cast, alert):
    ana = sign_in(client, "ana")
    counts = []
    for number in range(2):
        for extra in range(20 * number):
            kept.alert(session, make.patient(session, cast.renal, mrn=f"M{extra}"))
        session.commit()
        seen = []
        event.listen(db.engine, "before_cursor_execute", lambda *args, seen=seen: seen.append(args[2]))
        ana.get("/alerts")
        counts.append(len(seen))

    assert counts[0] == counts[1]
