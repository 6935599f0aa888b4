"""Fill-ahead and bridge plan for people at a terminal."""

from collections.abc import Iterable, Iterator

from tracker.rules.answer import SumLine
from tracker.rules.bridge import ASK, Bridge, BridgePlan
from tracker.rules.wording import listed, spoken


def told(plan: BridgePlan | None) -> Iterator[str]:
    """The last fill that is permitted, then the ways over the first refused one."""
    yield ""
    if plan is None:
        yield "Fill ahead and bridge plan: not needed, no fill of the next 12 months is refused"
        return
    codes = listed(tuple(code.label for code in plan.codes), "and")
    yield "Fill ahead"
    if plan.ahead is None:
        yield f"  No permitted fill moves the refused one of {spoken(plan.harm_on)}."
    else:
        yield f"  {plan.ahead.message}"
        yield from sum_lines(plan.ahead.sums)
        for note in plan.ahead.notes:
            yield f"    {note}"
    yield ""
    yield f"Bridge plan for the fill of {spoken(plan.harm_on)}: {codes}"
    yield f"  Drug on hand until {spoken(plan.runs_out_on)}"
    if not plan.bridges:
        yield (
            "  No bridge is known: ask the payer."
            if plan.payer
            else "  No plan pays on that day: none can be asked."
        )
    for bridge in plan.bridges:
        yield from _bridge(bridge)
    if plan.bridges:
        yield f"  {ASK}"


def sum_lines(sums: Iterable[SumLine]) -> Iterator[str]:
    """A date sum, indented as in a proof."""
    for line in sums:
        note = f"  {line.note}" if line.note else ""
        yield f"      {line.op:1} {line.label:32} {line.value:>26}{note}"


def _bridge(bridge: Bridge) -> Iterator[str]:
    yield f"  {bridge.kind.label}: {bridge.what}"
    late = "" if bridge.in_time else " (that has passed)"
    yield f"    Until: {bridge.until_said}{late}"
    for need in bridge.needs:
        yield f"    Needs: {need}"
    yield f"    Buys: {bridge.buys}"
    verified = f"verified {bridge.verified_on}" if bridge.verified_on else "unverified"
    yield f"    Source: {bridge.source} ({verified})"
