"""What tests of the reading pages share: who signs in, the patient of the design, statements counted."""

from sqlalchemy import event

import kept
import make
from tracker.db import db


def sign_in(client, name="ana"):
    client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})
    return client


def rosa_on_her_day(session, clinic, **more):
    """Rosa Alvarez, whole, in a clinic that stands on the day of the design; her id."""
    kept.stand_on(session, clinic)
    who = kept.alvarez(session, clinic, **more)
    session.commit()
    return who.id


def statements(client, address):
    """How many statements a page sends to the database."""
    seen = []

    def note(*args):
        seen.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)
