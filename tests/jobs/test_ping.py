"""The dead-man switch is fetched, and its trouble is nobody else's."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from clockwork import free_port
from tracker.jobs.ping import ping


@contextmanager
def switch(code: int, asked: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(code)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            return None

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/secret"
        server.shutdown()


def test_the_switch_hears_of_it():
    asked = []
    with switch(200, asked) as url:
        assert ping(url)

    assert asked == ["/secret"]


@pytest.mark.parametrize("code", [302, 404, 500])
def test_no_other_address_is_fetched_and_trouble_is_logged_without_the_secret(code, caplog):
    asked = []
    with switch(code, asked) as url:
        assert not ping(url)

    assert asked == ["/secret"]
    assert "did not answer" in caplog.text
    assert "secret" not in caplog.text


def test_nobody_there_is_no_trouble():
    assert not ping(f"http://127.0.0.1:{free_port()}/secret")
