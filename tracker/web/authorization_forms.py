"""One small form per move of an authorization: it asks for what that move needs, and for nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import BooleanField

from tracker.models.authorization import Authorization
from tracker.models.payer import Plan
from tracker.rules import catalogue
from tracker.rules.moves import Move
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, DenialLevel
from tracker.services import authorizations
from tracker.services.authorizations import Report
from tracker.web.fact_forms.base import MomentField, Needed, TokensField
from tracker.web.fact_forms.codes import unit_label
from tracker.web.forms import (
    CleanStringField,
    CleanTextField,
    DateField,
    VersionedForm,
    WholeField,
    WordField,
)

LETTER = "Letter dated"
LETTER_HINT = "Leave it empty until the clinic has the letter."


class MoveForm(VersionedForm):
    """`shown` names the fields in the order of the page; `says` is what happens, told above them."""

    says = ""
    shown: Sequence[str] = ()

    def prepare(self, row: Authorization, plan: Plan) -> None:
        """Offer what this authorization makes likely."""

    def report(self, row: Authorization) -> Report:
        return Report(on=self._of("on"), reason=self._of("reason"), columns=self._columns())

    def _of(self, name: str) -> Any:
        return self[name].data if name in self else None

    def _columns(self) -> dict[str, Any]:
        names = ("received_at", "statement_at", "expedited", "reply_by", "letter_on", "number")
        return {name: self[name].data for name in names if name in self}


class SubmitForm(MoveForm):
    says = "The request is with the payer from now on. Its clock runs from the instant it was received."
    shown = ("on", "received_at", "statement_at", "expedited", "reason")
    on = DateField("Asked on", [Needed("Give the day on which it was asked for.")])
    received_at = MomentField("Received by the payer at", description="Starts its clock: 2026-06-05 16:40")
    statement_at = MomentField("Supporting statement at", description="Part D exceptions count from here")
    expedited = BooleanField("Expedited")
    reason = CleanTextField("Note")

    def prepare(self, row: Authorization, plan: Plan) -> None:
        if row.kind is AuthorizationKind.PRIOR_AUTHORIZATION:
            del self.statement_at


class PendForm(MoveForm):
    says = "The payer decides nothing until it has the papers. Without a date of its own, 14 days count."
    shown = ("on", "reply_by", "reason")
    on = DateField("Payer's letter or call of")
    reply_by = DateField("Reply by")
    reason = CleanTextField("What it asks for", [Needed("Say what the payer asks for.")])


class ReplyForm(MoveForm):
    says = "The request waits for the decision again; what the payer had asked for is answered."
    shown = ("on", "reason")
    on = DateField("Papers sent on", [Needed("Give the day on which they were sent.")])
    reason = CleanTextField("What was sent, and how")


class DecideForm(MoveForm):
    says = "Enter what the letter says. What is less than asked is shown at once, with the day it bites."
    shown = ("status", "on", "number", "starts_on", "ends_on", "letter_on", "reason")
    status = WordField(
        "Decision", AuthorizationStatus, [Needed("Say what the payer decided.")], blank="Choose"
    )
    on = DateField("Decided on", [Needed("Give the day of the decision.")])
    number = CleanStringField("PA number", longest=60)
    starts_on = DateField("Approved from")
    ends_on = DateField("Approved through", description="That day still counts.")
    letter_on = DateField(LETTER, description=LETTER_HINT)
    reason = CleanTextField("What the payer said")
    codes: Sequence[str] = ()

    def prepare(self, row: Authorization, plan: Plan) -> None:
        self.status.offer(
            [
                (word.value, word.label.capitalize())
                for word in (
                    AuthorizationStatus.APPROVED,
                    AuthorizationStatus.PARTIALLY_APPROVED,
                    AuthorizationStatus.NOT_REQUIRED,
                )
            ]
        )

    def report(self, row: Authorization) -> Report:
        kept = {line.code: line for line in row.lines}
        lines = [
            {
                "code": code,
                "approved": bool(self[f"given_{code}"].data),
                "units": self[f"units_{code}"].data,
                "units_used_before": kept[code].units_used_before,
                "requested": kept[code].requested,
                "requested_units": kept[code].requested_units,
            }
            for code in self.codes
        ]
        columns = {
            **self._columns(),
            "starts_on": self.starts_on.data,
            "ends_on": self.ends_on.data,
            "lines": [line for line in lines if line["approved"] or line["requested"]],
        }
        decided = AuthorizationStatus(self.status.data) if self.status.data else None
        return Report(self.on.data, self.reason.data, decided, columns)


class DenyForm(MoveForm):
    says = "The denial is filed with it, and the deadline of the appeal is watched."
    shown = ("on", "reason", "carc", "rarc", "level", "received_on", "appeal_by", "letter_on")
    on = DateField("Decided on", [Needed("Give the day of the decision.")])
    reason = CleanTextField("Why, as the payer says")
    carc = CleanStringField("Claim adjustment reason (CARC)", longest=10)
    rarc = TokensField("Remark codes (RARC)")
    level = WordField("Appeal that is open now", DenialLevel, [Needed("Choose the level.")], blank="Choose")
    received_on = DateField("Notice received on")
    appeal_by = DateField("Appeal by, as the notice says")
    letter_on = DateField(LETTER, description=LETTER_HINT)

    def prepare(self, row: Authorization, plan: Plan) -> None:
        if not self.is_submitted():
            self.level.data = authorizations.usual_level(plan, row.status)

    def report(self, row: Authorization) -> Report:
        denial = {
            "level": self.level.data,
            "received_on": self.received_on.data,
            "appeal_by": self.appeal_by.data,
            "carc": self.carc.data,
            "rarc": " ".join(self.rarc.data or []) or None,
        }
        return Report(self.on.data, self.reason.data, columns=self._columns(), denial=denial)


class AppealForm(MoveForm):
    says = "The appeal is with the payer. Until it is answered, nothing is approved."
    shown = ("on", "reason")
    on = DateField("Appealed on", [Needed("Give the day of the appeal.")])
    reason = CleanTextField("Grounds", [Needed("Say on which grounds.")])


class CancelForm(MoveForm):
    says = "It permits no fill from now on and stays on file."
    shown = ("on", "reason")
    on = DateField("Void from")
    reason = CleanTextField("Why", [Needed("Say why it is void.")])


class LapseForm(MoveForm):
    says = "Nobody renews or appeals it, on purpose. Only one that no fill to come needs can lapse."
    shown = ("reason",)
    reason = CleanTextField("Why", [Needed("Say why it may lapse.")])


FORMS: Mapping[Move, type[MoveForm]] = {
    Move.SUBMIT: SubmitForm,
    Move.PEND: PendForm,
    Move.REPLY: ReplyForm,
    Move.DECIDE: DecideForm,
    Move.DENY: DenyForm,
    Move.APPEAL: AppealForm,
    Move.CANCEL: CancelForm,
    Move.LAPSE: LapseForm,
}


def form_of(what: Move, row: Authorization, plan: Plan, today: Any) -> MoveForm:
    """The form of a move, filled with what is likely; a decision has a row for each code asked for."""
    form_class = FORMS[what]
    first: dict[str, Any] = {"on": today, "number": row.number}
    if what is Move.DECIDE:
        form_class = type("DecideForm", (DecideForm,), _lines(row))
        first |= {
            "starts_on": row.starts_on or row.requested_starts_on,
            "ends_on": row.ends_on or row.requested_ends_on,
        }
    form = form_class(data=first)
    form.prepare(row, plan)
    if not form.is_submitted():
        form.version.data = str(row.version)
    return form


def _lines(row: Authorization) -> dict[str, Any]:
    """For each code: whether it is approved, and with how many units; as asked, to begin with."""
    fields: dict[str, Any] = {"codes": [line.code for line in row.lines]}
    for line in row.lines:
        units = line.units if line.units is not None else line.requested_units
        named = catalogue.label_of(line.code)
        fields[f"given_{line.code}"] = BooleanField(f"{line.code} approved", default=True)
        fields[f"units_{line.code}"] = WholeField(
            unit_label(line.code, "units approved"),
            default=units,
            description=f"{named}; left empty: no unit limit",
        )
    return fields
