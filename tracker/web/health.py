"""For machines that watch: is it alive, is it ready, and how much of everything there is.

Without a sign-in, and so without anything that tells one clinic, person or patient from another.
"""

import hmac
import logging
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock, secret_files
from tracker.db import db
from tracker.services import heartbeat
from tracker.services.health import Figures, Health, figures, health
from tracker.settings import SHORTEST_TOKEN, Mode, Settings

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """200 while the database answers and the last complete scan is fresh; else 503 and the part at fault."""
    silence = heartbeat.stale_after(_settings().scan_seconds)
    try:
        found = health(db.session, now=clock.now(), silence=silence)
    except SQLAlchemyError:
        db.session.rollback()
        found = Health({"database": "does not answer"})
    return jsonify(status="ok" if found.well else "failing", **found.parts), 200 if found.well else 503


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when pages can be served: the database answers and has its tables."""
    try:
        heartbeat.last_beat(db.session, heartbeat.SCAN)
    except SQLAlchemyError:
        db.session.rollback()
        return jsonify(status="not ready", database="does not answer"), 503
    return jsonify(status="ready"), 200


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Gauges for Prometheus, read from the database, so that every process says the same."""
    _require_token()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(figures(db.session, clock.now())))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _require_token() -> None:
    """With a token set it must be given; without one the page is closed in production."""
    settings = _settings()
    if not settings.metrics_token and settings.metrics_token_file is None:
        if settings.mode is Mode.PRODUCTION:
            abort(404)
        return
    token = _token(settings)
    given = request.headers.get("Authorization", "")
    if token is None or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)


def _token(settings: Settings) -> str | None:
    """As it stands in its file now. None, which opens nothing, for one that is not there or too short."""
    try:
        token = secret_files.current(settings.metrics_token, settings.metrics_token_file)
    except secret_files.NoSecret:
        log.error("the token of the metrics cannot be read: run tracker doctor")
        return None
    if len(token) < SHORTEST_TOKEN:
        log.error("the token of the metrics is too short: run tracker doctor")
        return None
    return token


class _Gauges(Collector):
    """One answer's figures as gauges."""

    def __init__(self, found: Figures) -> None:
        self.found = found

    def collect(self) -> Iterator[Metric]:
        found = self.found
        for name, text, value in (
            ("patients", "Patients in care", found.patients),
            ("patients_due", "Patients whose answer may have changed", found.due_patients),
            ("patients_failing", "Patients whose last check failed", found.failing_patients),
            ("future_fills", "Fills of the next 12 months that were checked", found.future_fills),
            ("mail_held", "1 while sending is held after a restore", int(found.mail_held)),
            *_instants(found),
        ):
            yield GaugeMetricFamily(f"tracker_{name}", text, value=value)
        alerts = GaugeMetricFamily("tracker_open_alerts", "Open alerts", labels=["severity"])
        for severity, count in found.open_alerts.items():
            alerts.add_metric([severity.value], count)
        yield alerts
        mails = GaugeMetricFamily("tracker_mails", "Mails by state", labels=["state"])
        for state, count in found.mails.items():
            mails.add_metric([state.value], count)
        yield mails
        kept = GaugeMetricFamily(
            "tracker_policy_reports", "What browsers kept from pages in 7 days", labels=["directive"]
        )
        for directive, count in found.kept_from_pages.items():
            kept.add_metric([directive], count)
        yield kept


def _instants(found: Figures) -> list[tuple[str, str, float]]:
    """When things last happened, in Unix seconds; 0 for never, so that an alarm on age rings."""
    last = (
        ("scan", "Last complete scan", found.scanned_at),
        ("mail", "Last mail round", found.mailed_at),
        ("backup", "Last backup by the clockwork", found.backed_up_at),
    )
    return [(f"last_{name}_seconds", text, at.timestamp() if at else 0) for name, text, at in last]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
