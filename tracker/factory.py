"""The whole app: its core, and the pages."""

from flask import Flask, request
from jinja2 import StrictUndefined

from tracker.core import create_core
from tracker.db import set_reading
from tracker.settings import Settings
from tracker.web import site

READ_METHODS = {"GET", "HEAD", "OPTIONS"}


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Settings come from the environment unless given."""
    app = create_core(settings)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(lambda: set_reading(request.method in READ_METHODS))
    site.register(app)
    return app
