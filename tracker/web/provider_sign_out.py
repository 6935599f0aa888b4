"""Where the clinic's provider says that someone is signed out (OpenID Connect Back-Channel Logout 1.0).

A server calls it, without a cookie: its signature says who it is, so that a form's token would add nothing.
What a browser sends from another site is refused all the same, as everywhere.
"""

import logging

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from tracker import clock
from tracker.db import db
from tracker.services import provider_sign_out
from tracker.services.openid import Unreachable, Untrusted
from tracker.services.throttle import SIGN_OUT, TooMany
from tracker.web import provider, tries
from tracker.web.security import csrf

log = logging.getLogger(__name__)
blueprint = Blueprint("provider_sign_out", __name__)


@blueprint.post("/sign-in/provider/ended")
@csrf.exempt
def take() -> ResponseReturnValue:
    """200 when it was believed, whether or not someone was signed in; else 400, with nothing said of why."""
    asked, tokens = provider.find(), request.form.getlist("logout_token")
    if asked is None or len(tokens) != 1 or "logout_token" in request.args:
        return _refused()
    try:
        tries.count_start(SIGN_OUT)
    except TooMany as refusal:
        log.warning("too many tries", extra={"part": request.endpoint})
        return jsonify(error="temporarily_unavailable"), 429, {"Retry-After": str(refusal.seconds or 900)}
    db.session.commit()  # nothing is held while the provider's keys are read
    try:
        ended = asked.ended(tokens[0], now=clock.now())
        provider_sign_out.take(db.session, asked.terms.issuer, ended, now=clock.now())
    except (Unreachable, Untrusted) as fault:
        db.session.rollback()
        log.warning("a sign-out by the provider was refused", extra={"reason": fault.reason})
        return _refused()
    tries.none_after_all(SIGN_OUT)
    db.session.commit()
    return "", 200


def _refused() -> ResponseReturnValue:
    return jsonify(error="invalid_request"), 400
