"""Do areas vary alike? Changes of every area against its size, and what that does to a test that assumes so."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.changes import limits_on_scale
from models.describe import Z95
from models.estimate import Check, Row, Status
from models.inference.headline import Method, choose
from models.panel import Kind
from models.sensitivity.main import MOST_ROWS, Main, forest, shown, spread_words
from models.summary import summarise

NAME = "area_sizes"
NOTABLE = 0.05
MUCH = 1.5
"""Times as noisy, from which the t test's standard error is notably too small."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How much the changes of each group vary, on the linear scale.

    Attributes
    ----------
    treated, comparison
        Standard deviations; None for a single area.
    expected
        Times as much as comparison areas that treated areas should vary, judging by the number of cases in each area;
        None where that is not known.
    p_value
        One-sided F test of treated areas varying no more than comparison areas; None where either has no spread.
    """

    treated: float | None
    comparison: float | None
    expected: float | None
    p_value: float | None


def spread_by_group(w: FloatArray, variance: FloatArray, treated: BoolArray) -> Spread:
    """Compare the spread of two groups of changes.

    Parameters
    ----------
    w, variance
        Changes and their sampling variance, shape (G,); the latter NaN where unknown.
    treated
        Mask of the treated areas, shape (G,).

    Notes
    -----
    A change varies by tau^2, which areas share, plus its own sampling variance v_g. From the comparison areas,
    ``tau^2 = max(0, s0^2 - mean v0)``, and the ratio expected is ``sqrt((tau^2 + mean v1)/(tau^2 + mean v0))``: it
    needs no spread of the treated areas, which two areas can hardly show and one cannot.
    """
    own, other = (float(w[m].std(ddof=1)) if m.sum() > 1 else None for m in (treated, ~treated))
    expected = p_value = None
    known = bool(np.isfinite(variance).all())
    if other is not None and known:
        sampling, theirs = float(variance[treated].mean()), float(variance[~treated].mean())
        shared = max(0.0, other**2 - theirs)
        expected = float(np.sqrt((shared + sampling) / (shared + theirs))) if shared + theirs > 0 else None
    if own and other:
        p_value = float(stats.f.sf((own / other) ** 2, int(treated.sum()) - 1, int((~treated).sum()) - 1))
    return Spread(own, other, expected, p_value)


def understated(ratio: float, treated: int, comparison: int) -> float:
    """True standard error over the one the collapsed t uses, if treated areas vary `ratio` times as much as the others.

    ``SE^2 = r^2/G1 + 1/G0`` against the mean of what the test takes it for, ``s^2 (1/G1 + 1/G0)`` with
    ``E s^2 = ((G1 - 1) r^2 + G0 - 1)/(G1 + G0 - 2)``.
    """
    pooled = ((treated - 1) * ratio**2 + comparison - 1) / (treated + comparison - 2)
    assumed = pooled * (1 / treated + 1 / comparison)
    return float(np.sqrt((ratio**2 / treated + 1 / comparison) / assumed))


def area_sizes(main: Main) -> Check:
    """Show every area's change against its size, and say whether treated areas vary more than comparison areas.

    Returns
    -------
    Check
        WARN if the headline assumes that areas vary alike, and treated areas should by their size vary at least
        `MUCH` times as much, or do so beyond chance.
    """
    usable, panel = main.usable, main.panel
    treated = panel.treated[usable]
    w, variance = main.changes.w[usable], main.changes.variance[usable]
    size = summarise(panel.cells, panel.periods.baseline).n
    found = spread_by_group(w, variance, treated)
    evidence = forest(
        main,
        "Change of each area from baseline to follow-up, and its size",
        _rows(main, size),
        note="The ranges hold sampling error only: how well the area itself is measured.",
        by_area=True,
    )
    if found.expected is None and found.p_value is None:
        alike = found.treated is not None and found.comparison is not None
        why = ": areas of a group all changed by the same amount" if alike else " from so few areas"
        finding = f"Whether treated areas vary more than comparison areas cannot be judged{why}."
        return Check(NAME, Status.NOT_RUN, finding, _by_size(w, size[usable], treated), evidence)
    method = choose(int(treated.sum()), int((~treated).sum())).method
    noisier = (found.expected or 0.0) >= MUCH or (found.p_value is not None and found.p_value < NOTABLE)
    warn = noisier and method is Method.COLLAPSED_T
    detail = f"{_meaning(found, treated, method)} {_by_size(w, size[usable], treated)}".rstrip()
    return Check(NAME, Status.WARN if warn else Status.PASS, _finding(main, found), detail, evidence)


def _finding(main: Main, found: Spread) -> str:
    expected = "" if found.expected is None else _times(found.expected)
    if found.treated is None or found.comparison is None:
        seen = "its own variation cannot be seen"
        return f"By its size alone the one treated area should vary {expected} as a comparison area; {seen}."
    one, other = (spread_words(main.panel, sd) for sd in (found.treated, found.comparison))
    seen = f"Changes have a standard deviation of {one} in treated and of {other} in comparison areas"
    ratio = f", {_times(found.treated / found.comparison)}" if found.comparison > 0 else ""
    return f"{seen}{ratio}{f'; by their size alone it should be {expected}' if expected else ''}."


def _times(ratio: float) -> str:
    return f"{numbers.significant(ratio, 2)} times as much"


def _meaning(found: Spread, treated: BoolArray, method: Method) -> str:
    if method is not Method.COLLAPSED_T:
        return "The main analysis lets treated and comparison areas vary differently."
    ratio = found.expected or 0.0
    words = "The main analysis takes areas to vary alike."
    if ratio <= 1 or len(treated) < 3:
        return words
    factor = understated(ratio, int(treated.sum()), int((~treated).sum()))
    short = 1 - 1 / factor
    if short < 0.01:
        return words
    error = f"its standard error would be {numbers.threshold(round(short, 2))} too small"
    return f"{words} With the ratio their sizes suggest, {error}."


def _by_size(w: FloatArray, size: FloatArray, treated: BoolArray) -> str:
    """Compare smaller with larger areas, by the spread about their own group's mean; empty under four such areas."""
    off = np.full(len(w), np.nan)
    for group in (treated, ~treated):
        if group.sum() > 1:  # a group's mean takes its share of each deviation
            off[group] = (w[group] - w[group].mean()) * np.sqrt(group.sum() / (group.sum() - 1))
    order = np.argsort(size, kind="stable")
    order = order[np.isfinite(off[order])]
    half = len(order) // 2
    if half < 2:
        return ""
    small, large = (float(np.sqrt((off[part] ** 2).mean())) for part in (order[:half], order[-half:]))
    if not large:
        return ""
    return f"The {half:,} smallest areas vary {_times(small / large)} as the {half:,} largest."


def _rows(main: Main, size: FloatArray) -> list[Row]:
    """One row per area, treated first and the larger before the smaller; of many, the largest and the smallest."""
    panel = main.panel
    rows = []
    for group, members in (("Treated areas", main.treated), ("Comparison areas", main.comparison)):
        order = np.flatnonzero(members)[np.argsort(-size[members], kind="stable")].tolist()
        room = MOST_ROWS // 2
        chosen = order if len(order) <= room else order[: room // 2] + order[-room // 2 :]
        rows += [_row(main, a, group, f"{numbers.count(float(size[a]))} {_things(panel.kind)}") for a in chosen]
    return rows


def _row(main: Main, area: int, group: str, note: str) -> Row:
    w, variance = float(main.changes.w[area]), float(main.changes.variance[area])
    half = Z95 * np.sqrt(variance) if np.isfinite(variance) else None
    limits = None if half is None else limits_on_scale(main.panel.scale, (w - half, w + half))
    lo, hi = limits or (None, None)
    return Row(main.panel.areas[area], shown(main.panel, w), lo, hi, group=group, note=note)


def _things(kind: Kind) -> str:
    return "events in the baseline" if kind is Kind.COUNT else "cases in the baseline"
