"""What is said of authorizations: cause, date, consequence; then the changes that would clear it."""

from collections.abc import Callable, Mapping

from tracker.rules.wording import Wording, code_text, count, number, spoken
from tracker.rules.words import AlertCode

Said = tuple[str, tuple[str, ...]]


def _expired(w: Wording) -> Said:
    end = w.day("expired_on")
    later = w.fact("effective_on")
    until = f" The next one starts on {spoken(later)}." if later else ""
    message = f"{w.refused}: {w.this_pa} ended on {end}.{until}{w.renewal}"
    return message, (f"A PA of {w.paying} in force on {_on(w)}.",)


def _on(w: Wording) -> str:
    return spoken(w.finding.harm_on)


def _denied(w: Wording) -> Said:
    before = w.fact("ends_on")
    cause = f"{w.this_pa} was denied"
    if before:
        cause += f", and the PA it renews ends on {spoken(before)}"
    return f"{w.refused}: {cause}.", (
        f"The denial of {w.this_pa} overturned, or a new PA of {w.paying} in force on {_on(w)}.",
    )


def _wrong_payer(w: Wording) -> Said:
    pa = w.pa
    other = w.payer(pa.plan) if pa else "another plan"
    return f"{w.refused}: {w.this_pa} is from {other}, but {w.paying} pays on that day.", (
        f"A PA of {w.paying} in force on {_on(w)}.",
    )


def _exhausted(w: Wording) -> Said:
    code, needed = code_text(w.fact("code")), count(w.fact("needed"), "unit")
    return f"{w.refused}: {w.this_pa} has no units of {code} left, {needed} needed.", (
        f"{needed} more of {w.fact('code')} on {w.this_pa}, or another PA with units left.",
    )


def _insufficient(w: Wording) -> Said:
    left, needed = count(w.fact("remaining"), "unit"), number(w.fact("needed"))
    lasts = count(w.fact("days_supply_left"), "day")
    return (
        f"{w.refused}: {w.this_pa} has {left} of {code_text(w.fact('code'))} left, {needed} needed; "
        f"they last {lasts}.",
        (
            f"{count(w.fact('short'), 'unit')} more of {w.fact('code')} on {w.this_pa}.",
            f"A fill of at most {lasts}.",
        ),
    )


def _low(w: Wording) -> Said:
    left, needed = count(w.fact("remaining"), "unit"), number(w.fact("needed"))
    return (
        f"{w.this_pa} has {left} of {code_text(w.fact('code'))} left, {needed} a fill: "
        f"fill on {_on(w)} will be refused.",
        (f"More units of {w.fact('code')} on {w.this_pa}, or a new PA before {_on(w)}.",),
    )


def _missing(w: Wording) -> Said:
    return f"{w.refused}: {w.paying} asks for a PA and none is on file.", (
        f"A PA of {w.paying} in force on {_on(w)}.",
    )


def _before_refill(w: Wording) -> Said:
    end = w.day("ends_on")
    message = (
        f"{w.refused}: {w.this_pa} ends on {end}, {count(w.fact('gap_days'), 'day')} before it.{w.renewal}"
    )
    clears = [f"{w.this_pa} renewed to cover {_on(w)}."]
    window = w.fact("early_fill_window")
    if isinstance(window, tuple):
        first, last = window
        clears.insert(0, f"An early fill from {spoken(first)} to {spoken(last)}, covered by {w.this_pa}.")
    return message, tuple(clears)


def _expiring(w: Wording) -> Said:
    return (
        f"{w.this_pa} ends on {w.day('ends_on')}: fill on {_on(w)} will be refused.{w.renewal}",
        (f"{w.this_pa} renewed to cover {_on(w)}.",),
    )


def _gap(w: Wording) -> Said:
    first, last = w.day("gap_start"), w.day("gap_end")
    days = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{w.refused}: no PA {days}.{w.renewal}", (
        f"The next PA started on or before {_on(w)}.",
        f"A fill on or before the last day of {w.this_pa}, if it is not too soon.",
    )


def _not_yet(w: Wording) -> Said:
    starts = w.day("effective_on")
    return f"{w.refused}: {w.this_pa} only starts on {starts}.", (
        f"{w.this_pa} dated back to {_on(w)} or before, or the fill made on {starts} or later.",
    )


def _code_missing(w: Wording) -> Said:
    needed = count(w.fact("units_needed"), "unit")
    return f"{w.refused}: {w.this_pa} does not list {code_text(w.fact('code_missing'))}, {needed} needed.", (
        f"{w.fact('code_missing')} added to {w.this_pa}, with {needed} a fill.",
    )


def _product(w: Wording) -> Said:
    pa, fill = w.pa, w.finding.fill
    covers = pa.formulation.label if pa and pa.formulation else "the other product"
    filled = fill.formulation.label if fill and fill.formulation else "another one"
    return f"{w.refused}: {w.this_pa} is for {covers} {w.drug}, the fill is {filled}.", (
        f"A PA of {w.paying} for {filled} {w.drug}, or the fill made of the product on {w.this_pa}.",
    )


def _at_risk(w: Wording) -> Said:
    status = w.pa.status.label if w.pa else "open"
    return f"{w.fill} is at risk: {w.this_pa} is {status} and no other PA of {w.paying} is in force.", (
        f"{w.this_pa} approved with a start on or before {_on(w)}.",
    )


def _partial(w: Wording) -> Said:
    parts = []
    if w.fact("code"):
        asked, given = count(w.fact("requested_units"), "unit"), number(w.fact("approved_units"))
        parts.append(f"{given} of {asked} of {w.fact('code')}")
    asked_to, ends = w.fact("requested_to"), w.fact("ends_on")
    if asked_to and ends and str(ends) < str(asked_to):
        parts.append(f"to {spoken(ends)}, not {spoken(asked_to)}")
    asked_from, starts = w.fact("requested_from"), w.fact("effective_on")
    if asked_from and starts and str(starts) > str(asked_from):
        parts.append(f"from {spoken(starts)}, not {spoken(asked_from)}")
    granted = "; ".join(parts) or "the payer says less than asked"
    bites = (
        f"fill on {_on(w)} will be refused"
        if w.finding.harm_on
        else "no fill of the next 12 months is refused"
    )
    return f"{w.this_pa} was approved in part ({granted}): {bites}.", (
        f"{w.this_pa} extended to what was asked, or its end.",
    )


def _then(w: Wording) -> str:
    return f" First fill that needs it: {_on(w)}." if w.finding.harm_on else ""


def _pended(w: Wording) -> Said:
    by = w.fact("reply_by")
    late = w.fact("days_late")
    if by is None:
        due = "no reply date is on file"
    elif late:
        due = f"the reply was due on {spoken(by)}"
    else:
        due = f"reply by {spoken(by)}"
    return f"{w.this_pa} is pended, the payer asks for information: {due}.{_then(w)}", (
        f"The information sent and the status of {w.this_pa} updated.",
    )


def _overdue(w: Wording) -> Said:
    return f"The decision on {w.this_pa} was due on {w.day('due_at')} and is not on file.{_then(w)}", (
        f"The decision on {w.this_pa} recorded.",
    )


PA_MESSAGES: Mapping[AlertCode, Callable[[Wording], Said]] = {
    AlertCode.PA_EXPIRED: _expired,
    AlertCode.PA_DENIED: _denied,
    AlertCode.PA_WRONG_PAYER: _wrong_payer,
    AlertCode.PA_UNITS_EXHAUSTED: _exhausted,
    AlertCode.PA_UNITS_INSUFFICIENT: _insufficient,
    AlertCode.PA_UNITS_LOW: _low,
    AlertCode.PA_MISSING: _missing,
    AlertCode.PA_EXPIRES_BEFORE_REFILL: _before_refill,
    AlertCode.PA_EXPIRING: _expiring,
    AlertCode.PA_GAP: _gap,
    AlertCode.PA_NOT_YET_EFFECTIVE: _not_yet,
    AlertCode.PA_MISSING_FOR_CODE: _code_missing,
    AlertCode.PA_PRODUCT_MISMATCH: _product,
    AlertCode.REFILL_AT_RISK: _at_risk,
    AlertCode.PA_PARTIAL: _partial,
    AlertCode.PA_PENDED_INFO_NEEDED: _pended,
    AlertCode.PA_DECISION_OVERDUE: _overdue,
}
