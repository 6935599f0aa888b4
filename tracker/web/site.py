"""The site: every blueprint, and what all pages share."""

from flask import Flask

from tracker.web import access, errors, filters, security, sign_in

BLUEPRINTS = (sign_in.blueprint,)


def register(app: Flask) -> None:
    """Attach the pages to an app."""
    security.init_app(app)
    access.init_app(app)
    filters.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
