"""Fields that a form has once per billing code of the patient's drug, and once for a code not listed."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import ValidationError

from tracker.rules import catalogue
from tracker.rules.words import Drug, Form, Formulation
from tracker.web.forms import CleanStringField, WholeField

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")
SENT = re.compile(r"(?:units|given_units)_([A-Z0-9][A-Z0-9-]{1,19})")
MOST_SENT = 20
OTHER = "other"


class CodeField(CleanStringField):
    """A billing code that is not listed, in capitals."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        super().process_formdata(valuelist)
        if self.data and not CODE.fullmatch(self.data.upper()):
            raise ValueError("Write the code as on the claim, as in J7599.")
        self.data = self.data.upper() if self.data else None


def own_codes(regimens: Sequence[Any], kept: Iterable[str], sent: Iterable[str]) -> list[str]:
    """The codes of the drugs taken, those on the record, and those in what was sent."""
    taken = [
        code
        for regimen in regimens
        for code in catalogue.codes_of(Drug(regimen.drug), regimen.formulation, regimen.form)
    ]
    usual = taken or list(catalogue.codes_of(Drug.CYCLOSPORINE, Formulation.MODIFIED, Form.CAPSULE))
    typed = [found[1] for name in sent if (found := SENT.fullmatch(name))][:MOST_SENT]
    return list(dict.fromkeys([*usual, *kept, *typed]))


def unit_label(code: str, what: str = "units") -> str:
    """`J7502 units (100 mg each)`."""
    entry = catalogue.code_of(code)
    size = f" ({entry.unit_mg} mg each)" if entry and entry.drug else ""
    return f"{code} {what}{size}"


def unit_fields(codes: Sequence[str]) -> dict[str, Any]:
    """Billing units of each code, its size said in the label."""
    fields: dict[str, Any] = {f"units_{code}": WholeField(unit_label(code)) for code in codes}
    fields["units_other"] = WholeField("Units of it")
    return with_other(fields, codes)


def with_other(fields: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    """What makes a form of these fields: they, the field that names another code, and its check."""
    fields["code_other"] = CodeField("Another code", longest=20)
    coded = frozenset(fields)
    return {**fields, "codes": tuple(codes), "coded": coded, "validate_code_other": check_other}


def check_other(form: Any, each: Any) -> None:
    """Another code stands with its own fields, and once."""
    if each.errors:
        return
    if each.data in form.codes:
        raise ValidationError(f"{each.data} has its own place above.")
    rest = [form[name] for name in form.coded if name.endswith("_other") and name != each.name]
    filled = [field for field in rest if field.data or field.errors]
    if filled and not each.data:
        raise ValidationError("Name the code.")
    if each.data and not filled:
        raise ValidationError(f"Say how much of {each.data}, or empty this field.")


def named_codes(form: Any) -> list[tuple[str, str]]:
    """(ending of the fields' names, code) of every code of a form, the one typed last."""
    own = [(code, code) for code in form.codes]
    typed = form["code_other"].data
    return [*own, (OTHER, typed)] if typed else own


def units_of(form: Any) -> dict[str, int] | None:
    """Code -> units typed; None when nothing was typed: not known."""
    found = {code: form[f"units_{ending}"].data for ending, code in named_codes(form)}
    return {code: units for code, units in found.items() if units is not None} or None
