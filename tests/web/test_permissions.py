"""The one table of who may do what, against every route, every method, every role and both clinics."""

import crawling
import pytest

import make
from tracker.models.user import Role
from tracker.web import permissions
from tracker.web.permissions import Door, form, looks

# Endpoints that a role may use, but that answer by what is in the request before anything else.
REFUSED = 403


@pytest.fixture
def stocked(session, cast):
    crawling.stock(session, cast)
    return cast


def test_every_route_has_its_line_and_every_line_its_route(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    without = [permissions.missing(endpoint) for endpoint in sorted(endpoints - set(permissions.RULES))]

    assert without == []
    assert sorted(set(permissions.RULES) - endpoints) == [], "lines for routes that are gone"


def test_every_method_of_a_route_is_spoken_of(app):
    silent = [
        f"{way.endpoint} answers {way.method}, and its line names nobody for that"
        for way in crawling.ways(app)
        if (rule := permissions.RULES[way.endpoint]).door is Door.SIGNED_IN and not rule.least(way.method)
    ]

    assert silent == []


def test_a_route_without_a_line_is_refused_with_the_line_to_add(app, client, cast):
    app.add_url_rule("/new-thing", "new.thing", lambda: "seen")
    ana = crawling.browser(app, "ana")

    answer = ana.get("/new-thing")

    assert answer.status_code == 403
    assert "tracker/web/permissions.py" in answer.text
    assert client.get("/new-thing").status_code == 403


@pytest.mark.parametrize("role", Role)
def test_each_cell_of_the_table_holds(app, session, stocked, role):
    crawling.people_of_every_role(session, stocked.renal)
    session.commit()
    client = crawling.browser(app, role.value)
    nobody = "0" * 26
    wrong = []
    for way in crawling.ways(app):
        rule = permissions.RULES[way.endpoint]
        if rule.door is not Door.SIGNED_IN or way.endpoint == "account.end_others":
            continue
        with client.open(way.addresses([nobody])[0], method=way.method) as answer:
            status = answer.status_code
        if (status != REFUSED) is not rule.allows(role, way.method):
            wrong.append((way.method, way.endpoint, role.value, status))

    assert wrong == []


def test_a_stranger_sees_nothing_that_is_not_open(app, client, session, stocked):
    ids = crawling.ids_of(session, stocked.renal.id)[:3]
    seen = []
    for way in crawling.ways(app):
        if permissions.RULES[way.endpoint].door is Door.OPEN:
            continue
        for address in way.addresses(ids):
            with client.open(address, method=way.method) as answer:
                if answer.status_code != 303 or not answer.location.startswith("/sign-in"):
                    seen.append((way.method, address, answer.status_code))

    assert seen == []


def test_no_record_of_another_clinic_is_ever_reached(app, session, stocked):
    """Every route and method, with every id of the other clinic: none answers with anything of it."""
    make.user(session, stocked.skin, name="Chief", role=Role.ADMINISTRATOR)
    session.commit()
    chief = crawling.browser(app, "chief")
    theirs = crawling.ids_of(session, stocked.renal.id)
    asked, reached = 0, []
    for way in crawling.ways(app):
        if not way.names or permissions.RULES[way.endpoint].door is Door.OPEN:
            continue
        for address in way.addresses(theirs):
            asked += 1
            with chief.open(address, method=way.method) as answer:
                status, text = answer.status_code, answer.text
            if status >= 500 or (status < 400 and not _is_harmless(way, answer)):
                reached.append((way.method, address, status))
            if "Alvarez" in text or "A-48213" in text:
                reached.append((way.method, address, "told"))

    assert reached == []
    assert asked > 500


def _is_harmless(way, answer):
    """Ending a session that is not one's own answers as ever, and ends nothing."""
    return way.endpoint == "account.end_session" and answer.status_code == 303


def test_what_an_administrator_of_another_clinic_posts_changes_nothing(app, session, stocked):
    make.user(session, stocked.skin, name="Chief", role=Role.ADMINISTRATOR)
    session.commit()
    chief = crawling.browser(app, "chief")
    ana = stocked.ana.id
    for act in ("off", "unlock", "second-factor/require", "second-factor/forget", "invite"):
        assert chief.post(f"/people/{ana}/{act}").status_code == 404, act
    assert chief.post(f"/people/{ana}", data={"role": "viewer"}).status_code == 404
    session.expire_all()

    assert stocked.ana.active
    assert stocked.ana.role is Role.COORDINATOR


def test_roles_stand_in_order():
    rule = form(Role.LEAD, look=Role.COORDINATOR)

    assert [rule.allows(role, "GET") for role in Role] == [False, True, True, True]
    assert [rule.allows(role, "POST") for role in Role] == [False, False, True, True]
    assert not any(looks(Role.VIEWER).allows(role, "POST") for role in Role)


def test_only_administrators_see_the_way_to_the_people(app, cast):
    assert "/people" not in crawling.browser(app, "ana").get("/payers/").text
    assert "/people" in crawling.browser(app, "dana").get("/payers/").text


def test_extra_fields_give_nobody_a_role(app, session, cast):
    """Mass assignment: what a form does not ask for is not taken."""
    ana = crawling.browser(app, "ana")
    for path in ("/account/name", "/patients/new", "/payers/new"):
        ana.post(path, data={"name": "Ana", "role": "administrator", "clinic_id": cast.skin.id, "active": ""})
    session.expire_all()

    assert (cast.ana.role, cast.ana.clinic_id) == (Role.COORDINATOR, cast.renal.id)
