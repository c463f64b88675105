"""The specification curve: every combination of the declared choices, so that nobody has to trust one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import numbers
from models.borders import borders_of
from models.case import Coding
from models.design import Design
from models.effect import Effect, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Status
from models.inference.refusal import NoInference
from models.sensitivity.combinations import Specification, estimated
from models.sensitivity.joint import Joint, joint_test
from models.sensitivity.main import Main, not_run
from models.sensitivity.options import choices_of, combinations
from models.wording import signed

MOST = 500
"""Combinations that are estimated."""
OPPOSED = 0.1
"""Share of the specifications that speak against the main analysis, from which the answer hangs on a choice."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Every combination that gives an estimate, from the lowest to the highest.

    Attributes
    ----------
    specs
        Specifications with their effects; the main analysis is among them.
    refused, repeated
        Combinations that give no estimate, and that compare the very same numbers as another one.
    possible
        Combinations there are; above `MOST`, only those nearest the main analysis were estimated.
    joint
        Where their median stands among all choices of treated areas.
    """

    specs: tuple[tuple[Specification, Effect], ...]
    refused: int
    repeated: int
    possible: int
    joint: Joint


def curve(main: Main, design: Design, codings: Sequence[Coding] = ()) -> Curve:
    """Estimate every combination of the declared choices.

    Parameters
    ----------
    main
        The main analysis.
    design
        Declares excluded stretches, dominant areas and borders.
    codings
        Other codings of boundaries.
    """
    choices = choices_of(main, design, codings)
    every = combinations(choices)
    tried = every[:MOST]
    found = estimated(choices, tried, main.level)
    specs = [(spec, spec.effect) for spec in found if not isinstance(spec.effect, NoInference)]
    specs.sort(key=lambda each: each[1].estimate)
    panel = choices.panel
    borders = borders_of(panel.areas, design.neighbours)
    joint = joint_test([spec for spec, _ in specs], panel.kind, panel.treated, borders, design.seed)
    return Curve(tuple(specs), len(found) - len(specs), len(tried) - len(found), len(every), joint)


def specification_curve(main: Main, design: Design, codings: Sequence[Coding] = ()) -> Check:
    """Say how far the answer hangs on any of the declared choices.

    Returns
    -------
    Check
        WARN if more than `OPPOSED` of the specifications point the other way, not counting those that the main interval
        allows for while neither interval shows an effect; or if most of the intervals disagree with the main one on
        whether there is an effect.
    """
    found = curve(main, design, codings)
    if len(found.specs) == 1:
        finding = "There is no choice that this study could have made otherwise and that the data allow."
        return not_run("specification_curve", finding)
    effects = [effect for _, effect in found.specs]
    same = sum(effect.estimate * main.effect.estimate >= 0 for effect in effects)
    clear = sum(effect.excludes_none for effect in effects)
    count = len(effects)
    turned = sum(_against(main.effect, effect) for effect in effects)
    shows = main.effect.excludes_none
    warn = turned > OPPOSED * count or (2 * clear < count if shows else 2 * clear > count)
    return Check(
        "specification_curve",
        Status.WARN if warn else Status.PASS,
        _finding(main, found, same, clear),
        _detail(found, warn=warn),
        _evidence(main, found),
    )


def _against(main: Effect, other: Effect) -> bool:
    """Whether an estimate points the other way, and not only because the main one is close to no effect."""
    if main.estimate * other.estimate >= 0:
        return False
    allowed = main.interval is not None and main.interval[0] <= other.estimate <= main.interval[1]
    return main.excludes_none or other.excludes_none or not allowed


def _finding(main: Main, found: Curve, same: int, clear: int) -> str:
    panel, joint, count = main.panel, found.joint, len(found.specs)
    least, most = (signed(panel, found.specs[place][1].estimate) for place in (0, -1))
    intervals = any(effect.interval for _, effect in found.specs)
    some = {0: "no interval lies", count: "all intervals lie"}.get(
        clear, f"{_share(clear, count)} of the intervals lie"
    )
    apart = f"; {some} wholly on one side of no effect" if intervals else ""
    choices = "possible" if joint.exact else "random"
    return (
        f"{count:,} combinations of the declared choices give {least} to {most}; {_same(same, count)} the same "
        f"way as the main estimate of {signed(panel, main.effect.estimate)}{apart}; their median of "
        f"{signed(panel, joint.median)} ranks {joint.rank:,} of {joint.assignments:,} {choices} choices of treated "
        f"areas ({numbers.p_value(joint.p_value)}, and at best {numbers.smallest_p(joint.attainable_p)})."
    )


def _same(same: int, count: int) -> str:
    return {0: "none points", count: "all point"}.get(same, f"{_share(same, count)} point")


def _share(part: int, whole: int) -> str:
    """Write a share of more than none and less than all."""
    return f"{numbers.fixed(min(99, max(1, 100 * part / whole)), 0)}%"


def _detail(found: Curve, *, warn: bool) -> str:
    meaning = (
        "The answer hangs on choices that reasonable people could make differently."
        if warn
        else "The combinations share the same data, so they are no independent confirmations of each other."
    )
    nearest = f"Of {found.possible:,} combinations the {MOST} nearest the main analysis were tried."
    parts = [meaning, nearest if found.possible > MOST else ""]
    if found.repeated:
        parts.append(f"{found.repeated:,} compare the very same numbers as another one and are left out.")
    if found.refused:
        parts.append(f"{found.refused:,} more give no estimate.")
    return " ".join(filter(None, parts))


def _evidence(main: Main, found: Curve) -> Evidence:
    rows = (
        row_of(spec.departures, main.panel, effect, note=spec.choices, chosen=not spec.options.departures)
        for spec, effect in found.specs
    )
    title = "Every combination of the declared choices, from the lowest estimate to the highest"
    return Evidence(title, Figure.CURVE, main.panel.scale, Quantity.OUTCOME, tuple(rows), by_area=True)
