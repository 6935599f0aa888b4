"""The door: `python app.py` serves pages and clockwork; `app:app` is for a WSGI server, pages only."""

import sys

try:
    from tracker.factory import create_app
    from tracker.serving import serve
except ModuleNotFoundError as error:
    sys.exit(f"Python module {error.name} is missing; run make run, or pip install -e .")

if __name__ == "__main__":
    sys.exit(serve())

app = create_app()
