"""Effective draws per second of the effect: ours beside Bambi's and CausalPy's, on the same model and data in one run.

    python3 -m venv bambi && bambi/bin/pip install bambi nutpie
    python3 -m venv causalpy
    causalpy/bin/pip install causalpy 'arviz<1' 'numpy<2.3' 'numba<0.64' nutpie
    python tests/benchmarks/bayes_engines.py --bambi bambi/bin/python --causalpy causalpy/bin/python

Two models of 2 treated areas of 7, 20 months before and 10 after. With Bambi: negative-binomial counts, an effect,
areas and periods that vary, and a shock to each area's follow-up. With CausalPy: normal values, an effect, areas and
periods
(CausalPy's regression; its priors are flat where ours are hierarchical). Four chains of 1,000 draws after 1,000 steps
of tuning on two cores, each package otherwise as it ships, and with nutpie where it allows that.

Every engine starts in a new process with an empty cache of compiled code. "First" is the first fit there, compiling
included; "again" is another fit of the same model in that process, which the peers compile anew. Without a peer's
interpreter, or where a peer fails, it says so and times the rest.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

AREAS, TREATED, BEFORE, AFTER = 7, 2, 20, 10
EFFECT, SHOCK, NOISE = -0.2, 0.05, 0.1

READ = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
d = {k: np.asarray(v) for k, v in json.load(sys.stdin).items()}
def told(seconds, values):
    import arviz as az
    found = {"ess": az.ess(values), "mean": values.mean(), "sd": values.std(), "seconds": seconds}
    print(json.dumps({name: float(value) for name, value in found.items()}))
"""
OURS = """
sys.path.insert(0, ROOT)
from models.bayes.fitting import fitted
from models.bayes.likelihoods import likelihood_of
from models.bayes.layout import layout_of
from models.bayes.predictor import Scales
from models.bayes.sampling import Settings
from models.design import Design
from models.panel import ContinuousCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit
areas, months = d["after"].shape
before = int((d["after"][0] == 0).sum())
roles = (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * (months - before)
cells = CountCells(d["y"], d["exposure"]) if COUNTS else ContinuousCells(np.ones_like(d["y"]), d["y"], d["y"] ** 2)
kind = Kind.COUNT if COUNTS else Kind.CONTINUOUS
periods = Periods(TimeUnit.MONTH, 24000, roles)
panel = Panel("y", kind, "", 1.0, tuple("ABCDEFG"), d["exposed"].any(axis=1), periods, cells)
likelihood = likelihood_of(layout_of(panel, Design()))
scales = Scales(0.0, 0.2, 0.1, 0.3, 0.5, 0.3) if COUNTS else Scales(0.0, 1.0, 0.0, 0.3, 1.0, 0.3)
for seed in (1, 2):
    begun = time.perf_counter()
    found = fitted(likelihood, scales, Settings(tune=1000, draws=1000, seed=seed))
    told(time.perf_counter() - begun, found.by_chain(found.flat["effect"]))
"""
FRAME = """
import pandas as pd
areas, months = d["after"].shape
frame = pd.DataFrame({
    "y": d["y"].ravel(), "exposed": d["exposed"].ravel(), "after": d["after"].ravel(),
    "area": np.repeat([f"a{i}" for i in range(areas)], months),
    "period": np.tile([f"p{i:02d}" for i in range(months)], areas),
    "offset": np.log(d["exposure"]).ravel(),
})
"""
BAMBI = (
    FRAME
    + """
import bambi as bmb
frame["y"] = frame["y"].astype(int)
half = lambda s: bmb.Prior("HalfNormal", sigma=s)
normal = lambda s: bmb.Prior("Normal", mu=0, sigma=s)
centre = float(np.log(d["y"].sum() / d["exposure"].sum()))
priors = {
    "Intercept": bmb.Prior("Normal", mu=centre, sigma=0.3), "exposed": normal(0.2),
    "1|area": bmb.Prior("Normal", mu=0, sigma=half(0.5)), "1|period": bmb.Prior("Normal", mu=0, sigma=half(0.3)),
    "after|area": bmb.Prior("Normal", mu=0, sigma=half(0.1)),
}
formula = "y ~ 1 + exposed + (1|area) + (1|period) + (0 + after|area) + offset(offset)"
for seed in (1, 2):
    model = bmb.Model(formula, frame, family="negativebinomial", priors=priors, center_predictors=False)
    begun = time.perf_counter()
    extra = {"inference_method": "nutpie"} if NUTPIE else {}
    found = model.fit(draws=1000, tune=1000, chains=4, cores=2, random_seed=seed, progressbar=False, **extra)
    told(time.perf_counter() - begun, np.asarray(found["posterior"]["exposed"].values))
"""
)
CAUSALPY = (
    FRAME
    + """
import logging; logging.disable(logging.CRITICAL)
import xarray as xr
from causalpy.pymc_models import LinearRegression
design = pd.get_dummies(frame[["area", "period"]], drop_first=True).astype(float)
design.insert(0, "one", 1.0)
design.insert(1, "exposed", frame["exposed"])
rows, names = np.arange(len(frame)), list(design.columns)
X = xr.DataArray(design.to_numpy(), dims=["obs_ind", "coeffs"], coords={"obs_ind": rows, "coeffs": names})
y = xr.DataArray(frame["y"].to_numpy()[:, None], dims=["obs_ind", "treated_units"],
                 coords={"obs_ind": rows, "treated_units": ["unit_0"]})
import pymc as pm
for seed in (1, 2):
    kw = {"draws": 1000, "tune": 1000, "chains": 4, "cores": 2, "random_seed": seed, "progressbar": False}
    model = LinearRegression(sample_kwargs=kw | ({"nuts_sampler": "nutpie"} if NUTPIE else {}))
    model.build_model(X, y, {"coeffs": names, "obs_ind": rows, "treated_units": ["unit_0"]})
    begun = time.perf_counter()
    with model:  # as its fit does, without the predictive draws that it adds
        found = pm.sample(**model.sample_kwargs)
    told(time.perf_counter() - begun, found["posterior"]["beta"].sel(coeffs="exposed").values[..., 0])
"""
)


def pilot(*, counts: bool) -> dict[str, list[list[float]]]:
    """One simulated pilot; the same for everyone."""
    rng = np.random.default_rng(1)
    after = np.tile((np.arange(BEFORE + AFTER) >= BEFORE).astype(float), (AREAS, 1))
    exposed = after * (np.arange(AREAS) < TREATED)[:, None]
    log_mean = rng.normal(0, 0.4, (AREAS, 1)) + rng.normal(0, 0.1, BEFORE + AFTER) + EFFECT * exposed
    log_mean = log_mean + SHOCK * counts * rng.normal(size=(AREAS, 1)) * after
    shape = 1 / NOISE**2
    mean = 100 * np.exp(log_mean) * rng.gamma(shape, 1 / shape, log_mean.shape)
    y = rng.poisson(mean) if counts else log_mean + rng.normal(0, NOISE, log_mean.shape)
    arrays = {"y": y, "after": after, "exposed": exposed, "exposure": np.full(after.shape, 30.0)}
    return {name: array.tolist() for name, array in arrays.items()}


def timed(python: str, source: str, *, counts: bool, nutpie: bool = False) -> list[dict[str, float]] | str:
    """Run an engine in its own process with an empty cache; both fits, or what went wrong."""
    root = str(Path(__file__).parents[2])
    head = f"ROOT, COUNTS, NUTPIE = {root!r}, {counts}, {nutpie}\n"
    with tempfile.TemporaryDirectory() as cache:
        run = subprocess.run(
            [python, "-c", READ + head + source],
            input=json.dumps(pilot(counts=counts)),
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={cache}"},
        )
    if run.returncode:
        return run.stderr.strip().splitlines()[-1][:160]
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bambi", help="interpreter of an environment with Bambi")
    parser.add_argument("--causalpy", help="interpreter of an environment with CausalPy")
    given = parser.parse_args()
    print("| Model | Engine | Seconds: first, again | Effective draws | Per second: first, again | Effect (SD) |")
    print("|---|---|---|---|---|---|")
    tasks = [
        ("counts", "ours", sys.executable, OURS, False),
        ("counts", "Bambi", given.bambi, BAMBI, False),
        ("counts", "Bambi, nutpie", given.bambi, BAMBI, True),
        ("values", "ours", sys.executable, OURS, False),
        ("values", "CausalPy", given.causalpy, CAUSALPY, False),
        ("values", "CausalPy, nutpie", given.causalpy, CAUSALPY, True),
    ]
    for model, engine, python, source, nutpie in tasks:
        found = timed(python, source, counts=model == "counts", nutpie=nutpie) if python else "not installed"
        if isinstance(found, str):
            print(f"| {model} | {engine} | {found} | | | |", flush=True)
            continue
        first, again = found
        rates = ", ".join(f"{run['ess'] / run['seconds']:,.0f}" for run in (first, again))
        print(
            f"| {model} | {engine} | {first['seconds']:.1f}, {again['seconds']:.1f} | {first['ess']:,.0f}, "
            f"{again['ess']:,.0f} | {rates} | {again['mean']:.3f} ({again['sd']:.3f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
