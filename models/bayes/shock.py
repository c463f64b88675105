"""How large a shock to an area's whole follow-up may be, judged by the baseline: the prior scale of its SD.

A shock is whatever else happens to an area and lasts: a new officer in charge, a changed way of recording, a closed
pub. It adds to the area's change however many months are counted. Within the baseline, where the intervention did
nothing, areas' changes between windows spread by such shocks, by sampling and by noise from month to month; what the
last two leave is the shocks' own variance.
"""

from dataclasses import dataclass, replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.bayes.links import Link, link_of, on_link
from models.bayes.noise import MonthlyNoise, monthly_noise, value_unit
from models.inference.refusal import NoInference
from models.panel import Panel
from models.sensitivity.starts import EarlierStart, earlier_starts
from models.sensitivity.summaries import summarise_windows
from models.sensitivity.windows import matched, season_of

DEFAULT = {Link.LOG: 0.1, Link.LOGIT: 0.2, Link.CLOGLOG: 0.15, Link.LOG_DAYS: 0.15, Link.IDENTITY: 0.5}
"""Scale where the baseline says nothing: half the standard deviation of the weak prior of an effect, on every scale.

On values it is in standard deviations of an area's period (`models.bayes.noise.value_unit`).
"""
DEFAULT_DF = 5.0
"""What the default weighs, in degrees of freedom: one placebo window over six areas, measured without noise."""
LEAST_SHARE = 0.5
"""Least part of the default the scale may be: the baseline holds few shocks, and none of those of a new start."""
LEAST_AREAS = 3


@dataclass(frozen=True, slots=True)
class ShockScale:
    """Scale of the half-normal prior of tau, the shock's standard deviation, on the scale of the model.

    Attributes
    ----------
    scale
        The scale; the mean of tau is 0.8 of it, and 95% of its probability lies below 1.96 of it.
    placebo_sd
        Standard deviation of shocks that the placebo windows show; None if there were none. 0 if sampling and monthly
        noise explain all of their spread.
    windows
        Placebo windows behind it; they overlap, and count as fewer.
    default
        Scale where the baseline says nothing.
    note
        How the scale came about, in words.
    """

    scale: float
    placebo_sd: float | None
    windows: int
    default: float
    note: str

    def times(self, factor: float) -> "ShockScale":
        """The same with the scale multiplied."""
        return replace(self, scale=self.scale * factor)


@dataclass(frozen=True, slots=True)
class Placebos:
    """Areas' changes between windows of the baseline.

    Attributes
    ----------
    variance
        What sampling and noise leave of the variance over areas, averaged over windows; may be negative.
    explained
        What sampling and noise explain, averaged alike.
    windows
        Number of windows.
    counted
        Independent windows that would be worth as much.
    areas
        Areas in each window, on average.
    """

    variance: float
    explained: float
    windows: int
    counted: float
    areas: float


def shock_scale(panel: Panel, noise: MonthlyNoise | NoInference | None = None) -> ShockScale:
    r"""Calibrate the prior scale of tau from the baseline of all areas, treated ones included.

    Parameters
    ----------
    panel
        The outcome.
    noise
        Its `monthly_noise`, if that is at hand.

    Notes
    -----
    For every start inside the baseline that leaves room for the follow-up (`models.sensitivity.starts`), with both
    windows cut to the same months where that keeps the follow-up whole, area g changes by W_g on the scale of the
    model. The variance over areas less its mean sampling variance (delta method) and less the variance of the same
    contrast of AR(1) noise (`models.bayes.noise`) estimates tau^2; windows are averaged. They overlap, and count as
    ``m = n^2 / sum_ij r_ij^2`` independent ones, r_ij the correlation of the contrasts of two windows under independent
    months, since the sample variances of normal variables correlate as r^2. With nu = m (G - 1) degrees of freedom the
    average varies by ``2 (t^2 + v)^2 / nu`` about tau^2, v being what was explained and t^2 the larger of it and of the
    default squared; a variance estimated without noise on ``nu t^4 / (t^2 + v)^2`` degrees of freedom varies as much.
    These are combined with the default as in a scaled inverse chi-square::

        scale^2 = (5 default^2 + nu' placebo^2) / (5 + nu'),      at least half the default

    The floor is there because a start of anything brings shocks that quiet years do not hold.
    """
    link = link_of(panel.kind)
    default = DEFAULT[link] * (value_unit(panel) if link is Link.IDENTITY else 1.0)
    learnt = noise or monthly_noise(panel)
    found = placebos(panel, learnt if isinstance(learnt, MonthlyNoise) else None)
    if found is None:
        note = (
            f"Shocks to an area's follow-up: half-normal with scale {_written(default, link)}, the default, because "
            "the baseline is too short for windows in which nothing was done."
        )
        return ShockScale(default, None, 0, default, note)
    scale = combined(found, default)
    return ShockScale(
        scale, max(found.variance, 0.0) ** 0.5, found.windows, default, _note(found, scale, default, link)
    )


def combined(found: Placebos, default: float) -> float:
    """Weigh what the placebos show against the default; see `shock_scale`."""
    size = max(found.variance, default**2)
    df = found.counted * (found.areas - 1) * (size / (size + found.explained)) ** 2
    square = (DEFAULT_DF * default**2 + df * found.variance) / (DEFAULT_DF + df)
    return float(max(max(square, 0.0) ** 0.5, LEAST_SHARE * default))


def placebos(panel: Panel, noise: MonthlyNoise | None) -> Placebos | None:
    """Areas' changes between all windows of the baseline that fit; None if there are none with three areas."""
    pairs = _windows(panel)
    if not pairs:
        return None
    link = link_of(panel.kind)
    summaries = [
        on_link(link, w.summary) for w in summarise_windows(panel.cells, np.asarray([m for p in pairs for m in p]))
    ]
    rows = []
    for (before, after), first, second in zip(pairs, summaries[::2], summaries[1::2], strict=True):
        w, sampling = second[0] - first[0], np.nan_to_num(first[1] + second[1])
        usable = np.isfinite(w)
        if usable.sum() >= LEAST_AREAS:
            monthly = 0.0 if noise is None else noise.expected(noise.contrast(before, after))
            explained = float(sampling[usable].mean()) + monthly
            rows.append(
                (
                    float(w[usable].var(ddof=1)),
                    explained,
                    float(usable.sum()),
                    after / after.sum() - before / before.sum(),
                )
            )
    if not rows:
        return None
    spread, explained, areas = (float(np.mean([row[k] for row in rows])) for k in range(3))
    contrasts = np.asarray([row[3] for row in rows])
    return Placebos(spread - explained, explained, len(rows), counted(contrasts), areas)


def counted(contrasts: FloatArray) -> float:
    """Independent windows worth as much as these contrasts of periods, shape (n, T); see `shock_scale`."""
    unit = contrasts / np.linalg.norm(contrasts, axis=1, keepdims=True)
    return float(len(unit) ** 2 / ((unit @ unit.T) ** 2).sum())


def _windows(panel: Panel) -> list[tuple[BoolArray, BoolArray]]:
    """Windows before and after each earlier start, cut to the same months if any start then keeps its follow-up."""
    starts = earlier_starts(panel.periods).starts
    season = season_of(panel.periods)
    plain = [(start.before, start.after) for start in starts]
    if season is None:
        return plain
    alike = [_whole(start, matched(season, start.before, start.after)) for start in starts]
    return [pair for pair in alike if pair is not None] or plain


def _whole(start: EarlierStart, pair: tuple[BoolArray, BoolArray] | None) -> tuple[BoolArray, BoolArray] | None:
    return pair if pair is not None and pair[1].sum() == start.after.sum() else None


def _written(value: float, link: Link) -> str:
    written = numbers.significant(value, 2)
    return written if link is Link.IDENTITY else f"{written} in {link}"


def _note(found: Placebos, scale: float, default: float, link: Link) -> str:
    shown = (
        "sampling and ordinary ups and downs from month to month explain all of the spread of areas' changes there"
        if found.variance <= 0
        else f"areas' changes there spread by {numbers.significant(found.variance**0.5, 2)} beyond sampling and "
        "ordinary ups and downs from month to month"
    )
    window = "window" if found.windows == 1 else "windows, which overlap and count as"
    worth = "" if found.windows == 1 else f" {numbers.significant(found.counted, 2)}"
    floor = " That is the least it may be." if scale <= LEAST_SHARE * default * (1 + 1e-9) else ""
    return (
        f"Shocks to an area's follow-up: half-normal with scale {_written(scale, link)}, from {found.windows:,} "
        f"placebo {window}{worth}, within the baseline, where nothing was done: {shown}; the default is "
        f"{numbers.significant(default, 2)}.{floor}"
    )
