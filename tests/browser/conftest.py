"""A running product with the demo clinic, and Chromium to look at it."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, FLAGS
from playwright.sync_api import Page, expect
from sqlalchemy import select
from waitress.server import create_server

from tracker import clock
from tracker.db import db
from tracker.factory import create_app
from tracker.models.user import Role, User
from tracker.readiness import make_ready
from tracker.services import heartbeat
from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD, Mode, Settings

AS_OF = date(2026, 6, 8)
MEMORY = Path("/dev/shm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if not Path(CHROMIUM).exists() and not os.environ.get("TRACKER_TEST_MUST_RUN"):
            item.add_marker(pytest.mark.skip(reason="Chromium is missing: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Makes folders in memory where that can be: a page does not wait for a disk that is busy otherwise."""
    with ExitStack() as stack:
        home = tmp_path_factory.mktemp("quick")
        if os.access(MEMORY, os.W_OK):
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-", dir=MEMORY)))

        def make(name: str) -> Path:
            (home / name).mkdir()
            return home / name

        yield make


@pytest.fixture(scope="session")
def address(quick_folder: Callable[[str], Path]) -> Iterator[str]:
    """The demo clinic on 2026-06-08, served on a free port."""
    settings = Settings(
        mode=Mode.DEMO,
        instance=quick_folder("demo"),
        secret_key="a secret of the tests, long enough to be one",
        call_limits=False,
        as_of=AS_OF,
        scan_seconds=3600,  # nothing checks here: the one beat below stays fresh for the whole run
    )
    app = create_app(settings)
    make_ready(app)
    with app.app_context():
        heartbeat.beat(db.session, heartbeat.SCAN, clock.now())
        ana = db.session.scalars(select(User).where(User.email == DEMO_EMAIL)).one()
        ana.role = Role.ADMINISTRATOR  # who may see every page
        db.session.commit()
        db.session.remove()
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


@pytest.fixture(scope="session")
def base_url(address: str) -> str:
    return address


@pytest.fixture
def signed_in(page: Page, address: str) -> Page:
    """Ana, signed in, looking at Today."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("Work email").fill(DEMO_EMAIL)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    return page
