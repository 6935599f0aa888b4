"""The app without its pages: settings, database, keys. What a command needs, loaded in half the time."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from tracker.db import db, engine_options, prepare_engine
from tracker.keyring import Keyring
from tracker.settings import Settings, from_environment

HOME = Path(__file__).resolve().parent.parent

migrate = Migrate()


def create_core(settings: Settings | None = None) -> Flask:
    """An app that answers no request. Settings come from the environment unless given."""
    settings = settings or from_environment()
    app = Flask(
        "tracker", template_folder=str(HOME / "templates"), static_folder=str(HOME / "tracker" / "static")
    )
    app.extensions["settings"] = settings
    app.extensions["keyring"] = Keyring(settings.secret_keys)
    app.config.update(_config(settings))
    db.init_app(app)
    migrate.init_app(app, db, directory=str(HOME / "migrations"), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine, key=settings.database_key)
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
