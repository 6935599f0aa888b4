"""Every page fit to be used: on desk and telephone, enlarged, dark, in forced colours, console clean."""

import re
from urllib.parse import urlsplit

import pytest
from axe import violations
from pages import EXEMPT, PAGES, STRANGERS, found_ids, resolved
from playwright.sync_api import Page

DESK = {"width": 1366, "height": 768}
TELEPHONE = {"width": 390, "height": 844}
ENLARGED = {"width": 683, "height": 384}  # a desk at 200 %: half the pixels, each twice as large
NOBODY = "/patients/nobody", "Failed to load resource: the server responded with a status of 404 (NOT FOUND)"
SAMPLE = (
    "/",
    "/alerts",
    "/patients/<patient>",
    "/patients/<patient>/authorizations/<authorization>",
    "/patients/<patient>/steps",
    "/alerts/<alert>",
    "/calendar/",
    "/payers/new",
)


def test_the_list_names_every_page_of_the_app(app):
    routes = app.url_map.bind("")
    listed = {
        routes.match(re.sub("<.+?>", "0" * 26, path.partition("?")[0]))[0] for path in PAGES + STRANGERS
    }
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if rule.methods and "GET" in rule.methods}

    assert pages - listed - EXEMPT.keys() == set()
    assert EXEMPT.keys() <= pages - listed


@pytest.mark.browser_context_args(viewport=DESK)
def test_every_page_is_accessible_and_fits_each_screen(signed_in):
    ids = found_ids(signed_in)
    errors: list[tuple[str, str]] = []
    signed_in.on(
        "console",
        lambda said: (
            errors.append((urlsplit(said.location["url"]).path, said.text)) if said.type == "error" else None
        ),
    )
    signed_in.on("pageerror", lambda error: errors.append((signed_in.url, str(error))))

    complaints = [fault for path in PAGES for fault in faults_of_sizes(signed_in, path, ids)]

    assert complaints == []
    assert [text for path, text in errors if (path, text) != NOBODY] == []
    assert NOBODY in errors


@pytest.mark.browser_context_args(viewport=ENLARGED, device_scale_factor=2)
def test_telling_pages_are_accessible_at_200_percent(signed_in):
    ids = found_ids(signed_in)

    assert [fault for path in SAMPLE for fault in faults(signed_in, path, ids)] == []


@pytest.mark.parametrize(
    "look", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced"]
)
def test_dark_and_forced_colours_can_be_read(signed_in, look):
    ids = found_ids(signed_in)
    signed_in.emulate_media(**look)

    assert [fault for path in SAMPLE for fault in faults(signed_in, path, ids)] == []


def test_between_telephone_and_desk_nothing_of_a_row_or_of_the_bar_is_out_of_sight(signed_in):
    hidden = """() => [...document.querySelectorAll(".wrap, .bar .who, .bar .who p")].filter(
        seen => seen.scrollWidth > seen.clientWidth || seen.scrollHeight > seen.clientHeight + 1
    ).map(seen => seen.className || seen.tagName)"""
    patient = resolved("/patients/<patient>", found_ids(signed_in))
    found = {}

    for path in ("/", "/alerts", "/alerts/print", patient):
        signed_in.goto(path)
        for width in (641, 768, 1024, 1160, 1366)[2 if path == patient else 0 :]:
            signed_in.set_viewport_size({"width": width, "height": 768})
            found[path, width] = signed_in.evaluate(hidden)

    assert {where: parts for where, parts in found.items() if parts} == {}


def test_the_current_page_is_in_sight_in_the_bar_of_a_telephone(signed_in):
    signed_in.set_viewport_size({"width": 390, "height": 844})
    signed_in.goto("/payers/")

    current = signed_in.locator(".nav [aria-current]").bounding_box()

    assert current["x"] >= 0
    assert current["x"] + current["width"] <= 390


def test_pages_before_signing_in_are_accessible_too(page, address):
    assert [fault for path in STRANGERS for fault in faults_of_sizes(page, path, {})] == []


def faults_of_sizes(page: Page, path: str, ids: dict[str, str]) -> list[tuple[str, str, str]]:
    """What is wrong with a page at a desk, on a telephone, and enlarged to 200 %."""
    page.set_viewport_size(DESK)
    found = faults(page, path, ids)
    page.set_viewport_size(TELEPHONE)
    found += broken_rules(page, path) + sideways(page, path)
    page.set_viewport_size(ENLARGED)
    return found + sideways(page, path)


def faults(page: Page, path: str, ids: dict[str, str]) -> list[tuple[str, str, str]]:
    """What is wrong with a page as it is opened: status, what axe finds, whether it scrolls sideways."""
    answer = page.goto(resolved(path, ids))
    expected = {"/patients/nobody": 404}.get(path, 200)
    wrong = not answer or answer.status != expected
    status = [(path, "status", str(answer and answer.status))] if wrong else []
    return status + broken_rules(page, path) + sideways(page, path)


def broken_rules(page: Page, path: str) -> list[tuple[str, str, str]]:
    return [(path, rule, html) for rule, html in violations(page)]


def sideways(page: Page, path: str) -> list[tuple[str, str, str]]:
    width = page.viewport_size and page.viewport_size["width"]
    wider = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [(path, "scrolls sideways", f"at {width} px")] if wider else []


def test_axe_finds_what_is_wrong(page):
    page.set_content("<html lang=en><title>A page</title><main><h1>One</h1><img src='x.png'></main></html>")

    assert violations(page) == [("image-alt", '<img src="x.png">')]
