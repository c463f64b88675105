"""Balance: how like the treated areas the weighted ones are in what is known before the start."""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import FloatArray
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.synthetic.checks import CLOSE
from models.synthetic.placebos import SetFit
from models.synthetic.series import Series
from models.synthetic.words import value_words
from models.wording import listed

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in which areas are compared.

    Attributes
    ----------
    title
        What it is.
    treated, synthetic, donors
        Mean of the treated areas, of their weighted areas, and of all donors.
    spread
        Standard deviation over all areas.
    is_outcome
        Whether it is the outcome itself, on the scale areas are weighted on.
    """

    title: str
    treated: float
    synthetic: float
    donors: float
    spread: float
    is_outcome: bool

    @property
    def apart(self) -> float:
        """Weighted areas less treated ones, in standard deviations."""
        return (self.synthetic - self.treated) / self.spread if self.spread > 0 else 0.0

    @property
    def apart_unweighted(self) -> float:
        """All donors less treated ones, in standard deviations."""
        return (self.donors - self.treated) / self.spread if self.spread > 0 else 0.0


def balance(series: Series, fit: SetFit) -> tuple[Item, ...]:
    """Compare predictors, then the outcome over the baseline and in its last period."""
    early = series.values[:, series.before]
    weights = np.mean([area.weights for area in fit.areas], axis=0)
    outcome = {"outcome, mean of the baseline": early.mean(axis=1), "outcome, last baseline period": early[:, -1]}
    found = [_item(t, v, series, weights, False) for t, v in zip(series.titles, series.predictors, strict=True)]
    return (*found, *(_item(title, values, series, weights, True) for title, values in outcome.items()))


def _item(title: str, values: FloatArray, series: Series, weights: FloatArray, is_outcome: bool) -> Item:
    donors = values[~series.treated]
    return Item(
        title=title,
        treated=float(values[series.treated].mean()),
        synthetic=float(weights @ donors),
        donors=float(donors.mean()),
        spread=float(values.std(ddof=1)),
        is_outcome=is_outcome,
    )


def balance_check(series: Series, fit: SetFit, *, levels: bool) -> Check:
    """Show the balance.

    Parameters
    ----------
    levels
        Whether the method is to match the level of the outcome, and not only its course.
    """
    items = balance(series, fit)
    rows = tuple(row for item in items for row in _rows(series, item))
    closer = [i for i in items if abs(i.apart) <= abs(i.apart_unweighted) + ROUNDING]
    far = [i.title for i in items if abs(i.apart) > CLOSE and (levels or not i.is_outcome)]
    finding = (
        f"The weighted areas are closer to the treated ones than the plain mean of all in {len(closer)} of "
        f"{len(items)} things compared"
    )
    evidence = Evidence(
        "Before the start: treated, weighted and all comparison areas",
        Figure.FOREST,
        Scale.DIFFERENCE,
        Quantity.NUMBER,
        rows,
        "Distance from the treated areas, in standard deviations between areas; 0 is alike. The values stand beside.",
        by_area=True,
    )
    if far:
        finding += f", but more than {numbers.significant(CLOSE, 2)} of a standard deviation away in {listed(far)}."
        return Check("synthetic_balance", Status.WARN, finding, evidence=evidence)
    return Check("synthetic_balance", Status.PASS, f"{finding}.", evidence=evidence)


def _rows(series: Series, item: Item) -> tuple[Row, Row]:
    def said(value: float) -> str:
        return value_words(series, value) if item.is_outcome else numbers.significant(value, 4)

    treated = f"treated {said(item.treated)}"
    return (
        Row("weighted areas", item.apart, group=item.title, note=f"{said(item.synthetic)}; {treated}", chosen=True),
        Row("all comparison areas", item.apart_unweighted, group=item.title, note=f"{said(item.donors)}; {treated}"),
    )
