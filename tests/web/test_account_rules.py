"""What holds for passwords and the way out, as the tables of the security guide promise."""

import re
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location

import crawling
import pytest
import time_machine

import make
from tracker.db import db
from tracker.services import users

FIELDS = re.compile(r"<input[^>]*name=\"(?:password|current|again)\"[^>]*>")


def test_every_password_field_hides_and_lets_managers_fill(app, client, cast):
    ana = crawling.browser(app, "ana")
    pages = [client.get("/sign-in").text, ana.get("/account/password").text, ana.get("/confirm").text]
    found = [field for page in pages for field in FIELDS.findall(page)]

    assert len(found) == 5
    for field in found:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "paste" not in field
        assert "readonly" not in field


@pytest.mark.parametrize(
    "password",
    [
        "  spaces stay around me  ",
        "Große Eule sieht Nacht 🙂",
        "night owl sings low, " * 12,
        "tab\tin the middle",
    ],
)
def test_a_password_counts_exactly_as_typed(app, cast, session, password):
    users.set_password(session, cast.ana, password)
    session.commit()

    def knock(typed):
        data = {"email": "ana@clinic.example", "password": typed}
        return app.test_client().post("/sign-in", data=data).status_code

    assert knock(password) == 303
    assert knock(password.swapcase()) == 422
    assert knock(password[:-1]) == 422
    assert knock(password + " ") == 422


def test_a_password_is_good_for_years(app, cast):
    with time_machine.travel("2031-03-17 08:00 +0000", tick=False) as travel:
        crawling.browser(app, "ana")
        travel.shift(timedelta(days=3650))

        assert crawling.browser(app, "ana").get("/patients").status_code == 200


def test_a_password_hash_is_dear():
    """Argon2id with the figures of OWASP's cheat sheet; read anew, as the tests take a cheaper one."""
    spec = spec_from_file_location("as_shipped", users.__file__)
    shipped = module_from_spec(spec)
    spec.loader.exec_module(shipped)
    hashed = shipped.hasher.hash(make.PASSWORD)

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_every_page_behind_the_sign_in_has_the_way_out(app, cast, session):
    crawling.stock(session, cast)
    dana = crawling.browser(app, "dana")
    seen, without = 0, []
    for way in crawling.ways(app):
        if way.method == "GET" and not way.names:
            with dana.get(way.rule) as answer:
                page = answer.text if answer.mimetype == "text/html" and answer.status_code == 200 else ""
            if "Signed in as" in page:
                seen += 1
                without += [] if 'action="/sign-out"' in page else [way.rule]
    db.session.rollback()

    assert without == []
    assert seen > 15
