"""What is weighted: one series per area over the periods that count, and what else is known of the areas."""

from dataclasses import dataclass, replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray, IntArray
from models.case import Case, Predictor
from models.estimate import Scale
from models.inference.refusal import NoInference
from models.panel import Cells, CountCells, Panel, TimeToEventCells, observed
from models.summary import natural, period_matrix
from models.synthetic.options import SyntheticOptions
from models.synthetic.problem import Problem
from models.wording import listed

FEWEST_DONORS = 2
FEWEST_BEFORE = 3
ENOUGH_SEEN = 0.5  # share of comparison areas with a value below which a period is left out


@dataclass(frozen=True, slots=True)
class Series:
    """Areas and periods that count.

    Attributes
    ----------
    panel
        The outcome they come from.
    values
        On the scale areas are weighted on, shape (G, T'); no gaps.
    treated
        Mask of the treated areas, shape (G,).
    before
        Mask of the baseline, shape (T',).
    names
        Of the G areas.
    periods
        Index of each of the T' periods among the panel's.
    level
        True if the values are levels of an outcome whose effects are ratios.
    predictors, training
        Shape (K, G); see `Problem`.
    titles
        Of the K predictors.
    validation
        See `SyntheticOptions`.
    left_out
        Comparison areas without a value in some period, or without a predictor.
    unseen
        Periods of the two windows left out for want of values.
    unknown
        Titles of predictors left out because they are not known of a treated area.
    """

    panel: Panel
    values: FloatArray
    treated: BoolArray
    before: BoolArray
    names: tuple[str, ...]
    periods: IntArray
    level: bool
    predictors: FloatArray
    training: FloatArray
    titles: tuple[str, ...]
    validation: int | None
    left_out: tuple[str, ...]
    unseen: int
    unknown: tuple[str, ...]

    @property
    def donors(self) -> IntArray:
        """Indices of the comparison areas."""
        return np.flatnonzero(~self.treated)

    def problem(self, own: int, donors: IntArray) -> Problem:
        """Take one area for treated, and these for its donors."""
        chosen = np.concatenate([[own], donors])
        return Problem(
            own=self.values[own],
            donors=self.values[donors],
            before=self.before,
            predictors=self.predictors[:, chosen],
            training=self.training[:, chosen],
            validation=self.validation,
        )

    def without(self, area: int) -> "Series":
        """The same without one area."""
        kept = np.arange(len(self.names)) != area
        return replace(
            self,
            values=self.values[kept],
            treated=self.treated[kept],
            names=tuple(n for n, k in zip(self.names, kept, strict=True) if k),
            predictors=self.predictors[:, kept],
            training=self.training[:, kept],
        )

    def effect(self, gap: float) -> float | None:
        """Carry an average gap over follow-up to the linear scale; None where a level leaves no ratio."""
        if not self.level:
            return gap
        seen = float(self.values[self.treated][:, ~self.before].mean())
        return float(np.log(seen / (seen - gap))) if min(seen, seen - gap) > 0 else None

    def shown(self, values: FloatArray) -> FloatArray:
        """Carry values to the outcome's unit."""
        return values if self.level else natural(self.panel, values)


def series_of(case: Case, options: SyntheticOptions) -> Series | NoInference:
    """Take the series to be weighted out of a case, or say why there are none.

    A period counts if it lies in the baseline or the follow-up, every treated area has a value, and at least half of
    the comparison areas have; a comparison area without a value in one of those is left out. A rate of nought has no
    logarithm: on the linear scale a treated area without events in some period stops the analysis, and so does one
    with cases in a period but none completed. Periods whose cases are not followed to the horizon are left out.
    """
    panel = case.panel
    level = options.scale == "level" and panel.scale is Scale.RATIO
    values = _levels(panel) if level else period_matrix(panel.cells)[0]
    windows = panel.periods.baseline | panel.periods.follow_up
    known = np.isfinite(values)
    silent = _silent(panel, windows & (observed(panel.cells) & ~known)[panel.treated].any(axis=0))
    if silent:
        return NoInference(silent)
    counts = windows & known[panel.treated].all(axis=0) & (known[~panel.treated].mean(axis=0) >= ENOUGH_SEEN)
    predictors = tuple(p for p in case.predictors if _is_known(p, panel.treated))
    kept = known[:, counts].all(axis=1) & _predicted(predictors, len(panel.areas))
    periods = np.flatnonzero(counts)
    refusal = _too_little(panel, counts, kept) or _no_validation(predictors, options, panel, counts)
    if refusal:
        return NoInference(refusal)
    return Series(
        panel=panel,
        values=values[kept][:, counts],
        treated=panel.treated[kept],
        before=panel.periods.baseline[counts],
        names=tuple(a for a, k in zip(panel.areas, kept, strict=True) if k),
        periods=periods,
        level=level,
        predictors=_stacked([p.values for p in predictors], kept),
        training=_stacked([_training(p) for p in predictors], kept),
        titles=tuple(p.title for p in predictors),
        validation=options.validation,
        left_out=tuple(a for a, k in zip(panel.areas, kept, strict=True) if not k),
        unseen=int((windows & ~counts).sum()),
        unknown=tuple(p.title for p in case.predictors if not _is_known(p, panel.treated)),
    )


def _silent(panel: Panel, periods: BoolArray) -> str:
    """Say why these periods, in which a treated area has data but no value, stop the analysis; empty if they do not."""
    many, windows = int(periods.sum()), int((panel.periods.baseline | panel.periods.follow_up).sum())
    if not many or isinstance(panel.cells, TimeToEventCells):
        return ""
    if isinstance(panel.cells, CountCells):
        return (
            f"A treated area has no events in {many:,} of {windows:,} periods, and a rate of nought has no logarithm. "
            "Use `scale: level`, or a longer time unit."
        )
    return (
        f"A treated area has no completed case in {many:,} of {windows:,} periods. Use a longer time unit, or a later "
        "extract."
    )


def _levels(panel: Panel) -> FloatArray:
    """Value of every area and period in the outcome's unit, shape (A, T); NaN where there is none."""
    cells: Cells = panel.cells
    if not isinstance(cells, CountCells):
        return natural(panel, period_matrix(cells)[0])
    rate = np.full(cells.events.shape, np.nan)
    np.divide(cells.events, cells.exposure, out=rate, where=cells.exposure > 0)
    return rate * panel.per


def _is_known(predictor: Predictor, areas: BoolArray) -> bool:
    """Whether a predictor is known of all these areas, in both stretches."""
    return all(np.isfinite(values[areas]).all() for values in (predictor.values, _training(predictor)))


def _training(predictor: Predictor) -> FloatArray:
    return predictor.values if predictor.training is None else predictor.training


def _predicted(predictors: tuple[Predictor, ...], areas: int) -> BoolArray:
    """Mask of the areas of which every predictor is known, shape (A,)."""
    known = np.ones(areas, dtype=np.bool_)
    for predictor in predictors:
        known &= np.isfinite(predictor.values) & np.isfinite(_training(predictor))
    return known


def _stacked(rows: list[FloatArray], kept: BoolArray) -> FloatArray:
    return np.asarray([row[kept] for row in rows]).reshape(len(rows), int(kept.sum()))


def _too_little(panel: Panel, counts: BoolArray, kept: BoolArray) -> str:
    before = int((counts & panel.periods.baseline).sum())
    after = int((counts & panel.periods.follow_up).sum())
    if before < FEWEST_BEFORE or after < 1:
        return (
            f"{before:,} periods before the start and {after:,} after it have values in the treated areas and in half "
            f"of the comparison areas; at least {FEWEST_BEFORE} and 1 are needed. Lengthen the windows, or use a "
            "shorter time unit."
        )
    donors = int((kept & ~panel.treated).sum())
    if donors < FEWEST_DONORS:
        missing = [a for a, k in zip(panel.areas, kept, strict=True) if not k]
        lost = f" Left out for want of a value in some period: {listed(missing)}." if missing else ""
        return (
            f"There {'is' if donors == 1 else 'are'} {donors:,} comparison area{'' if donors == 1 else 's'} to weigh, "
            f"and at least {FEWEST_DONORS} are needed.{lost} Add comparison areas, or use a longer time unit."
        )
    return ""


def _no_validation(
    predictors: tuple[Predictor, ...], options: SyntheticOptions, panel: Panel, counts: BoolArray
) -> str:
    held, before = options.validation, int((counts & panel.periods.baseline).sum())
    if held is None:
        return ""
    if not predictors:
        return (
            "`validation` chooses how much predictors count, and there are none. Declare `predictors`, or take it out."
        )
    if held >= before:
        return f"`validation: {held}` leaves no earlier period of the {numbers.count(before)} in the baseline."
    return ""
