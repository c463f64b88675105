"""How often checks warn where nothing is wrong, and where something is, on counts like a small pilot's (slow)."""

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from models.case import Case
from models.design import Design
from models.estimate import Status
from models.inference.refusal import NoInference
from models.panel import CountCells, Panel
from models.sensitivity.main import main_analysis
from models.sensitivity.run import run
from models.sensitivity.specification import curve

type MakePanel = Callable[..., Panel]
type Matrix = np.typing.NDArray[np.float64]

REPEATS = 400
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a share of 5%: 3.3 points
ROUGH = 3 * 0.5 / REPEATS**0.5  # of any share: 7.5 points
MONTHLY = np.asarray([90.0, 80, 120, 80, 245, 155, 155])
MONTHS, AFTER = 48, 12
BORDERS = {"A": ("B", "C", "D"), "B": ("C", "E"), "C": ("D",), "D": ("E", "F"), "E": ("G",), "F": ("G",), "G": ()}
DESIGN = Design(neighbours=BORDERS, dominant=("G",))


def pilot(make_panel: MakePanel, rng: np.random.Generator, extra: Matrix | float = 0.0) -> Panel:
    """2 of 7 areas, 36 + 12 months: Poisson counts, AR(1) at .5 with SD .15, a common random walk and season."""
    noise = np.empty((7, MONTHS))
    noise[:, 0] = rng.normal(size=7)
    for t in range(1, MONTHS):
        noise[:, t] = 0.5 * noise[:, t - 1] + 0.75**0.5 * rng.normal(size=7)
    common = np.cumsum(rng.normal(size=MONTHS) * 0.05) + 0.25 * np.cos(2 * np.pi * np.arange(MONTHS) / 12)
    rate = rng.permutation(MONTHLY)[:, None] * np.exp(0.15 * noise + common + extra)
    events = rng.poisson(rate).astype(np.float64)
    return make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=AFTER)


def warnings_of(make_panel: MakePanel, extra: Matrix | float = 0.0) -> Mapping[str, float]:
    """Share of pilots in which each check warns."""
    rng, warned = np.random.default_rng(1), Counter[str]()
    for _ in range(REPEATS):
        checks = run(Case(pilot(make_panel, rng, extra)), DESIGN)
        warned.update(check.id for check in checks if check.status is Status.WARN)
    return Counter({name: count / REPEATS for name, count in warned.items()})


@pytest.mark.slow
def test_the_joint_test_of_the_curve_keeps_its_size(make_panel: MakePanel) -> None:
    rng, rejected = np.random.default_rng(1), 0
    for _ in range(REPEATS):
        main = main_analysis(pilot(make_panel, rng), 0.95)
        assert not isinstance(main, NoInference)
        rejected += curve(main, DESIGN).joint.p_value <= 0.05
    assert rejected / REPEATS == pytest.approx(1 / 21, abs=MONTE_CARLO)


@pytest.mark.slow
def test_where_nothing_is_wrong_placebos_and_the_curve_seldom_warn(make_panel: MakePanel) -> None:
    share = warnings_of(make_panel)
    assert share["placebo_in_space"] < 0.05 + MONTE_CARLO
    assert share["adjacent_placebos"] < 0.05 + MONTE_CARLO
    assert share["area_sizes"] < 0.1 + MONTE_CARLO
    assert share["placebo_in_time"] < 0.12 + ROUGH
    assert share["anticipation"] < 0.12 + ROUGH
    assert share["specification_curve"] < 0.12 + ROUGH
    assert share["leave_one_out"] < 0.15 + ROUGH
    assert share["log_or_level"] < 0.09 + ROUGH
    assert share["without_neighbours"] < 0.07 + ROUGH
    assert share["without_dominant"] < 0.02 + ROUGH


@pytest.mark.slow
def test_what_is_wrong_is_mostly_seen(make_panel: MakePanel) -> None:
    trend = np.zeros((7, MONTHS))
    trend[:2] = 0.02 * np.arange(MONTHS)  # 2% a month, before the start as after
    assert warnings_of(make_panel, trend)["placebo_in_time"] > 0.8
    ahead = np.zeros((7, MONTHS))
    ahead[:2, 33:] = -0.6  # in the three months before the start as after it
    assert warnings_of(make_panel, ahead)["anticipation"] > 0.8
    effect = np.zeros((7, MONTHS))
    effect[:2, 36:] = -0.4
    jump = effect.copy()
    jump[6, 36:] = 1.0  # something else in one comparison area, the dominant one, drowns the effect
    alike, drowned = (warnings_of(make_panel, change)["without_dominant"] for change in (effect, jump))
    assert drowned > alike + 3 * ROUGH
