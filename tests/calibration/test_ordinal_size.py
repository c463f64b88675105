"""Size and coverage of the ordered logit at 2 of 7 areas; a slice of `ordinal_size.py`'s table."""

import pytest
from ordinal_size import WORLDS, measured

FEW, MANY = 300, 2_000


def three_errors(runs: int) -> float:
    """Three standard errors of a share of 5% (or 95%), in per cent."""
    return 300 * (0.05 * 0.95 / runs) ** 0.5


def test_a_slice_with_shocks_to_areas() -> None:
    found = measured(WORLDS["large"], FEW, seed=21)
    assert found["t"] == pytest.approx(5, abs=three_errors(FEW))
    assert found["permutation"] == pytest.approx(100 / 21, abs=three_errors(FEW))
    assert found["naive"] > 20, "taking each answer for separate evidence"
    assert found["covers the share"] == pytest.approx(95, abs=three_errors(FEW))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sampling", "small", "large", "effect", "strong"])
def test_intervals_cover_where_areas_vary_alike(name: str) -> None:
    found = measured(WORLDS[name], MANY, seed=31)
    assert found["covers the odds ratio"] == pytest.approx(95, abs=three_errors(MANY))
    assert found["covers the share"] == pytest.approx(95, abs=three_errors(MANY))
    if not WORLDS[name].effect:
        assert found["t"] == pytest.approx(5, abs=three_errors(MANY))
        assert found["permutation"] == pytest.approx(100 / 21, abs=three_errors(MANY))
        assert found["superiority"] == pytest.approx(5, abs=three_errors(MANY))


@pytest.mark.slow
def test_treated_areas_that_vary_more_are_not_allowed_for() -> None:
    assert measured(WORLDS["noisy"], MANY, seed=32)["t"] > 8
