"""Passkeys in a real browser with a made-up authenticator, and the pages of accounts fit to be used."""

import re
import threading

import pytest
from axe import violations
from playwright.sync_api import Page, expect
from waitress.server import create_server

from tracker import clock
from tracker.db import db
from tracker.factory import create_app
from tracker.models.clinic import Clinic
from tracker.models.user import Membership, Role
from tracker.models.web_session import LinkKind
from tracker.services import password_links, users
from tracker.settings import Mode, Settings

EMAIL, PASSWORD = "kim@clinic.example", "correct horse battery staple"
OTHER = "01KSKNC1N1C000000000000000"
FINGER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def clinic_app(quick_folder):
    """A real clinic that asks for a second factor, under a name: passkeys want no bare number."""
    folder = quick_folder("accounts")
    settings = Settings(
        mode=Mode.TEST, instance=folder, secret_key="a secret of the tests, long enough to be one"
    )
    server = create_server(lambda *given: app(*given), host="127.0.0.1", port=0, threads=4)
    address = f"http://localhost:{server.effective_port}"
    app = create_app(settings.model_copy(update={"public_url": address}))
    with app.app_context():
        db.create_all()
        clinic, other = Clinic(name="Renal clinic"), Clinic(id=OTHER, name="Skin clinic")
        db.session.add_all([clinic, other])
        db.session.flush()
        kim = users.add_user(
            db.session,
            clinic_id=clinic.id,
            email=EMAIL,
            name="Kim",
            password=PASSWORD,
            role=Role.ADMINISTRATOR,
        )
        db.session.add(Membership(clinic_id=other.id, user_id=kim.id, role=Role.VIEWER))
        db.session.commit()
        db.session.remove()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield app
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def clinic_address(clinic_app):
    return clinic_app.extensions["settings"].address


def mailed_code(app):
    with app.app_context():
        kim = users.by_email(db.session, EMAIL)
        code = password_links.make(db.session, kim.id, LinkKind.RESET, now=clock.now())
        db.session.commit()
        db.session.remove()
    return code


def test_a_mailed_link_keeps_its_code_from_addresses(page: Page, clinic_app, clinic_address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer')}"))
    code = mailed_code(clinic_app)

    page.goto(f"{clinic_address}/choose-password#{code}")

    expect(page.get_by_label("New password", exact=True)).to_be_visible()
    assert page.url == f"{clinic_address}/choose-password"
    assert asked
    assert not [each for each in asked if code in each]
    faults = fit(page)
    page.goto(f"{clinic_address}/choose-password")
    page.goto(f"{clinic_address}/choose-password#no-such-code")
    expect(page.get_by_role("heading", level=1)).to_have_text("This code is spent")
    assert faults + fit(page) == []


def test_without_a_script_the_code_is_copied(browser, clinic_app, clinic_address: str) -> None:
    code = mailed_code(clinic_app)
    page = browser.new_context(java_script_enabled=False).new_page()

    page.goto(f"{clinic_address}/choose-password#{code}")
    page.get_by_label("Code of the mail").fill(code)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_label("New password", exact=True)).to_be_visible()
    page.context.close()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("Work email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def fit(page: Page) -> list[str]:
    return [f"{page.url}: {rule}" for rule, _ in violations(page)]


def test_a_passkey_is_set_up_and_signs_in_and_every_page_is_fit(page: Page, clinic_address: str) -> None:
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if "Content Security" in message.text else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    finger = page.context.new_cdp_session(page)
    finger.send("WebAuthn.enable")
    finger.send("WebAuthn.addVirtualAuthenticator", {"options": FINGER})
    sign_in(page, clinic_address)
    page.wait_for_url("**/second-factor/set-up")
    faults = fit(page)
    page.get_by_label("Name of the passkey").fill("Front desk")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/second-factor/codes")
    faults += fit(page)
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, clinic_address)
    page.wait_for_url("**/sign-in/second")
    faults += fit(page)
    expect(page.get_by_text("The passkey did not answer")).to_be_hidden()
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    other = f"/account/clinic?clinic={OTHER}&next=/alerts"
    for path in ("/account", "/account/password", other, "/alerts", "/confirm", "/people", "/people/add"):
        page.goto(f"{clinic_address}{path}")
        faults += fit(page)
    page.locator("a", has_text=re.compile("^Kim$")).first.click()
    page.get_by_role("button", name="Sign out").click()
    for path in ("/sign-in", "/forgot-password", "/forgot-password/asked", "/choose-password"):
        page.goto(f"{clinic_address}{path}")
        faults += fit(page)
    assert faults == []
    assert said == []


def test_the_back_button_shows_nothing_after_signing_out(page: Page, address: str, signed_in: Page) -> None:
    signed_in.goto(f"{address}/patients")
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("Patients")
    signed_in.get_by_role("button", name="Sign out").click()
    signed_in.wait_for_url("**/sign-in")

    signed_in.go_back()

    expect(signed_in.get_by_label("Work email")).to_be_visible()


def test_a_screen_left_alone_shows_nobody(address: str, signed_in: Page) -> None:
    signed_in.clock.install()
    signed_in.goto(f"{address}/patients")
    name = signed_in.locator("main a[href^='/patients/']").first.inner_text()
    signed_in.clock.fast_forward("14:00")
    signed_in.keyboard.press("Shift")
    signed_in.clock.fast_forward("14:00")
    assert name in signed_in.content(), "it was used a quarter of an hour ago at most"

    signed_in.clock.fast_forward("02:00")

    expect(signed_in.get_by_role("heading", level=1)).to_have_text("This page is hidden")
    assert name not in signed_in.content()
    assert signed_in.title() == "Hidden - PA tracker"
    assert violations(signed_in) == []
    signed_in.get_by_role("link", name="Open it again").click()
    expect(signed_in.get_by_role("heading", level=1)).to_contain_text("Patients")
