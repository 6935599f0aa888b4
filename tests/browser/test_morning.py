"""A coordinator's morning in a real browser: by mouse, by keyboard alone, without script."""

import re
from functools import partial

import pytest
from playwright.sync_api import Browser, Locator, Page, expect


def first_link(page: Page, path: str, pattern: str) -> str:
    """The address of the first link on a page that looks like this."""
    page.goto(path)
    found = (each.get_attribute("href") or "" for each in page.locator("main a").all())
    return next(each for each in found if re.fullmatch(pattern, each))


@pytest.fixture
def addresses(signed_in: Page) -> dict[str, str]:
    """Where one patient is."""
    return {"patient": first_link(signed_in, "/patients", r"/patients/[0-9A-Z]{26}")}


def test_from_the_alert_to_the_authorization_that_closes_it_and_other_pages_hear_of_it(signed_in):
    page = signed_in
    other = page.context.new_page()
    other.clock.install()
    other.goto("/alerts")
    page.get_by_role("link", name=re.compile("asks for a PA and none is on file")).first.click()
    expect(page.get_by_role("heading", name="What clears it")).to_be_visible()
    expect(page.get_by_role("heading", name="The dates, added up")).to_be_visible()
    alert = page.url
    page.locator(".crumb a[href^='/patients/']").first.click()

    page.get_by_role("link", name="New PA").first.click()  # the main act, beside the name
    page.get_by_label("Plan", exact=True).select_option(label="Northstar Medicaid")
    page.get_by_label("Status").select_option(label="approved")
    page.get_by_role("textbox", name="PA number").fill("N-4711")
    page.get_by_label("Approved from").fill("6/1/2026")
    page.get_by_label("Approved through").fill("2027-12-31")
    page.get_by_role("button", name="Save and check").click()

    expect(page.get_by_role("status")).to_contain_text("closed")
    expect(page.locator("main")).to_contain_text("N-4711")
    page.goto(alert)
    expect(page.locator("main")).to_contain_text("Its cause ended: authorization added by Ana Ruiz.")

    other.clock.fast_forward(61_000)
    expect(other.get_by_role("status")).to_contain_text(re.compile("[0-9]+ closed: show"))
    other.get_by_role("link", name="show").click()
    expect(other.get_by_role("link", name="show")).to_have_count(0)


class Hands:
    """Clicks, or only Tab, letters and Enter."""

    def __init__(self, page: Page, keyboard: bool) -> None:
        self.page, self.keyboard = page, keyboard

    def reach(self, what: Locator) -> None:
        expect(what).to_be_visible()
        found = what.element_handle()  # looked up once, not at each press
        for _ in range(200):
            if found.evaluate("each => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {what}")

    def press(self, what: Locator) -> None:
        if not self.keyboard:
            what.click()
            return
        self.reach(what)
        self.page.keyboard.press("Enter")
        self.page.wait_for_load_state()

    def write(self, label: str, text: str) -> None:
        field = self.page.get_by_label(re.compile(f"^{label}( .optional.)?$"))
        if not self.keyboard:
            field.fill(text)
            return
        self.reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, label: str, word: str) -> None:
        field = self.page.get_by_label(re.compile(f"^{label}( .optional.)?$"))
        if not self.keyboard:
            field.select_option(label=word)
            return
        self.reach(field)
        self.page.keyboard.type(word[:3])
        expect(field.locator("option:checked")).to_have_text(word)


@pytest.mark.parametrize(
    ("who", "script", "keyboard"),
    [("Santos", True, False), ("Vance", True, True), ("Farrow", False, False)],
    ids=["by mouse", "by keyboard alone", "without script"],
)
def test_from_sign_in_to_a_renewed_authorization_that_closes_its_alert(
    address: str, browser: Browser, who: str, script: bool, keyboard: bool
) -> None:
    context = browser.new_context(java_script_enabled=script, base_url=address)
    page = context.new_page()
    hands, link, button = (
        Hands(page, keyboard),
        partial(page.get_by_role, "link"),
        partial(page.get_by_role, "button"),
    )
    page.goto("/sign-in")
    hands.write("Work email", "ana@demo.example")
    hands.write("Password", "cyclosporine-demo")
    hands.press(button(name="Sign in"))
    hands.press(page.get_by_role("navigation").get_by_role("link", name="Worklist"))
    hands.press(link(name=re.compile("^Renewals")))
    hands.press(page.locator("#worklist tbody tr", has_text=who).locator("a.what").first)
    expect(page.get_by_role("heading", name="What clears it")).to_be_visible()
    alert = page.url
    hands.press(page.locator(".crumb a[href^='/patients/']").first)
    hands.press(page.locator("#authorization").get_by_role("link", name=re.compile("^A-")).first)
    hands.press(link(name="Renew", exact=True))
    hands.press(button(name="Draft this renewal"))
    hands.press(link(name="Record submission"))
    hands.press(button(name="Save and check"))
    hands.press(link(name="Record decision"))
    hands.choose("Decision", "Approved")
    hands.write("PA number", f"A-{who}")
    hands.write("Approved from", "2026-06-11")
    hands.write("Approved through", "2027-07-31")
    hands.press(button(name="Save and check"))

    expect(page.locator("main")).to_contain_text(f"A-{who}")
    page.goto(alert)
    expect(page.locator("main")).to_contain_text("Its cause ended")
    context.close()


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
