"""What several alternatives to the main analysis say together, in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.effect import Effect, disagreement, overturns, row_of
from models.estimate import Check, Evidence, Row, Status
from models.inference.refusal import NoInference
from models.sensitivity.main import Main, main_row
from models.wording import listed, signed

MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Alternative:
    """The main analysis with one thing changed.

    Attributes
    ----------
    label
        What was changed ("without Norwich").
    effect
        What came out, or why nothing did.
    group, note
        As in `Row`.
    """

    label: str
    effect: Effect | NoInference
    group: str = ""
    note: str = ""


def rows_of(main: Main, alternatives: Sequence[Alternative]) -> tuple[Row, ...]:
    """The main analysis, then every alternative."""
    others = (row_of(a.label, main.panel, a.effect, group=a.group, note=a.note) for a in alternatives)
    return (main_row(main), *others)


def compared(
    name: str, main: Main, alternatives: Sequence[Alternative], opening: str, detail: str, evidence: Evidence
) -> Check:
    """Build the check of a set of alternatives.

    Parameters
    ----------
    name
        Identifier of the check.
    alternatives
        At least one.
    opening
        What was done, to stand before "..., the estimate is" ("Leaving out one area at a time").
    detail
        What follows, or why it was done.
    evidence
        The alternatives as rows.

    Returns
    -------
    Check
        WARN if an alternative disagrees with the main analysis; NOT_RUN, with a reason, if none has an estimate.
    """
    found = [(a.label, a.effect) for a in alternatives if not isinstance(a.effect, NoInference)]
    refused = [a.effect.reason for a in alternatives if isinstance(a.effect, NoInference)]
    if not found:
        return Check(name, Status.NOT_RUN, f"{opening}, no estimate can be made.", refused[0], evidence)
    against = [(label, how) for label, other in found if (how := disagreement(main.effect, other))]
    only = f" {found[0][0]}, which alone can be made," if len(found) == 1 < len(alternatives) else ""
    finding = f"{opening}, {_range(main, [other.estimate for _, other in found], only)}{_verdict(len(found), against)}."
    missing = f"{len(refused):,} of {len(alternatives):,} could not be estimated: {refused[0]}" if refused else ""
    text = " ".join(filter(None, [detail, missing]))
    overturned = any(overturns(main.effect, other) for _, other in found)
    return Check(name, Status.WARN if against else Status.PASS, finding, text, evidence, overturned)


def _range(main: Main, estimates: Sequence[float], only: str) -> str:
    own = f"{signed(main.panel, main.effect.estimate)} in the main analysis"
    if len(estimates) == 1:
        return f"the estimate{only} is {signed(main.panel, estimates[0])}, against {own}"
    least, most = (signed(main.panel, limit) for limit in (min(estimates), max(estimates)))
    between = f"are all {least}" if least == most else f"lie between {least} and {most}"
    return f"{len(estimates):,} estimates {between}, against {own}"


def _verdict(count: int, against: Sequence[tuple[str, str]]) -> str:
    """Say whether the answer changes, and how; goes on from the range."""
    if count == 1:
        return f", and it {against[0][1]}" if against else ", and the answer stays the same"
    if not against:
        return "; none of them changes the answer"
    ways = dict.fromkeys(how for _, how in against)
    told = [f"{_some([label for label, other in against if other == how])} it {how}" for how in ways]
    return f"; {'; '.join(told)}"


def _some(labels: Sequence[str]) -> str:
    """Write up to `MOST_TOLD` labels, or how many there are."""
    return listed(labels) if len(labels) <= MOST_TOLD else f"in {len(labels):,} of them"
