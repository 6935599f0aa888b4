"""The patient's part of a case file."""

from tracker.rules import casefile_fields as of
from tracker.rules.casefile_fields import Fields
from tracker.rules.casefile_json import BadCase
from tracker.rules.casefile_read_shared import limit, line
from tracker.rules.facts import (
    Authorization,
    Claim,
    Coverage,
    Denial,
    Fill,
    Lab,
    Override,
    Patient,
    PlannedFill,
    QuantityLimit,
    RefillContact,
    Regimen,
    Requested,
    Transplant,
    Trial,
    Weight,
)
from tracker.rules.words import (
    AuthorizationKind,
    AuthorizationStatus,
    ClaimStatus,
    DenialLevel,
    Drug,
    Form,
    Formulation,
    Indication,
    MedicareBasis,
    Organ,
    OverrideKind,
    TrialOutcome,
)

_DAYS = of.between(1, 365)
_texts = of.items(of.present(of.text))
_formulation = of.word(Formulation)


def patient(value: object, path: str) -> Patient:
    fields = Fields(value, path)
    family, given = fields.optional("name", _name) or (None, None)
    found = Patient(
        mrn=fields.optional("mrn", of.text),
        family=family,
        given=given,
        birth_date=fields.optional("birth_date", of.day),
        weights=fields.given("weights", of.items(_weight), ()),
        indication=fields.optional("indication", of.word(Indication)),
        transplant=fields.optional("transplant", _transplant),
        coverages=fields.given("coverages", of.items(_coverage), ()),
        regimens=fields.given("regimens", of.items(_regimen), ()),
        fills=fields.given("fills", of.items(_fill), ()),
        planned_fills=fields.given("planned_fills", of.items(_planned_fill), ()),
        authorizations=fields.given("authorizations", of.items(_authorization), ()),
        trials=fields.given("trials", of.items(_trial), ()),
        refill_contacts=fields.given("refill_contacts", of.items(_contact), ()),
        labs=fields.given("labs", of.items(_lab), ()),
        denials=fields.given("denials", of.items(_denial), ()),
    )
    fields.end()
    return found


def _name(value: object, path: str) -> tuple[str | None, str | None]:
    fields = Fields(value, path)
    found = fields.optional("family", of.text), fields.optional("given", of.text)
    fields.end()
    return found


def _weight(value: object, path: str) -> Weight:
    fields = Fields(value, path)
    found = Weight(on=fields.required("on", of.day), kg=fields.required("kg", of.amount))
    fields.end()
    return found


def _transplant(value: object, path: str) -> Transplant:
    fields = Fields(value, path)
    found = Transplant(
        organ=fields.optional("organ", of.word(Organ)),
        on=fields.optional("on", of.day),
        part_a_at_transplant=fields.optional("part_a_at_transplant", of.flag),
        approved_facility=fields.optional("approved_facility", of.flag),
        discharged_on=fields.optional("discharged_on", of.day),
    )
    fields.end()
    return found


def _coverage(value: object, path: str) -> Coverage:
    fields = Fields(value, path)
    found = Coverage(
        id=fields.required("id", of.name),
        plan=fields.required("plan", of.name),
        member_id=fields.optional("member_id", of.text),
        starts_on=fields.required("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        rank=fields.given("rank", of.whole, 1),
        medicare_basis=fields.optional("medicare_basis", of.word(MedicareBasis)),
    )
    fields.end()
    return found


def _regimen(value: object, path: str) -> Regimen:
    fields = Fields(value, path)
    found = Regimen(
        id=fields.required("id", of.name),
        drug=fields.required("drug", of.word(Drug)),
        formulation=fields.optional("formulation", _formulation),
        form=fields.given("form", of.word(Form), Form.CAPSULE),
        strengths_mg=fields.given("strengths_mg", of.items(of.amount), ()),
        dose_mg=fields.required("dose_mg", of.amount),
        doses_per_day=fields.required("doses_per_day", of.positive),
        days_supply=fields.required("days_supply", _DAYS),
        starts_on=fields.required("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        ordered_on=fields.optional("ordered_on", of.day),
    )
    fields.end()
    return found


def _fill(value: object, path: str) -> Fill:
    fields = Fields(value, path)
    found = Fill(
        id=fields.required("id", of.name),
        on=fields.required("on", of.day),
        days_supply=fields.required("days_supply", _DAYS),
        units=fields.optional("units", of.units),
        formulation=fields.optional("formulation", _formulation),
        authorization=fields.optional("authorization", of.name),
        reversed=fields.given("reversed", of.flag, False),
        modifiers=fields.given("modifiers", _texts, ()),
        claim=fields.optional("claim", _claim),
    )
    fields.end()
    return found


def _claim(value: object, path: str) -> Claim:
    fields = Fields(value, path)
    found = Claim(
        status=fields.optional("status", of.word(ClaimStatus)),
        carc=fields.optional("carc", of.text),
        rarc=fields.given("rarc", _texts, ()),
        received_on=fields.optional("received_on", of.day),
    )
    fields.end()
    return found


def _planned_fill(value: object, path: str) -> PlannedFill:
    fields = Fields(value, path)
    found = PlannedFill(
        on=fields.required("on", of.day),
        days_supply=fields.optional("days_supply", _DAYS),
        units=fields.optional("units", of.units),
        formulation=fields.optional("formulation", _formulation),
        override=fields.optional("override", _override),
    )
    fields.end()
    return found


def _override(value: object, path: str) -> Override:
    fields = Fields(value, path)
    found = Override(
        kind=fields.required("kind", of.word(OverrideKind)),
        reason=fields.required("reason", of.name),
        person=fields.required("person", of.name),
        on=fields.required("on", of.day),
    )
    fields.end()
    return found


def _authorization(value: object, path: str) -> Authorization:
    fields = Fields(value, path)
    found = Authorization(
        id=fields.required("id", of.name),
        kind=fields.required("kind", of.word(AuthorizationKind)),
        number=fields.optional("number", of.text),
        plan=fields.required("plan", of.name),
        status=fields.required("status", of.word(AuthorizationStatus)),
        starts_on=fields.optional("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        lines=fields.given("lines", of.items(line), ()),
        formulation=fields.optional("formulation", _formulation),
        quantity_limit=fields.optional("quantity_limit", _own_limit),
        requested=fields.optional("requested", _requested),
        decided_on=fields.optional("decided_on", of.day),
        reply_by=fields.optional("reply_by", of.day),
        reason=fields.optional("reason", of.text),
        renews=fields.optional("renews", of.name),
    )
    fields.end()
    return found


def _own_limit(value: object, path: str) -> QuantityLimit | None:
    if value is True:
        raise BadCase(path, "must be an object, false or null")
    return None if value is False else limit(value, path)


def _requested(value: object, path: str) -> Requested:
    fields = Fields(value, path)
    found = Requested(
        on=fields.optional("on", of.day),
        received_at=fields.optional("received_at", of.instant),
        statement_at=fields.optional("statement_at", of.instant),
        expedited=fields.given("expedited", of.flag, False),
        starts_on=fields.optional("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        lines=fields.given("lines", of.items(line), ()),
    )
    fields.end()
    return found


def _trial(value: object, path: str) -> Trial:
    fields = Fields(value, path)
    found = Trial(
        id=fields.required("id", of.name),
        drug=fields.required("drug", of.name),
        starts_on=fields.optional("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        dose=fields.optional("dose", of.text),
        outcome=fields.optional("outcome", of.word(TrialOutcome)),
        reason=fields.optional("reason", of.text),
        documented_on=fields.optional("documented_on", of.day),
    )
    fields.end()
    return found


def _contact(value: object, path: str) -> RefillContact:
    fields = Fields(value, path)
    found = RefillContact(on=fields.required("on", of.day), affirmed=fields.optional("affirmed", of.flag))
    fields.end()
    return found


def _lab(value: object, path: str) -> Lab:
    fields = Fields(value, path)
    found = Lab(kind=fields.required("kind", of.name), on=fields.required("on", of.day))
    fields.end()
    return found


def _denial(value: object, path: str) -> Denial:
    fields = Fields(value, path)
    found = Denial(
        id=fields.required("id", of.name),
        fill=fields.optional("fill", of.name),
        authorization=fields.optional("authorization", of.name),
        level=fields.required("level", of.word(DenialLevel)),
        notice_on=fields.optional("notice_on", of.day),
        received_on=fields.optional("received_on", of.day),
        appeal_by=fields.optional("appeal_by", of.day),
        carc=fields.optional("carc", of.text),
        rarc=fields.given("rarc", _texts, ()),
    )
    fields.end()
    return found
