"""What axe finds on a page, by the rules of WCAG 2.2 A and AA."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPT = Axe().axe_script
# Only what is wrong is handed back: what is right is longer than the page, and takes as long as the search.
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
SEARCH = """async options => (await axe.run(document, options)).violations
    .map(each => [each.id, each.nodes[0].html.slice(0, 100)])"""


def violations(page: Page) -> list[tuple[str, str]]:
    """The rule that is broken, and the first place."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    return [(rule, html) for rule, html in page.evaluate(SEARCH, OPTIONS)]
