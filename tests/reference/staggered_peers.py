"""Group-time effects and the two-way decomposition by another package, for tests/models/staggered.

    python tests/reference/staggered_peers.py

Reads data/teen_employment/employment.csv and writes staggered_peers.csv beside itself. Needs diff-diff, which the
project itself does not use.
"""

import csv
import math
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from diff_diff import BaconDecomposition, CallawaySantAnna

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "data" / "teen_employment" / "employment.csv"
HEADER = ("compared_with", "base", "what", "key", "estimate", "std_error")
COLUMNS = {"outcome": "log_employment", "unit": "county", "time": "year", "first_treat": "first_raise"}


def group_times(data: pd.DataFrame, compared_with: str, base: str) -> list[tuple[str, ...]]:
    """Averages by one choice of comparison and base."""
    model = CallawaySantAnna(control_group=f"{compared_with}_treated", base_period=base)
    found = model.fit(data, aggregate="all", **COLUMNS)
    rows = [("simple", "", found.overall_att, found.overall_se)]
    rows += [("since", f"{int(e)}", v["effect"], v["se"]) for e, v in found.event_study_effects.items()]
    rows += [("group", f"{int(g)}", v["effect"], v["se"]) for g, v in found.group_effects.items()]
    rows += [("cell", f"{int(g)} {int(t)}", v["effect"], v["se"]) for (g, t), v in found.group_time_effects.items()]
    return [
        (compared_with, base, what, key, f"{value:.10g}", f"{error:.10g}")
        for what, key, value, error in rows
        if math.isfinite(error)
    ]


def two_way(data: pd.DataFrame) -> list[tuple[str, ...]]:
    """The coefficient, and each comparison with its weight in place of a standard error."""
    found = BaconDecomposition(weights="exact").fit(data, **COLUMNS)
    rows = [("", "", "two_way", "", f"{found.twfe_estimate:.10g}", "")]
    for pair in found.comparisons:
        other = "never" if pair.control_group == "never_treated" else f"{int(pair.control_group)}"
        key = f"{int(pair.treated_group)} {other}"
        rows.append(("", "", "pair", key, f"{pair.estimate:.10g}", f"{pair.weight:.10g}"))
    return rows


def main() -> None:
    """Write the file."""
    warnings.simplefilter("ignore")
    data = pd.read_csv(DATA).fillna({"first_raise": 0})
    rows = [
        row for c in ("never", "not_yet") for b in ("varying", "universal") for row in group_times(data, c, b)
    ] + two_way(data)
    with (HERE / "staggered_peers.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows by diff-diff {version('diff-diff')}")


if __name__ == "__main__":
    main()
