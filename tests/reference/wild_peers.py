"""Restricted wild cluster bootstrap by two other packages, for tests/models/inference/test_wild.py.

    python tests/reference/wild_peers.py

Writes wild_peers_panel.csv (made-up panels of area x period) and wild_peers.csv (p-values and limits) beside itself.
Needs pyfixest, wildboottest and diff-diff, which the project itself does not use. Both packages count only draws whose
statistic is larger than the sample's; ties, which all-ones and all-minus-ones always are, do not count.
"""

import csv
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest
from diff_diff.utils import wild_bootstrap_se

HERE = Path(__file__).parent
DESIGNS = (  # name, areas, treated, periods, of them after, effect, spread of treated areas
    ("two of seven", 7, 2, 12, 4, 0.4, 1.0),
    ("two of seven, noisy", 7, 2, 12, 4, 0.0, 2.0),
    ("three of ten", 10, 3, 6, 3, 1.0, 1.0),
    ("four of eight", 8, 4, 2, 1, 1.5, 1.0),
    ("one of six", 6, 1, 8, 2, 2.0, 1.0),
)
LEVEL = 0.9
ENUMERATED = 99_999  # more than 2^10 draws asked for: both packages list all sign vectors


def panel(name: str, areas: int, treated: int, periods: int, after: int, effect: float, spread: float) -> pd.DataFrame:
    """Make one panel; an area keeps its level, and a part of its shock from period to period."""
    rng = np.random.default_rng(len(name) + 100 * areas + treated)
    own = np.where(np.arange(areas) < treated, spread, 1.0)[:, None]
    shared = rng.normal(size=(areas, 1)) * (np.arange(periods) >= periods - after)
    y = rng.normal(size=(areas, 1)) * 3 + rng.normal(size=periods) + own * (rng.normal(size=(areas, periods)) + shared)
    y += effect * np.outer(np.arange(areas) < treated, np.arange(periods) >= periods - after)
    area, period = np.indices(y.shape)
    return pd.DataFrame(
        {
            "design": name,
            "area": area.ravel(),
            "period": period.ravel(),
            "treated": (area.ravel() < treated).astype(int),
            "after": (period.ravel() >= periods - after).astype(int),
            "y": y.ravel().round(4),
        }
    )


def by_pyfixest(data: pd.DataFrame) -> float:
    """P-value of treated x after by wildboottest, through pyfixest."""
    table = data.assign(x=data.treated * data.after)
    fit = pyfixest.feols("y ~ x + C(area) + C(period)", data=table, vcov={"CRV1": "area"})
    return float(fit.wildboottest(param="x", reps=ENUMERATED, cluster="area", seed=1)["Pr(>|t|)"])


def by_diff_diff(data: pd.DataFrame) -> tuple[float, float, float]:
    """P-value and limits at `LEVEL` by diff-diff."""
    x = (data.treated * data.after).to_numpy(dtype=float)
    areas, periods = data.area.to_numpy(), data.period.to_numpy()
    design = np.column_stack(
        [x, areas[:, None] == np.arange(areas.max() + 1), periods[:, None] == np.arange(1, periods.max() + 1)]
    ).astype(float)
    y = data.y.to_numpy()
    found = wild_bootstrap_se(design, y, y, areas, 0, n_bootstrap=ENUMERATED, alpha=1 - LEVEL, seed=1)
    return float(found.p_value), float(found.ci_lower), float(found.ci_upper)


def main() -> None:
    """Write both files."""
    panels = [panel(*design) for design in DESIGNS]
    pd.concat(panels).to_csv(HERE / "wild_peers_panel.csv", index=False, lineterminator="\n")
    rows = []
    for data in panels:
        name = data.design.iloc[0]
        p, lo, hi = by_diff_diff(data)
        rows.append((name, f"diff-diff {version('diff-diff')}", LEVEL, f"{p:.10g}", f"{lo:.10g}", f"{hi:.10g}"))
        rows.append((name, f"wildboottest {version('wildboottest')}", LEVEL, f"{by_pyfixest(data):.10g}", "", ""))
    with (HERE / "wild_peers.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([("design", "package", "level", "p", "lo", "hi"), *rows])


if __name__ == "__main__":
    main()
