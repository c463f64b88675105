"""How often each method claims an effect that is not there, on counts like a small pilot's (slow)."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.panel import CountCells, Panel
from models.panel_regression import PanelOptions
from models.panel_regression import fit as fit_panel

type MakePanel = Callable[..., Panel]

REPEATS = 600
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a 5% rejection rate: 2.7 points
MONTHLY = np.asarray([90.0, 80, 120, 80, 245, 155, 155])
MONTHS, AFTER = 36, 12


def null_panel(make_panel: MakePanel, rng: np.random.Generator) -> Panel:
    """2 of 7 areas, 24 + 12 months: Poisson counts, AR(1) at .5 with SD .15, a common random walk and season."""
    noise = np.empty((7, MONTHS))
    noise[:, 0] = rng.normal(size=7)
    for t in range(1, MONTHS):
        noise[:, t] = 0.5 * noise[:, t - 1] + 0.75**0.5 * rng.normal(size=7)
    common = np.cumsum(rng.normal(size=MONTHS) * 0.05) + 0.25 * np.cos(2 * np.pi * np.arange(MONTHS) / 12)
    level = rng.permutation(MONTHLY)[:, None]
    events = rng.poisson(level * np.exp(0.15 * noise + common)).astype(np.float64)
    return make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=AFTER)


@pytest.mark.slow
def test_the_collapsed_methods_keep_their_size_and_the_regression_does_not(make_panel: MakePanel) -> None:
    rng, rejected = np.random.default_rng(1), Counter[str]()
    for _ in range(REPEATS):
        panel = null_panel(make_panel, rng)
        did = fit_did(panel, Design(shared_delivery=True), DidOptions()).estimates
        regression = fit_panel(panel, Design(), PanelOptions()).estimates
        rejected.update(e.method for e in (*did, *regression) if e.p_value is not None and e.p_value <= 0.05)
    share = {method: count / REPEATS for method, count in rejected.items()}
    assert share["collapsed change per area, t(5)"] == pytest.approx(0.05, abs=MONTE_CARLO)
    assert share["exact permutation of 21 assignments"] == pytest.approx(1 / 21, abs=MONTE_CARLO)
    assert share["CR2 with Bell-McCaffrey df"] < 0.05
    assert share["exact permutation of 21 assignments, Welch t"] == pytest.approx(1 / 21, abs=MONTE_CARLO)
    assert 0.05 < share["jackknife over areas (CRV3), t(6)"] < 0.12, "bold, as its note says"
    for multiplier in ("Rademacher", "Webb"):
        assert share[f"wild cluster bootstrap, {multiplier}"] < 0.05 + MONTE_CARLO
    assert share["subcluster wild bootstrap"] < 0.05 + 2 * MONTE_CARLO
    assert share["collapsed change per area, treated areas as one unit, t(4)"] < 0.05 + MONTE_CARLO
    assert "exact permutation of 6 assignments, treated areas as one unit" not in share, "its floor is 1/6"
    assert share["two-way fixed effects, robust SE"] > 0.12
    assert share["two-way fixed effects, SE clustered by area"] > 0.12
    assert share["two-way fixed effects, CR2 by area"] < 0.05
