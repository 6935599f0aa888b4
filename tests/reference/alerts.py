"""One finding: its severity, its object, its harm date (rulebook 10)."""

from datetime import date

from reference.days import between
from reference.world import World

ORDER = ["critical", "high", "warning", "info"]


def tier(days: int) -> str:
    if days <= 7:
        return "critical"
    if days <= 14:
        return "high"
    return "warning" if days <= 30 else "info"


def worse(one: str, other: str) -> str:
    return min(one, other, key=ORDER.index)


class Findings:
    """One alert per code and object: the first one's facts stay."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.found: list[dict] = []

    def add(self, code: str, severity: str, about: str | None, harm: date | None, facts: dict) -> None:
        for each in self.found:
            if (each["code"], each["about"]) == (code, about):
                return
        self.found.append(
            {"code": code, "severity": severity, "about": about, "harm_on": harm, "facts": facts}
        )

    def add_by_harm(self, code: str, least: str, about: str | None, harm: date | None, facts: dict) -> None:
        """At least this severity, the tier of the harm date if that is worse."""
        severity = least
        if harm is not None:
            severity = worse(least, tier(between(self.world.today, harm)))
        self.add(code, severity, about, harm, facts)
