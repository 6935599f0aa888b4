"""Telephone numbers in what people typed: which of it dials, and where that is shown."""

from datetime import date

import pytest
from reading import sign_in

import kept
import make
from tracker.web.telephones import telephone_parts


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("800-555-0110", "tel:+18005550110"),
        ("(800) 555-0110", "tel:+18005550110"),
        ("(800)555-0110", "tel:+18005550110"),
        ("1 800.555.0110", "tel:+18005550110"),
        ("8005550110", "tel:+18005550110"),
        ("+1 800 555 0110 ext. 12", "tel:+18005550110;ext=12"),
        ("800-555-0110x7", "tel:+18005550110;ext=7"),
        ("+44 (0)20 7946 0958", "tel:+442079460958"),
        ("555-0100", "tel:5550100"),
    ],
)
def test_a_number_dials_as_it_was_typed(text, address):
    (part,) = telephone_parts(text)

    assert (part.text, part.address) == (text, address)


def test_what_stands_around_a_number_stays_text():
    parts = telephone_parts("press 2, or 800-555-0110 (nights 800-555-0111)")

    assert [part.text for part in parts] == [
        "press 2, or ", "800-555-0110", " (nights ", "800-555-0111", ")",
    ]  # fmt: skip
    assert [part.text for part in parts if part.address] == ["800-555-0110", "800-555-0111"]


@pytest.mark.parametrize(
    "text",
    [
        "see the portal",
        "NPI 1234567893",
        "store 04417-0021-884",
        "Mon-Fri 08:00-17:00, Eastern",
        "on 2026-06-08 and 3/17/2026",
        "PA-800-555-0110-B",
        "NDC 0078-0248-15",
        "911",
    ],
)
def test_what_is_no_telephone_number_stays_text(text):
    assert [part.address for part in telephone_parts(text)] == [None]


def test_nothing_has_no_parts():
    assert telephone_parts(None) == []


@pytest.fixture
def chased(session, cast):
    """Someone whose decision is late, at a payer with a telephone; where its number is shown."""
    kept.stand_on(session, cast.renal, date(2026, 6, 8))
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    acme.payer.phone, acme.payer.hours = "800-555-0142", "nights 800-555-0143"
    make.coverage(session, who, acme)
    pa = make.authorization(session, who, acme, status="submitted", starts_on=None, ends_on=None)
    facts = {"due_at": "2026-06-05T09:00:00-05:00"}
    kept.alert(session, who, code="PA_DECISION_OVERDUE", about_id=pa.id, plan_id=acme.id, facts=facts)
    kept.check(session, who, [])
    session.commit()
    patient = f"/patients/{who.id}"
    return (
        "/",
        "/today/calls",
        "/alerts/print",
        "/payers/",
        f"/payers/{acme.payer_id}",
        f"{patient}/sheet",
        f"{patient}/authorizations/{pa.id}",
    )


def test_wherever_a_payer_is_to_be_called_its_number_dials(client, chased):
    ana = sign_in(client)
    link = 'href="tel:+18005550142">800-555-0142</a>'

    assert [address for address in chased if link not in ana.get(address).text] == []


def test_a_payer_without_a_number_says_so(client, session, cast, chased):
    session.query(make.Payer).update({"phone": None})
    session.commit()
    ana = sign_in(client)

    assert "telephone not on file" in ana.get("/today/calls").text
    assert "(no telephone on file)" in ana.get("/").text
