"""The queue by keyboard alone, and its pages fit to be used."""

import re

import pytest
from axe import violations
from playwright.sync_api import Page, expect

SIZES = {"desk": (1366, 768), "telephone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
def test_ticked_rows_and_what_is_asked_about_them_are_accessible_and_fit_the_screen(signed_in, size):
    wide, high = SIZES[size]
    signed_in.set_viewport_size({"width": wide, "height": high})
    complaints = []

    signed_in.goto("/alerts")
    signed_in.locator("#worklist tbody input[name=id]").first.check()
    complaints += faults(signed_in, "ticked", wide)
    signed_in.get_by_role("button", name="Snooze").click()
    complaints += faults(signed_in, "snooze", wide)

    assert complaints == []


def faults(page: Page, name: str, wide: int) -> list[tuple[str, str, str]]:
    said = [(name, rule, html) for rule, html in violations(page)]
    if page.evaluate("document.documentElement.scrollWidth") > wide:
        said.append((name, "scrolls sideways", ""))
    return said


def test_through_the_queue_by_keyboard_alone(signed_in):
    page = signed_in
    page.goto("/alerts")
    rows = page.locator("#worklist tbody tr")
    press = page.keyboard.press

    press("j")
    press("j")
    press("k")
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    expect(rows.nth(0).locator("a.what")).to_be_focused()
    press("x")
    press("j")
    press("x")
    expect(page.locator("#ticked")).to_have_text("2 selected")

    press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Assign 2 alerts")
    page.get_by_label("Give them to").focus()
    page.keyboard.type("Ben")
    page.get_by_role("button", name="Show what will change").focus()
    press("Enter")
    expect(page.locator("main")).to_contain_text("of 2 alerts will change.")
    page.get_by_role("button", name=re.compile("^Assign [12] alert")).focus()
    press("Enter")

    expect(page.locator("main")).to_contain_text("changed.")
    page.get_by_role("button", name="Undo").focus()
    press("Enter")
    expect(page.locator("main")).to_contain_text("as before.")


def test_enter_opens_a_letter_acts_on_the_current_row_and_slash_finds(signed_in):
    page = signed_in
    page.goto("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Write a note on 1 alert")

    page.goto("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What clears it")).to_be_visible()

    page.goto("/alerts")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jxans?")
    expect(page).to_have_url(re.compile("/alerts$"))
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def test_keys_that_are_off_do_nothing_and_every_act_is_a_button(signed_in):
    page = signed_in
    page.goto("/help/keys")
    page.get_by_role("button", name="Turn the keys off").click()

    page.goto("/alerts")
    page.keyboard.press("j")
    expect(page.locator("tr.cur")).to_have_count(0)
    for name in ("Assign", "Snooze", "Note", "Acknowledge", "Print", "Export"):
        expect(page.locator("#bulk").get_by_role("button", name=name, exact=True)).to_be_visible()

    page.goto("/help/keys")
    page.get_by_role("button", name="Turn the keys on").click()


def test_all_that_match_can_be_acted_on_without_script(address, browser):
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Work email").fill("ana@demo.example")
    page.get_by_label("Password").fill("cyclosporine-demo")
    page.get_by_role("button", name="Sign in").click()
    page.goto("/alerts?severity=info")
    page.locator("#worklist tbody input[name=id]").first.check()

    page.locator("#bulk").get_by_role("button", name="Note").click()
    page.get_by_label("Note", exact=True).fill("Asked the payer")
    page.get_by_role("button", name="Show what will change").click()
    expect(page.locator("main")).to_contain_text("1 of 1 alert will change.")
    page.get_by_role("button", name="Write a note on 1 alert").click()

    expect(page.locator("main")).to_contain_text("1 alert changed.")
    expect(page).to_have_url(re.compile(r"/alerts\?severity=info$"))
    context.close()
