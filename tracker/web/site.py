"""The site: every blueprint, and what all pages share."""

from flask import Flask

from tracker.web import (
    access,
    account,
    alert_acts,
    alerts,
    audit,
    authenticator,
    authorizations,
    calendar,
    contacts,
    documents,
    emergency,
    errors,
    facts,
    filters,
    health,
    help,
    imports,
    january,
    ladder,
    lead_times,
    mail,
    news,
    open_hours,
    pace,
    packets,
    patient_forms,
    payers,
    people,
    policy_reports,
    provider,
    provider_sign_out,
    quick_find,
    reads,
    reports,
    reset,
    saved_views,
    scan,
    second_factor,
    security,
    sheets,
    sign_in,
    single_sign_on,
    steps,
    tags,
    telephones,
    today,
    what_if,
    worklist_bulk,
    worklist_columns,
    worklist_export,
)

BLUEPRINTS = (
    sign_in.blueprint,
    single_sign_on.blueprint,
    provider_sign_out.blueprint,
    today.blueprint,
    audit.blueprint,
    audit.of_patient,
    alerts.blueprint,
    alert_acts.blueprint,
    news.blueprint,
    saved_views.blueprint,
    worklist_bulk.blueprint,
    worklist_columns.blueprint,
    worklist_export.blueprint,
    help.blueprint,
    ladder.blueprint,
    lead_times.blueprint,
    quick_find.blueprint,
    sheets.blueprint,
    patient_forms.blueprint,
    authorizations.blueprint,
    contacts.blueprint,
    documents.blueprint,
    packets.blueprint,
    open_hours.blueprint,
    telephones.blueprint,
    tags.blueprint,
    steps.blueprint,
    facts.blueprint,
    payers.blueprint,
    scan.blueprint,
    imports.blueprint,
    health.blueprint,
    mail.blueprint,
    calendar.blueprint,
    january.blueprint,
    reports.blueprint,
    what_if.blueprint,
    account.blueprint,
    second_factor.blueprint,
    reset.blueprint,
    people.blueprint,
    emergency.blueprint,
    policy_reports.blueprint,
)


def register(app: Flask) -> None:
    """Attach the pages to an app."""
    security.init_app(app)
    reads.init_app(app)
    access.init_app(app)
    pace.init_app(app)
    authenticator.init_app(app)
    provider.init_app(app)
    filters.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
