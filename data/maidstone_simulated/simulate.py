"""Write simulated counts of a town-centre task force in Maidstone and of other towns. NOTHING HERE IS REAL.

    python data/maidstone_simulated/simulate.py [OUT_DIR]

The towns' names are real; every number and every date is made up, with a known effect, which stands beside them in
`truth.json`. The same seed writes the same bytes. Needs numpy; README.md explains each step.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

HERE = Path(__file__).resolve().parent
SEED = 20180901  # the first from 20180901 on that is a typical draw, by the rule in README.md
TOWN = "Maidstone"
# Other towns: incidents a month in an ordinary year, and how much each follows the two tides that move town centres.
OTHERS = {
    "Ashford": (64.0, 0.9, 0.4),
    "Canterbury": (88.0, 0.5, 1.3),
    "Chatham": (95.0, 1.3, 0.6),
    "Dartford": (71.0, 1.1, 0.5),
    "Dover": (49.0, 0.3, 0.9),
    "Folkestone": (66.0, 0.4, 1.2),
    "Gravesend": (77.0, 1.2, 0.7),
    "Margate": (91.0, 0.2, 1.6),
    "Sevenoaks": (31.0, 0.8, 0.2),
    "Tonbridge": (38.0, 0.9, 0.3),
    "Tunbridge Wells": (58.0, 0.7, 0.6),
}
MIXTURE = {"Chatham": 0.4, "Gravesend": 0.25, "Canterbury": 0.35}  # what Maidstone would be without the task force

FIRST, START, LAST = np.datetime64("2014-04"), np.datetime64("2018-09"), np.datetime64("2020-02")
ONE_MONTH = np.timedelta64(1, "M")
MONTHS = np.arange(FIRST, LAST + ONE_MONTH)
DAYS = ((MONTHS + ONE_MONTH).astype("datetime64[D]") - MONTHS.astype("datetime64[D]")).astype(np.float64)
USUAL_DAYS = 365.25 / 12
SEASON = 0.20  # half the way from January to July, on the log scale
TIDE_SD, TIDE_RHO = 0.12, 0.93  # of the two tides
OWN_SD, OWN_RHO = 0.05, 0.3  # of what happens in one town only
RATIO = 0.78  # the effect
VISITS_A_MONTH = 140.0  # of the task force, which keeps the only record of them
NOTICES = (4.0, 2.5)  # dispersal notices a month in a town, and the ratio with the task force


def towns() -> tuple[str, ...]:
    """Return the towns, Maidstone first."""
    return (TOWN, *OTHERS)


def with_task_force() -> NDArray[np.bool_]:
    """Return the towns and months in which the task force is at work."""
    return np.array([town == TOWN for town in towns()])[:, None] & (MONTHS >= START)


def fading(rng: np.random.Generator, rows: int, rho: float) -> Floats:
    """Draw series of standard deviation 1 whose months resemble the month before."""
    fresh = rng.standard_normal((rows, len(MONTHS)))
    series = np.empty_like(fresh)
    series[:, 0] = fresh[:, 0]
    for t in range(1, len(MONTHS)):
        series[:, t] = rho * series[:, t - 1] + np.sqrt(1 - rho**2) * fresh[:, t]
    return series


def expected(rng: np.random.Generator) -> Floats:
    """Draw the expected incidents of towns by months."""
    size, first, second = (np.array(column)[:, None] for column in zip(*OTHERS.values(), strict=True))
    tides = TIDE_SD * fading(rng, 2, TIDE_RHO)
    calendar = (MONTHS.astype(np.int64) % 12).astype(np.float64)
    season = -SEASON * np.cos(2 * np.pi * calendar / 12)
    others = size * np.exp(season + first * tides[0] + second * tides[1])
    weights = np.array([MIXTURE.get(town, 0.0) for town in OTHERS])
    level = np.vstack([weights @ others, others]) * DAYS / USUAL_DAYS
    found: Floats = level * np.exp(OWN_SD * fading(rng, len(towns()), OWN_RHO))
    return np.where(with_task_force(), RATIO * found, found)


def simulate(seed: int) -> tuple[Ints, Ints, Ints]:
    """Draw one world: incidents and notices of towns by months, and the task force's visits by month."""
    rng = np.random.default_rng(seed)
    incidents = rng.poisson(expected(rng)).astype(np.int64)
    often = NOTICES[0] * DAYS / USUAL_DAYS * np.where(with_task_force(), NOTICES[1], 1.0)
    notices = rng.poisson(often).astype(np.int64)
    visits = rng.poisson(VISITS_A_MONTH * DAYS[MONTHS >= START] / USUAL_DAYS).astype(np.int64)
    return incidents, notices, visits


def truth(seed: int) -> dict[str, object]:
    """Return the known effect."""
    return {
        "simulated": True,
        "seed": seed,
        "treated": [TOWN],
        "effect_from": f"{START}-01",
        "without_the_task_force": MIXTURE,
        "outcomes": {"asb": {"estimand": "incidents of ASB", "scale": "ratio", "effect": RATIO}},
        "outputs": {"dispersal_notices": {"scale": "ratio", "rise": NOTICES[1]}},
    }


def write_table(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Write rows as CSV; each says that it is simulated."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow((*head, "simulated"))
        writer.writerows((*row, "yes") for row in rows)


def write(seed: int, out: Path) -> None:
    """Write every file."""
    out.mkdir(parents=True, exist_ok=True)
    incidents, notices, visits = simulate(seed)
    cells = [(town, str(month), a, t) for t, month in enumerate(MONTHS) for a, town in enumerate(towns())]
    rows: list[tuple[object, ...]] = [(*cell[:2], int(incidents[cell[2:]]), int(notices[cell[2:]])) for cell in cells]
    write_table(out / "town_months.csv", ("town", "month", "asb_incidents", "dispersal_notices"), rows)
    done = zip(MONTHS[MONTHS >= START], visits, strict=True)
    log: list[tuple[object, ...]] = [(TOWN, str(month), int(number)) for month, number in done]
    write_table(out / "task_force_log.csv", ("town", "month", "visits"), log)
    text = json.dumps(truth(seed), indent=2, ensure_ascii=False) + "\n"
    (out / "truth.json").write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Draw the counts and write every file of this folder."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("out_dir", type=Path, nargs="?", default=HERE)
    out: Path = parser.parse_args().out_dir
    write(SEED, out)
    print(f"Simulated counts written to {out}")


if __name__ == "__main__":
    main()
