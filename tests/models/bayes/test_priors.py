from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.bayes.links import Link, from_link, link_of, on_link, slope, to_link
from models.bayes.noise import value_unit
from models.bayes.priors import RANGE, EffectPrior, elicited, on_headline, priors_of, sceptical, treated_level, weak
from models.bayes.shock import DEFAULT
from models.case import Case
from models.panel import BinaryCells, ContinuousCells, Kind, Panel
from models.posterior import Belief
from models.summary import share

type MakePanel = Callable[..., Panel]
EXACT = 1e-9
SHARES = (Link.LOGIT, Link.CLOGLOG)


@pytest.mark.parametrize("link", list(Link))
@given(value=st.floats(0.001, 0.999))
def test_the_way_to_a_link_and_back_and_its_slope(link: Link, value: float) -> None:
    there = to_link(link, value)
    assert float(from_link(link, there)) == pytest.approx(value, rel=EXACT)
    step = 1e-6
    moved = float(from_link(link, there + step) - from_link(link, there - step)) / (2 * step)
    assert float(slope(link, value)) == pytest.approx(moved, rel=1e-5, abs=1e-8)


def test_shares_go_to_log_odds_with_the_delta_method_and_keep_off_the_edge() -> None:
    summary = share(np.asarray([30.0, 0, 20, 0]), np.asarray([40.0, 20, 20, 0]))
    value, variance = on_link(Link.LOGIT, summary)
    assert value[0] == pytest.approx(np.log(3))
    assert variance[0] == pytest.approx(1 / 30 + 1 / 10)  # Woolf's variance of a log odds
    assert (value[1], value[2]) == pytest.approx((np.log(0.5 / 20.5), np.log(20.5 / 0.5)))
    assert variance[1] == pytest.approx(1 / (20 * 0.5 / 21 * 20.5 / 21))
    assert np.isnan([value[3], variance[3]]).all()


def test_weak_and_sceptical_priors_of_a_rate() -> None:
    ends = [float(np.exp(1.96 * sign * weak(Link.LOG).sd)) for sign in (-1, 1)]
    assert ends == pytest.approx([0.68, 1.48], abs=0.005)
    assert sceptical(Link.LOG).sd == 0.1
    assert sceptical(Link.LOG).words == "sceptical"
    assert weak(Link.IDENTITY, 3.0).sd == 3.0
    for link in Link:
        assert sceptical(link).sd == weak(link).sd / 2 == DEFAULT[link]


@given(
    level=st.floats(0.1, 0.9),
    low=st.floats(-0.08, -0.02),
    high=st.floats(0.0, 0.08),
    link=st.sampled_from(list(Link)),
)
def test_an_elicited_range_keeps_its_ends(level: float, low: float, high: float, link: Link) -> None:
    prior = elicited(Belief((low + high) / 2, low, high), link, level)
    back = on_headline(prior, link, level)
    assert (back.mean - RANGE * back.sd, back.mean + RANGE * back.sd) == pytest.approx((low, high), abs=1e-7)
    normal = stats.norm(back.mean, back.sd)
    assert float(normal.cdf(high) - normal.cdf(low)) == pytest.approx(0.95, abs=1e-6)


@given(level=st.floats(0.0, 1.0), wider=st.floats(0.5, 10.0), link=st.sampled_from(list(Link)))
def test_what_favours_no_direction_on_the_link_favours_none_on_the_headline(
    level: float, wider: float, link: Link
) -> None:
    prior = weak(link)
    back = on_headline(EffectPrior("weak", 0.0, wider * prior.sd), link, level)
    assert back.mean == 0.0
    assert back.sd > 0


def test_a_share_of_a_tenth_keeps_the_length_of_its_range() -> None:
    found = on_headline(weak(Link.LOGIT), Link.LOGIT, 0.1)
    low, high = (1 / (1 + 9 * float(np.exp(-sign * RANGE * 0.4))) for sign in (-1, 1))
    assert 2 * RANGE * found.sd == pytest.approx(high - low, abs=1e-12)


def test_a_lopsided_belief_says_where_its_middle_went() -> None:
    lopsided = elicited(Belief(-0.02, -0.2, 0.0), Link.LOG, 0.0)
    assert lopsided.mean == pytest.approx(-0.1)
    assert "lies at −0.10 instead of −0.020" in lopsided.note
    assert elicited(Belief(-0.1, -0.2, 0.0), Link.LOG, 0.0).note == ""


@pytest.mark.parametrize("link", SHARES)
def test_a_range_beyond_what_a_share_can_do_is_still_a_range(link: Link) -> None:
    for level in (0.0, 0.02, 0.3, 1.0):
        found = elicited(Belief(-0.2, -0.9, -0.1), link, level)
        assert np.isfinite([found.mean, found.sd]).all()
        assert found.mean < 0


def test_a_prior_must_be_a_distribution() -> None:
    for mean, sd in ((0.0, 0.0), (np.nan, 1.0)):
        with pytest.raises(ValueError, match="normal prior"):
            EffectPrior("x", mean, sd)


def binary(make_panel: MakePanel) -> Panel:
    n = np.full((4, 8), 50.0)
    return make_panel(BinaryCells(n * np.asarray([[0.2], [0.4], [0.5], [0.5]]), n), treated=2, after=4)


def test_the_sensitivity_starts_with_the_studys_own_prior_and_changes_one_thing_at_a_time(
    make_panel: MakePanel,
) -> None:
    panel = binary(make_panel)
    assert treated_level(panel) == pytest.approx(0.3)
    plain = priors_of(Case(panel))
    assert [(s.label, s.shock_factor, s.chosen) for s in plain] == [
        ("weakly informative prior", 1.0, True),
        ("sceptical prior", 1.0, False),
        ("shocks half as large", 0.5, False),
        ("shocks twice as large", 2.0, False),
    ]
    assert {s.prior.sd for s in plain if s.shock_factor != 1} == {0.4}
    belief = Belief(-0.1, -0.2, 0.0)
    asked = priors_of(Case(panel, prior=belief, prior_name="elicited"))
    assert [s.prior.name for s in asked] == ["elicited", "weak", "sceptical", "elicited", "elicited"]
    expected = elicited(belief, Link.LOGIT, 0.3)
    assert (asked[0].prior.mean, asked[0].prior.sd) == pytest.approx((expected.mean, expected.sd))
    sceptic = priors_of(Case(panel, prior_name="sceptical"))
    assert [s.prior.name for s in sceptic] == ["sceptical", "weak", "sceptical", "sceptical"]


def test_priors_of_means_are_in_standard_deviations_of_an_areas_month(make_panel: MakePanel) -> None:
    values = np.random.default_rng(1).normal(50.0, 4.0, (6, 40)) + 10 * np.arange(6)[:, None]
    n = np.full(values.shape, 5.0)
    panel = make_panel(ContinuousCells(n, n * values, n * (values**2 + 1)), treated=2, after=10)
    assert value_unit(panel) == pytest.approx(4.0, rel=0.15)  # 145 degrees of freedom
    assert priors_of(Case(panel))[0].prior.sd == pytest.approx(value_unit(panel))
    still = make_panel(ContinuousCells(n, n * 50.0, n * 2501.0), treated=2, after=10)
    assert value_unit(still) == 1.0
    short = make_panel(ContinuousCells(n[:, :2], (n * values)[:, :2], (n * values**2)[:, :2]), treated=2, after=1)
    assert value_unit(short) == pytest.approx(float(values[:, 0].std()))


def test_every_kind_has_a_link() -> None:
    assert {link_of(kind) for kind in Kind} == set(Link)


def test_a_level_that_is_not_known_is_taken_from_the_other_areas(make_panel: MakePanel) -> None:
    panel = binary(make_panel)
    assert isinstance(panel.cells, BinaryCells)

    def level(*kept: float) -> float:
        seen = np.asarray(kept)[:, None]
        cells = BinaryCells(panel.cells.successes * seen, panel.cells.trials * seen)
        return treated_level(make_panel(cells, treated=2, after=4))

    assert level(0, 1, 1, 1) == pytest.approx(0.4)
    assert level(0, 0, 1, 1) == pytest.approx(0.5)
    assert level(0, 0, 0, 0) == 0.5
