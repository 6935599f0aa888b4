"""The life of an authorization: its sensible moves, and what its dates and units make of it (rulebook 7).

A denied request is appealed or replaced by a new one, never submitted again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tracker.rules.authorization import GRANTED, Ledger, Permit
from tracker.rules.dates import days_between
from tracker.rules.words import AuthorizationStatus, Word

_S = AuthorizationStatus


class Move(Word):
    """What happens to an authorization, as the person who records it would say."""

    SUBMIT = "submit", "Record submission"
    REPLY = "reply", "Papers sent"
    DECIDE = "decide", "Record decision"
    DENY = "deny", "Record denial"
    PEND = "pend", "Payer asks for papers"
    APPEAL = "appeal", "Appeal"
    CANCEL = "cancel", "Void"
    LAPSE = "lapse", "Allow to lapse"


@dataclass(frozen=True, slots=True)
class Sense:
    """From which statuses a move makes sense, and to which it leads."""

    origins: frozenset[AuthorizationStatus]
    ends: frozenset[AuthorizationStatus]


def _sense(origins: set[AuthorizationStatus], ends: set[AuthorizationStatus]) -> Sense:
    return Sense(frozenset(origins), frozenset(ends))


_ASKED = {_S.SUBMITTED, _S.PENDED, _S.APPEALED}
SENSE: Mapping[Move, Sense] = {
    Move.SUBMIT: _sense({_S.DRAFT}, {_S.SUBMITTED}),
    Move.REPLY: _sense({_S.PENDED}, {_S.SUBMITTED}),
    Move.DECIDE: _sense(_ASKED, {_S.APPROVED, _S.PARTIALLY_APPROVED, _S.NOT_REQUIRED}),
    Move.DENY: _sense(_ASKED, {_S.DENIED}),
    Move.PEND: _sense({_S.SUBMITTED}, {_S.PENDED}),
    Move.APPEAL: _sense({_S.DENIED}, {_S.APPEALED}),
    Move.CANCEL: _sense({_S.DRAFT, *_ASKED, *GRANTED}, {_S.CANCELLED}),
    Move.LAPSE: _sense({_S.DENIED, *GRANTED}, {_S.LAPSED_ON_PURPOSE}),
}

# What to do instead, by the status that refuses; `{move}` in lower case.
INSTEAD: Mapping[AuthorizationStatus, str] = {
    _S.DRAFT: "Record its submission first.",
    _S.SUBMITTED: "It waits for the payer's decision: record that first.",
    _S.PENDED: "The payer waits for papers: send them, or record its decision.",
    _S.APPROVED: "Renew it, void it, or correct it with the form.",
    _S.PARTIALLY_APPROVED: "Ask for the rest in a new request; this one stays in force meanwhile.",
    _S.DENIED: "Appeal it, or replace it by a new request.",
    _S.CANCELLED: "It is void: make a new request.",
    _S.APPEALED: "Its appeal is under way: record the answer first.",
    _S.NOT_REQUIRED: "The payer asks for none: void it if that was wrong.",
    _S.LAPSED_ON_PURPOSE: "It was let lapse: make a new request.",
}


def moves_from(status: AuthorizationStatus) -> list[Move]:
    """The moves that make sense now, the likeliest first."""
    return [move for move, sense in SENSE.items() if status in sense.origins]


def leads(origin: AuthorizationStatus, to: AuthorizationStatus) -> Move | None:
    """The move from one status to another; None: there is no sensible one."""
    return next((move for move, sense in SENSE.items() if origin in sense.origins and to in sense.ends), None)


class Standing(Word):
    """What a granted authorization is on a day: derived on reading, never stored."""

    NOT_YET_EFFECTIVE = "not_yet_effective"
    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted", "units used up"


def standing(permit: Permit, ledger: Ledger, day: date, lead_days: int) -> Standing | None:
    """Where a granted authorization stands; None for one that permits nothing.

    Its last day still counts; expiring: it ends within the lead days; exhausted: none left of a code.
    """
    pa = permit.pa
    if not permit.granted:
        return None
    if pa.ends_on is not None and pa.ends_on < day:
        return Standing.EXPIRED
    if pa.starts_on is not None and day < pa.starts_on:
        return Standing.NOT_YET_EFFECTIVE
    if any(ledger.left(permit, code) == 0 for code in permit.limits or ()):
        return Standing.EXHAUSTED
    if pa.ends_on is not None and days_between(day, pa.ends_on) <= lead_days:
        return Standing.EXPIRING
    return Standing.ACTIVE
