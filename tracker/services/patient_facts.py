"""A patient's facts on file as rows of words: one panel a kind, what was asked beside what was given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tracker.rules.words import Word


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` says how it is shown: plain, strong, number, long (a sentence), status, masked until opened."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class FactLine:
    id: str
    cells: Sequence[Cell]
    label: str


@dataclass(frozen=True, slots=True)
class FactPanel:
    """`single`: there can be at most one. `one` is what a single record is called."""

    kind: str
    title: str
    one: str
    heads: Sequence[str]
    lines: Sequence[FactLine]
    empty: str
    single: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What ids stand for: plans and authorizations by their id, fills by theirs."""

    plans: Mapping[str, str]
    authorizations: Mapping[str, str]
    fills: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Panels that one part of the page shows together. `id` names it in the page's address."""

    id: str
    title: str
    panels: Sequence[FactPanel]

    @property
    def count(self) -> int:
        return sum(len(panel.lines) for panel in self.panels)


Row = Callable[[Any, Names], Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: str
    title: str
    one: str
    heads: Sequence[str]
    cells: Row
    empty: str
    single: bool = False


def panels(rows: Mapping[str, Sequence[Any]], names: Names) -> list[FactPanel]:
    """The panels in the order in which a coordinator reads them; newest fact first."""
    return [_panel(kind, rows.get(kind.kind, ()), names) for kind in KINDS]


GROUPS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("coverages", "Coverages", ("coverage",)),
    (
        "therapy",
        "Therapy and fills",
        ("regimen", "fill", "planned_fill", "refill_contact", "transplant", "lab", "weight"),
    ),
    ("authorizations", "Authorizations", ("authorization", "denial")),
    ("trials", "Step trials", ("trial",)),
)


def groups(shown: Sequence[FactPanel]) -> list[FactGroup]:
    """The panels in the order of the page's parts."""
    by_kind = {panel.kind: panel for panel in shown}
    return [FactGroup(name, title, [by_kind[kind] for kind in kinds]) for name, title, kinds in GROUPS]


def _panel(kind: _Kind, rows: Sequence[Any], names: Names) -> FactPanel:
    return FactPanel(
        kind=kind.kind,
        title=kind.title,
        one=kind.one,
        heads=kind.heads,
        lines=[_line(row, kind.cells(row, names)) for row in rows],
        empty=kind.empty,
        single=kind.single,
    )


def _line(row: Any, cells: Sequence[Cell]) -> FactLine:
    return FactLine(row.id, cells, cells[0].text)


def span(first: date | None, last: date | None) -> str:
    """An inclusive range in words; a missing end is open."""
    if first and last:
        return f"{first} to {last}"
    if first:
        return f"from {first}"
    return f"to {last}" if last else "no dates on file"


def units(amounts: Mapping[str, int] | None) -> str:
    """`60 J7502 + 120 J7515`."""
    return " + ".join(f"{n} {code}" for code, n in sorted(amounts.items())) if amounts else "not on file"


def takes(regimen: Any) -> str:
    """`cyclosporine modified, 150 mg twice a day`."""
    times = {1: "once", 2: "twice"}.get(regimen.doses_per_day, f"{regimen.doses_per_day} times")
    kind = f" {regimen.formulation.label}" if regimen.formulation else ""
    return f"{words(regimen.drug)}{kind}, {plain(regimen.dose_mg)} mg {times} a day"


def plain(number: Decimal) -> str:
    """A decimal without needless zeros."""
    return f"{number.normalize():f}"


def words(value: StrEnum | str | None) -> str:
    """A stored word as people read it."""
    if value is None:
        return "not on file"
    return value.label if isinstance(value, Word) else str(value).replace("_", " ")


def day(value: date | None) -> str:
    return value.isoformat() if value else "not on file"


def yes(value: bool | None) -> str:
    return "not on file" if value is None else "yes" if value else "no"


def _coverage(row: Any, names: Names) -> Sequence[Cell]:
    rank = "primary" if row.rank == 1 else f"rank {row.rank}"
    basis = f", Medicare by {words(row.medicare_basis)}" if row.medicare_basis else ""
    return (
        Cell(names.plans.get(row.plan_id, "plan not on file"), "strong"),
        Cell(row.member_id, "masked") if row.member_id else Cell("not on file"),
        Cell(span(row.starts_on, row.ends_on)),
        Cell(rank + basis),
    )


def _regimen(row: Any, _names: Names) -> Sequence[Cell]:
    strengths = " and ".join(f"{each} mg" for each in row.strengths_mg)
    form = f"{row.form.label}s of {strengths}" if strengths else row.form.label
    return (
        Cell(takes(row), "strong"),
        Cell(form),
        Cell(f"{row.days_supply} days"),
        Cell(span(row.starts_on, row.ends_on)),
        Cell(day(row.ordered_on)),
    )


def _fill(row: Any, names: Names) -> Sequence[Cell]:
    amounts = {each.code: each.units for each in row.unit_rows}
    claim = words(row.claim_status) if row.claim_status else "no claim on file"
    claim = "reversed" if row.reversed else claim
    codes = [*filter(None, [row.claim_carc]), *row.claim_rarc]
    return (
        Cell(f"{row.on_date:%a} {row.on_date}", "strong"),
        Cell(f"{row.days_supply} days"),
        Cell(units(amounts), "number"),
        Cell(names.authorizations.get(row.authorization_id or "", "")),
        Cell(claim + (f" ({', '.join(codes)})" if codes else "")),
    )


def _planned(row: Any, _names: Names) -> Sequence[Cell]:
    override = ""
    if row.override_kind:
        override = f"{words(row.override_kind)}: {row.override_reason} ({row.override_person})"
    return (
        Cell(f"{row.on_date:%a} {row.on_date}", "strong"),
        Cell(f"{row.days_supply} days"),
        Cell(units(row.units) if row.units else "as the regimen", "number"),
        Cell(override, "long"),
    )


def _authorization(row: Any, names: Names) -> Sequence[Cell]:
    return (
        Cell(f"{row.number or 'no number yet'}", "strong"),
        Cell(f"{row.kind.label}, {names.plans.get(row.plan_id, 'plan not on file')}"),
        Cell(row.status.label, "status"),
        Cell(_asked(row), "long"),
        Cell(_given(row), "long"),
    )


def _asked(row: Any) -> str:
    lines = [
        f"{each.requested_units if each.requested_units is not None else 'no limit'} {each.code}"
        for each in row.lines
        if each.requested
    ]
    dates = [row.requested_starts_on, row.requested_ends_on]
    parts = [span(*dates)] if any(dates) else []
    parts += [" + ".join(lines)] if lines else []
    parts += [f"on {row.requested_on}"] if row.requested_on else []
    return "; ".join(parts) or "not on file"


def _given(row: Any) -> str:
    lines = [
        f"{each.units if each.units is not None else 'no limit'} {each.code}"
        for each in row.lines
        if each.approved
    ]
    parts = [span(row.starts_on, row.ends_on)] if row.starts_on or row.ends_on else []
    parts += [" + ".join(lines)] if lines else []
    parts += [f"decided {row.decided_on}"] if row.decided_on else []
    parts += [row.reason] if row.reason else []
    return "; ".join(parts) or "nothing yet"


def _trial(row: Any, _names: Names) -> Sequence[Cell]:
    return (
        Cell(words(row.drug), "strong"),
        Cell(span(row.starts_on, row.ends_on)),
        Cell(row.dose or "not on file"),
        Cell(words(row.outcome) + (f": {row.reason}" if row.reason else ""), "long"),
        Cell(day(row.documented_on)),
    )


def _contact(row: Any, _names: Names) -> Sequence[Cell]:
    return Cell(f"{row.on_date:%a} {row.on_date}", "strong"), Cell(yes(row.affirmed))


def _lab(row: Any, _names: Names) -> Sequence[Cell]:
    return Cell(words(row.kind), "strong"), Cell(day(row.on_date))


def _weight(row: Any, _names: Names) -> Sequence[Cell]:
    return Cell(day(row.on_date), "strong"), Cell(f"{plain(row.kg)} kg", "number")


def _transplant(row: Any, _names: Names) -> Sequence[Cell]:
    return (
        Cell(words(row.organ), "strong"),
        Cell(day(row.on_date)),
        Cell(day(row.discharged_on)),
        Cell(yes(row.part_a_at_transplant)),
        Cell(yes(row.approved_facility)),
    )


def _denial(row: Any, names: Names) -> Sequence[Cell]:
    filled = names.fills.get(row.fill_id or "")
    number = names.authorizations.get(row.authorization_id or "", "")
    about = f"fill of {filled}" if filled else f"PA {number}"
    codes = ", ".join(filter(None, (row.carc, row.rarc)))
    return (
        Cell(about, "strong"),
        Cell(row.level.label),
        Cell(day(row.notice_on)),
        Cell(day(row.appeal_by) if row.appeal_by else "by the payer's rule"),
        Cell(codes or "none"),
    )


KINDS: Sequence[_Kind] = (
    _Kind(
        "authorization",
        "Authorizations",
        "authorization",
        ("Number", "Kind, plan", "Status", "Asked", "Approved"),
        _authorization,
        "No authorization on file. Where a plan asks for one, its fills show as refused.",
    ),
    _Kind(
        "coverage",
        "Coverages",
        "coverage",
        ("Plan", "Member ID", "In force, ends included", "Rank"),
        _coverage,
        "No coverage on file. Without one no fill can be paid.",
    ),
    _Kind(
        "regimen",
        "Regimens",
        "regimen",
        ("Takes", "Form", "Each fill", "In force, ends included", "Ordered on"),
        _regimen,
        "No regimen on file. Without one no fill can be foreseen.",
    ),
    _Kind(
        "fill",
        "Fills",
        "fill",
        ("Filled on", "Days supply", "Units", "PA charged", "Claim"),
        _fill,
        "No fill on file. Without a fill the tracker cannot tell when the drug runs out.",
    ),
    _Kind(
        "planned_fill",
        "Planned fills",
        "planned fill",
        ("Planned on", "Days supply", "Units", "Override"),
        _planned,
        "None planned: fills are foreseen from the regimen.",
    ),
    _Kind(
        "trial",
        "Step trials",
        "trial",
        ("Drug", "Taken", "Dose", "Outcome", "Documented on"),
        _trial,
        "No trial of another drug on file.",
    ),
    _Kind(
        "denial",
        "Denials",
        "denial",
        ("Refused", "Level", "Notice of", "Appeal by", "Codes"),
        _denial,
        "No denial on file.",
    ),
    _Kind(
        "refill_contact",
        "Refill contacts",
        "refill contact",
        ("Contact on", "Refill affirmed"),
        _contact,
        "No contact on file.",
    ),
    _Kind(
        "transplant",
        "Transplant",
        "transplant",
        ("Organ", "Transplanted on", "Discharged on", "Part A that day", "Approved facility"),
        _transplant,
        "No transplant on file.",
        single=True,
    ),
    _Kind("lab", "Labs", "lab", ("Test", "Taken on"), _lab, "No lab on file."),
    _Kind("weight", "Weights", "weight", ("Taken on", "Weight"), _weight, "No weight on file."),
)
