"""Pages that only an act leads to: ticked rows, refused forms, an import on its way, every error.

Each leaves the page as it is to be seen, and hands back another one if it needed somebody else's.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page

from tracker.settings import DEMO_PASSWORD

SHEET = """MRN,Last Name,First Name,DOB,Plan,NDC,Qty,DS,Date Filled,PA #,PA start,PA exp
300101,Okafor,Ada,4/2/1971,Acme Gold,0078-0248-15,60,30,6/5/2026,A-1,1/1/2026,12/31/2026
300102,Berg,Nils,4/31/1962,Acme Gold,0078-0248-15,120,30,6/1/2026,,,
300103,Moreau,Inès,,Unity Part D,0078-0248-15,sixty,30,13/2/2026,U-9,1/1/2026,6/30/2026
300104,Silva,Bruna,8/9/1980,Acme Gold,0078-0248-15,60,30,6/2/2026,A-4,1/1/2026,6/30/2026
"""
Scene = Callable[[Page, dict[str, str]], Page | None]


def stranger(page: Page, email: str, password: str) -> Page:
    """Somebody else in a browser of their own, who has just pressed *Sign in*."""
    context = page.context.browser.new_context(  # type: ignore[union-attr] # it has one
        base_url=re.match("https?://[^/]+", page.url)[0],  # type: ignore[index] # it is an address
        viewport=page.viewport_size,
    )
    other = context.new_page()
    try_to_sign_in(other, email, password)
    return other


def try_to_sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Work email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def bulk_bar(page: Page, ids: dict[str, str]) -> None:
    page.goto("/alerts")
    for number in range(3):
        page.locator("#worklist tbody input[name=id]").nth(number).check()


def bulk_snooze(page: Page, ids: dict[str, str]) -> None:
    bulk_bar(page, ids)
    page.get_by_role("button", name="Snooze").click()


def bulk_assign_preview(page: Page, ids: dict[str, str]) -> None:
    bulk_bar(page, ids)
    page.get_by_role("button", name="Assign").first.click()
    page.get_by_label("Give them to").select_option(index=1)
    page.get_by_role("button", name="Show what will change").click()


def worklist_filtered(page: Page, ids: dict[str, str]) -> None:
    page.goto("/alerts?severity=critical&owner=me&due=week")


def refused_fill(page: Page, ids: dict[str, str]) -> None:
    page.goto(f"/patients/{ids['patient']}/fill/new")
    page.get_by_label("Dispensed on").fill("6/31/2026")
    page.get_by_label("Days supply").fill("thirty")
    page.get_by_role("button", name="Save and check").click()


def refused_authorization(page: Page, ids: dict[str, str]) -> None:
    page.goto(f"/patients/{ids['patient']}/authorization/new")
    page.get_by_role("button", name="Save and check").click()


def refused_rule(page: Page, ids: dict[str, str]) -> None:
    page.goto(f"/payers/plans/{ids['plan']}/rules/new")
    page.locator("main form button[type=submit]").last.click()


def refused_sign_in(page: Page, ids: dict[str, str]) -> Page:
    return stranger(page, "ana@demo.example", "not this one")


def rule_at_gold(page: Page) -> None:
    page.goto("/payers/")
    page.get_by_role("link", name=re.compile("^(Gold|Preferred)")).first.click()
    page.locator("main a[href^='/payers/rules/']").first.click()


def blast_radius(page: Page, ids: dict[str, str]) -> None:
    rule_at_gold(page)
    if not page.url.endswith("/change"):
        page.locator("main a[href$='/change']").first.click()
    page.get_by_label(re.compile("Longest days supply")).fill("28")
    page.locator("main form button[type=submit]").last.click()


def what_if_answer(page: Page, ids: dict[str, str]) -> None:
    page.goto(f"/patients/{ids['patient']}/what-if")
    page.get_by_label(re.compile("Changed from")).fill("2026-07-01")
    page.get_by_label(re.compile("Single dose")).fill("150")
    page.get_by_role("button", name="Compare").click()


def patient_of(page: Page, cause: str) -> None:
    """The page of the first patient with such an alert."""
    page.goto(f"/alerts?cause={cause}")
    page.locator("#worklist tbody a[href^='/patients/']").first.click()


def patient_critical(page: Page, ids: dict[str, str]) -> None:
    patient_of(page, "PA_GAP")


def authorization_less_than_asked(page: Page, ids: dict[str, str]) -> None:
    patient_of(page, "PA_GAP")
    page.locator("#authorization a.copy").first.click()


def authorization_units_used(page: Page, ids: dict[str, str]) -> None:
    patient_of(page, "PA_UNITS_EXHAUSTED")
    page.locator("#authorization a.copy").first.click()


def authorization_waiting(page: Page, ids: dict[str, str]) -> None:
    patient_of(page, "PA_DECISION_OVERDUE")
    page.locator("#authorization a[href*='/authorizations/']").first.click()


def step_tree(page: Page, ids: dict[str, str]) -> None:
    patient_of(page, "STEP_THERAPY_UNMET")
    page.goto(f"{page.url.split('#')[0]}/steps")


def quick_find(page: Page, ids: dict[str, str]) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("al")
    page.get_by_role("searchbox").press("Enter")


def quick_find_nothing(page: Page, ids: dict[str, str]) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("nobody of this name")
    page.get_by_role("searchbox").press("Enter")


def import_columns(page: Page, ids: dict[str, str]) -> None:
    page.goto("/imports/")
    sheet = {"name": "cyclosporine PA log.csv", "mimeType": "text/csv", "buffer": SHEET.encode()}
    page.locator("input[type=file]").set_input_files([sheet])
    page.get_by_role("button", name="Upload and look").click()


def import_dry_run(page: Page, ids: dict[str, str]) -> None:
    import_columns(page, ids)
    page.locator("main form button[type=submit]").last.click()


def error_404(page: Page, ids: dict[str, str]) -> None:
    page.goto("/patients/" + "0" * 26)


def error_403(page: Page, ids: dict[str, str]) -> Page:
    """A viewer at a page of those who change things."""
    vera = stranger(page, "vera@demo.example", DEMO_PASSWORD)
    vera.goto("/people")
    return vera


def error_429(page: Page, ids: dict[str, str]) -> Page:
    other = stranger(page, "somebody@demo.example", "not this one")
    for _ in range(8):
        try_to_sign_in(other, "somebody@demo.example", "not this one")
    return other


def error_500(page: Page, ids: dict[str, str]) -> None:
    page.goto("/help/keys?fail=unforeseen")


def error_503(page: Page, ids: dict[str, str]) -> None:
    page.goto("/help/keys?fail=busy")


SCENES: tuple[Scene, ...] = (
    bulk_bar,
    bulk_snooze,
    bulk_assign_preview,
    worklist_filtered,
    refused_fill,
    refused_authorization,
    refused_rule,
    refused_sign_in,
    blast_radius,
    patient_critical,
    authorization_less_than_asked,
    authorization_units_used,
    authorization_waiting,
    step_tree,
    what_if_answer,
    quick_find,
    quick_find_nothing,
    import_columns,
    import_dry_run,
    error_403,
    error_404,
    error_429,
    error_500,
    error_503,
)
