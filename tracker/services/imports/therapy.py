"""One record of the file against what is on file: the fill and the regimen."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tracker.formats.clinic_columns import ClinicField
from tracker.formats.clinic_products import Product
from tracker.rules.catalogue import FORMULATION_REQUIRED, strengths_of
from tracker.rules.units import SOLID, split_dose
from tracker.rules.words import Formulation
from tracker.services.imports.applying import Work
from tracker.services.imports.billing import dispensed
from tracker.services.imports.store import Entry, spoken

MOST_DOSES = 24


def apply_fill(work: Work, patient: Entry) -> None:
    """The row's fill: found by date and days supply, completed, or added."""
    record, store = work.record, work.desk.store
    if record.filled_on is None:
        return
    units, product = work.spans.billed(record), dispensed(record)
    if units is None and (record.quantity or record.units):
        work.notes.append("A quantity is not kept: neither NDC, strength nor code tells its billing units")
    said = {
        "formulation": product.formulation if product else None,
        "ndc": record.ndc,
        "unit_rows": dict(units) if units else None,
    }
    kept = _same_fill(work, patient, record.filled_on)
    if kept:
        several = work.spans.of_several(record) or kept.values["ndc"]
        store.put(kept, said | {"ndc": None} if several else said)
    elif record.days_supply is None:
        work.notes.append("A fill is left out: its days supply is not in the file")
    else:
        _new_fill(work, patient, said)


def _same_fill(work: Work, patient: Entry, day: date) -> Entry | None:
    days = work.record.days_supply
    for each in work.desk.store.of("fill", patient.id):
        if each.values["on_date"] == day and days in (None, each.values["days_supply"]):
            return each
    return None


def _new_fill(work: Work, patient: Entry, said: dict[str, Any]) -> None:
    record, store = work.record, work.desk.store
    that_day = [
        each.values["sequence"]
        for each in store.of("fill", patient.id)
        if each.values["on_date"] == record.filled_on
    ]
    values = {
        **said,
        "on_date": record.filled_on,
        "days_supply": record.days_supply,
        "sequence": max(that_day, default=0) + 1,
        "authorization_id": None,
        "reversed": False,
        "modifiers": [],
        "claim_status": None,
        "claim_carc": None,
        "claim_rarc": [],
        "claim_received_on": None,
        "unit_rows": said["unit_rows"] or {},
    }
    store.add("fill", values, patient_id=patient.id, said=spoken(said))


# ---------------------------------------------------------------------------------------------- regimen


@dataclass(frozen=True, slots=True)
class Taken:
    """One dose and how many a day. `derived`: worked out from quantity and days supply."""

    dose_mg: Decimal
    doses_per_day: int
    derived: bool = False


def apply_regimen(work: Work, patient: Entry) -> None:
    """What the patient takes now. A row about a fill before the last one in the file tells nothing of it."""
    record = work.record
    last = work.spans.last_fill.get(record.mrn or "")
    if record.product is None or (last and record.filled_on and record.filled_on < last):
        return
    current = _current(work, patient)
    taken = _said_dose(work) or (None if current else _derived_dose(work))
    if taken is None:
        return
    if current is None:
        _new_regimen(work, patient, record.product, taken)
        return
    _change_regimen(work, current, record.product, taken)


def _current(work: Work, patient: Entry) -> Entry | None:
    today = work.desk.today
    kept = work.desk.store.of("regimen", patient.id)
    going = [each for each in kept if each.values["ends_on"] is None or each.values["ends_on"] >= today]
    return max(going, key=lambda each: each.values["starts_on"], default=None)


def _said_dose(work: Work) -> Taken | None:
    record = work.record
    if record.dose_mg and record.doses_per_day:
        return Taken(record.dose_mg, record.doses_per_day)
    if record.dose_mg or record.doses_per_day:
        work.notes.append("A dose is left out: it takes both mg of one dose and doses a day")
    return None


def _derived_dose(work: Work) -> Taken | None:
    """Whole capsules of one known strength a day; anything else is not known."""
    record, product = work.record, dispensed(work.record)
    if not (record.quantity and record.days_supply and record.strength_mg and product):
        return None
    if work.spans.of_several(record):
        work.notes.append("No regimen is taken from quantity / days supply: several strengths on one day")
        return None
    a_day, rest = divmod(record.quantity, record.days_supply)
    if rest or not 1 <= a_day <= MOST_DOSES or product.form not in SOLID:
        return None
    pieces = f"{a_day} {product.form.label}{'s' if a_day > 1 else ''} of {record.strength_mg} mg a day"
    work.notes.append(f"The regimen is taken from quantity / days supply: {pieces}")
    return Taken(record.strength_mg, a_day, derived=True)


def _change_regimen(work: Work, current: Entry, product: Product, taken: Taken) -> None:
    values = current.values
    if values["drug"] != product.drug:
        problem = f"is {product.drug.label}, but {values['drug']} is on file since {values['starts_on']}"
        cure = "End that regimen on the patient's page first, or correct the drug."
        raise work.refuse(ClinicField.DRUG, product.name, problem, cure)
    said: dict[str, Any] = {
        "dose_mg": taken.dose_mg,
        "doses_per_day": taken.doses_per_day,
        "formulation": product.formulation,
        "days_supply": work.record.days_supply,
    }
    on_file = tuple(Decimal(each) for each in values["strengths_mg"])
    if product.strengths_mg and split_dose(taken.dose_mg, on_file).remainder_mg:
        said["strengths_mg"] = [str(each) for each in product.strengths_mg]
    work.desk.store.put(current, said)


def _new_regimen(work: Work, patient: Entry, product: Product, taken: Taken) -> None:
    record = work.record
    strengths = _strengths(work, product, taken)
    starts = record.filled_on or record.authorization_from
    missing = _missing(work, product, strengths, starts)
    if missing:
        work.notes.append(f"A regimen is left out: {missing}")
        return
    work.notes.append(
        "The start of a new regimen is not in the file: the last fill, or else the PA's start, is taken"
    )
    values = {
        "drug": product.drug.value,
        "formulation": _formulation(work, product),
        "form": product.form,
        "strengths_mg": [str(each) for each in strengths],
        "dose_mg": taken.dose_mg,
        "doses_per_day": taken.doses_per_day,
        "days_supply": record.days_supply,
        "starts_on": starts,
        "ends_on": None,
        "ordered_on": None,
    }
    named = () if taken.derived else ("dose_mg", "doses_per_day", "formulation")
    work.desk.store.add("regimen", values, patient_id=patient.id, said=named)


def _formulation(work: Work, product: Product) -> Formulation | None:
    given = dispensed(work.record)
    return product.formulation or (given.formulation if given else None)


def _missing(work: Work, product: Product, strengths: tuple[Decimal, ...], starts: date | None) -> str | None:
    if work.record.days_supply is None:
        return "the days supply is not in the file"
    if starts is None:
        return "no date in the file tells since when it is taken"
    if product.drug in FORMULATION_REQUIRED and product.formulation is None:
        return f"which {product.drug.label} it is, is not in the file"
    if product.form in SOLID and not strengths:
        return "the strength of the capsules or tablets is not in the file"
    return None


def _strengths(work: Work, product: Product, taken: Taken) -> tuple[Decimal, ...]:
    """Those of the file, else those in which the product is made."""
    given = work.record.strength_mg
    possible = strengths_of(product.drug)
    if given is None or (
        not taken.derived and work.record.ndc and split_dose(taken.dose_mg, (given,)).remainder_mg
    ):
        if product.strengths_mg:
            made = " and ".join(f"{each} mg" for each in product.strengths_mg)
            work.notes.append(
                f"Capsule strengths are not in the file: {made} are taken, as {product.name} is made"
            )
        return product.strengths_mg
    if possible and given not in possible:
        listed = ", ".join(str(each) for each in possible)
        problem = f"is no strength of {product.drug.label} capsules"
        raise work.refuse(ClinicField.STRENGTH, f"{given} mg", problem, f"Write one of {listed} mg.")
    return (given,)
