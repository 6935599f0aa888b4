"""Readers that plans and patients share."""

from tracker.rules import casefile_fields as of
from tracker.rules.casefile_fields import Fields
from tracker.rules.facts import AuthorizationLine, QuantityLimit
from tracker.rules.words import LimitMethod


def limit(value: object, path: str) -> QuantityLimit:
    fields = Fields(value, path)
    found = QuantityLimit(
        quantity=fields.required("quantity", of.amount),
        per_days=fields.required("per_days", of.positive),
        unit=fields.required("unit", of.name),
        method=fields.required("method", of.word(LimitMethod)),
        max_per_day=fields.optional("max_per_day", of.amount),
    )
    fields.end()
    return found


def line(value: object, path: str) -> AuthorizationLine:
    fields = Fields(value, path)
    found = AuthorizationLine(
        code=fields.required("code", of.name),
        units=fields.optional("units", of.whole),
        units_used_before=fields.given("units_used_before", of.whole, 0),
    )
    fields.end()
    return found
