"""Every request of a test stands alone, as with the real server: no user outlives a request."""

from collections.abc import Iterator

import pytest
from flask import Flask, g, request_started


@pytest.fixture(autouse=True)
def forget_who_asked(app: Flask) -> Iterator[None]:
    def forget(_sender: Flask) -> None:
        g.pop("_login_user", None)

    with request_started.connected_to(forget, app):
        yield
