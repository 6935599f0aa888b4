"""Every page that a person can see: one line each. A new page is one more line.

A word in angle brackets is the id of a record of the demo clinic; see FOUND_ON. `test_pages` holds this list
against the app's own routes.
"""

import re

from playwright.sync_api import Page

STRANGERS = (
    "/sign-in",
    "/forgot-password",
    "/forgot-password/asked",
    "/choose-password",
)
PAGES = (
    "/",
    "/account",
    "/account/password",
    "/alerts",
    "/alerts?text=nowhere&owner=me",
    "/alerts/<alert>",
    "/alerts/print",
    "/alerts/views?owner=me",
    "/calendar/",
    "/calendar/?view=day",
    "/calendar/?view=list",
    "/calendar/feed",
    "/calendar/january",
    "/clinic/ladder",
    "/clinic/lead-times",
    "/confirm",
    "/emergency",
    "/emergency/review",
    "/help/keys",
    "/imports/",
    "/mail/",
    "/mail/choices",
    "/mail/clinic",
    "/patients",
    "/patients/<patient>",
    "/patients/<patient>/authorization/new",
    "/patients/<patient>/authorizations/<authorization>",
    "/patients/<patient>/authorizations/<authorization>/cancel",
    "/patients/<patient>/authorizations/<authorization>/packet",
    "/patients/<patient>/authorizations/<authorization>/packet/print",
    "/patients/<patient>/authorizations/<authorization>/packet/sent",
    "/patients/<patient>/authorizations/<authorization>/renew",
    "/patients/<patient>/authorizations/<authorization>/replace",
    "/patients/<patient>/authorization/<authorization>",
    "/patients/<patient>/change",
    "/patients/<patient>/contacts/new",
    "/patients/<patient>/denial/new",
    "/patients/<patient>/fill/new",
    "/patients/<patient>/planned_fill/new",
    "/patients/<patient>/regimen/new",
    "/patients/<patient>/documents",
    "/patients/<patient>/history",
    "/patients/<patient>/sheet",
    "/patients/<patient>/steps",
    "/patients/<patient>/what-if",
    "/patients/new",
    "/patients/new-authorization",
    "/payers/",
    "/payers/<payer>",
    "/payers/<payer>/change",
    "/payers/<payer>/plans/new",
    "/payers/new",
    "/payers/plans/<plan>",
    "/payers/plans/<plan>/change",
    "/payers/plans/<plan>/rules/new",
    "/payers/rules/<rule>",
    "/payers/rules/<rule>/change",
    "/payers/rules/<rule>/version",
    "/people",
    "/people/<person>",
    "/people/add",
    "/reports/",
    "/reports/?from=2026-13-01",
    "/scan/",
    "/today/calls",
    "/audit",
    "/patients/nobody",
)
EXEMPT = {
    "emergency.show": "a patient of a second clinic: tests/web/test_emergency_pages.py",
    "static": "files, not pages",
    "health.alive": "for machines",
    "health.ready": "for machines",
    "health.metrics": "for machines",
    "calendar.feed": "a calendar file",
    "account.ask_clinic": "seen in test_accounts.py, where somebody works in two clinics",
    "documents.download": "a file",
    "documents.remove": "needs a file that was sent: tests/web/test_documents.py",
    "imports.errors": "a CSV file",
    "packets.first": "needs a plan without any PA: tests/web/test_packet_page.py",
    "packets.first_sheet": "needs a plan without any PA: tests/web/test_packet_page.py",
    "news.show": "a part of a page: tests/web/test_news.py",
    "imports.show": "needs a file that was sent: tests/web/test_imports.py",
    "imports.columns": "needs a file that was sent: tests/web/test_imports.py",
    "imports.rows": "needs a file that was sent: tests/web/test_imports.py",
    "patients.search_again": "leads to a patient or the list: test_morning.py",
    "single_sign_on.go": "needs a provider: test_single_sign_on_chromium.py",
    "single_sign_on.back": "needs a provider: test_single_sign_on_chromium.py",
    "single_sign_on.refused": "needs a provider: test_single_sign_on_chromium.py",
    "single_sign_on.out": "needs a provider: test_single_sign_on_chromium.py",
    "sign_in.second": "stands between password and app: needs a second factor",
    "second_factor.app": "stands between password and app: needs a second factor",
    "second_factor.codes": "stands between password and app: needs a second factor",
    "second_factor.set_up": "stands between password and app: needs a second factor",
}
ROW = "[0-9A-Z]{26}"
# where the first link that looks like this is found; in this order, for an address may need another's id
FOUND_ON = {
    "patient": ("/alerts?cause=PA_EXPIRING", f"/patients/({ROW})"),
    "authorization": ("/patients/<patient>", f"/patients/{ROW}/authorizations/({ROW})"),
    "alert": ("/alerts", f"/alerts/({ROW})"),
    "payer": ("/payers/", f"/payers/({ROW})"),
    "plan": ("/payers/", f"/payers/plans/({ROW})"),
    "rule": ("/payers/plans/<plan>", f"/payers/rules/({ROW})(?:/.*)?"),
    "person": ("/people", f"/people/({ROW})"),
}


OTHERWISE = tuple(
    f"/alerts?cause={cause}" for cause in ("PA_EXPIRES_BEFORE_REFILL", "PA_GAP", "PA_EXPIRED", "PA_UNITS_LOW")
)


def resolved(path: str, ids: dict[str, str]) -> str:
    return re.sub("<(.+?)>", lambda found: ids.get(found[1], found[0]), path)


def found_ids(page: Page) -> dict[str, str]:
    """The ids of the demo's records that the addresses name."""
    ids: dict[str, str] = {}
    for name, (path, pattern) in FOUND_ON.items():
        # Another test may have cured the first cause: a patient of the next one will do.
        for each_path in (path, *(OTHERWISE if name == "patient" else ())):
            page.goto(resolved(each_path, ids))
            links = (each.get_attribute("href") or "" for each in page.locator("main a").all())
            hits = [found[1] for each in links if (found := re.fullmatch(pattern, each))]
            if hits:
                ids[name] = hits[0]
                break
    return ids
