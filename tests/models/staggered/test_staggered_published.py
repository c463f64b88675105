"""Callaway and Sant'Anna's published numbers, another package's, and Goodman-Bacon's decomposition."""

import csv
from pathlib import Path

import numpy as np
import pytest
from staggered_counties import YEARS, Counties

from models.inference.refusal import NoInference
from models.staggered.aggregates import Average, alike, averages, weights_of
from models.staggered.analytic import Published, by_start_group, published, uniform_factor
from models.staggered.bacon import Bacon, PairKind, decompose
from models.staggered.group_time import effects, group_times

PRINTED = 5e-5  # four decimals are published
PEER = 1e-8  # the peer's file holds ten digits
PEERS = Path(__file__).resolve().parents[2] / "reference" / "staggered_peers.csv"
CLOSE = 0.05  # Monte Carlo error of a quantile of 5,000 draws, and of the peer's own


def found(counties: Counties, average: Average, *choices: str) -> Published:
    times = group_times(counties.groups, np.arange(len(YEARS)), *choices)  # type: ignore[arg-type]
    return published(counties.values, counties.groups, times, average)


def test_group_time_effects_are_those_published(counties: Counties) -> None:
    times = group_times(counties.groups, np.arange(5))
    att = effects(counties.values, counties.groups, times)
    first = att[(times.group == 0) & times.after]
    assert first == pytest.approx([-0.0105, -0.0704, -0.1373, -0.1008], abs=PRINTED)


def test_averages_are_those_published(counties: Counties) -> None:
    every = averages(group_times(counties.groups, np.arange(5)))
    simple = found(counties, every.overall["simple"])
    assert (simple.estimate, simple.std_error) == pytest.approx((-0.0400, 0.0120), abs=PRINTED)
    assert found(counties, every.overall["dynamic"]).estimate == pytest.approx(-0.0772, abs=PRINTED)
    later = [found(counties, every.since[e]).estimate for e in range(4)]
    assert later == pytest.approx([-0.0199, -0.0510, -0.1373, -0.1008], abs=PRINTED)
    by_group = [found(counties, average).estimate for average in every.group.values()]
    assert by_group == pytest.approx([-0.0797, -0.0229, -0.0261], abs=PRINTED)


def peers() -> list[dict[str, str]]:
    with PEERS.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


@pytest.mark.parametrize("compared_with", ["never", "not_yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_every_effect_and_standard_error_is_the_peers(counties: Counties, compared_with: str, base: str) -> None:
    times = group_times(counties.groups, np.arange(5), compared_with, base)  # type: ignore[arg-type]
    every = averages(times)
    rows = [row for row in peers() if (row["compared_with"], row["base"]) == (compared_with, base)]
    assert len(rows) >= 22
    for row in rows:
        match row["what"]:
            case "simple":
                average = every.overall["simple"]
            case "since":
                average = every.since[int(row["key"])]
            case "group":
                average = every.group[(2004, 2006, 2007).index(int(row["key"]))]
            case _:
                group, year = map(int, row["key"].split())
                mine = (times.group == (2004, 2006, 2007).index(group)) & (times.bin == year - 2003)
                average = alike(np.flatnonzero(mine))
        own = found(counties, average, compared_with, base)
        assert own.estimate == pytest.approx(float(row["estimate"]), abs=PEER), row
        assert own.std_error == pytest.approx(float(row["std_error"]), abs=PEER), row


def test_uniform_band_is_wider_than_one_interval_and_narrower_than_bonferroni(counties: Counties) -> None:
    times = group_times(counties.groups, np.arange(5))
    psi = np.stack([found(counties, average).influence for average in averages(times).since.values()], axis=1)
    factor = uniform_factor(psi, 0.95, 1)
    assert 1.96 < factor < 2.69 + CLOSE  # normal quantile of 1 - .05 / (2 * 7)
    assert uniform_factor(psi[:, :1], 0.95, 1) == pytest.approx(1.96, abs=CLOSE)
    assert uniform_factor(psi, 0.95, 1) == factor


def test_spread_within_starts_is_near_the_influence_functions_with_many_areas(counties: Counties) -> None:
    times = group_times(counties.groups, np.arange(5))
    average = averages(times).overall["group"]
    test = by_start_group(
        counties.values,
        counties.groups,
        times.contrast(counties.groups, weights_of(average, counties.groups, times)),
        0.95,
    )
    assert not isinstance(test, NoInference)
    own = found(counties, average)
    assert test.estimate == pytest.approx(own.estimate, abs=PEER)
    assert test.std_error == pytest.approx(own.std_error, rel=0.01)
    assert test.df > 100


def test_decomposition_is_the_peers(counties: Counties) -> None:
    result = decompose(counties.values, counties.groups.first[counties.groups.member])
    assert isinstance(result, Bacon)
    rows = peers()
    (total,) = (float(row["estimate"]) for row in rows if row["what"] == "two_way")
    assert result.coefficient == pytest.approx(total, abs=PEER)
    theirs = {row["key"]: (float(row["estimate"]), float(row["std_error"])) for row in rows if row["what"] == "pair"}
    named = ["never" if bin_ == 5 else str(2003 + bin_) for bin_ in range(6)]
    ours = {f"{named[p.treated]} {named[p.other]}": (p.estimate, p.weight) for p in result.pairs}
    assert ours.keys() == theirs.keys()
    for key, pair in ours.items():
        assert pair == pytest.approx(theirs[key], abs=PEER), key
    assert result.share(PairKind.LATER) == pytest.approx(0.0539, abs=1e-4)
