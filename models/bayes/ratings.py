r"""Ratings on ordered levels: cumulative logit on the answers of each cell.

With cutpoints c_1 < ... < c_{L-1}, ``P(Y <= k) = 1 / (1 + exp(-(c_k - predictor)))``: a higher predictor is a higher
rating, and every cutpoint moves by as much (proportional odds; McCullagh 1980, Journal of the Royal Statistical Society
B 42:109-142). The cutpoint below `at_least` is fixed at 0, so that the predictor is the log odds of an answer that
counts, and the general level and the cutpoints do not compete. The other cutpoints lie at distances from their
neighbours whose logs have a normal prior around the pooled baseline's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.bayes.shares import LEVEL_SD, drawn_share, log_odds, share_difference, share_of
from models.panel import OrdinalCells

GAP_SD = 0.5
"""Prior standard deviation of the log distance of two cutpoints: within a factor of 2.7 of the baseline's at 95%."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ordered-logit ratings; own parameter ``gap_unit``, shape (S, L - 2), standard normal."""

    layout: Layout
    name: str = "ratings"
    own_noise: bool = False
    link: Link = Link.LOGIT

    @property
    def _cells(self) -> OrdinalCells:
        assert isinstance(self.layout.cells, OrdinalCells)  # noqa: S101 - the registry passes ordinal cells only
        return self.layout.cells

    @property
    def signature(self) -> tuple[int, ...]:
        """Number of levels, and which of them counts."""
        return (self._cells.n.shape[2], self._cells.at_least)

    @property
    def _answers(self) -> FloatArray:
        return self._cells.n.sum(axis=2)

    @property
    def _reached(self) -> FloatArray:
        return self._cells.n[:, :, self._cells.at_least :].sum(axis=2)

    def data(self) -> Mapping[str, FloatArray]:
        """Answers above and around each cutpoint and at each inner level, and log distances of the baseline."""
        n = np.moveaxis(self._cells.n, 2, 0)
        found = {"rated_above": n[1:], "rated_around": n[:-1] + n[1:]}
        return found | ({"rated_inner": n[1:-1], "log_gaps": self.log_gaps()} if len(n) > 2 else {})

    def log_gaps(self) -> FloatArray:
        """Log distances of neighbouring cutpoints in the baseline of all areas together, shape (L - 2,)."""
        n = self._cells.n[:, self.layout.after == 0].sum(axis=(0, 1)) + 0.5
        below = np.cumsum(n)[:-1]
        return np.asarray(np.log(np.diff(np.log(below / (n.sum() - below)))))

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log probability of the answers of each cell without its constant; 0 where there are none.

        The probability of an inner level is ``F(b) - F(a) = F(b) (1 - F(a)) (1 - exp(a - b))`` for the logistic F, so
        that nothing is lost where two cutpoints lie close together, and the last factor is that of the distance alone.
        """
        import pymc as pm
        import pytensor.tensor as pt

        del own_noise
        levels, at_least = self.signature
        cuts: list[Any] = [0.0]
        found = 0.0
        if "log_gaps" in data:
            unit = pm.Normal("gap_unit", 0.0, 1.0, shape=levels - 2)
            for k in range(levels - 2):
                gap = pt.exp(data["log_gaps"][k] + GAP_SD * unit[k])
                found += data["rated_inner"][k] * pt.log(-pt.expm1(-gap))
                cuts.append(cuts[-1] + gap)
        for k, cut in enumerate(cuts):
            part = {name: data[name][k] for name in ("rated_above", "rated_around")}
            found += _at_cutpoints(predictor - (cut - cuts[at_least - 1]), part, pt.softplus)
        return found

    def cutpoints(self, extras: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Cutpoints, shape (S, L - 1), and their distances, shape (S, L - 2)."""
        gap = np.exp(self.log_gaps() + GAP_SD * extras["gap_unit"])
        along = np.concatenate([np.zeros((len(gap), 1)), np.cumsum(gap, axis=1)], axis=1)
        at = self._cells.at_least - 1
        return along - along[:, at : at + 1], gap

    def centre(self) -> tuple[float, float]:
        """Log odds of the baseline's share of answers that count, over all areas."""
        before = self.layout.after == 0
        return log_odds(self._reached[:, before].sum(), self._answers[:, before].sum()), LEVEL_SD

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log probability of the answers of each cell."""
        n, data = self._cells.n, self.data()
        constant = special.gammaln(n.sum(axis=2) + 1) - special.gammaln(n + 1).sum(axis=2)
        if "log_gaps" not in data:
            part = {name: data[name][0] for name in ("rated_above", "rated_around")}
            return np.asarray(constant + _at_cutpoints(predictor, part, _softplus))
        cuts, gap = self.cutpoints(extras)
        found = constant + np.einsum("lab,sl->sab", data["rated_inner"], np.log(-np.expm1(-gap)))
        for k in range(cuts.shape[1]):  # one cutpoint at a time: draws by cells by cutpoints would fill the memory
            part = {name: data[name][k] for name in ("rated_above", "rated_around")}
            found += _at_cutpoints(predictor - cuts[:, k, None, None], part, _softplus)
        return np.asarray(found)

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Shares of answers that count, shape (S, A, B)."""
        del extras
        return drawn_share(self._answers, special.expit(predictor), rng)

    def statistic(self) -> FloatArray:
        """Share of answers that count, NaN where there are none."""
        return share_of(self._reached, self._answers)

    def weight(self) -> FloatArray:
        """Answers."""
        return self._answers

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Difference in the share of answers that count."""
        del extras
        return share_difference(self.layout, predictor, effect, self._answers)

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Standard normals of the distances of cutpoints."""
        levels = self.signature[0]
        return {"gap_unit": rng.normal(size=(size, levels - 2))} if levels > 2 else {}


def _at_cutpoints(distance: Any, data: Mapping[str, Any], softplus: Any) -> Any:
    """What the answers on both sides of a cutpoint give, `distance` being the predictor less the cutpoint."""
    return data["rated_above"] * distance - data["rated_around"] * softplus(distance)


def _softplus(x: FloatArray) -> FloatArray:
    return np.asarray(np.logaddexp(0.0, x))
