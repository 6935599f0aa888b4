"""Where browsers say that a page held what its Content-Security-Policy forbids (`report-uri`).

A browser sends it by itself, without a form: there is no token, and nothing that it says is believed or kept
but which part of the policy it was.
"""

import logging

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError, OperationalError

from tracker import clock
from tracker.db import db, writing
from tracker.services import policy_reports
from tracker.web.security import csrf

log = logging.getLogger(__name__)
blueprint = Blueprint("policy_reports", __name__)
KINDS = {"application/csp-report", "application/json"}


@blueprint.post("/policy-reports")
@csrf.exempt
def take() -> ResponseReturnValue:
    """204 whether or not it was counted; 400 for what is no report, 413 for one without end."""
    if (request.content_length or 0) > policy_reports.LARGEST:
        abort(413)
    content = request.get_data(cache=False)
    if request.mimetype not in KINDS or b"csp-report" not in content:
        return jsonify(error="no report"), 400
    directive = policy_reports.directive_of(content)
    if directive is not None:
        _count(directive)
    return "", 204


def _count(directive: str) -> None:
    """A count is worth no wait: where another writes just now, this one is lost."""
    log.warning("a browser kept something from a page, as its policy asks", extra={"part": directive})
    try:
        with writing(hurried=True):
            policy_reports.count(db.session, directive, now=clock.now())
            db.session.commit()
    except (OperationalError, IntegrityError):
        db.session.rollback()
