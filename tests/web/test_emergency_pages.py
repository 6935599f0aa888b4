"""Another clinic's patient in an emergency: only where allowed, to read, for a while, told and reviewed."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP

import crawling
import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

import kept
import make
from tracker import clock
from tracker.jobs.mailer import send_due
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.emergency import EmergencyAccess
from tracker.models.user import Membership, Role
from tracker.services import emergency
from tracker.serving import office_of
from tracker.web import reads

REASON = "Seizure in our ward, tacrolimus level unknown"


@pytest.fixture
def rosa(session, cast):
    """A patient of the renal clinic, which lets others in; Eve leads the skin clinic."""
    patient = kept.alvarez(session, cast.renal, mrn="100234")
    make.user(session, cast.skin, name="Eve", role=Role.LEAD)
    make.user(session, cast.renal, name="Lee", role=Role.LEAD)
    cast.renal.emergency_on = True
    session.commit()
    return patient


@pytest.fixture
def eve(app, rosa):
    return crawling.browser(app, "eve")


def ask(client, rosa, **more):
    asked = {
        "clinic": rosa.clinic_id,
        "mrn": rosa.mrn,
        "birth_date": rosa.birth_date.isoformat(),
        "reason": REASON,
    }
    return client.post("/emergency", data=asked | more)


def events(session, clinic_id, **having):
    session.rollback()
    query = select(AuditEvent).where(AuditEvent.clinic_id == clinic_id).filter_by(**having)
    return session.execute(query.order_by(AuditEvent.number)).scalars().all()


def test_without_it_another_clinics_patient_is_not_found(eve, rosa):
    assert eve.get(f"/patients/{rosa.id}").status_code == 404


def test_it_shows_the_patient_and_says_what_holds(eve, rosa):
    opened = ask(eve, rosa)
    page = eve.get(opened.location)

    assert opened.status_code == 303
    assert rosa.id not in opened.location
    assert page.status_code == 200
    assert rosa.family in page.text
    assert "on record there as break-glass" in page.text
    assert REASON in page.text
    assert rosa.id not in page.text


def test_asked_for_twice_it_is_one(session, eve, rosa):
    first, second = ask(eve, rosa).location, ask(eve, rosa, reason="Asked by mistake once more").location

    assert first == second
    assert session.execute(select(func.count(EmergencyAccess.id))).scalar_one() == 1


def test_it_opens_nothing_else(app, session, eve, rosa, cast):
    ask(eve, rosa)
    seen = []
    for way in crawling.ways(app):
        if way.names and not way.endpoint.startswith("emergency.") and way.endpoint != "account.end_session":
            answer = eve.open(way.addresses([rosa.id])[0], method=way.method)
            if rosa.family in answer.text or answer.status_code == 200:
                seen.append((way.method, way.endpoint))

    assert [each for each in seen if each[1] not in ("calendar.feed",)] == []


def test_each_look_is_on_record_in_the_patients_clinic_as_break_glass(session, eve, rosa, cast):
    location = ask(eve, rosa).location
    eve.get(location)
    eve.get(location)

    looks = events(session, cast.renal.id, action=AuditAction.VIEWED, table_name="break-glass")
    assert [(each.patient_id, each.actor, each.row_key) for each in looks] == [
        (rosa.id, "Eve (Skin clinic, emergency)", location.rsplit("/", 1)[1])
    ] * 2
    (added,) = events(session, cast.renal.id, action=AuditAction.ADDED, table_name="emergency_access")
    assert (added.new["reason"], added.actor) == (REASON, "Eve (Skin clinic, emergency)")
    assert events(session, cast.skin.id, table_name="break-glass") == []


def test_without_a_record_it_is_not_shown(eve, rosa, monkeypatch):
    location = ask(eve, rosa).location

    def busy(*_, **__):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(reads, "_write", busy)
    page = eve.get(location)

    assert page.status_code == 503
    assert rosa.family not in page.text


def test_it_ends_by_itself(eve, rosa):
    location = ask(eve, rosa).location
    with time_machine.travel(clock.now() + timedelta(minutes=14)):
        assert eve.get(location).status_code == 200
    rosa_until = clock.now() + timedelta(minutes=61)
    eve_again = eve
    with time_machine.travel(rosa_until):
        eve_again.post("/sign-in", data={"email": "eve@clinic.example", "password": make.PASSWORD})
        assert eve_again.get(location).status_code == 404


def test_it_is_the_askers_alone(app, session, eve, rosa, cast):
    location = ask(eve, rosa).location
    make.user(session, cast.skin, name="Finn", role=Role.ADMINISTRATOR)
    session.commit()

    assert crawling.browser(app, "finn").get(location).status_code == 404


def test_the_password_is_asked_for_again_first(eve, rosa, session):
    with time_machine.travel(clock.now() + timedelta(minutes=14)):
        eve.get("/")
    with time_machine.travel(clock.now() + timedelta(minutes=28)):
        asked = eve.get("/emergency")

    assert asked.status_code == 303
    assert asked.location.startswith("/confirm")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COORDINATOR])
def test_not_everyone_may_ask(app, session, rosa, cast, role):
    make.user(session, cast.skin, name="Gus", role=role)
    session.commit()

    assert ask(crawling.browser(app, "gus"), rosa).status_code == 403


def test_a_clinic_that_did_not_switch_it_on_is_not_named_and_stays_closed(session, eve, rosa, cast):
    cast.renal.emergency_on = False
    session.commit()

    assert "Renal clinic" not in eve.get("/emergency").text
    assert ask(eve, rosa).status_code == 422
    assert session.execute(select(func.count(EmergencyAccess.id))).scalar_one() == 0


def test_a_new_clinic_lets_nobody_in(cast):
    assert not cast.renal.emergency_on


@pytest.mark.parametrize(
    "more",
    [{"mrn": "100235"}, {"birth_date": "1950-01-01"}, {"mrn": "1002"}],
)
def test_who_does_not_know_the_patient_learns_nothing_and_is_on_record(session, eve, rosa, cast, more):
    refused = ask(eve, rosa, **more)

    assert refused.status_code == 422
    assert "No patient of this clinic has this MRN and date of birth" in refused.text
    assert rosa.family not in refused.text
    assert REASON in refused.text
    assert len(events(session, cast.renal.id, action=AuditAction.DENIED, table_name="break-glass")) == 1


def test_guessing_is_slowed_down(eve, rosa):
    answers = [ask(eve, rosa, mrn=str(number)).status_code for number in range(6)]

    assert answers[:3] == [422] * 3
    assert answers[-1] == 429


@pytest.mark.parametrize("reason", ["", "urgent", "   "])
def test_a_reason_must_be_typed(session, eve, rosa, reason):
    assert ask(eve, rosa, reason=reason).status_code == 422
    assert session.execute(select(func.count(EmergencyAccess.id))).scalar_one() == 0


def test_ones_own_clinic_needs_none(app, session, rosa, cast):
    session.add(Membership(clinic_id=cast.renal.id, user_id=cast.cleo.id, role=Role.VIEWER))
    cast.cleo.role = Role.LEAD
    session.commit()

    assert ask(crawling.browser(app, "cleo"), rosa).status_code == 422


def test_the_leads_are_mailed_at_once_without_a_word_of_the_patient(app, session, eve, rosa, settings):
    ask(eve, rosa)
    session.rollback()
    send_due(office_of(app))
    mails = [
        message_from_bytes(path.read_bytes(), policy=SMTP) for path in settings.mail_folder.glob("*.eml")
    ]
    texts = [part.get_content() for mail in mails for part in mail.walk() if not part.is_multipart()]

    assert sorted(mail["To"] for mail in mails) == ["dana@clinic.example", "lee@clinic.example"]
    assert all("/emergency/review" in text for text in texts)
    for secret in (rosa.family, rosa.given, rosa.mrn, rosa.birth_date.isoformat(), "Seizure", "Eve"):
        assert not any(secret in text for text in (*texts, *(mail["Subject"] for mail in mails)))


# ---------------------------------------------------------------------------------------------- the review


def test_it_stands_before_the_leads_until_reviewed(app, session, eve, rosa, cast):
    location = ask(eve, rosa).location
    eve.get(location)
    lee = crawling.browser(app, "lee")
    assert "1 emergency access to review" in lee.get("/").text
    page = lee.get("/emergency/review").text
    assert all(word in page for word in ("Eve, Skin clinic", REASON, rosa.family, "still open"))

    access_id = location.rsplit("/", 1)[1]
    empty = lee.post(f"/emergency/review/{access_id}", data={"note": ""})
    done = lee.post(f"/emergency/review/{access_id}", data={"note": "Called the ward: it was needed"})

    assert (empty.status_code, done.status_code) == (422, 303)
    assert "to review</b>" not in lee.get("/").text
    after = lee.get("/emergency/review").text
    assert "Called the ward: it was needed" in after
    assert "Lee" in after
    assert eve.get(location).status_code == 404
    (changed,) = events(session, cast.renal.id, action=AuditAction.CHANGED, table_name="emergency_access")
    assert (changed.actor, changed.patient_id) == ("Lee", rosa.id)


def test_a_review_is_made_once_and_by_the_patients_clinic(app, session, eve, rosa, cast):
    access_id = ask(eve, rosa).location.rsplit("/", 1)[1]
    lee = crawling.browser(app, "lee")
    address, note = f"/emergency/review/{access_id}", {"note": "fine"}

    assert eve.post(address, data=note).status_code == 404
    assert rosa.family not in eve.get("/emergency/review").text
    assert crawling.browser(app, "ana").post(address, data=note).status_code == 403
    assert lee.post(address, data=note).status_code == 303
    assert lee.post(address, data={"note": "otherwise"}).status_code == 422
    session.rollback()
    assert session.get_one(EmergencyAccess, access_id).review_note == "fine"


def test_nobody_reviews_their_own(app, session, eve, rosa, cast):
    """Someone who joined the patient's clinic in the meantime."""
    access_id = ask(eve, rosa).location.rsplit("/", 1)[1]
    row = session.get_one(EmergencyAccess, access_id)
    person = emergency.Actor("Eve", row.user_id)

    with pytest.raises(emergency.Refused, match="Someone else"):
        emergency.review(session, rosa.clinic_id, access_id, note="fine", reviewer=person, now=clock.now())


def test_an_administrator_switches_it_on_and_off(app, session, eve, rosa, cast):
    location = ask(eve, rosa).location
    dana = crawling.browser(app, "dana")
    off = dana.post("/emergency/policy", data={"minutes": "30"})
    closed = eve.get(location).status_code
    dana.post("/emergency/policy", data={"on": "y", "minutes": "30"})

    assert (off.status_code, closed) == (303, 404)
    session.expire_all()
    assert (cast.renal.emergency_on, cast.renal.emergency_minutes) == (True, 30)
    changed = events(session, cast.renal.id, action=AuditAction.CHANGED, table_name="clinic")
    assert [each.new for each in changed][-1] == {"emergency_on": True}
    assert crawling.browser(app, "lee").post("/emergency/policy", data={"minutes": "9"}).status_code == 403


@pytest.mark.parametrize("minutes", ["", "4", "241", "an hour"])
def test_a_time_that_cannot_be_is_refused(app, rosa, minutes):
    dana = crawling.browser(app, "dana")

    assert dana.post("/emergency/policy", data={"on": "y", "minutes": minutes}).status_code == 422
