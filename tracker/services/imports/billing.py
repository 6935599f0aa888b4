"""What a record's fill is billed as, and what the whole file says of a patient: known before rows apply."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tracker.formats.clinic_products import Product, product_of_ndc, units_of
from tracker.formats.clinic_rows import ClinicRecord
from tracker.rules.catalogue import SOLUTIONS
from tracker.rules.words import Form

FillKey = tuple[str, date]


def dispensed(record: ClinicRecord) -> Product | None:
    """What was handed out: the NDC tells it better than the drug's name."""
    return (product_of_ndc(record.ndc) if record.ndc else None) or record.product


def billed(record: ClinicRecord) -> Mapping[str, int] | None:
    """Units by code of the row's quantity; None where the file does not tell them."""
    product = dispensed(record)
    if record.units is not None and record.code:
        return {record.code: record.units}
    if record.quantity is None or product is None:
        return None
    if product.form is Form.SOLUTION:
        bottle = SOLUTIONS.get(product.drug)
        return {bottle.code: record.quantity} if bottle else None
    return units_of(product.drug, record.strength_mg, record.quantity) if record.strength_mg else None


@dataclass(frozen=True, slots=True)
class Spans:
    """The first day of a patient with a plan, a patient's last fill, and fills that stand on several rows."""

    first_day: dict[tuple[str, str], date] = field(default_factory=dict)
    last_fill: dict[str, date] = field(default_factory=dict)
    strength: dict[FillKey, Decimal] = field(default_factory=dict)
    several: dict[FillKey, dict[str, int]] = field(default_factory=dict)

    def of_several(self, record: ClinicRecord) -> bool:
        """Was this fill made of capsules of several strengths, one a row?"""
        return bool(record.filled_on and (record.mrn or "", record.filled_on) in self.several)

    def billed(self, record: ClinicRecord) -> Mapping[str, int] | None:
        """The units of the whole fill; the row's own stand first where rows disagree, which is refused."""
        own = billed(record)
        if own is None or record.filled_on is None:
            return own
        return {**self.several.get((record.mrn or "", record.filled_on), {}), **own}


def spans_of(records: Iterable[ClinicRecord]) -> Spans:
    """Only usable records count."""
    spans = Spans()
    usable = [record for record in records if not record.faults and record.mrn is not None]
    for record in usable:
        _days(spans, record)
    for record in usable:
        if record.filled_on and (key := (record.mrn or "", record.filled_on)) in spans.several:
            for code, count in (billed(record) or {}).items():
                spans.several[key].setdefault(code, count)
    return spans


def _days(spans: Spans, record: ClinicRecord) -> None:
    mrn = record.mrn or ""
    if record.filled_on:
        spans.last_fill[mrn] = max(spans.last_fill.get(mrn, record.filled_on), record.filled_on)
        if record.strength_mg:
            known = spans.strength.setdefault((mrn, record.filled_on), record.strength_mg)
            if known != record.strength_mg:
                spans.several[mrn, record.filled_on] = {}
    days = [day for day in (record.authorization_from, record.filled_on) if day]
    if record.plan and days:
        key = mrn, record.plan.key
        spans.first_day[key] = min([*days, *([spans.first_day[key]] if key in spans.first_day else [])])
