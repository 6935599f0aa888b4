"""Single sign-on through a whole provider, in Chromium: its own login page, on another site than ours."""

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import real_provider
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select
from waitress.server import create_server

import make
from tracker.db import db
from tracker.factory import create_app
from tracker.models.provider_link import ProviderLink
from tracker.settings import Mode, Settings

HERE = Path(__file__).parent


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def issuer_and_port(tmp_path_factory):
    """The provider in a process of its own, and the port that it sends people back to."""
    port, ours = free_port(), free_port()
    home = f"http://127.0.0.1:{ours}/sign-in"
    words = [str(port), str(tmp_path_factory.mktemp("provider")), f"{home}/provider/back", home]
    command = [sys.executable, str(HERE / "real_provider.py"), *words]
    environment = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://localhost:{port}/o", ours
        process.terminate()


@pytest.fixture(scope="module")
def clinic(issuer_and_port, quick_folder):
    """A clinic that asks for two factors, with Ana in it, and the address of its tracker."""
    issuer, port = issuer_and_port
    settings = Settings(
        mode=Mode.TEST,
        instance=quick_folder("clinic"),
        secret_key="a secret of the tests, long enough to be one",
        port=port,
        oidc_issuer=issuer,
        oidc_client_id=real_provider.CLIENT,
        oidc_client_secret=real_provider.SECRET,
        oidc_name="Clinic ID",
        oidc_second_factor="amr:mfa",
    )
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        make.user(db.session, make.clinic(db.session, second_factor_required=True), email=real_provider.EMAIL)
        db.session.commit()
        db.session.remove()
    server = create_server(app, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield app, settings.address
    server.close()
    thread.join(5)


def log_in_there(page: Page) -> None:
    expect(page.get_by_role("heading", name="Clinic ID")).to_be_visible()
    page.get_by_label("Username").fill(real_provider.PERSON)
    page.get_by_label("Password").fill(real_provider.PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_someone_signs_in_confirms_and_leaves_by_a_real_provider(page: Page, clinic):
    app, address = clinic
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/account")
    page.get_by_role("button", name="Sign in with Clinic ID").click()
    log_in_there(page)

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    assert page.url == f"{address}/account"
    with app.app_context():
        assert db.session.scalars(select(ProviderLink.issuer)).all() == [
            app.extensions["settings"].oidc_issuer
        ]

    page.goto(f"{address}/confirm?next=/account/password")
    page.get_by_role("button", name="Show it at Clinic ID").click()
    log_in_there(page)  # though the provider still knows who it is
    expect(page).to_have_url(f"{address}/account/password")

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(re.escape(f"{address}/sign-in") + "(\\?.*)?"))
    page.goto(f"{address}/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [text for text in said if "Security Policy" in text] == []


def test_the_pages_on_the_way_are_within_reach_of_everyone(page: Page, clinic):
    _, address = clinic
    for width in (1366, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{address}/sign-in")
        assert Axe().run(page).response["violations"] == []
        page.goto(f"{address}/sign-in/provider/back?state=x&code=y")
        expect(page.get_by_role("heading", name="This took too long")).to_be_visible()
        assert page.url == f"{address}/sign-in/provider/refused"
        assert Axe().run(page).response["violations"] == []
