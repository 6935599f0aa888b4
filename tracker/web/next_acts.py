"""Where the next act on an alert is done: an address for each kind of act. No date or name is in it."""

from collections.abc import Callable, Mapping
from functools import partial

from flask import url_for

from tracker.services.next_acts import Next, NextAct

Address = Callable[..., str]
# With the authorization to act on.
OF_AUTHORIZATION: Mapping[Next, Address] = {
    Next.RENEW: partial(url_for, "authorizations.renew"),
    Next.REPLACE: partial(url_for, "authorizations.replace"),
    Next.APPEAL: partial(url_for, "authorizations.move", move="appeal"),
    Next.REPLY: partial(url_for, "authorizations.move", move="reply"),
}
# With the alert that a form starts from.
OF_FORM: Mapping[Next, str] = {
    Next.ASK: "authorization",
    Next.COVERAGE: "coverage",
    Next.PLAN: "planned_fill",
    Next.FILL: "fill",
    Next.LAB: "lab",
    Next.REGIMEN: "regimen",
    Next.CONTACT: "refill_contact",
}
# Whoever does one of these wants to see what the request holds.
ON_REQUEST = Next.RENEW, Next.ASK, Next.CHASE, Next.REPLY


def next_url(act: NextAct, patient_id: str) -> str:
    """The page or the filled-in form for this act."""
    if act.act in OF_AUTHORIZATION:
        return OF_AUTHORIZATION[act.act](patient_id=patient_id, authorization_id=act.authorization_id)
    if act.act in OF_FORM:
        return url_for("facts.add", patient_id=patient_id, kind=OF_FORM[act.act], alert=act.alert_id)
    if act.act is Next.CHASE:
        return url_for("contacts.add", patient_id=patient_id, authorization=act.authorization_id)
    if act.act is Next.STEPS:
        return url_for("steps.show", patient_id=patient_id)
    return url_for("alerts.show", alert_id=act.alert_id)


def packet_url(act: NextAct, patient_id: str) -> str | None:
    """The packet of the authorization to act on, or of the first request to make; None: there is neither."""
    if act.authorization_id:
        return url_for("packets.show", patient_id=patient_id, authorization_id=act.authorization_id)
    if act.act is Next.ASK and act.plan_id:
        return url_for("packets.first", patient_id=patient_id, alert_id=act.alert_id)
    return None
