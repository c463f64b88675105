"""Which likelihood belongs to which cells."""

from models.bayes.counts import Counts
from models.bayes.durations import Durations
from models.bayes.hazard import Hazard
from models.bayes.layout import Layout
from models.bayes.likelihood import Likelihood
from models.bayes.means import Means
from models.bayes.ratings import Ratings
from models.bayes.shares import Shares
from models.panel import (
    BinaryCells,
    ContinuousCells,
    CountCells,
    DurationCells,
    OrdinalCells,
    TimeToEventCells,
)


def likelihood_of(layout: Layout) -> Likelihood:
    """Likelihood of these cells, by their class."""
    match layout.cells:
        case CountCells():
            return Counts(layout)
        case BinaryCells():
            return Shares(layout)
        case OrdinalCells():
            return Ratings(layout)
        case ContinuousCells():
            return Means(layout)
        case DurationCells():
            return Durations(layout)
        case TimeToEventCells():
            return Hazard(layout)
