"""Write simulated records of a neighbourhood policing pilot in part of Tower Hamlets. NOTHING HERE IS REAL.

    python data/tower_hamlets_simulated/simulate.py [OUT_DIR]

The wards' names are real; every number is made up, with known effects, which stand beside them in `truth.json`. The
same seed writes the same bytes. Needs numpy; README.md explains each step.
"""

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

HERE = Path(__file__).resolve().parent
SEED = 20180504  # the first from 20180501 on that is a typical draw, by the rule in README.md

# Wards of 2014 to 2022: people (made up), and neighbours as read off a map, approximately; borders count both ways.
WARDS = {
    "Bethnal Green": (17_900, ("St Peter's", "Spitalfields & Banglatown", "Whitechapel", "Stepney Green", "Bow West")),
    "St Peter's": (18_300, ("Weavers", "Bow West")),
    "Spitalfields & Banglatown": (13_200, ("Weavers", "St Peter's", "Whitechapel")),
    "Weavers": (13_100, ()),
    "Blackwall & Cubitt Town": (16_900, ("Canary Wharf", "Island Gardens", "Lansbury", "Poplar")),
    "Bow East": (16_200, ("Bow West", "Bromley North")),
    "Bow West": (13_600, ("Mile End",)),
    "Bromley North": (10_200, ("Bromley South", "Mile End")),
    "Bromley South": (12_800, ("Lansbury", "Mile End")),
    "Canary Wharf": (14_800, ("Island Gardens", "Limehouse", "Poplar")),
    "Island Gardens": (14_900, ()),
    "Lansbury": (17_100, ("Poplar", "Limehouse")),
    "Limehouse": (7_900, ("Poplar", "St Dunstan's", "Shadwell", "Mile End")),
    "Mile End": (19_400, ("St Dunstan's", "Stepney Green")),
    "Poplar": (8_100, ()),
    "Shadwell": (16_300, ("St Dunstan's", "St Katharine's & Wapping", "Whitechapel")),
    "St Dunstan's": (13_900, ("Stepney Green",)),
    "St Katharine's & Wapping": (12_100, ("Whitechapel",)),
    "Stepney Green": (13_700, ("Whitechapel",)),
    "Whitechapel": (17_600, ()),
}
TREATED = ("Bethnal Green", "St Peter's", "Spitalfields & Banglatown", "Weavers")

FIRST, START, LAST = np.datetime64("2015-04"), np.datetime64("2018-05"), np.datetime64("2020-02")
ONE_MONTH = np.timedelta64(1, "M")
MONTHS = np.arange(FIRST, LAST + ONE_MONTH)
DAYS = ((MONTHS + ONE_MONTH).astype("datetime64[D]") - MONTHS.astype("datetime64[D]")).astype(np.float64)

CALLS_A_YEAR = 42.0  # per 1,000 people, the borough's ordinary year
WARD_SD = 0.30  # of the wards' log levels
SEASON = 0.18  # half the way from the quietest month, January, to the busiest, July, on the log scale
YEAR_SD = 0.04  # of what moves the whole borough from one financial year to the next
MONTH_SD, MONTH_RHO = 0.10, 0.4  # shocks of single months, which die out
LASTING_SD = 0.06  # shocks that last a financial year
LIKENESS = 0.6  # how much of its neighbours' shock each ward shares
CALLS_RATIO = 0.86  # the effect on calls

LEVELS = ("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied")
CUTS = np.array([-1.55, -0.45, 0.20, 1.75])  # of the ordered logit
ANSWERS_A_MONTH = 4.0  # in a ward
WARD_SATISFACTION_SD, SATISFACTION_SD = 0.15, 0.08  # wards, and wards by financial year, on the log odds
SATISFACTION_LOGIT = 0.45  # the effect on answers

ACTIVITY = {  # per 1,000 people a year without the team, and the ratio with it
    "arrests": (3.1, 1.55),
    "warnings": (1.9, 2.40),
    "patrol_hours": (55.0, 1.90),
}


@dataclass(frozen=True, slots=True)
class World:
    """One draw: calls and activity by ward and month, and answers as ward, month and level."""

    calls: Ints
    activity: dict[str, Ints]
    ward: Ints
    month: Ints
    level: Ints


def names() -> tuple[str, ...]:
    """Return the wards, those of the pilot first."""
    return tuple(WARDS)


def people() -> Floats:
    """Return the people of each ward."""
    return np.array([float(number) for number, _ in WARDS.values()])


def borders() -> Floats:
    """Return 1 where two wards border each other, else 0."""
    wards = names()
    matrix = np.zeros((len(wards), len(wards)))
    for ward, (_, around) in WARDS.items():
        for other in around:
            matrix[wards.index(ward), wards.index(other)] = matrix[wards.index(other), wards.index(ward)] = 1.0
    return matrix


def treated() -> NDArray[np.bool_]:
    """Return which wards are the pilot's."""
    return np.array([ward in TREATED for ward in names()])


def with_team() -> NDArray[np.bool_]:
    """Return the wards and months in which the team is at work."""
    return treated()[:, None] & (MONTHS >= START)


def financial_year() -> Ints:
    """Return for each month how many financial years it comes after the first."""
    number: Ints = (MONTHS - FIRST).astype(np.int64) // 12
    return number


def alike(draws: Floats) -> Floats:
    """Spread independent draws, wards by columns, over neighbours; each ward keeps a standard deviation of 1."""
    near = borders()
    mixing = np.linalg.inv(np.eye(len(near)) - LIKENESS * near / near.sum(axis=1, keepdims=True))
    spread: Floats = (mixing / np.sqrt((mixing**2).sum(axis=1, keepdims=True))) @ draws
    return spread


def shocks(rng: np.random.Generator) -> Floats:
    """Draw log shocks of wards by months: those of single months, which die out, and those that last a year."""
    wards, months, years = len(WARDS), len(MONTHS), int(financial_year().max()) + 1
    fresh = alike(rng.standard_normal((wards, months)))
    fading = np.empty_like(fresh)
    fading[:, 0] = fresh[:, 0]
    for t in range(1, months):
        fading[:, t] = MONTH_RHO * fading[:, t - 1] + np.sqrt(1 - MONTH_RHO**2) * fresh[:, t]
    lasting = alike(rng.standard_normal((wards, years)))[:, financial_year()]
    return MONTH_SD * fading + LASTING_SD * lasting


def expected_calls(rng: np.random.Generator) -> Floats:
    """Draw the expected calls of wards by months."""
    ordinary = np.log(CALLS_A_YEAR / 1000 / 365.25) + np.log(people())[:, None] + np.log(DAYS)
    level = WARD_SD * rng.standard_normal(len(WARDS))
    level[treated()] += 0.25  # busier streets
    calendar = (MONTHS.astype(np.int64) % 12).astype(np.float64)
    season = -SEASON * np.cos(2 * np.pi * calendar / 12)
    common = (YEAR_SD * rng.standard_normal(int(financial_year().max()) + 1))[financial_year()]
    log_rate = ordinary + level[:, None] + season + common + shocks(rng)
    expected: Floats = np.exp(log_rate + np.log(CALLS_RATIO) * with_team())
    return expected


def level_shares(logit: Floats) -> Floats:
    """Return the chances of the levels at each log odds, one row each."""
    below = 1 / (1 + np.exp(-(CUTS - logit[:, None])))
    shares: Floats = np.diff(np.hstack([np.zeros((len(logit), 1)), below, np.ones((len(logit), 1))]), axis=1)
    return shares


def answers(rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Draw who answered in which month, and what."""
    number = rng.poisson(ANSWERS_A_MONTH, (len(WARDS), len(MONTHS)))
    ward, month = (np.repeat(index.ravel(), number.ravel()) for index in np.indices(number.shape))
    years = int(financial_year().max()) + 1
    level = WARD_SATISFACTION_SD * rng.standard_normal((len(WARDS), 1))
    level = level + SATISFACTION_SD * rng.standard_normal((len(WARDS), years))[:, financial_year()]
    logit = (level + SATISFACTION_LOGIT * with_team())[ward, month]
    chosen = (rng.random(len(ward))[:, None] > np.cumsum(level_shares(logit), axis=1)).sum(axis=1)
    return ward.astype(np.int64), month.astype(np.int64), np.minimum(chosen, len(LEVELS) - 1).astype(np.int64)


def activity(rng: np.random.Generator) -> dict[str, Ints]:
    """Draw what the service did: more where and when the team is at work."""
    done = {}
    for name, (a_year, ratio) in ACTIVITY.items():
        ordinary = a_year / 1000 / 365.25 * people()[:, None] * DAYS
        done[name] = rng.poisson(ordinary * np.where(with_team(), ratio, 1.0)).astype(np.int64)
    return done


def simulate(seed: int) -> World:
    """Draw one world."""
    rng = np.random.default_rng(seed)
    calls = rng.poisson(expected_calls(rng)).astype(np.int64)
    done = activity(rng)
    return World(calls, done, *answers(rng))


def satisfied(effect: float) -> float:
    """Return the expected share satisfied or very satisfied, as wards and years differ."""
    evenly = (np.arange(2001) + 0.5) / 2001
    differ = np.hypot(WARD_SATISFACTION_SD, SATISFACTION_SD)
    logit = effect + differ * np.array([NormalDist().inv_cdf(p) for p in evenly])
    return float(level_shares(logit)[:, 3:].sum(axis=1).mean())


def truth(seed: int) -> dict[str, object]:
    """Return the known effects."""
    return {
        "simulated": True,
        "seed": seed,
        "treated": list(TREATED),
        "effect_from": f"{START}-01",
        "outcomes": {
            "asb_calls": {"estimand": "calls about ASB", "scale": "ratio", "effect": CALLS_RATIO},
            "satisfaction": {
                "estimand": "share of victims satisfied or very satisfied",
                "scale": "difference",
                "effect": round(satisfied(SATISFACTION_LOGIT) - satisfied(0.0), 4),
                "log_odds": SATISFACTION_LOGIT,
            },
        },
        "outputs": {name: {"scale": "ratio", "rise": ratio} for name, (_, ratio) in ACTIVITY.items()},
    }


def write_table(path: Path, columns: Mapping[str, Sequence[object]]) -> None:
    """Write equally long columns as CSV."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write(world: World, seed: int, out: Path) -> None:
    """Write every file."""
    out.mkdir(parents=True, exist_ok=True)
    wards, months = names(), [str(month) for month in MONTHS]
    cells = [(w, m) for m in range(len(months)) for w in range(len(wards))]
    place: dict[str, Sequence[object]] = {"ward": [wards[w] for w, _ in cells], "month": [months[m] for _, m in cells]}
    marked = {"simulated": ["yes"] * len(cells)}
    calls = {"asb_calls": [int(world.calls[cell]) for cell in cells]}
    done = {name: [int(counts[cell]) for cell in cells] for name, counts in world.activity.items()}
    write_table(out / "calls.csv", place | calls | marked)
    write_table(out / "activity.csv", place | done | marked)
    order = np.lexsort((world.ward, world.month))
    write_table(
        out / "victim_survey.csv",
        {
            "response": [f"SIM-V{k + 1:05d}" for k in range(len(order))],
            "ward": [wards[w] for w in world.ward[order]],
            "month": [months[m] for m in world.month[order]],
            "satisfaction": [LEVELS[k] for k in world.level[order]],
        },
    )
    size: dict[str, Sequence[object]] = {
        "ward": wards,
        "population": [number for number, _ in WARDS.values()],
        "simulated": ["yes"] * len(wards),
    }
    write_table(out / "population.csv", size)
    text = json.dumps(truth(seed), indent=2, ensure_ascii=False) + "\n"
    (out / "truth.json").write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Draw the records and write every file of this folder."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("out_dir", type=Path, nargs="?", default=HERE)
    out: Path = parser.parse_args().out_dir
    write(simulate(SEED), SEED, out)
    print(f"Simulated records written to {out}")


if __name__ == "__main__":
    main()
