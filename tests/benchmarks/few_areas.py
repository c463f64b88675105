"""Time 20,000 bootstrap draws and permutations on a few areas by 48 months: ours beside pyfixest's and diff-diff's.

    python3 -m venv peers && peers/bin/pip install pyfixest diff-diff
    python tests/benchmarks/few_areas.py --peers peers/bin/python

Without `--peers`, or for a peer that is not installed there, it says so and times the rest. Every call is made once
before it is timed, then repeated until `--seconds` have passed or `REPEATS` times; the median is printed, with the
p-value, so that it can be seen that the same question was answered. Calls that fail are printed with their error.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

DRAWS = 20_000
REPEATS = 15
MONTHS, AFTER = 48, 12
FEW, MANY = (7, 2), (28, 4)  # areas, treated: 21 assignments, and 20,475
LARGE = (3_000, 60)  # areas, months

Row = tuple[str, str, str, float | None, int, str]
"""Task, who, package and version, median seconds, repeats, and the p-value or the error."""


def values(areas: int) -> np.ndarray:
    """Monthly values, shape (areas, MONTHS); the same for everyone."""
    return np.random.default_rng(1).normal(size=(areas, MONTHS))


def timed(call: Callable[[], float], seconds: float) -> tuple[float, int, str]:
    """Median seconds of a call, the repeats behind it, and its p-value."""
    answer, taken = call(), []
    while len(taken) < REPEATS and (not taken or sum(taken) < seconds):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken), len(taken), "" if np.isnan(answer) else f"p = {answer:.4f}"


def ours(seconds: float) -> list[Row]:
    """Time the shipped functions, each from the panel's cells to its p-value and interval."""
    from models.changes import change
    from models.design import Design
    from models.did import DidOptions
    from models.did import fit as fit_did
    from models.inference.permutation import permutation_test, studentised_permutation_test
    from models.inference.subcluster import subcluster_bootstrap
    from models.inference.wild import Multiplier, wild_bootstrap
    from models.panel import ContinuousCells, Kind, Panel
    from models.periods import Periods, Role, TimeUnit

    def panel(areas: int, treated: int, months: int = MONTHS) -> Panel:
        y = values(areas) if months == MONTHS else np.random.default_rng(2).normal(size=(areas, months))
        roles = (Role.BASELINE,) * (months - AFTER) + (Role.FOLLOW_UP,) * AFTER
        cells = ContinuousCells(np.full(y.shape, 10.0), 10 * y, 10 * (y**2 + 1))
        names = tuple(f"area {a}" for a in range(areas))
        periods = Periods(TimeUnit.MONTH, 24_000, roles)
        return Panel("y", Kind.CONTINUOUS, "points", 1.0, names, np.arange(areas) < treated, periods, cells)

    def tested(test: Callable[..., Any], where: Panel, **options: Any) -> Callable[[], float]:
        def call() -> float:
            changes = change(where, where.periods.baseline, where.periods.follow_up)
            return float(test(changes.w, where.treated, 0.95, resolution=changes.resolution, **options).p_value)

        return call

    def subcluster(where: Panel) -> float:
        windows = where.periods.baseline, where.periods.follow_up
        return float(subcluster_bootstrap(values(FEW[0]), where.treated, *windows, 0.95, draws=DRAWS - 1).p_value)

    def fitted(where: Panel) -> float:
        return next(e.p_value for e in fit_did(where, Design(), DidOptions()).estimates if e.headline) or np.nan

    few, many, large = panel(*FEW), panel(*MANY), panel(LARGE[0], LARGE[0] // 3, LARGE[1])
    webb = {"multiplier": Multiplier.WEBB, "draws": DRAWS - 1}
    calls = {
        TASKS[0]: tested(wild_bootstrap, few, **webb),
        TASKS[1]: tested(wild_bootstrap, few),
        TASKS[2]: lambda: subcluster(few),
        TASKS[3]: tested(permutation_test, few),
        TASKS[4]: tested(permutation_test, many),
        TASKS[5]: tested(studentised_permutation_test, many),
        "did.fit, 7 areas x 48 months, every method": lambda: fitted(few),
        f"did.fit, {LARGE[0]:,} areas x {LARGE[1]} months, every method": lambda: fitted(large),
    }
    return [(task, "ours", "", *timed(call, seconds)) for task, call in calls.items()]


TASKS = (
    f"Wild bootstrap, Webb, {DRAWS:,} draws, 7 x 48",
    "Wild bootstrap, Rademacher, all 128, 7 x 48",
    f"Subcluster wild bootstrap, {DRAWS:,} draws, 7 x 48",
    "Permutation, 7 x 48 (21 assignments)",
    "Permutation, 28 x 48 (20,475 assignments)",
    "Permutation of Welch's t, 28 x 48 (20,475 assignments)",
)


def peers(seconds: float) -> list[Row]:
    """Time pyfixest and diff-diff; runs in their environment. Data frames and first fits are made beforehand."""
    found: list[Row] = []
    for name, calls in (("pyfixest", _pyfixest), ("diff-diff", _diff_diff)):
        try:
            package = f"{name} {version(name)}"
        except PackageNotFoundError:
            found.append(("all", name, "", None, 0, "not installed"))
            continue
        for task, call in calls().items():
            try:
                found.append((task, name, package, *timed(call, seconds)))
            except Exception as error:  # noqa: BLE001 - whatever a peer fails with is its result
                words = " ".join(str(error).split())[:70]
                found.append((task, name, package, None, 0, f"{type(error).__name__}: {words}"))
    return found


def _frame(areas: int, treated: int) -> Any:
    import pandas as pd

    area, month = np.divmod(np.arange(areas * MONTHS), MONTHS)
    frame = pd.DataFrame({"area": area, "month": month, "y": values(areas).ravel()})
    frame["treated"] = (area < treated).astype(int)
    frame["post"] = (month >= MONTHS - AFTER).astype(int)
    frame["exposed"] = (frame.treated * frame.post).astype(float)
    return frame


def _pyfixest() -> dict[str, Callable[[], float]]:
    import pyfixest

    few, many = (pyfixest.feols("y~exposed|area+month", _frame(*size), vcov={"CRV1": "area"}) for size in (FEW, MANY))

    def wild(weights: str) -> float:
        return float(few.wildboottest(reps=DRAWS - 1, param="exposed", weights_type=weights, seed=1)["Pr(>|t|)"])

    def permute(fit: Any) -> float:
        rng = np.random.default_rng(1)
        return float(fit.ritest("exposed", cluster="area", reps=DRAWS - 1, rng=rng)["Pr(>|t|)"])

    return {
        TASKS[0]: lambda: wild("webb"),
        TASKS[1]: lambda: wild("rademacher"),
        TASKS[3]: lambda: permute(few),
        TASKS[4]: lambda: permute(many),
    }


def _diff_diff() -> dict[str, Callable[[], float]]:
    import diff_diff

    few, many = _frame(*FEW), _frame(*MANY)
    area, month = few.area.to_numpy(), few.month.to_numpy()
    effects = [area[:, None] == np.arange(FEW[0]), month[:, None] == np.arange(1, MONTHS), few.exposed.to_numpy()]
    design = np.column_stack(effects).astype(float)

    def wild(weights: str) -> float:
        y = few.y.to_numpy()
        options = {"n_bootstrap": DRAWS - 1, "weight_type": weights, "seed": 1}
        last = design.shape[1] - 1
        return float(diff_diff.wild_bootstrap_se(design, y, np.zeros(len(y)), area, last, **options).p_value)

    def permute(frame: Any) -> float:
        options = {"post": "post", "unit": "area", "n_permutations": DRAWS - 1, "seed": 1}
        return float(diff_diff.permutation_test(frame, "y", "treated", **options).p_value)

    return {
        TASKS[0]: lambda: wild("webb"),
        TASKS[1]: lambda: wild("rademacher"),
        TASKS[3]: lambda: permute(few),
        TASKS[4]: lambda: permute(many),
    }


def markdown(rows: list[Row]) -> str:
    """Print the rows in the order of the tasks."""
    lines = ["| Task | Who | Median, s | Repeats | Answer |", "| --- | --- | --- | --- | --- |"]
    order = {task: number for number, task in enumerate(dict.fromkeys(row[0] for row in rows))}
    for task, who, package, seconds, repeats, answer in sorted(rows, key=lambda row: order[row[0]]):
        spent = "" if seconds is None else f"{seconds:.4f}" if seconds < 1 else f"{seconds:.2f}"
        lines.append(f"| {task} | {package or who} | {spent} | {repeats or ''} | {answer} |")
    return "\n".join(lines)


def main() -> None:
    """Time everyone in one run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="Python of an environment with pyfixest and diff-diff")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds after which a call is not repeated")
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_peer:
        warnings.simplefilter("ignore")
        print(json.dumps(peers(options.seconds)))
        return
    rows = ours(options.seconds)
    if options.peers:
        command = [options.peers, __file__, "--as-peer", "--seconds", str(options.seconds)]
        printed = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ).stdout
        rows += [tuple(row) for row in json.loads(printed.splitlines()[-1])]
    else:
        rows.append(("all", "pyfixest, diff-diff", "", None, 0, "not timed: give --peers"))
    print(markdown(rows))
    print(f"\nPython {sys.version.split()[0]}, numpy {np.__version__}")


if __name__ == "__main__":
    main()
