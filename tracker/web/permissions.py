"""Who may do what: one line for each endpoint, and the only place that says so.

An endpoint without a line is refused to everybody, and `tests/web/test_permissions.py` names the line to add.
Roles stand in order: viewer, coordinator, lead, administrator; each may do what those before it may.

    "letters.index": looks(VIEWER),                     a page, GET only
    "letters.add": form(COORDINATOR),                   viewers may open it, coordinators and up may send it
    "letters.send": acts(COORDINATOR),                  POST only
    "clinics.settings": form(LEAD, look=LEAD),          nobody below may even open it
    "people.add": form(ADMINISTRATOR, look=ADMINISTRATOR, fresh=True),   asks to sign in again after a while
"""

from dataclasses import dataclass
from enum import Enum

from tracker.models.user import Role

VIEWER, COORDINATOR, LEAD, ADMINISTRATOR = Role
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Door(Enum):
    """How far someone must have come. Half way: the password was right, the second factor is to come."""

    OPEN = "open"
    HALF_WAY = "half way"
    SIGNED_IN = "signed in"


@dataclass(frozen=True, slots=True)
class Rule:
    """`look` and `change`: the least role for GET and for POST; None: not at all. `fresh`: shown recently."""

    door: Door
    look: Role | None = None
    change: Role | None = None
    fresh: bool = False

    def least(self, method: str) -> Role | None:
        return self.look if method in SAFE_METHODS else self.change

    def allows(self, role: Role, method: str) -> bool:
        least = self.least(method)
        return least is not None and role.at_least(least)


def looks(role: Role, *, fresh: bool = False) -> Rule:
    return Rule(Door.SIGNED_IN, look=role, fresh=fresh)


def acts(role: Role, *, fresh: bool = False) -> Rule:
    return Rule(Door.SIGNED_IN, change=role, fresh=fresh)


def form(role: Role, *, look: Role = VIEWER, fresh: bool = False) -> Rule:
    return Rule(Door.SIGNED_IN, look=look, change=role, fresh=fresh)


def anyone() -> Rule:
    return Rule(Door.OPEN)


def half_way() -> Rule:
    return Rule(Door.HALF_WAY)


RULES: dict[str, Rule] = {
    # Signing in and out, and what belongs to oneself
    "static": anyone(),
    "health.alive": anyone(),
    "health.ready": anyone(),
    "health.metrics": anyone(),  # it asks for its own token
    "sign_in.enter": anyone(),
    "sign_in.second": half_way(),
    "sign_in.leave": half_way(),
    "sign_in.confirm": form(VIEWER),
    "single_sign_on.start": anyone(),
    "single_sign_on.go": anyone(),
    "single_sign_on.back": anyone(),
    "single_sign_on.refused": anyone(),
    "single_sign_on.out": anyone(),
    "provider_sign_out.take": anyone(),  # the provider, by its signature
    "policy_reports.take": anyone(),  # browsers, by themselves
    "single_sign_on.confirm": acts(VIEWER),
    "single_sign_on.connect": acts(VIEWER, fresh=True),
    "single_sign_on.remove": acts(ADMINISTRATOR, fresh=True),
    "reset.ask": anyone(),
    "reset.asked": anyone(),
    "reset.choose": anyone(),
    "second_factor.set_up": half_way(),
    "second_factor.start_app": half_way(),
    "second_factor.app": half_way(),
    "second_factor.add_passkey": half_way(),
    "second_factor.codes": looks(VIEWER),
    "second_factor.new_codes": acts(VIEWER, fresh=True),
    "second_factor.remove_app": acts(VIEWER, fresh=True),
    "second_factor.remove_passkey": acts(VIEWER, fresh=True),
    "account.index": looks(VIEWER),
    "account.rename": acts(VIEWER),
    "account.password": form(VIEWER),
    "account.end_session": acts(VIEWER, fresh=True),
    "account.end_others": acts(VIEWER, fresh=True),
    "account.ask_clinic": looks(VIEWER),
    "account.open_clinic": acts(VIEWER),
    # Who read and changed what
    "audit.index": looks(LEAD),
    # Emergency access to another clinic's patient, and its review
    "emergency.index": form(LEAD, look=LEAD, fresh=True),
    "emergency.show": looks(LEAD, fresh=True),
    "emergency.reviews": looks(LEAD),
    "emergency.review": acts(LEAD),
    "emergency.policy": acts(ADMINISTRATOR, fresh=True),
    # People of the clinic
    "people.index": looks(ADMINISTRATOR, fresh=True),
    "people.require_of_clinic": acts(ADMINISTRATOR, fresh=True),
    "people.add": form(ADMINISTRATOR, look=ADMINISTRATOR, fresh=True),
    "people.change": form(ADMINISTRATOR, look=ADMINISTRATOR, fresh=True),
    "people.off": acts(ADMINISTRATOR, fresh=True),
    "people.on": acts(ADMINISTRATOR, fresh=True),
    "people.unlock": acts(ADMINISTRATOR, fresh=True),
    "people.require": acts(ADMINISTRATOR, fresh=True),
    "people.waive": acts(ADMINISTRATOR, fresh=True),
    "people.forget": acts(ADMINISTRATOR, fresh=True),
    "people.invite_again": acts(ADMINISTRATOR, fresh=True),
    "people.end_sessions": acts(ADMINISTRATOR, fresh=True),
    # Reading
    "today.index": looks(VIEWER),
    "alerts.index": looks(VIEWER),
    "alerts.show": looks(VIEWER),
    "news.show": looks(VIEWER),
    "alert_acts.do": acts(COORDINATOR),
    "saved_views.index": looks(VIEWER),
    "saved_views.add": acts(VIEWER),
    "saved_views.rename": acts(VIEWER),
    "saved_views.delete": acts(VIEWER),
    "worklist_columns.choose": acts(VIEWER),
    "tags.add": acts(COORDINATOR),
    "tags.remove": acts(COORDINATOR),
    "worklist_bulk.ask": acts(COORDINATOR),
    "worklist_bulk.preview": acts(COORDINATOR),
    "worklist_bulk.do": acts(COORDINATOR),
    "worklist_bulk.undo": acts(COORDINATOR),
    "worklist_export.export": acts(COORDINATOR, fresh=True),
    "worklist_export.call_sheet": looks(VIEWER),
    "worklist_export.call_sheet_of": acts(COORDINATOR),
    "help.keys": looks(VIEWER),
    "help.switch": acts(VIEWER),
    "patients.index": looks(VIEWER),
    "patients.search": acts(VIEWER),
    "patients.search_again": looks(VIEWER),
    "patients.new_authorization": looks(COORDINATOR),
    "patients.show": looks(VIEWER),
    "history.show": looks(VIEWER),
    "sheets.patient": looks(VIEWER),
    "sheets.calls": looks(VIEWER),
    "payers.index": looks(VIEWER),
    "payers.payer": looks(VIEWER),
    "payers.plan": looks(VIEWER),
    "payers.rule": looks(VIEWER),
    # Facts of patients
    "patient_forms.add": form(COORDINATOR),
    "patient_forms.change": form(COORDINATOR),
    "documents.index": form(COORDINATOR),
    "documents.download": looks(VIEWER),
    "documents.remove": form(COORDINATOR, look=COORDINATOR),
    "facts.add": form(COORDINATOR),
    "facts.change": form(COORDINATOR),
    "facts.remove": acts(COORDINATOR),
    "authorizations.show": looks(VIEWER),
    "authorizations.move": form(COORDINATOR),
    "packets.show": looks(VIEWER),
    "packets.first": looks(VIEWER),
    "packets.first_sheet": looks(VIEWER),
    "packets.sheet": looks(VIEWER),
    "packets.sent": form(COORDINATOR),
    "authorizations.renew": form(COORDINATOR),
    "authorizations.replace": form(COORDINATOR),
    "contacts.add": form(COORDINATOR),
    "steps.show": looks(VIEWER),
    "steps.ask_exception": acts(COORDINATOR),
    # What if: tried out, then kept
    "what_if.form": looks(VIEWER),
    "what_if.preview": acts(VIEWER),
    "what_if.accept": acts(COORDINATOR),
    # Payers, plans and their rules
    "payers.add_payer": form(COORDINATOR),
    "payers.change_payer": form(COORDINATOR),
    "payers.add_plan": form(COORDINATOR),
    "payers.change_plan": form(COORDINATOR),
    "payers.add_rule": form(COORDINATOR),
    "payers.change_rule": form(COORDINATOR),
    "payers.new_version": form(COORDINATOR),
    # Import
    "imports.index": form(COORDINATOR),
    "imports.columns": form(COORDINATOR),
    "imports.sheet": acts(COORDINATOR),
    "imports.show": looks(VIEWER),
    "imports.rows": looks(VIEWER),
    "imports.errors": looks(VIEWER),
    "imports.commit": acts(COORDINATOR),
    "imports.undo": acts(COORDINATOR),
    "imports.discard": acts(COORDINATOR),
    # Calendar and mails
    "reports.index": looks(VIEWER),
    "reports.file": acts(COORDINATOR, fresh=True),
    "calendar.index": looks(VIEWER),
    "january.index": looks(VIEWER),
    "january.change": acts(LEAD),
    "calendar.feed_settings": looks(VIEWER),
    "calendar.make_feed": acts(VIEWER),
    "calendar.end_feed": acts(VIEWER),
    "calendar.feed": anyone(),  # its address holds a secret
    "mail.index": looks(VIEWER),
    "mail.again": acts(COORDINATOR),
    "mail.seen": acts(COORDINATOR),
    "mail.choices": form(VIEWER),
    "mail.policy": form(LEAD, look=LEAD, fresh=True),
    "ladder.change": form(LEAD, look=LEAD, fresh=True),
    "lead_times.change": form(LEAD, look=LEAD, fresh=True),
    # Clockwork
    "scan.index": looks(VIEWER),
    "scan.check_now": acts(COORDINATOR),
    "scan.move_date": acts(COORDINATOR),
    "scan.release_mail": acts(LEAD),
}


def rule_for(endpoint: str | None) -> Rule | None:
    return RULES.get(endpoint or "")


def missing(endpoint: str) -> str:
    """What to write where, for an endpoint that nobody has thought about."""
    return (
        f'"{endpoint}" has no line in tracker/web/permissions.py, so nobody may use it. '
        f'Add to RULES: "{endpoint}": looks(VIEWER), or form(COORDINATOR), or acts(COORDINATOR).'
    )


def may(role: Role, endpoint: str, method: str = "GET") -> bool:
    """Whether a role may use an endpoint, for links that only some should see."""
    rule = rule_for(endpoint)
    return rule is not None and (rule.door is not Door.SIGNED_IN or rule.allows(role, method))
