"""What is refused whoever asks: foreign origins and hosts, missing tokens, false ways back, endless input."""

import re
from pathlib import Path

import crawling
import pytest

import make
from tracker.factory import create_app
from tracker.models.ids import new_id
from tracker.web.access import safe_next
from tracker.web.security import SERVED

PUBLIC = "https://tracker.example"
FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
)


@pytest.fixture
def ana(app, cast):
    """Ana's browser, signed in with the guard off; the tests turn it on."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = crawling.browser(app, "dana")
    app.config["WTF_CSRF_ENABLED"] = True
    return client


def test_every_post_without_its_token_is_refused(app, ana):
    unsafe = [way for way in crawling.ways(app) if crawling.is_unsafe(way)]
    passed = [
        way.endpoint
        for way in unsafe
        if ana.open(way.addresses(["0" * 26])[0], method=way.method).status_code != 400
    ]

    assert len(unsafe) > 40
    assert passed == []


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_every_post_from_another_site_is_refused_though_its_token_be_right(app, ana, headers):
    app.config["WTF_CSRF_ENABLED"] = False  # as if the token were right: the origin alone decides
    passed = [
        way.endpoint
        for way in crawling.ways(app)
        if crawling.is_unsafe(way)
        and ana.open(way.addresses(["0" * 26])[0], method=way.method, headers=headers).status_code != 400
    ]

    assert passed == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}]
)
def test_our_own_forms_come_through(app, client, cast, headers):
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/sign-in").text)[1]
    data = {"email": "ana@clinic.example", "password": make.PASSWORD, "csrf_token": token}

    assert client.post("/sign-in", data=data, headers=headers).status_code == 303


def test_every_answer_carries_every_header(app, client, cast):
    ana = crawling.browser(app, "dana")
    bare = []
    for way in crawling.ways(app):
        for browser in (client, ana):
            with browser.open(way.addresses(["0" * 26])[0], method=way.method) as answer:
                headers = answer.headers
            if not (
                headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
                and "unsafe" not in headers["Content-Security-Policy"]
                and headers["X-Content-Type-Options"] == "nosniff"
                and headers["Referrer-Policy"] == "no-referrer"
                and headers["X-Frame-Options"] == "DENY"
                and headers["Cache-Control"] == "no-store"
                and "; report-uri /policy-reports; " in headers["Content-Security-Policy"]
                and headers["Cross-Origin-Opener-Policy"] == "same-origin"
                and headers["Cross-Origin-Resource-Policy"] == "same-origin"
            ):
                bare.append((way.method, way.endpoint, answer.status_code))

    assert bare == []


@pytest.mark.parametrize(
    "path", ["/static/app.js", "/static/nothing.js", "/nowhere", "/patients/%00", "/healthz"]
)
def test_files_and_refusals_are_for_this_site_alone(client, path):
    """Nothing can be loaded into, or opened and watched from, a page of another site."""
    with client.get(path) as answer:
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "report-uri /policy-reports" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers


PAGES_OF_PEOPLE = ("/", "/account", "/alerts", "/patients", "/people", "/audit", "/reports/", "/mail/")


@pytest.mark.parametrize(
    "tail", ["/x.css", "x.css", "/x.js", ";x.css", "%2fx.css", "%0a.css", "/..%2fstatic%2fx.css"]
)
def test_a_page_with_a_files_ending_is_no_file(app, cast, tail):
    """Web cache deception: what looks like a style sheet to a cache in front must not be a page."""
    ana = crawling.browser(app, "dana")
    for path in PAGES_OF_PEOPLE:
        address = f"/{path.strip('/')}{tail}".replace("//", "/")
        with ana.get(address) as answer:
            assert answer.status_code in (400, 404), (address, answer.status_code)
            assert answer.headers["Cache-Control"] == "no-store"


def test_only_files_that_are_the_same_for_everyone_are_kept_by_caches(app, client, cast):
    ana, kept = crawling.browser(app, "ana"), 0
    for path in sorted((Path(app.static_folder)).rglob("*")):
        if not path.is_file() or path.suffix not in SERVED:
            continue
        address = f"/static/{path.relative_to(app.static_folder).as_posix()}"
        with client.get(address) as strangers, ana.get(address) as anas:
            assert strangers.data == anas.data
            assert "Set-Cookie" not in strangers.headers
            kept += "no-store" not in strangers.headers["Cache-Control"]
            assert strangers.mimetype == anas.mimetype

    assert kept > 10


def test_nothing_but_what_pages_are_made_of_is_served(app, client):
    found = [
        path for path in Path(app.static_folder).rglob("*") if path.is_file() and path.suffix not in SERVED
    ]
    codes = {
        client.get(f"/static/{path.relative_to(app.static_folder).as_posix()}").status_code for path in found
    }

    assert len(found) > 3
    assert codes == {404}
    assert set(SERVED) == {path.suffix for path in Path(app.static_folder).rglob("*.*")} & set(SERVED)


def test_a_missing_static_file_is_not_kept_by_caches(client):
    with client.get("/static/nothing.css") as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


@pytest.fixture
def public(settings):
    """The site as people open it: by its one name, over https."""
    return create_app(settings.model_copy(update={"public_url": PUBLIC})).test_client()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "tracker.example.evil.example",
        "evil.example:443",
        "tracker.example@evil.example",
        "[",
    ],
)
def test_a_foreign_host_is_refused(public, host):
    answer = public.get("/sign-in", headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_the_own_name_and_a_probe_on_this_machine_are_answered(public):
    assert public.get("/sign-in", headers={"Host": "tracker.example"}).status_code == 200
    assert public.get("/sign-in", headers={"Host": "127.0.0.1:8000"}).status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL"])
def test_no_header_changes_where_links_lead(public, header):
    answer = public.get("/scan/", headers={"Host": "tracker.example", header: "evil.example"})

    assert answer.location == "/sign-in?next=/scan/"
    assert "evil" not in answer.text


def test_over_https_the_cookie_is_bound_to_the_host(public):
    answer = public.get("/sign-in", base_url=PUBLIC)
    cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith("__Host-tracker=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


STARTS = (
    ["//", "/\\", "\\\\", "\\/", "///", "/\t/", "/\n/", "/\r\n/", "http://", "https:", "javascript:"]
    + ["data:text/html,", "/\x00/", "/\u2028/", "", " //", "/ /", "ftp://", "https:///", "/\x0b/", "%09//"]
    + ["/\uff0f", "/\u00a0/"]
)
TAILS = ["evil.example", "evil.example/%2f..", "evil.example@tracker.example", "alert(1)", "evil.example\\@x"]


@pytest.mark.parametrize("wanted", [start + tail for start in STARTS for tail in TAILS])
def test_no_way_back_leads_elsewhere(app, client, cast, wanted):
    assert safe_next(wanted) is None
    data = {"email": "nobody@clinic.example", "password": "x"}
    answer = client.post("/sign-in", query_string={"next": wanted}, data=data)

    assert answer.status_code == 422
    assert "Location" not in answer.headers


def test_a_hostile_way_back_leads_to_today_after_the_sign_in(app, client, cast):
    data = {"email": "ana@clinic.example", "password": make.PASSWORD}

    assert client.post("/sign-in?next=//evil.example", data=data).location == "/"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x00"])
def test_no_input_writes_a_header(app, client, cast, break_):
    payload = f"/{break_}Set-Cookie: owned=1"
    for answer in (
        client.get("/scan/", query_string={"next": payload}),
        client.post("/sign-in", query_string={"next": payload}, data={"email": payload, "password": payload}),
        client.post("/forgot-password", data={"email": f"a@b.example{break_}Bcc: c@d.example"}),
    ):
        assert not any("owned" in value for value in answer.headers.getlist("Set-Cookie"))
        assert not any("\n" in value or "\r" in value for value in answer.headers.values())


def test_endless_input_is_refused(app, client, cast):
    assert client.get("/sign-in?x=" + "y" * 5000).status_code == 414
    assert client.get("/patients/%00").status_code == 400
    assert client.post("/sign-in", data={"email": "x" * 200_000, "password": "y"}).status_code == 413
    assert (
        client.post(
            "/sign-in", data={f"f{n}": "x" for n in range(3000)}, content_type="multipart/form-data"
        ).status_code
        == 413
    )
    assert client.post("/sign-in", data=b"x" * 22 * 1024 * 1024, content_type="text/plain").status_code in (
        413,
        422,
    )


def test_ids_cannot_be_guessed():
    """80 random bits in each: of a thousand made at once no two share a tail, and every bit of it varies."""
    made = [new_id() for _ in range(1000)]

    assert len({row_id[10:] for row_id in made}) == 1000
    assert all(len({row_id[at] for row_id in made}) == 32 for at in range(10, 26))
