"""Many outcomes in a run: who is adjusted, what is in the index, and what is said where it cannot be."""

from pathlib import Path

import numpy as np
import pytest

import impact
from impact.result import RunResult

EXACT = 1e-12  # the same sums in another order
NAMES = "ABCDEFG"
PEOPLE = (9_000, 300, 400, 7_000, 600, 5_000, 200)


def run(folder: Path, outcomes: str, lines: list[str], weights: str = "equal") -> RunResult:
    (folder / "panel.csv").write_text("\n".join(["area,time,calm,trust,noise,crime", *lines]) + "\n", encoding="utf-8")
    people = [f"{area},{size}" for area, size in zip(NAMES, PEOPLE, strict=True)]
    (folder / "people.csv").write_text("\n".join(["area,population", *people]) + "\n", encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(
        "schema: 1\n"
        "study: {id: several, title: Several}\n"
        "intervention: {name: x, start: 2024-01-01}\n"
        "areas: {treated: [A, B]}\n"
        "sources:\n"
        "  rows: {path: panel.csv, reader: panel}\n"
        "  people: {path: people.csv, reader: panel}\n"
        f"outcomes:\n{outcomes}"
        f"models: {{did: {{weights: {weights}}}}}\n",
        encoding="utf-8",
    )
    return impact.run(impact.load_study(path))


def outcome(name: str, better: str, role: str) -> str:
    return f"  {name}: {{source: rows, kind: continuous, value: {name}, better: {better}, role: {role}}}\n"


def lines(values: np.ndarray) -> list[str]:
    months = [f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(values.shape[1])]
    return [
        f"{area},{month},{','.join(f'{x:.12g}' for x in values[a, m])}"
        for a, area in enumerate(NAMES)
        for m, month in enumerate(months)
    ]


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    rng = np.random.default_rng(11)
    return rng.normal(size=(7, 24, 4)) + rng.normal(size=(7, 24, 1)) + 10


@pytest.fixture(scope="module")
def result(values: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    asked = outcome("calm", "higher", "primary") + outcome("trust", "higher", "secondary")
    asked += outcome("noise", "lower", "secondary") + outcome("crime", "lower", "placebo")
    return run(tmp_path_factory.mktemp("several"), asked, lines(values))


def test_the_primary_and_the_placebo_are_not_adjusted(result: RunResult) -> None:
    assert result.family is not None
    assert result.family.primary == "calm"
    assert [each.outcome for each in result.family.others] == ["trust", "noise"]
    assert (result.family.assignments, result.family.exact) == (21, True)
    assert result.family.floor == pytest.approx(1 / 21, abs=EXACT)
    assert all(each.adjusted_p >= each.p_value for each in result.family.others)


def test_each_outcomes_own_p_is_that_of_its_exact_permutation(result: RunResult) -> None:
    assert result.family is not None
    for each in result.family.others:
        exact = next(e for e in result.outcomes[each.outcome].estimates if e.method.startswith("exact permutation"))
        assert each.p_value == pytest.approx(exact.p_value, abs=EXACT)


def test_the_index_is_the_weighted_change_in_standard_deviations(result: RunResult, values: np.ndarray) -> None:
    assert result.family is not None
    index = result.family.index
    assert index is not None
    assert list(index.weights) == ["calm", "trust", "noise"]
    change = values[:, 12:].mean(axis=1) - values[:, :12].mean(axis=1)
    total = np.zeros(7)
    for column, sign, weight in zip(range(3), (1, 1, -1), index.weights.values(), strict=True):
        before = values[:, :12, column]
        residual = before - before.mean(axis=1, keepdims=True) - before.mean(axis=0) + before.mean()
        total += sign * weight * change[:, column] / np.sqrt((residual**2).sum() / (6 * 11))
    assert index.estimate == pytest.approx(total[:2].mean() - total[2:].mean(), rel=1e-9)


def test_an_outcome_without_an_estimate_is_left_out_and_named(values: np.ndarray, tmp_path: Path) -> None:
    asked = outcome("calm", "higher", "primary") + outcome("trust", "higher", "secondary")
    asked += "  noise: {source: rows, kind: count, value: noise, better: lower, title: Noise reports}\n"
    counted = np.round(values).clip(0)
    counted[0, 12:, 2] = 0
    family = run(tmp_path, asked, lines(counted)).family
    assert family is not None
    assert [each.outcome for each in family.others] == ["trust"]
    assert any(reason.startswith("Noise reports is left out: No events in A (follow-up)") for reason in family.refused)


def test_one_outcome_is_no_family(values: np.ndarray, tmp_path: Path) -> None:
    assert run(tmp_path, outcome("calm", "higher", "primary"), lines(values)).family is None


def test_areas_count_in_the_family_as_they_do_in_each_estimate(values: np.ndarray, tmp_path: Path) -> None:
    counts = np.round(100 + 20 * (values - 10)).clip(1)
    rate = "kind: count, exposure: {source: people, value: population}, better: lower"
    asked = "".join(
        f"  {name}: {{source: rows, value: {name}, role: {role}, {rate}}}\n"
        for name, role in (("calm", "primary"), ("trust", "secondary"), ("noise", "secondary"))
    )
    p_values = {}
    for weights in ("equal", "exposure"):
        found = run(tmp_path, asked, lines(counts), weights)
        assert found.family is not None
        for each in found.family.others:
            exact = next(e for e in found.outcomes[each.outcome].estimates if e.method.startswith("exact permutation"))
            assert each.p_value == pytest.approx(exact.p_value, abs=EXACT)
        p_values[weights] = [each.p_value for each in found.family.others]
        assert found.family.index is not None
        assert ("Areas count equally here" in found.family.index.note) is (weights == "exposure")
    assert p_values["equal"] != p_values["exposure"]


@pytest.mark.parametrize("weights", ["equal", "exposure"])
def test_levels_and_effect_speak_of_the_same_mean(values: np.ndarray, tmp_path: Path, weights: str) -> None:
    counts = np.round(100 + 20 * (values - 10)).clip(1)
    asked = "  calm: {source: rows, value: calm, kind: count, better: lower, role: primary, "
    asked += "exposure: {source: people, value: population, per_period: true}}\n"
    outcome = run(tmp_path, asked, lines(counts), weights).outcomes["calm"]
    share = np.array([0.5, 0.5]) if weights == "equal" else np.array(PEOPLE[:2]) / sum(PEOPLE[:2])
    rates = np.array([counts[:2, part, 0].sum(axis=1) for part in (slice(0, 12), slice(12, 24))]) / PEOPLE[:2]
    before, after = np.exp(np.log(rates) @ share)
    assert outcome.baseline_level is not None
    assert outcome.counterfactual is not None
    headline = outcome.headline
    assert headline is not None
    expected = after / before / headline.estimate
    assert outcome.counterfactual / outcome.baseline_level == pytest.approx(expected, rel=1e-9)
