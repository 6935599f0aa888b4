"""Brute force through the pages: counted in one database whichever process answers, the same for everyone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import time_machine
from sqlalchemy import select

import make
from tracker.commands.user import user as user_command
from tracker.db import db
from tracker.factory import create_app
from tracker.models.web_session import Throttle
from tracker.services import users


def knock(client, email="ana@clinic.example", password="wrong", **more):
    return client.post("/sign-in", data={"email": email, "password": password}, **more)


def test_after_five_wrong_passwords_the_right_one_must_wait_as_well(client, cast):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as travel:
        assert [knock(client).status_code for _ in range(5)] == [422] * 5

        answer = knock(client, password=make.PASSWORD)

        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert "Try again in 1 second." in answer.text
        travel.shift(timedelta(seconds=1))
        assert knock(client, password=make.PASSWORD).status_code == 303


def test_the_right_password_wipes_the_slate(client, cast):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False):
        for _ in range(3):
            assert [knock(client).status_code for _ in range(4)] == [422] * 4
            assert knock(client, password=make.PASSWORD).status_code == 303


def test_an_address_that_nobody_has_is_answered_the_same(client, cast):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False):
        known = [knock(client) for _ in range(7)]
        unknown = [knock(client, "nobody@clinic.example") for _ in range(7)]

    def told(answer):
        return answer.text.replace("nobody@", "ana@").split("csrf_token")[0]

    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown]
    assert [told(answer) for answer in known] == [told(answer) for answer in unknown]


def test_both_take_the_same_hash(monkeypatch, app, cast):
    """Equal work: one hash of one cost is checked for whoever is typed, also one who was only invited."""
    users.add_user(db.session, clinic_id=cast.renal.id, email="new@clinic.example", name="New", password=None)
    db.session.commit()
    checked = []
    monkeypatch.setattr(users, "_verified", lambda hashed, password: checked.append(hashed) or False)

    for email in ("ana@clinic.example", "nobody@clinic.example", "new@clinic.example"):
        users.authenticate(db.session, email, "wrong")

    assert len(checked) == 3
    assert len({hashed.rsplit("$", 2)[0] for hashed in checked}) == 1


def test_the_others_of_the_clinic_come_in_meanwhile(client, cast):
    for _ in range(20):
        knock(client)

    assert knock(client, "ben@clinic.example", make.PASSWORD).status_code == 303


def test_one_network_address_may_not_try_its_way_through_all_names(client, cast):
    there = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False):
        answers = [knock(client, f"n{n}@clinic.example", **there).status_code for n in range(45)]
        elsewhere = knock(client, password=make.PASSWORD, environ_base={"REMOTE_ADDR": "203.0.113.8"})

    assert answers.count(422) == 40
    assert elsewhere.status_code == 303


def test_a_clinic_behind_one_address_signs_in_as_often_as_it_likes(client, cast):
    there = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False):
        answers = {knock(client, password=make.PASSWORD, **there).status_code for _ in range(60)}
        wrong = [knock(client, f"n{n}@clinic.example", **there).status_code for n in range(45)]

    assert answers == {303}
    assert wrong.count(422) == 40


def test_the_locked_are_opened_from_the_command_line(client, cast, runner, session):
    with time_machine.travel("2026-03-17 08:00 +0000", tick=False) as travel:
        for _ in range(10):
            knock(client)
            travel.shift(timedelta(minutes=1))
        assert "locked" in runner.invoke(user_command, ["list"]).output

        answer = runner.invoke(user_command, ["unlock", "ana@clinic.example"])

        assert "open again" in answer.output
        assert knock(client, password=make.PASSWORD).status_code == 303


def test_two_processes_count_together_and_a_hundred_at_once_are_a_hundred(settings, tmp_path):
    """Two applications on one file, eight threads: no password more is looked at than by one alone."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    apps = [create_app(settings.model_copy(update={"database_url": url})) for _ in range(2)]
    with apps[0].app_context():
        db.create_all()
        make.cast(db.session)
        db.session.remove()
    for each in apps:
        each.config["WTF_CSRF_ENABLED"] = False

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda n: knock(apps[n % 2].test_client()).status_code, range(60)))

    looked_at = codes.count(422)
    with apps[1].app_context():
        row = db.session.scalars(select(Throttle)).one()
        assert row.total == looked_at
        db.session.remove()
    for each in apps:
        with each.app_context():
            db.engine.dispose()
    assert set(codes) == {422, 429}
    assert 5 <= looked_at <= 10


def test_hashing_is_bounded_and_says_when_it_is_busy(client, cast, monkeypatch):
    monkeypatch.setattr(users, "HASH_WAIT_SECONDS", 0.01)
    for _ in range(users.HASHES_AT_ONCE):
        users._hashing.acquire()
    try:
        answer = knock(client)
    finally:
        for _ in range(users.HASHES_AT_ONCE):
            users._hashing.release()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
