"""Take a picture of every page, in every state of a clinic, to look at: `make screenshots`.

Each state is made anew in a temporary folder, on a date that stands still, so that two runs can be compared.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "browser")]

import morning  # noqa: E402, F401 - before the models, whose columns take the clock with them
import scenes  # noqa: E402
import states  # noqa: E402
from chromium import CHROMIUM, FLAGS  # noqa: E402
from pages import PAGES, STRANGERS, found_ids, resolved  # noqa: E402

from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD  # noqa: E402

MOST_HIGH = 3_000  # what is below repeats what is above
SIZES = {"desk": (1366, 768), "phone": (390, 844)}
LIVED_IN = (
    "/",
    "/alerts",
    "/alerts/<alert>",
    "/calendar/",
    "/calendar/?view=list",
    "/calendar/january",
    "/imports/",
    "/mail/",
    "/patients",
    "/patients/<patient>",
    "/patients/<patient>/authorizations/<authorization>",
    "/patients/<patient>/authorizations/<authorization>/packet",
    "/patients/<patient>/steps",
    "/patients/<patient>/what-if",
    "/payers/",
    "/payers/<payer>",
    "/people",
    "/today/calls",
    "/audit",
)
DARK = ("/", "/alerts", "/alerts/<alert>", "/patients/<patient>", "/calendar/", "/payers/")
PRINT = (
    "/",
    "/alerts/print",
    "/today/calls",
    "/patients/<patient>/sheet",
    "/patients/<patient>",
    "/patients/<patient>/authorizations/<authorization>/packet/print",
)


class Camera:
    """Takes pictures of one clinic into a folder, named by page and size."""

    def __init__(self, page: Page, folder: Path, size: str) -> None:
        self.page, self.folder, self.size = page, folder, size
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, look: str = "") -> None:
        """The whole page; from the top, so that what sticks to the window stands where it belongs."""
        self.page.mouse.move(0, 0)
        said = "-".join(filter(None, (name, self.size, look)))
        tall = min(MOST_HIGH, int(self.page.evaluate("document.documentElement.scrollHeight")))
        clip = FloatRect(x=0, y=0, width=SIZES[self.size][0], height=max(tall, SIZES[self.size][1]))
        path = self.folder / f"{said}.png"
        self.page.screenshot(path=path, full_page=True, clip=clip, animations="disabled")


def sign_in(page: Page, email: str = DEMO_EMAIL) -> None:
    page.goto("/sign-in")
    page.get_by_label("Work email").fill(email)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def named(path: str, ids: dict[str, str]) -> tuple[str, str]:
    """Where a page is, and what its picture is called: without the ids."""
    return resolved(path, ids), re.sub(r"[^a-z0-9-]+", "_", path.lower()).strip("_") or "today"


def walk(camera: Camera, paths: tuple[str, ...], ids: dict[str, str], look: str = "") -> None:
    for path in paths:
        where, name = named(path, ids)
        if "<" in where:
            continue  # a clinic without such a record
        camera.page.goto(where)
        camera.take(name, look)


def shoot(browser: Browser, state: str, address: str, folder: Path, only: str) -> None:
    wanted = re.compile(only)

    def chosen(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path for path in paths if wanted.search(path))

    for size, (width, height) in SIZES.items():
        context = browser.new_context(base_url=address, viewport={"width": width, "height": height})
        page = context.new_page()
        camera = Camera(page, folder / state, size)
        if state == "sixty":
            walk(camera, chosen(STRANGERS), {})
        sign_in(page)
        ids = found_ids(page)
        walk(camera, chosen(PAGES if state in ("sixty", "fresh") else LIVED_IN), ids)
        if state == "sixty":
            page.emulate_media(color_scheme="dark")
            walk(camera, chosen(DARK), ids, "dark")
            page.emulate_media(color_scheme="light", media="print")
            walk(camera, chosen(PRINT) if size == "desk" else (), ids, "print")
            page.emulate_media(media="screen")
            for scene in scenes.SCENES:
                if wanted.search(scene.__name__):
                    play(scene, camera, ids)
        context.close()


def play(scene: scenes.Scene, camera: Camera, ids: dict[str, str]) -> None:
    seen = scene(camera.page, ids)
    if seen is None:
        camera.take(scene.__name__)
        return
    Camera(seen, camera.folder, camera.size).take(scene.__name__)
    seen.context.close()


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("folder", type=Path, nargs="?", default=Path("build/screens"))
    ask.add_argument("--state", action="append", choices=list(states.STATES), help="only these clinics")
    ask.add_argument("--only", default="", help="only pages whose address holds this expression")
    asked = ask.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for state in asked.state or states.STATES:
            with tempfile.TemporaryDirectory() as instance:
                app = states.made(state, Path(instance))
                with states.served(app) as address:
                    shoot(browser, state, address, asked.folder, asked.only)
            print(f"{state}: {len(list((asked.folder / state).glob('*.png')))} pictures", flush=True)
        browser.close()
    print(f"They are in {asked.folder.resolve()}")


if __name__ == "__main__":
    main()
