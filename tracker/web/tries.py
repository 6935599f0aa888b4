"""Tries at secrets, counted before they are answered: passwords, codes, requests for a new password."""

import logging
from ipaddress import ip_address

from flask import g, request

from tracker import clock
from tracker.db import db
from tracker.services import throttle
from tracker.services.throttle import ADDRESS, Limit, TooMany

log = logging.getLogger(__name__)


def count(limit: Limit, subject: str) -> None:
    """One more try, kept whatever comes of it. Raises TooMany, the same for subjects that nobody has."""
    now = clock.now()
    try:
        if is_apart():
            throttle.take(db.session, ADDRESS, request.remote_addr or "", now=now)
            g.counted_address = True
        throttle.take(db.session, limit, subject, now=now)
    except TooMany:
        log.warning("too many tries", extra={"part": request.endpoint})
        raise
    db.session.commit()


def count_start(limit: Limit) -> None:
    """Someone unknown wants to be sent elsewhere to sign in. Raises TooMany; the caller commits."""
    if is_apart():
        throttle.take(db.session, limit, request.remote_addr or "", now=clock.now())


def none_after_all(limit: Limit) -> None:
    """What `count_start` counted was right, and takes nothing from the others. The caller commits."""
    if is_apart():
        throttle.give_back(db.session, limit, request.remote_addr or "", now=clock.now())


def right(limit: Limit, subject: str) -> None:
    """It was right: the tries before it are forgotten, and it is none of its address. The caller commits."""
    throttle.forget(db.session, limit, subject)
    if g.pop("counted_address", False):
        throttle.give_back(db.session, ADDRESS, request.remote_addr or "", now=clock.now())


def is_apart() -> bool:
    """Whether the address tells one visitor from another. This machine's own is a web server that stands in
    front and was not named in TRACKER_TRUSTED_PROXY; counting it would slow everybody down."""
    try:
        return not ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
