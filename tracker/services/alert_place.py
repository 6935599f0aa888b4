"""Where an alert stands on the worklist: the plan and the drug it concerns, and the patient's columns."""

from collections.abc import Callable
from typing import Any

from tracker.rules.answer import Alert, Answer, TableFill
from tracker.rules.facts import Case
from tracker.rules.words import AboutKind

Place = dict[str, Any]


def placer(case: Case, answer: Answer, *, owner_id: str | None) -> Callable[[Alert], Place]:
    """A function from a finding to its columns. Plan and drug are None where the facts name none.

    The plan is that of the authorization or coverage the finding is about; else the one that pays the fill
    of the harm date; else the one that pays the next fill.
    """
    patient = case.patient
    plans = {each.id: each.plan for each in patient.authorizations}
    plans |= {each.id: each.plan for each in patient.coverages}
    drugs = {each.id: each.drug.value for each in patient.regimens}
    own = {"run_out_on": answer.run_out, "patient_owner_id": owner_id}

    def place(finding: Alert) -> Place:
        fill = _fill_of(answer, finding)
        plan_id = plans.get(finding.about or "") or (fill.plan if fill else None)
        regimen = finding.about if finding.about_kind is AboutKind.REGIMEN else fill.regimen if fill else None
        return own | {"plan_id": plan_id, "drug": drugs.get(regimen or "") or _last_drug(case)}

    return place


def _fill_of(answer: Answer, finding: Alert) -> TableFill | None:
    """The fill of the harm date, else the next one."""
    on_the_day = (fill for fill in answer.fills if fill.on == finding.harm_on)
    return next(on_the_day, None) or next(iter(answer.fills), None)


def _last_drug(case: Case) -> str | None:
    latest = max(case.patient.regimens, key=lambda each: each.starts_on, default=None)
    return latest.drug.value if latest else None
