"""Surveys: the response rate, how far those who did not answer reach, and answers weighted to everyone asked."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from models.case import Case, Stratum
from models.changes import Weighting
from models.design import Design
from models.effect import Effect, effect
from models.estimate import Check, Quantity, Status
from models.inference.collapsed import difference_in_means
from models.inference.refusal import NoInference
from models.panel import BinaryCells, Cells, Kind, OrdinalCells, Panel
from models.responses import Answered, bounds, response_rate, reweighted, trimmed, worst_case

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-12  # the same arithmetic in another order
DESIGN = Design()
SHARES = st.floats(0.0, 1.0)


def survey(make_panel: MakePanel, share: ArrayLike, rate: ArrayLike, treated: int = 2, asked: float = 200.0) -> Case:
    """Shares among answers and response rates, shape (A, 2) each."""
    p, r = np.asarray(share, dtype=np.float64), np.asarray(rate, dtype=np.float64)
    n = np.full(r.shape, asked)
    return Case(
        make_panel(BinaryCells(p * r * n, r * n), treated=treated),
        better=1,
        asked=make_panel(BinaryCells(r * n, n), treated=treated),
    )


def found_by(check: Check | None) -> Check:
    assert check is not None
    return check


def numbers_in(check: Check) -> dict[tuple[str, str], float]:
    assert check.evidence is not None
    return {(row.group[:8], row.label): row.estimate for row in check.evidence.rows if row.estimate is not None}


WOBBLE = 0.01 * np.asarray([[0, 1], [0, -1], [0, 2], [0, 0], [0, -2], [0, 1], [0, -1.0]])
LEVEL = np.asarray([0.5, 0.6, 0.55, 0.45, 0.6, 0.5, 0.55])[:, None]


# The response rate ------------------------------------------------------------------------------------------------


def test_the_change_in_the_response_rate_is_a_difference_in_differences_of_everyone_asked(
    make_panel: MakePanel,
) -> None:
    rate = np.full((7, 2), 0.4) + WOBBLE
    rate[:2, 1] += 0.2
    check = found_by(response_rate(survey(make_panel, LEVEL + WOBBLE, rate), DESIGN))
    assert check.status is Status.WARN
    assert "+20.0 points" in check.finding
    assert check.evidence is not None
    assert check.evidence.quantity is Quantity.POINTS
    assert [row.estimate for row in check.evidence.rows] == pytest.approx([0.2, 0.2, 0.0], abs=EXACT)


def test_an_unchanged_response_rate_passes_without_being_called_harmless(make_panel: MakePanel) -> None:
    check = found_by(response_rate(survey(make_panel, LEVEL + WOBBLE, 0.4 + WOBBLE), DESIGN))
    assert check.status is Status.PASS
    assert "who answers can change while their number does not" in check.detail


def test_nothing_is_said_where_nothing_can_be_left_blank(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case = Case(make_panel(any_cells(Kind.ORDINAL, 7, 4, 0), treated=2))
    assert response_rate(case, DESIGN) is None
    assert bounds(case, DESIGN) is None
    assert reweighted(case, DESIGN) is None


def test_two_areas_give_a_number_that_is_not_judged(make_panel: MakePanel) -> None:
    case = survey(make_panel, [[0.5, 0.6], [0.5, 0.5]], [[0.5, 0.6], [0.5, 0.5]], treated=1)
    check = found_by(response_rate(case, DESIGN))
    assert check.status is Status.NOT_RUN
    assert "+10.0 points" in check.finding


# The worst case ---------------------------------------------------------------------------------------------------


def test_the_worst_case_by_hand() -> None:
    # treated: .5 of 80% before, .75 of 80% after; comparison: .5 of 60% in both
    answered = Answered(
        np.asarray([[0.5, 0.75], [0.5, 0.5]]), np.asarray([[0.8, 0.8], [0.6, 0.6]]), np.asarray([True, False]), None
    )
    low, high = worst_case(answered)
    assert low == pytest.approx([0.6 - 0.6, 0.7 - 0.3])
    assert high == pytest.approx([0.8 - 0.4, 0.3 - 0.7])
    width = [difference_in_means(w, answered.treated) for w in (low, high)]
    assert width[1] - width[0] == pytest.approx(2 * 0.2 + 2 * 0.4), "the sum of the shares who did not answer"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_the_worst_case_always_holds_the_effect_on_everyone_asked(data: st.DataObject) -> None:
    """Whatever share of those who did not answer would have said yes."""
    areas = data.draw(st.integers(2, 6))
    treated = np.arange(areas) < data.draw(st.integers(1, areas - 1))

    def cells(low: float = 0.0) -> np.ndarray:
        values = st.floats(low, 1.0)
        return np.asarray(data.draw(st.lists(values, min_size=2 * areas, max_size=2 * areas))).reshape(areas, 2)

    answering, silent, rate = cells(), cells(), cells(low=0.01)
    everyone = rate * answering + (1 - rate) * silent
    truth = difference_in_means(everyone[:, 1] - everyone[:, 0], treated)
    low, high = (difference_in_means(w, treated) for w in worst_case(Answered(answering, rate, treated, None)))
    assert low - EXACT <= truth <= high + EXACT


def test_ratings_are_bounded_by_the_lowest_and_the_highest(make_panel: MakePanel) -> None:
    """Half answer, all of them 3 of 5: the mean of everyone lies between 2 and 4, the effect between -4 and 4."""
    n = np.zeros((7, 2, 5))
    n[:, :, 2] = 20.0
    asked = make_panel(BinaryCells(np.full((7, 2), 20.0), np.full((7, 2), 40.0)), treated=2)
    panel = make_panel(OrdinalCells(n, at_least=2), treated=2)
    check = found_by(bounds(Case(panel, asked=asked), DESIGN))
    assert "from 1 to 5, the worst case is between \u22124.00 and +4.00" in check.detail


# The trimmed range ------------------------------------------------------------------------------------------------


def by_people(yes: int, people: int, away: int) -> tuple[float, float]:
    """Smallest and largest share when `away` people are taken from the top or from the bottom."""
    answers = np.sort(np.repeat([0.0, 1.0], [people - yes, yes]))
    return float(answers[: people - away].mean()), float(answers[away:].mean())


@pytest.mark.parametrize(("yes", "people", "away"), [(60, 100, 20), (10, 100, 20), (95, 100, 20), (50, 100, 0)])
def test_extra_answers_are_taken_off_both_ends_as_lee_does_person_by_person(yes: int, people: int, away: int) -> None:
    """200 asked everywhere: without the intervention people - away of them would have answered in the treated area."""
    expected = (people - away) / 200
    value = np.asarray([[0.5, yes / people], [0.4, 0.4], [0.6, 0.6]])
    rate = np.asarray([[expected, people / 200], [0.3, 0.3], [0.35, 0.35]])
    treated = np.asarray([True, False, False])
    found = trimmed(Answered(value, rate, treated, None))
    assert not isinstance(found, NoInference)
    low, high = (difference_in_means(w, treated) for w in found)
    least, most = by_people(yes, people, away)
    assert (low, high) == pytest.approx((least - 0.5, most - 0.5), abs=EXACT)


@pytest.mark.parametrize(("yes", "away"), [(60, 20), (10, 30), (90, 30)])
def test_answers_that_were_lost_are_taken_off_those_there_would_have_been(yes: int, away: int) -> None:
    """Without the intervention 100 of 200 would have answered, `yes` of them yes; with it 100 - away do."""
    value = np.asarray([[yes / 100 - 0.1, 0.55], [0.4, 0.5], [0.6, 0.7]])
    rate = np.asarray([[0.45, (100 - away) / 200], [0.3, 0.35], [0.4, 0.45]])
    treated = np.asarray([True, False, False])
    found = trimmed(Answered(value, rate, treated, None))
    assert not isinstance(found, NoInference)
    low, high = (difference_in_means(w, treated) for w in found)
    least, most = by_people(yes, 100, away)
    assert (low, high) == pytest.approx((0.55 - most, 0.55 - least), abs=EXACT)


@given(
    always=st.lists(st.floats(0.05, 0.5), min_size=2, max_size=2),
    extra=st.lists(st.floats(0.0, 0.4), min_size=2, max_size=2),
    yes=st.lists(SHARES, min_size=6, max_size=6),
    draws_in=st.booleans(),
    drift=st.floats(-0.2, 0.2),
    turn=st.floats(-0.04, 0.04),
)
@settings(max_examples=200, deadline=None)
def test_the_trimmed_range_holds_the_effect_on_those_who_answer_either_way(
    always: list[float], extra: list[float], yes: list[float], draws_in: bool, drift: float, turn: float
) -> None:
    """Two treated areas in which the intervention moves a part of those asked, with answers of their own."""
    a, b = np.asarray(always), np.asarray(extra)
    with_it, without_it, others = (np.asarray(yes[k : k + 2]) for k in (0, 2, 4))
    if draws_in:
        rate_after, share_after = a + b, (a * with_it + b * others) / (a + b)
        rate_would, share_would = a, without_it
    else:
        rate_after, share_after = a, with_it
        rate_would, share_would = a + b, (a * without_it + b * others) / (a + b)
    value = np.vstack([np.column_stack([share_would - drift, share_after]), [[0.5, 0.5 + drift]]])
    rate = np.vstack([np.column_stack([rate_would - turn, rate_after]), [[0.5, 0.5 + turn]]])
    treated = np.asarray([True, True, False])
    found = trimmed(Answered(value, rate, treated, None))
    assert not isinstance(found, NoInference)
    low, high = (difference_in_means(w, treated) for w in found)
    truth = (with_it - without_it).mean()
    assert low - 1e-9 <= truth <= high + 1e-9


@given(
    seed=st.integers(0, 10_000),
    treated=st.integers(1, 3),
    gain=st.floats(-0.08, 0.08),
    weighted=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_the_trimmed_range_lies_inside_the_worst_case_where_few_answer_and_answering_moves_little(
    seed: int, treated: int, gain: float, weighted: bool
) -> None:
    """Not a theorem: see the next test. Enough: shares of .2 to .8, at most .6 answer, treated areas move by .08."""
    rng = np.random.default_rng(seed)
    mask = np.arange(7) < treated
    value, rate = rng.uniform(0.2, 0.8, (7, 2)), np.repeat(rng.uniform(0.3, 0.5, (7, 1)), 2, axis=1)
    rate[mask, 1] += gain
    answered = Answered(value, rate, mask, rng.uniform(1, 3, 7) if weighted else None)
    inner, outer = trimmed(answered), worst_case(answered)
    assert not isinstance(inner, NoInference)
    (low, high), (least, most) = (
        [difference_in_means(w, mask, answered.weights) for w in pair] for pair in (inner, outer)
    )
    plain = difference_in_means(value[:, 1] - value[:, 0], mask, answered.weights)
    assert least <= low <= plain + EXACT
    assert plain - EXACT <= high <= most


def test_the_two_ranges_are_about_different_people_so_neither_need_hold_the_other() -> None:
    """Half answered before, everyone after: among everyone the share went from at most .75, among the same to 0."""
    value, rate = np.asarray([[0.9, 0.5], [0.5, 0.5]]), np.asarray([[0.5, 1.0], [1.0, 1.0]])
    answered = Answered(value, rate, np.asarray([True, False]), None)
    inner = trimmed(answered)
    assert not isinstance(inner, NoInference)
    assert difference_in_means(inner[0], answered.treated) == pytest.approx(-0.9)
    assert difference_in_means(worst_case(answered)[0], answered.treated) == pytest.approx(0.5 - 0.95)


def test_an_unchanged_response_rate_leaves_the_estimate_as_it_is(make_panel: MakePanel) -> None:
    case = survey(make_panel, LEVEL + WOBBLE, np.full((7, 2), 0.4))
    shown = numbers_in(found_by(bounds(case, DESIGN)))
    own = shown["", "main analysis"]
    assert shown["on peopl", "least it could be"] == pytest.approx(own, abs=EXACT)
    assert shown["on peopl", "most it could be"] == pytest.approx(own, abs=EXACT)
    assert shown["on every", "least it could be"] == pytest.approx(own - 1.2, abs=EXACT)
    assert shown["on every", "most it could be"] == pytest.approx(own + 1.2, abs=EXACT)


def test_where_nobody_would_have_answered_only_the_worst_case_is_given(make_panel: MakePanel) -> None:
    rate = np.asarray([[0.1, 0.2]] * 2 + [[0.6, 0.3]] * 5)
    check = found_by(bounds(survey(make_panel, LEVEL + WOBBLE, rate), DESIGN))
    assert check.evidence is not None
    last = check.evidence.rows[-1]
    assert (last.estimate, "nobody would have answered" in last.note) == (None, True)
    assert "who answer either way" not in check.finding


def test_an_answer_that_extra_respondents_could_have_made_is_warned_of(make_panel: MakePanel) -> None:
    share, rate = LEVEL + WOBBLE, np.full((7, 2), 0.4)
    share[:2, 1] += 0.1
    steady = found_by(bounds(survey(make_panel, share, rate), DESIGN))
    assert steady.status is Status.PASS
    assert "does not change the answer" in steady.finding
    rate[:2, 1] = 0.55
    drawn = found_by(bounds(survey(make_panel, share, rate), DESIGN))
    assert drawn.status is Status.WARN
    assert "points the other way" in drawn.finding


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.CONTINUOUS, Kind.DURATION])
def test_values_without_ends_are_not_bounded(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    asked = make_panel(any_cells(Kind.BINARY, 5, 2, 1), treated=2)
    check = found_by(bounds(Case(make_panel(any_cells(kind, 5, 2, 0), treated=2), asked=asked), DESIGN))
    assert check.status is Status.NOT_RUN
    assert "no lowest and no highest value" in check.detail


# Everyone asked ---------------------------------------------------------------------------------------------------


def kinds_survey(make_panel: MakePanel, seed: int) -> tuple[Case, float]:
    """Two kinds who answer at rates of their own; and the effect had everyone answered."""
    rng = np.random.default_rng(seed)
    asked = rng.integers(100, 300, (2, 7, 2)).astype(np.float64)
    rate, yes = rng.uniform(0.2, 0.9, (2, 7, 2)), rng.uniform(0.2, 0.8, (2, 7, 2))

    def panel(successes: np.ndarray, trials: np.ndarray) -> Panel:
        return make_panel(BinaryCells(successes, trials), treated=2)

    strata = tuple(
        Stratum(
            f"kind {k}", panel(yes[k] * rate[k] * asked[k], rate[k] * asked[k]), panel(rate[k] * asked[k], asked[k])
        )
        for k in range(2)
    )
    answers = (rate * asked).sum(axis=0)
    case = Case(
        panel((yes * rate * asked).sum(axis=0), answers), asked=panel(answers, asked.sum(axis=0)), strata=strata
    )
    whole = (yes * asked).sum(axis=0) / asked.sum(axis=0)
    return case, difference_in_means(whole[:, 1] - whole[:, 0], np.arange(7) < 2)


@pytest.mark.parametrize("seed", range(3))
def test_weights_by_kind_give_the_estimate_had_everyone_answered(seed: int, make_panel: MakePanel) -> None:
    case, truth = kinds_survey(make_panel, seed)
    check = found_by(reweighted(case, DESIGN))
    shown = numbers_in(check)
    plain = effect(case.panel, 0.95)
    assert isinstance(plain, Effect)
    assert shown["", "main analysis"] == pytest.approx(plain.estimate, abs=EXACT)
    assert shown["", "everyone asked, by kind of case"] == pytest.approx(truth, abs=EXACT)
    assert abs(plain.estimate - truth) > 0.001


def test_without_kinds_there_is_nothing_to_weigh_by(make_panel: MakePanel) -> None:
    case, _ = kinds_survey(make_panel, 0)
    assert reweighted(replace(case, strata=()), DESIGN) is None
    assert reweighted(replace(case, asked=None), DESIGN) is None


def test_counts_have_no_response_rate(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case, _ = kinds_survey(make_panel, 0)
    counts = make_panel(any_cells(Kind.COUNT, 7, 2, 0), treated=2)
    assert found_by(reweighted(replace(case, panel=counts), DESIGN)).status is Status.NOT_RUN


@pytest.mark.parametrize("weighting", Weighting)
def test_thousands_of_areas_and_either_weighting(weighting: Weighting, make_panel: MakePanel) -> None:
    share, rate = np.random.default_rng(0).uniform(0.4, 0.6, (2, 3_000, 2))
    case = survey(make_panel, share, rate, treated=500)
    moved = found_by(response_rate(case, DESIGN, weighting)).evidence
    assert moved is not None
    change = rate[:, 1] - rate[:, 0]  # as many are asked everywhere, so both weightings give the plain means
    assert moved.rows[0].estimate == pytest.approx(change[:500].mean() - change[500:].mean(), abs=EXACT)
    found = numbers_in(found_by(bounds(case, DESIGN, weighting)))
    least, most = (found["on every", f"{end} it could be"] for end in ("least", "most"))
    main = found["", "main analysis"]
    assert least < main < most
