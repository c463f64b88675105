"""What a Bayesian time series is made of: the treated areas' pooled series, and those it may follow."""

from dataclasses import dataclass, replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray, IntArray
from models.bayes.comparative.options import BayesItsOptions
from models.bayes.comparative.structure import Structure
from models.borders import bordering, borders_of
from models.design import Design
from models.inference.refusal import NoInference
from models.its.series import pooled
from models.its.terms import HAVE_MONTHS, Extra, Season, event_terms, harmonics_by_rule, most_harmonics, seasonal_terms
from models.its.words import number_of
from models.panel import Kind, Panel
from models.series.fit import is_exact, is_full_rank
from models.summary import period_matrix
from models.wording import listed

YEARS_FOR_MONTHS = 5
YEARS_BEFORE, FEWEST_BEFORE, FEWEST_AFTER = 2, 8, 3
MOST_PERIODS = 700
ENOUGH_SEEN = 0.85
"""Share of each window's periods that comparison areas must leave; those with most gaps go until they do."""
LEAST_DF = 3


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Series on the linear scale, over the n periods of baseline and the m of follow-up that count.

    Attributes
    ----------
    panel
        The outcome they come from.
    values
        Treated areas' pooled series, shape (n + m,).
    structure
        Calendar, flat columns, comparison series and noise.
    names
        Of the K comparison areas.
    shares
        Of each treated area in the pool, in follow-up; shape (number of treated areas,); they sum to 1.
    size
        Exposure for counts, cases otherwise, of the treated areas, shape (n + m,).
    season, events
        What the flat columns stand for besides the constant.
    bordering
        Comparison areas in use that border a treated one.
    left_out
        Comparison areas not used for want of values.
    shunned
        Comparison areas not used because they border a treated one.
    unseen
        Periods of the two windows left out for want of values.
    """

    panel: Panel
    values: FloatArray
    structure: Structure
    names: tuple[str, ...]
    shares: FloatArray
    size: FloatArray
    season: Season
    events: tuple[str, ...]
    bordering: tuple[str, ...]
    left_out: tuple[str, ...]
    shunned: tuple[str, ...]
    unseen: int

    @property
    def before(self) -> FloatArray:
        """Values of the baseline, shape (n,)."""
        return self.values[: self.structure.before]

    @property
    def after(self) -> FloatArray:
        """Values of the follow-up, shape (m,)."""
        return self.values[self.structure.before :]

    def shock_share(self, *, shared: bool) -> float:
        """Variance of the treated areas' mean shock per unit of tau squared: 1 if they share one."""
        return 1.0 if shared else float((self.shares**2).sum())

    def following(self, kept: BoolArray) -> "Series":
        """The same with some of the comparison series, a mask of shape (K,)."""
        names = tuple(n for n, k in zip(self.names, kept, strict=True) if k)
        return replace(
            self,
            structure=replace(self.structure, follow=self.structure.follow[:, kept]),
            names=names,
            bordering=tuple(n for n in self.bordering if n in names),
        )

    def swapped(self, area: int) -> "Series":
        """Take one comparison area for treated, and the other comparison areas as what it follows."""
        kept = np.arange(len(self.names)) != area
        return replace(
            self.following(kept), values=self.structure.follow[:, area], shares=np.ones(1), size=np.ones_like(self.size)
        )

    def earlier(self) -> tuple[int, int]:
        """Length of a pretended follow-up within the baseline, at most a third of it, and the fewest periods before."""
        n, unit = self.structure.before, self.panel.periods.unit
        length = max(FEWEST_AFTER, min(len(self.after), n // 3))
        terms = self.structure.flat.shape[1] + LEAST_DF
        return length, max(FEWEST_BEFORE, round(YEARS_BEFORE * unit.per_year), terms)

    def started(self, start: int, end: int) -> "Series":
        """Take the baseline's periods from `start` to before `end` for follow-up, and forget what came after."""
        kept, structure = np.arange(end), self.structure
        return replace(
            self,
            values=self.values[kept],
            size=self.size[kept],
            structure=Structure(
                structure.times[kept], start, structure.flat[kept], structure.follow[kept], structure.noise[kept]
            ),
        )


def series_of(panel: Panel, design: Design, options: BayesItsOptions) -> Series | NoInference:
    """Take the series out of a panel, or say why there are none.

    A period counts if it lies in the baseline or the follow-up and every area that is used has a value; the others keep
    their place in the calendar. Comparison areas with most gaps are left out, one by one, until those that are left
    cost no window more than 15% of its periods. Counts become log rates, durations mean log days, shares and means
    stay; periods other than those of counts are trusted by their cases.
    """
    window = panel.periods.baseline | panel.periods.follow_up
    own, size, silent = _treated(panel, window)
    others = np.flatnonzero(~panel.treated)
    beside = bordering(borders_of(panel.areas, design.neighbours), panel.treated)[others]
    shunned = beside if options.neighbours == "leave_out" else np.zeros_like(beside)
    values = period_matrix(panel.cells)[0]
    counts = window & np.isfinite(own)
    complete = _complete(panel, np.isfinite(values[others[~shunned]]), counts)
    used = others[~shunned][complete]
    counts &= np.isfinite(values[used]).all(axis=0)
    obstacle = silent or _too_short(panel, counts)
    if obstacle:
        return NoInference(obstacle)
    periods = np.concatenate([np.flatnonzero(counts & w) for w in (panel.periods.baseline, panel.periods.follow_up)])
    built = _columns(panel, design, options, periods, int((counts & panel.periods.baseline).sum()))
    if isinstance(built, NoInference):
        return built
    flat, season, events = built
    structure = Structure(
        periods,
        int((counts & panel.periods.baseline).sum()),
        flat,
        values[used][:, periods].T,
        np.ones(len(periods)) if panel.kind is Kind.COUNT else float(size[periods].mean()) / size[periods],
    )
    found = Series(
        panel=panel,
        values=own[periods],
        structure=structure,
        names=_named(panel, used),
        shares=_shares(panel, periods[structure.before :]),
        size=size[periods],
        season=season,
        events=events,
        bordering=_named(panel, others[beside & np.isin(others, used)]),
        left_out=_named(panel, others[~shunned][~complete]),
        shunned=_named(panel, others[shunned]),
        unseen=int((window & ~counts).sum()),
    )
    return NoInference(STILL) if _exact(found) else found


STILL = (
    "The treated areas' baseline follows its season exactly, so nothing shows how far chance could move it. Check that "
    "the values are not made up or carried forward."
)


def _complete(panel: Panel, known: BoolArray, counts: BoolArray) -> BoolArray:
    """Comparison areas to keep, of those with a value where `known`, shape (K, T); `counts` are the treated areas'."""
    kept = np.ones(len(known), dtype=np.bool_)
    windows = [counts & window for window in (panel.periods.baseline, panel.periods.follow_up)]
    while kept.any():
        left = known[kept].all(axis=0)
        if all(left[window].mean() >= ENOUGH_SEEN for window in windows if window.any()):
            break
        gaps = np.where(kept, (~known[:, counts]).sum(axis=1), -1)
        kept[int(gaps.argmax())] = False
    return kept


def _named(panel: Panel, areas: IntArray) -> tuple[str, ...]:
    return tuple(panel.areas[a] for a in areas.tolist())


def _treated(panel: Panel, window: BoolArray) -> tuple[FloatArray, FloatArray, str]:
    """Pooled series on the linear scale (T,), its size (T,), and why it cannot be used (empty if it can)."""
    series = pooled(panel, panel.treated, window)
    if panel.kind is not Kind.COUNT:
        return np.where(series.usable, series.values, np.nan), series.weights, ""
    some = series.usable & (series.values > 0)
    empty = int((series.usable & ~some).sum())
    rate = np.divide(series.values, series.weights, out=np.full(len(some), np.nan), where=some)
    reason = (
        f"The treated areas have no events in {number_of(empty, panel.periods.unit)}, and a rate of nought has no "
        "logarithm. Use a longer time unit, or count a broader set of events."
    )
    return np.log(rate), series.weights, reason if empty else ""


def _too_short(panel: Panel, counts: BoolArray) -> str:
    """Say why the windows are too short or too long; empty if they are not."""
    unit = panel.periods.unit
    before, after = (int((counts & w).sum()) for w in (panel.periods.baseline, panel.periods.follow_up))
    least = max(FEWEST_BEFORE, round(YEARS_BEFORE * unit.per_year))
    if before < least or after < FEWEST_AFTER:
        return (
            f"{number_of(before, unit)} before the start and {after:,} after it have values; at least {least:,} (two "
            f"seasons) and {FEWEST_AFTER} are needed. Lengthen the baseline, or exclude less of it."
        )
    if before + after > MOST_PERIODS:
        longer = "weeks or months" if unit.per_year > 60 else "a longer time unit"
        return (
            f"{number_of(before + after, unit)} are more than this model takes ({MOST_PERIODS:,}). Use {longer}, or a "
            "shorter baseline."
        )
    return ""


def _columns(
    panel: Panel, design: Design, options: BayesItsOptions, periods: IntArray, before: int
) -> tuple[FloatArray, Season, tuple[str, ...]] | NoInference:
    """Constant, season, trend and other events that the baseline tells, shape (n + m, p)."""
    season = _season(panel, options, before)
    inside = np.zeros(len(panel.periods), dtype=np.bool_)
    inside[periods[:before]] = True
    treated = _named(panel, np.flatnonzero(panel.treated))
    happened = event_terms(panel.periods, design.events, treated).told_by(inside)
    time = np.arange(len(panel.periods), dtype=np.float64)
    line = (
        Extra(("trend",), (time - time[periods[:before]].mean())[:, None]) if options.trend else Extra.none(len(time))
    )
    extra = line + happened
    flat = np.column_stack([np.ones(len(time)), seasonal_terms(panel.periods, season), extra.columns])[periods]
    spare = before - flat.shape[1]
    if spare < LEAST_DF or not is_full_rank(flat[:before]):
        return NoInference(
            f"{number_of(before, panel.periods.unit)} of baseline cannot tell {flat.shape[1]} terms apart: constant, "
            f"season{', trend' if options.trend else ''}{' and what else happened' if happened.names else ''}. Use "
            "`season: none`, or a longer baseline."
        )
    return flat, season, happened.names


def _season(panel: Panel, options: BayesItsOptions, before: int) -> Season:
    unit = panel.periods.unit
    if options.season == "none" or most_harmonics(unit) == 0:
        return Season("none")
    whole = unit in HAVE_MONTHS and before >= YEARS_FOR_MONTHS * int(unit.per_year)
    if unit in HAVE_MONTHS and (options.season == "months" or (options.season == "auto" and whole)):
        return Season("months")
    return Season.of_pairs(harmonics_by_rule(unit, before))


def _shares(panel: Panel, after: IntArray) -> FloatArray:
    """Share of each treated area in the pool over follow-up: exposure for counts, cases otherwise."""
    inside = np.zeros(len(panel.periods), dtype=np.bool_)
    inside[after] = True
    sizes = []
    for area in np.flatnonzero(panel.treated):
        each = pooled(panel, np.arange(len(panel.areas)) == area, inside)
        weights = each.values if panel.kind is Kind.COUNT else each.weights
        sizes.append(float(weights[each.usable].sum()))
    total = np.asarray(sizes)
    return np.asarray(total / total.sum())


def _exact(series: Series) -> bool:
    """Whether the flat columns leave nothing of the baseline but rounding error."""
    n = series.structure.before
    flat, values = series.structure.flat[:n], series.before
    left = values - flat @ np.linalg.lstsq(flat, values)[0]
    return is_exact(left, values)


def lost_words(series: Series) -> str:
    """Say which areas and periods are not used; empty if all are."""
    parts = []
    if series.left_out:
        parts.append(f"Left out for want of a value in some period: {listed(series.left_out)}.")
    if series.shunned:
        parts.append(f"Left out because they border a treated area: {listed(series.shunned)}.")
    if series.unseen:
        parts.append(f"Periods left out for want of values: {numbers.count(series.unseen)}.")
    return " ".join(parts)
