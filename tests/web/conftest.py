"""Every request of a test stands alone, as with the real server: no user outlives a request."""

from collections.abc import Callable, Iterator

import fake_provider
import pytest
import reading
from flask import Flask, g, request_started
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session

import kept
import make
from tracker.models.user import Role
from tracker.web import permissions


@pytest.fixture
def app(app: Flask) -> Flask:
    """Forms are sent without their token. A test that is about the token asks for it."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture(autouse=True)
def forget_who_asked(app: Flask) -> Iterator[None]:
    def forget(_sender: Flask) -> None:
        g.pop("_login_user", None)

    with request_started.connected_to(forget, app):
        yield


@pytest.fixture
def ana(client: FlaskClient, cast: make.Cast, session: scoped_session[Session]) -> FlaskClient:
    """Ana, signed in, in a clinic that stands on the day of the design."""
    kept.stand_on(session, cast.renal)
    session.commit()
    return reading.sign_in(client)


@pytest.fixture(scope="session")
def provider_server() -> Iterator[fake_provider.FakeProvider]:
    with fake_provider.running() as provider:
        yield provider


@pytest.fixture
def fake(provider_server: fake_provider.FakeProvider) -> fake_provider.FakeProvider:
    """A sign-in provider that tells the truth, until the test has it lie."""
    provider_server.reset()
    return provider_server


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let everyone who is signed in look at a route that a test adds."""

    def add(endpoint: str) -> None:
        monkeypatch.setitem(permissions.RULES, endpoint, permissions.looks(Role.VIEWER))

    return add
