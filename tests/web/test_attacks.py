"""Hostile texts in every field and every record, ids of other clinics, and passwords tried without end.

Bounded here; `make attacks` sends every text through every field and tries at full length.
"""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from random import Random

import attacks
import crawling
import pytest
from attacks import FULL, Attacker
from flask import request
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError

import kept
import make
from tracker.db import db
from tracker.factory import create_app
from tracker.models.audit import AuditEvent
from tracker.models.base import Base
from tracker.models.patient import Patient
from tracker.models.types import REFUSED, CleanText
from tracker.models.user import Role
from tracker.models.web_session import Throttle
from tracker.web import permissions

ROUNDS = 8 if FULL else 1
REQUESTS = 12_000 if FULL else 300
TRIES = 10_000 if FULL else 240
# Acts that would end the attacker's own sign-in; their fields are few and are tried on their own pages.
LEFT_OUT = {"sign_in.leave", "people.off", "people.forget", "people.end_sessions", "account.end_others"}
# What the program chooses from words of its own; no page or import puts a typed text there.
NO_TEXT = {"drug", "email", "time_zone", "code", "key", "about_id", "password_hash", "key_hash", "challenge"}
LOOSE = ("q", "id", "name", "note", "reason", "text", "to", "owner", "format", "act", "version", "clinic")


@pytest.fixture
def dana(app, session, cast):
    """The administrator, whose clinic has a patient with everything."""
    crawling.stock(session, cast)
    return crawling.browser(app, "dana")


def places(app, session, clinic, *, reads):
    """Every address with the clinic's own records in it; a few of them unless all are asked for."""
    found = [
        (way, address)
        for way in crawling.ways(app)
        if crawling.is_unsafe(way) is not reads and way.endpoint not in LEFT_OUT
        for address in attacks.addresses(session, clinic.id, way)
    ]
    return found if FULL else Random(7).sample(found, len(found) // 3)


def names_at(client, address):
    """The fields of the forms on a page."""
    with client.get(address) as page:
        return attacks.names_in(page) if page.status_code == 200 and page.mimetype == "text/html" else []


def test_no_form_lets_a_text_act(app, dana, session, cast):
    """Every field of every form, and every parameter of every address, with attacks in all of them."""
    eve = Attacker()
    for _ in range(ROUNDS):
        for _way, address in places(app, session, cast.renal, reads=True):
            eve.get(dana, address, [*names_at(dana, address), "next", "page", "from"])
        for way, address in places(app, session, cast.renal, reads=False):
            has_form = permissions.RULES[way.endpoint].look is not None
            eve.post(dana, address, (names_at(dana, address) if has_form else ()) or LOOSE)

    assert eve.wrong == []
    assert eve.sent > (ROUNDS * 1000 if FULL else 300)
    assert dana.get("/people").status_code == 200, "the attacker was thrown out, and so saw little"


def fill_with(session, eve):
    """An attack in every text of every record, as long as its column is."""
    filled = 0
    for mapper in Base.registry.mappers:
        for row in session.scalars(select(mapper.class_)).all() if mapper.class_ is not AuditEvent else ():
            for column in inspect(mapper.class_).columns:
                length = column.type.impl_instance.length or 300 if isinstance(column.type, CleanText) else 0
                if length >= 60 and not column.foreign_keys and column.key not in NO_TEXT:
                    filled += put(session, row, column.key, eve.text()[:length])
    session.commit()
    return filled


def put(session, row, name, text):
    """The text in its place, unless the database knows better what may stand there."""
    if REFUSED.search(text):
        return False
    try:
        with session.begin_nested():
            setattr(row, name, text)
            session.flush()
    except IntegrityError:
        return False
    return True


def test_no_record_lets_a_text_act(app, dana, session, cast):
    """As if every attack had come in by an import: all pages with attacks in every text of every record."""
    eve, filled = Attacker(), 0
    for _ in range(ROUNDS):
        filled += fill_with(session, eve)
        for _way, address in places(app, session, cast.renal, reads=True):
            eve.get(dana, address, ())
        with dana.post("/alerts/export", data={"format": "csv", "every": "1"}) as file:
            cells = [cell for line in csv.reader(io.StringIO(file.text)) for cell in line]
        assert not [cell for cell in cells if cell.startswith(attacks.FORMULA_STARTS)]

    assert eve.wrong == []
    assert filled > ROUNDS * 20
    assert session.scalar(select(func.count()).select_from(Patient)) == 2


@pytest.mark.parametrize("text", ["a\r\nb", "a\x07b", "a\u202eb", "a\x85b"])
def test_what_cannot_be_stored_is_no_failure_in_any_address(app, dana, session, cast, text):
    """In each parameter that a page knows, all at once; and where nobody is signed in yet."""
    broken = []
    for _way, address in places(app, session, cast.renal, reads=True):
        names = {*names_at(dana, address), *LOOSE, "next", "page", "from", "person", "gap", "for", "alert"}
        with dana.get(address, query_string=dict.fromkeys(sorted(names), text)) as answer:
            broken += [address] if answer.status_code == 500 else []
    stranger = app.test_client()
    for address in ("/sign-in", "/forgot-password"):
        answer = stranger.post(address, data={"email": f"{text}@clinic.example", "password": text})
        broken += [address] if answer.status_code == 500 else []

    assert broken == []


@pytest.mark.parametrize("text", attacks.SQL)
def test_a_search_takes_every_sign_as_itself(dana, text):
    answer = dana.post("/patients/search", data={"q": text})

    assert attacks.acts(answer) == []
    assert answer.status_code == 200, "somebody was found"
    assert "Alvarez" not in answer.text


def test_the_attacks_are_seen_when_they_succeed(app, monkeypatch):
    """The watch itself: a page that writes what it is given is found out."""
    monkeypatch.setitem(permissions.RULES, "raw.page", permissions.anyone())
    app.add_url_rule("/raw", "raw.page", lambda: f"<p title='{request.args['x']}'>{request.args['x']}")
    client = app.test_client()
    seen = [text for text in attacks.XSS if attacks.acts(client.get("/raw", query_string={"x": text}))]

    assert len(seen) >= 20


def test_thousands_of_requests_reach_nothing_of_another_clinic(app, session, cast):
    """A sample of every method of every route with every id of the other clinic."""
    crawling.stock(session, cast)
    for number in range(8 if FULL else 1):
        kept.alvarez(session, cast.renal, mrn=f"20{number}")
    make.user(session, cast.skin, name="Chief", role=Role.ADMINISTRATOR)
    session.commit()
    theirs = crawling.ids_of(session, cast.renal.id)
    closed = [
        way
        for way in crawling.ways(app)
        if way.names
        and way.endpoint != "account.end_session"
        and permissions.RULES[way.endpoint].door is not permissions.Door.OPEN
    ]
    pairs = [(way, address) for way, row_id in product(closed, theirs) for address in way.addresses([row_id])]
    Random(5).shuffle(pairs)
    asked, reached = 0, []
    for way, address in islice(pairs, REQUESTS):
        if asked % 500 == 0:
            chief = crawling.browser(app, "chief")  # a slow machine takes longer than a sign-in stays fresh
        asked += 1
        with chief.open(address, method=way.method) as answer:
            told = "Alvarez" in answer.text or "A-48213" in answer.text
            if told or answer.status_code < 400 or answer.status_code >= 500:
                reached.append((way.method, address, answer.status_code))

    assert reached == []
    assert asked == REQUESTS


def test_passwords_are_tried_without_end(settings, tmp_path):
    """Four applications on one database, as four processes: at most ten passwords are looked at."""
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    apps = [create_app(settings.model_copy(update={"database_url": url})) for _ in range(4)]
    with apps[0].app_context():
        db.create_all()
        make.cast(db.session)
        db.session.remove()
    for each in apps:
        each.config["WTF_CSRF_ENABLED"] = False

    def knock(number, email="ana@clinic.example", password="wrong"):
        data = {"email": email, "password": password}
        return apps[number % 4].test_client().post("/sign-in", data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(knock, range(TRIES)))
    others = knock(0, "ben@clinic.example", make.PASSWORD)
    with apps[1].app_context():
        counted = {row.total for row in db.session.scalars(select(Throttle))}
        db.session.remove()
    for each in apps:
        with each.app_context():
            db.engine.dispose()

    assert set(codes) == {422, 429}
    assert 5 <= codes.count(422) <= 10
    assert counted == {codes.count(422)}
    assert others == 303
