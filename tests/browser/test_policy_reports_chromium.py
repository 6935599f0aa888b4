"""A real browser keeps from a page what its policy forbids, and says so where the policy asks."""

from playwright.sync_api import Page


def test_a_script_put_into_a_page_does_not_run_and_is_reported(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")

    with page.expect_response("**/policy-reports") as told:
        page.evaluate(
            "() => { const one = document.createElement('script');"
            " one.textContent = 'document.title = \"taken over\"';"
            " document.head.append(one); }"
        )

    assert told.value.status == 204
    assert page.title() != "taken over"
