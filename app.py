"""The door: `python app.py` serves pages and clockwork; `app:app` is for a WSGI server, pages only."""

import sys

try:
    from tracker.factory import create_app
    from tracker.readiness import make_ready
    from tracker.serving import serve
    from tracker.settings import BadSettings, Mode
except ModuleNotFoundError as error:
    sys.exit(f"Python module {error.name} is missing; run make run, or pip install -e .")

if __name__ == "__main__":
    sys.exit(serve())

try:
    app = create_app()
    if app.extensions["settings"].mode is Mode.PRODUCTION:
        make_ready(app)
except BadSettings as error:
    sys.exit(f"Cannot start: {error}")
