"""The one next act is the same on Today, in the patient's head and on the alert's page, for every cause."""

import re
from datetime import date

import pytest

import kept
import make
from tracker.models.user import Role
from tracker.rules.words import AlertCode
from tracker.services import main_act, next_acts, today
from tracker.services.next_acts import Next

BUTTON = re.compile(r'<a class="usa-button ([^"]*)" href="([^"]+)">(?:<svg.*?</svg>)?([^<]+)</a>')


def patient_with(session, cast, code):
    """A patient whose next fill is refused for this cause, about an authorization and a plan."""
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    pa = make.authorization(session, who, acme)
    answer = {"fills": [], "earliest_denial": {"on": "2026-06-14", "codes": [code]}}
    refused = [kept.fill(date(2026, 6, 14), result="fail", code="PA_GAP")]
    kept.check(session, who, refused, answer=answer)
    alert = kept.alert(session, who, code=code, about_id=pa.id, plan_id=acme.id)
    session.commit()
    return who, alert


def buttons(page):
    """(address, words) by kind of button: those in solid and those of a row."""
    found = [(css.split(), href, words.strip()) for css, href, words in BUTTON.findall(page)]
    solid = [(href, words) for css, href, words in found if css == ["sm"]]
    return solid, [(href, words) for css, href, words in found if "go" in css]


@pytest.mark.parametrize("code", list(AlertCode))
def test_all_three_offer_the_same_act(ana, session, cast, code):
    who, alert = patient_with(session, cast, code)

    (row,) = today.run_outs(session, clinic_id=who.clinic_id, on=kept.DAY, most=5).rows
    ((address, words),) = buttons(ana.get("/").text)[1]
    head = buttons(ana.get(f"/patients/{who.id}").text.split('<dl class="strip"')[0])[0]
    clears = buttons(ana.get(f"/alerts/{alert.id}").text.split('id="h-clear"')[1].split("</section>")[0])[0]

    assert main_act.of_patient(session, clinic_id=who.clinic_id, patient_id=who.id).act == row.act
    if row.act.act is Next.LOOK:
        assert (address, words) == (f"/alerts/{alert.id}", "Open")
        assert head == [(address, "Open alert")]
        assert main_act.of_alert(session, clinic_id=who.clinic_id, alert_id=alert.id) is None
    else:
        assert head == [(address, words)]
        assert clears == [(address, words)]


def test_a_form_is_offered_once(ana, session, cast):
    _, alert = patient_with(session, cast, "LAB_OVERDUE")

    assert ana.get(f"/alerts/{alert.id}").text.count(">Add lab</a>") == 1


def test_renewing_stands_before_entering_one_by_hand(ana, session, cast):
    _, alert = patient_with(session, cast, "PA_EXPIRED")

    page = ana.get(f"/alerts/{alert.id}").text

    assert page.index(">Renew</a>") < page.index(">Add authorization</a>")


def test_the_banner_is_about_what_the_main_act_is_about(ana, session, cast):
    who, _ = patient_with(session, cast, "PA_EXPIRED")
    kept.alert(
        session, who, key="worse", code="FORMULATION_SWITCH", harm_on=date(2026, 6, 9), message="Worse."
    )
    session.commit()

    page = ana.get(f"/patients/{who.id}").text

    assert ">Renew</a>" in page
    assert "will be refused: no PA from" in page.split('role="note"')[1].split("</div>")[0]


def test_an_act_that_is_far_off_is_offered_without_a_banner(ana, session, cast):
    who = make.patient(session, cast.renal)
    pa = make.authorization(session, who, make.plan(session, cast.renal))
    kept.alert(session, who, severity="info", code="PA_EXPIRING", about_id=pa.id)
    session.commit()

    page = ana.get(f"/patients/{who.id}").text

    assert ">Renew</a>" in page
    assert 'role="note"' not in page


def test_nobody_is_offered_an_act_where_none_is_asked_for(ana, session, cast):
    calm = make.patient(session, cast.renal, mrn="1")
    told = make.patient(session, cast.renal, mrn="2")
    kept.alert(session, told, severity="info", code="RULE_UNVERIFIED")
    session.commit()

    assert main_act.of_patient(session, clinic_id=calm.clinic_id, patient_id=calm.id) is None
    assert main_act.of_patient(session, clinic_id=told.clinic_id, patient_id=told.id) is None


def test_a_viewer_is_offered_none(ana, client, session, cast):
    who, alert = patient_with(session, cast, "PA_EXPIRED")
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    client.post("/sign-out")
    client.post("/sign-in", data={"email": "vera@clinic.example", "password": make.PASSWORD})

    for address in ("/", f"/patients/{who.id}", f"/alerts/{alert.id}"):
        assert ">Renew</a>" not in client.get(address).text


def test_every_act_has_an_address_of_its_own():
    assert {act for act, _ in next_acts.ACTS.values()} <= set(Next)
