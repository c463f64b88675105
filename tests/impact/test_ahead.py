"""Fits in other processes give what fits here give, and what goes wrong there comes back as it was."""

import io
import pickle

import numpy as np
import pytest

from impact.ahead import Job, answer_jobs, begun
from impact.fitting import fit_model
from models.case import Case
from models.design import Design
from models.did import DidOptions
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

ROLES = (Role.BASELINE,) * 12 + (Role.FOLLOW_UP,) * 6


def job(key: str, model: str = "did", seed: int = 1) -> Job:
    events = np.random.default_rng(seed).poisson(50.0, (5, len(ROLES))).astype(np.float64)
    panel = Panel(
        outcome=key,
        kind=Kind.COUNT,
        unit="incidents",
        per=1.0,
        areas=tuple("ABCDE"),
        treated=np.arange(5) < 2,
        periods=Periods(TimeUnit.MONTH, 24_000, ROLES),
        cells=CountCells(events, np.full(events.shape, 30.0)),
    )
    return Job(key, model, Case(panel), Design(), DidOptions())


def test_a_fit_elsewhere_is_the_fit_here() -> None:
    jobs = [job("first"), job("second", seed=2)]
    with begun(jobs) as early:
        for each in jobs:
            there = early[each.key]["did"].result(timeout=60)
            here = fit_model(each.key, "did", each.case, each.design, each.options)
            assert there.estimates == here.estimates
            assert there.paths == here.paths
            assert [c.id for c in there.checks] == [c.id for c in here.checks]


def test_what_goes_wrong_there_is_raised_here() -> None:
    with begun([job("first"), job("second", model="nonesuch")]) as early:
        assert early["first"]["did"].result(timeout=60).estimates
        with pytest.raises(KeyError, match="nonesuch"):
            early["second"]["nonesuch"].result(timeout=60)


def test_one_fit_alone_begins_no_process() -> None:
    with begun([job("only")]) as early:
        assert early == {}


def test_a_run_that_is_broken_off_leaves_no_process_behind() -> None:
    with pytest.raises(RuntimeError, match="broken off"), begun([job("first"), job("second")]):
        raise RuntimeError("broken off")


def test_a_worker_answers_every_job_in_turn() -> None:
    given = io.BytesIO()
    for each in (job("first"), job("second", model="nonesuch")):
        pickle.dump(each, given)
    given.seek(0)
    taken = io.BytesIO()
    answer_jobs(given, taken)
    taken.seek(0)
    assert pickle.load(taken).estimates  # noqa: S301 - just written
    assert isinstance(pickle.load(taken), KeyError)  # noqa: S301 - just written
