"""Put the parts together: settings, database, pages."""

from pathlib import Path

from flask import Flask, request
from flask_migrate import Migrate
from jinja2 import StrictUndefined

from tracker.db import db, engine_options, prepare_engine, set_reading
from tracker.settings import Settings, from_environment
from tracker.web import site

HOME = Path(__file__).resolve().parent.parent
READ_METHODS = {"GET", "HEAD", "OPTIONS"}

migrate = Migrate()


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Settings come from the environment unless given."""
    settings = settings or from_environment()
    app = Flask(
        "tracker", template_folder=str(HOME / "templates"), static_folder=str(HOME / "tracker" / "static")
    )
    app.extensions["settings"] = settings
    app.config.update(_config(settings))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    migrate.init_app(app, db, directory=str(HOME / "migrations"), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine, key=settings.database_key)
    app.before_request(lambda: set_reading(request.method in READ_METHODS))
    site.register(app)
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database, key=settings.database_key),
        "MAX_CONTENT_LENGTH": settings.upload_megabytes * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "TEMPLATES_AUTO_RELOAD": False,
    }
