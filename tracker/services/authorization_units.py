"""What is left of an authorization's units: the fills charged to it so far, those to come, and the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.rules.desk import Desk
from tracker.rules.facts import Authorization, AuthorizationLine
from tracker.services.kept_answer import KeptFill


@dataclass(frozen=True, slots=True)
class Charge:
    """One fill's units of a code. `on` None: used before the fills on file."""

    on: date | None
    units: int
    planned: bool


@dataclass(frozen=True, slots=True)
class Burn:
    """One code. `left`: what no fill uses; `short`: more is charged than is authorized."""

    code: str
    authorized: int
    charges: Sequence[Charge]

    @property
    def used(self) -> int:
        return sum(each.units for each in self.charges if not each.planned)

    @property
    def planned(self) -> int:
        return sum(each.units for each in self.charges if each.planned)

    @property
    def left(self) -> int:
        return max(self.authorized - self.used - self.planned, 0)

    @property
    def used_percent(self) -> int:
        """Rounded down; 100 only when none is left."""
        return min(self.used * 100 // self.authorized, 100) if self.authorized else 100

    @property
    def planned_count(self) -> int:
        return sum(1 for each in self.charges if each.planned)


@dataclass(frozen=True, slots=True)
class Units:
    """`lasts_until`: the last day with drug of the fills to come that are charged to it; None: none is."""

    burns: Sequence[Burn]
    lasts_until: date | None
    last_used_on: date | None
    less_than_one_fill: bool
    one_fill: str


def units_of(desk: Desk, pa: Authorization, to_come: Sequence[KeptFill]) -> Units:
    """The codes with a unit limit, each with its charges in time order."""
    filled = [
        (each.fill.on, each.units or {})
        for each in desk.book.supplied
        if desk.charged.get(each.fill.id) == pa.id
    ]
    planned = [each for each in to_come if each.authorization == pa.id]
    burns = []
    for code in dict.fromkeys(line.code for line in pa.lines):
        lines = [line for line in pa.lines if line.code == code]
        if all(line.units is not None for line in lines):
            burns.append(_burn(code, lines, filled, planned))
    last = planned[-1] if planned else None
    need = dict(last.units or {}) if last else {}
    short = any(need.get(each.code, 0) > each.left for each in burns)
    return Units(
        burns=burns,
        last_used_on=filled[-1][0] if filled else None,
        lasts_until=last.runs_out_on - timedelta(days=1) if last else None,
        less_than_one_fill=bool(burns) and short,
        one_fill=" + ".join(f"{count:,} {code}" for code, count in sorted(need.items())),
    )


def _burn(
    code: str,
    lines: Sequence[AuthorizationLine],
    filled: Sequence[tuple[date, Mapping[str, int]]],
    planned: Sequence[KeptFill],
) -> Burn:
    before = sum(line.units_used_before for line in lines)
    charges = [Charge(None, before, planned=False)] if before else []
    charges += [Charge(on, units[code], planned=False) for on, units in filled if units.get(code)]
    for each in planned:
        count = (each.units or {}).get(code)
        if count:
            charges.append(Charge(each.on, count, planned=True))
    return Burn(code, sum(line.units or 0 for line in lines), charges)
