"""What happened since yesterday, in words: `3 opened`, `Ben logged 2 calls`."""

from collections.abc import Mapping

from tracker.services.since import Happened

BY_ITSELF: Mapping[str, str] = {
    "opened": "opened",
    "changed": "changed severity",
    "closed": "closed themselves",
    "reopened": "opened again",
    "returned": "back from snooze",
    "escalated": "gone up the ladder",
}
# verb, one of them, more of them
ACTS: Mapping[str, tuple[str, str, str]] = {
    "assigned": ("assigned", "alert", "alerts"),
    "acknowledged": ("acknowledged", "alert", "alerts"),
    "snoozed": ("snoozed", "alert", "alerts"),
    "noted": ("wrote", "note on an alert", "notes on alerts"),
    "false_alarm": ("called", "alert a false alarm", "alerts false alarms"),
    "lapsed": ("let", "alert lapse", "alerts lapse"),
    "undone": ("took back", "act", "acts"),
    "call": ("logged", "call", "calls"),
    "fax": ("logged", "fax", "faxes"),
    "portal": ("logged", "portal message", "portal messages"),
    "letter": ("logged", "letter", "letters"),
    "note": ("wrote", "note", "notes"),
    "submit": ("submitted", "request", "requests"),
    "reply": ("sent papers for", "request", "requests"),
    "decide": ("recorded", "decision", "decisions"),
    "deny": ("recorded", "denial", "denials"),
    "pend": ("recorded", "request for papers", "requests for papers"),
    "appeal": ("appealed", "denial", "denials"),
    "cancel": ("voided", "authorization", "authorizations"),
    "lapse": ("let", "authorization lapse", "authorizations lapse"),
}


def happened_said(each: Happened) -> str:
    """Without the actor's name, which stands before it."""
    if each.actor is None:
        return f"{each.count:,} {BY_ITSELF[each.kind]}"
    verb, one, more = ACTS[each.kind]
    return f"{verb} {each.count:,} {one if each.count == 1 else more}"
