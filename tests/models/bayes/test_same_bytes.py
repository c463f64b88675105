"""One seed, one answer: compiled just now or read from disk, on however many cores, in whatever order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 600  # seconds until a process under test counts as hung
PROGRAM = """
import hashlib, sys
import numpy as np
from models.bayes.fitting import fitted
from models.bayes.layout import layout_of
from models.bayes.likelihoods import likelihood_of
from models.bayes.predictor import Scales
from models.bayes.sampling import Settings
from models.design import Design
from models.panel import BinaryCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

rng = np.random.default_rng(1)
n = rng.integers(20, 60, (4, 32)).astype(float)
cells = {"count": CountCells(n, np.full(n.shape, 30.0)), "binary": BinaryCells(np.floor(n / 2), n)}
roles = (Role.BASELINE,) * 26 + (Role.FOLLOW_UP,) * 6
for kind in sys.argv[2:]:
    periods = Periods(TimeUnit.MONTH, 24_000, roles)
    panel = Panel("y", Kind(kind), "", 1.0, tuple("ABCD"), np.arange(4) < 2, periods, cells[kind])
    settings = Settings(chains=2, tune=200, draws=100, cores=int(sys.argv[1]), seed=7)
    found = fitted(likelihood_of(layout_of(panel, Design())), Scales(0.0, 0.2, 0.1), settings)
    whole = b"".join(np.ascontiguousarray(found.draws.variables[k]).tobytes() for k in sorted(found.draws.variables))
    print(kind, hashlib.sha256(whole).hexdigest())
"""


def digests(cache: Path, cores: int, *kinds: str) -> dict[str, str]:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(cores), *kinds],
        cwd=ROOT,
        env={**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={cache}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return dict(line.split() for line in run.stdout.splitlines())


@pytest.mark.slow
def test_draws_do_not_depend_on_the_cache_the_order_or_the_cores(tmp_path: Path) -> None:
    cold = digests(tmp_path / "one", 2, "count", "binary")
    warm = digests(tmp_path / "one", 1, "binary", "count")
    alone = digests(tmp_path / "two", 2, "binary")
    assert set(cold) == {"count", "binary"}
    assert warm == cold
    assert alone["binary"] == cold["binary"]
