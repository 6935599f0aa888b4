"""A coordinator's morning in a real browser: from the alert to its cure, and every page fit to be used."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SIZES = {"desk": (1366, 768), "telephone": (390, 844)}
PAGES = (
    "/",
    "/alerts",
    "/patients",
    "/payers/",
    "/imports/",
    "/scan/",
    "/patients/new",
    "patient",
    "alert",
    "patient/what-if",
    "patient/fill/new",
    "patient/planned_fill/new",
    "patient/authorization/new",
    "patient/regimen/new",
    "patient/denial/new",
    "plan",
    "plan/rules/new",
    "authorization",
    "authorization/renew",
    "authorization/cancel",
    "patient/steps",
    "patient/contacts/new",
    "patient/sheet",
    "/today/calls",
    "/patients/new-authorization",
)


def first_link(page: Page, path: str, pattern: str) -> str:
    """The address of the first link on a page that looks like this."""
    page.goto(path)
    found = (each.get_attribute("href") or "" for each in page.locator("main a").all())
    return next(each for each in found if re.fullmatch(pattern, each))


@pytest.fixture
def addresses(signed_in: Page) -> dict[str, str]:
    """Where one patient, one alert and one plan are."""
    patient = first_link(signed_in, "/patients", r"/patients/[0-9A-Z]{26}")
    return {
        "patient": patient,
        "authorization": first_link(
            signed_in, patient, r"/patients/[0-9A-Z]{26}/authorizations/[0-9A-Z]{26}"
        ),
        "alert": first_link(signed_in, "/alerts", r"/alerts/[0-9A-Z]{26}"),
        "plan": first_link(signed_in, "/payers/", r"/payers/plans/[0-9A-Z]{26}"),
    }


def resolve(name: str, addresses: dict[str, str]) -> str:
    word, slash, rest = name.partition("/")
    return addresses[word] + slash + rest if word in addresses else name


@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_and_fits_the_screen(signed_in, addresses, size):
    wide, high = SIZES[size]
    signed_in.set_viewport_size({"width": wide, "height": high})
    complaints = []
    errors: list[str] = []
    signed_in.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)

    for name in PAGES:
        answer = signed_in.goto(resolve(name, addresses))
        found = Axe().run(signed_in, options=STANDARD).response["violations"]
        complaints += [(name, each["id"], each["nodes"][0]["html"][:100]) for each in found]
        if answer is None or answer.status != 200:
            complaints.append((name, "status", str(answer and answer.status)))
        if signed_in.evaluate("document.documentElement.scrollWidth") > wide:
            complaints.append((name, "scrolls sideways", ""))

    assert complaints == []
    assert errors == []


def test_dark_pages_are_accessible_too(signed_in, addresses):
    signed_in.emulate_media(color_scheme="dark")

    for name in ("/", "patient", "alert", "authorization", "patient/steps", "patient/sheet", "/today/calls"):
        signed_in.goto(resolve(name, addresses))
        assert Axe().run(signed_in, options=STANDARD).response["violations"] == []


def test_from_the_alert_to_the_authorization_that_closes_it(signed_in):
    page = signed_in
    page.get_by_role("link", name=re.compile("asks for a PA and none is on file")).first.click()
    expect(page.get_by_role("heading", name="What clears it")).to_be_visible()
    expect(page.get_by_role("heading", name="The dates, added up")).to_be_visible()
    alert = page.url
    page.locator(".crumb a[href^='/patients/']").first.click()

    page.get_by_role("link", name="New PA").click()
    page.get_by_label("Plan", exact=True).select_option(label="Northstar Medicaid")
    page.get_by_label("Status").select_option(label="approved")
    page.get_by_label("PA number").fill("N-4711")
    page.get_by_label("Approved from").fill("6/1/2026")
    page.get_by_label("Approved through").fill("2027-12-31")
    page.get_by_role("button", name="Save and check").click()

    expect(page.get_by_role("status")).to_contain_text("closed")
    expect(page.locator("main")).to_contain_text("N-4711")
    page.goto(alert)
    expect(page.locator("main")).to_contain_text("Its cause ended: authorization added by Ana Ruiz.")


def test_a_mistyped_form_keeps_what_was_typed_and_says_what_to_do(signed_in, addresses):
    page = signed_in
    page.goto(f"{addresses['patient']}/fill/new")
    page.get_by_label("Dispensed on").fill("6/31/2026")
    page.get_by_label("Days supply").fill("thirty")
    page.get_by_role("button", name="Save and check").click()

    expect(page.get_by_role("alert")).to_contain_text("June 2026 has 30 days.")
    expect(page.get_by_label("Dispensed on")).to_have_value("6/31/2026")
    expect(page.get_by_label("Days supply")).to_have_value("thirty")


def test_two_people_at_one_record_see_both_versions(signed_in, addresses):
    page = signed_in
    page.goto(f"{addresses['patient']}/change")
    other = page.context.new_page()
    other.goto(f"{addresses['patient']}/change")
    for each, name in ((page, "Ana María"), (other, "Anna")):
        each.get_by_label("Given name").fill(name)
        each.get_by_role("button", name="Save and check").click()

    expect(other.get_by_role("heading", level=1)).to_contain_text("Someone else was faster")
    expect(other.locator("main")).to_contain_text("Ana María")
    other.get_by_role("button", name="Save mine over it").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Anna")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_search_leads_to_the_patient_and_leaves_no_name_in_the_address(address, browser, script):
    context = browser.new_context(java_script_enabled=script, base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Work email").fill("ana@demo.example")
    page.get_by_label("Password").fill("cyclosporine-demo")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("searchbox").fill("lindqv")
    page.get_by_role("searchbox").press("Enter")

    expect(page.locator("main")).to_contain_text("Lindqvist")
    assert "lindqv" not in page.url.lower()
    context.close()
