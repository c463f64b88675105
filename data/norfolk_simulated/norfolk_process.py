"""The process that makes the simulated Norfolk records: parameters and draws. NOTHING HERE IS REAL.

Levels, seasonality and dispersion come from the real recorded ASB of 2024-25 in `../norfolk_asb`, the shape
of demand from what the pilot's paper states; everything else is chosen here. README.md explains each step,
and `simulate.py` writes the files.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]
type Bools = npt.NDArray[np.bool_]
type Days = npt.NDArray[np.datetime64]

REAL = Path(__file__).resolve().parent.parent / "norfolk_asb"

TREATED = ("South Norfolk", "Broadland")
START = np.datetime64("2018-04-01", "D")
EXTRACT = np.datetime64("2024-06-30", "D")
ONE_MONTH = np.timedelta64(1, "M")
EFFECT_FROM = np.datetime64("2023-06-01", "D")  # after two months of filling the post
BURN_IN = np.datetime64("2017-04-01", "D")  # complaints start earlier: by April 2018 repeats have built up
FIRST_YEAR, YEARS = 2017, 8  # financial years there are
NUMBERED_FROM = np.datetime64("2018-02-01", "D")  # cases reported since may be in the survey of April 2018
LOOK_BACK_FROM = np.datetime64("2018-01-01", "D")  # complaints of 90 days before START show which reports are first

# Demand by financial year against an earlier, ordinary year (the pilot's paper); 1 where not named.
DEMAND = {2020: 1.40, 2021: 1.39, 2022: 1.08, 2023: 1.08, 2024: 1.08}
AUGUST_PEAK = 1.70  # against the ordinary (median) month
AR_RHO = 0.5
YEAR_SHARE = 0.25  # share of the log error's variance that stays for a whole financial year in a district

ASB_RATIO = 0.90
VISIT_RATIO = 0.55
REPEAT_DIFFERENCE = -0.05
SATISFACTION_LOGIT = 0.46

NORWICH_SHARE = 0.28  # 32% of the real incidents of 2024-25, "about a quarter" in the paper: in between
COMPLAINTS_PER_INCIDENT = 0.33  # new problems reported to the councils per recorded incident, county-wide
TYPES = ("noise", "neighbour dispute", "vehicle nuisance", "littering", "drugs")
TYPE_SHARE = np.array([0.34, 0.26, 0.17, 0.13, 0.10])
CHANNELS = ("phone", "online", "in person")
HORIZON = 90
REPEAT_SCALE = 68.0  # days: mean time to a repeat, where there is one

VISIT_DAYS = np.array([9.0, 11.0, 8.0, 10.0, 11.0, 7.5, 10.0])  # medians; districts in alphabetical order
VISIT_TYPE = np.array([-0.05, 0.10, 0.0, 0.05, -0.15])  # on the log
VISIT_SD, VISIT_YEAR_SD = 0.80, 0.05
REPEAT_RISK = np.array([0.22, 0.20, 0.24, 0.22, 0.19, 0.25, 0.21])  # within 90 days
REPEAT_YEAR_SD = 0.01

LEVELS = ("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied")
CUTS = np.array([-1.5, -0.5, 0.1, 1.7])
SATISFACTION = np.array([0.05, -0.10, -0.15, 0.0, 0.15, -0.25, 0.0])  # on the logit
SATISFACTION_YEAR_SD = 0.08
SURVEYED = 0.40
ANSWERS = np.array([0.36, 0.37, 0.33, 0.35, 0.41, 0.30, 0.38])
ANSWERS_BY_LEVEL = np.array([1.20, 1.00, 0.75, 0.95, 1.15])  # the very cross and the very pleased answer more

# What moved everywhere alike, by financial year; zero where not named. Comparison cancels it.
COMMON_VISIT = {2020: 0.20, 2021: 0.15, 2022: 0.05, 2023: 0.05, 2024: 0.05}
COMMON_REPEAT = {2020: 0.02, 2021: 0.02, 2022: 0.01, 2023: 0.01, 2024: 0.01}
COMMON_SATISFACTION = {2020: -0.20, 2021: -0.15, 2022: -0.08, 2023: -0.08, 2024: -0.08}
ONLINE_SHARE = {2018: 0.25, 2019: 0.30, 2020: 0.45, 2021: 0.48, 2022: 0.48, 2023: 0.50, 2024: 0.50}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is taken from the real counts of 2024-25 and from the Census.

    `ordinary` is the county's count in its median calendar month; `season` (12,) the calendar months against
    it; `log_variance` the variance of the district-by-month log error that gives the real dispersion.
    """

    districts: tuple[str, ...]
    asb_share: Floats
    complaint_share: Floats
    ordinary: float
    season: Floats
    dispersion: float
    log_variance: float

    @property
    def treated(self) -> Bools:
        """Which districts had the officer."""
        return np.isin(self.districts, TREATED)


@dataclass(frozen=True, slots=True)
class Incidents:
    """Recorded ASB, one element per incident, in order of date: day and district index."""

    day: Days
    area: Ints


@dataclass(frozen=True, slots=True)
class Complaints:
    """Complaints to the councils, one element per case, in order of date.

    `visited` and `repeated` are true days, also where they lie after the extract; no repeat at all is NaT.
    `earlier` is the number of earlier complaints about the place.
    """

    day: Days
    area: Ints
    place: Ints
    kind: Ints
    channel: Ints
    visited: Days
    repeated: Days
    earlier: Ints


@dataclass(frozen=True, slots=True)
class Survey:
    """One element per complainant asked, in order of date: index of the case, district, day, level or -1."""

    case: Ints
    area: Ints
    day: Days
    level: Ints


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as a list of rows."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def financial_year(days: Days) -> Ints:
    """Return the year in which the financial year (April to March) of each day or month began."""
    january = days.astype("datetime64[M]") - np.timedelta64(3, "M")
    return january.astype("datetime64[Y]").astype(np.int64) + 1970


def shared_correlation(months: Days) -> float:
    """Return the mean correlation of a district's log errors between two different months."""
    apart = np.abs(np.subtract.outer(months, months).astype(np.int64))
    years = financial_year(months)
    correlation = YEAR_SHARE * np.equal.outer(years, years) + (1 - YEAR_SHARE) * AR_RHO**apart
    return float(correlation[apart > 0].mean())


def calibrate(counts: Ints, months: Days, population: Floats, districts: tuple[str, ...]) -> Calibration:
    """Fit shares, seasonality and dispersion to counts (months, districts).

    The dispersion is Pearson's chi-square over its degrees of freedom in the two-way Poisson model, whose
    fitted values are row total x column total / total. A log error of variance v adds about v x (mean fitted
    count) x (1 - mean correlation between two months) to it, since the fit takes up what months share.
    """
    total = counts.sum()
    fitted = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    dispersion = float(((counts - fitted) ** 2 / fitted).sum() / ((counts.shape[0] - 1) * (counts.shape[1] - 1)))
    county = counts.sum(axis=1)
    by_month = np.array([county[months.astype(np.int64) % 12 == m].mean() for m in range(12)])
    ordinary = float(np.median(by_month))
    season = by_month / ordinary
    season[7] = AUGUST_PEAK
    share = counts.sum(axis=0) / total
    norwich = np.array(districts) == "Norwich"
    share = np.where(norwich, NORWICH_SHARE, share * (1 - NORWICH_SHARE) / share[~norwich].sum())
    complaint_share = (share + population / population.sum()) / 2
    variance = (dispersion - 1) / float(fitted.mean()) / (1 - shared_correlation(months))
    return Calibration(districts, share, complaint_share, ordinary, season, dispersion, variance)


def load_calibration(real: Path = REAL) -> Calibration:
    """Calibrate to `district_month.csv` (2024 and 2025 only) and `population.csv` of the real data."""
    rows = [r for r in read_table(real / "district_month.csv") if r["month"] >= "2024-01"]
    population = {r["district"]: float(r["population"]) for r in read_table(real / "population.csv")}
    districts, months = tuple(sorted(population)), sorted({r["month"] for r in rows})
    count = {(r["month"], r["district"]): int(r["asb_count"]) for r in rows}
    counts = np.array([[count[month, district] for district in districts] for month in months])
    people = np.array([population[d] for d in districts])
    return calibrate(counts, np.array(months, dtype="datetime64[M]"), people, districts)


def by_year(table: dict[int, float], years: Ints, default: float = 0.0) -> Floats:
    """Look up a value for each financial year."""
    return np.array([table.get(int(year), default) for year in years], dtype=np.float64)


def whole_days(days: Floats) -> npt.NDArray[np.timedelta64]:
    """Turn numbers of days into spans of time."""
    return days.astype(np.int64).astype("timedelta64[D]")


def months_from(first: np.datetime64) -> Days:
    """Return the months from `first` to the month of the extract."""
    return np.arange(first.astype("datetime64[M]"), EXTRACT.astype("datetime64[M]") + ONE_MONTH)


def county_demand(months: Days, cal: Calibration) -> Floats:
    """Return the county's expected incidents by month, before errors and effects.

    The real counts of 2024-25 stand for the years from 2022/23 on; earlier ordinary years lie below them.
    """
    demand = by_year(DEMAND, financial_year(months), default=1.0)
    return cal.ordinary / DEMAND[2024] * demand * cal.season[months.astype(np.int64) % 12]


def log_errors(rng: np.random.Generator, months: Days, share: Floats, cal: Calibration) -> Floats:
    """Draw the log errors (months, districts): an AR(1) by month plus a shock that lasts a financial year.

    They are taken relative to the county (mean weighted by the districts' share), so that the county's demand
    stays as stated; a model with month effects does not see the difference.
    """
    yearly = year_shocks(rng, float(np.sqrt(YEAR_SHARE * cal.log_variance)), cal)
    monthly = rng.standard_normal((len(months), len(cal.districts)))
    monthly *= np.sqrt((1 - YEAR_SHARE) * cal.log_variance)
    for t in range(1, len(months)):
        monthly[t] = AR_RHO * monthly[t - 1] + np.sqrt(1 - AR_RHO**2) * monthly[t]
    errors: Floats = yearly[financial_year(months) - FIRST_YEAR] + monthly
    return errors - (errors @ (share / share.sum()))[:, None]


def year_shocks(rng: np.random.Generator, sd: float, cal: Calibration) -> Floats:
    """Draw one shock for each financial year and district: shape (years from 2017, districts)."""
    return sd * rng.standard_normal((YEARS, len(cal.districts)))


def draw_cases(rng: np.random.Generator, months: Days, expected: Floats) -> tuple[Days, Ints]:
    """Draw Poisson counts (months, districts) and spread them evenly over the days of each month."""
    counts = rng.poisson(expected).ravel()
    areas = expected.shape[1]
    month = np.repeat(np.repeat(months, areas), counts)
    area = np.repeat(np.tile(np.arange(areas, dtype=np.int64), len(months)), counts)
    first, after = month.astype("datetime64[D]"), (month + ONE_MONTH).astype("datetime64[D]")
    length = (after - first).astype(np.int64)
    return first + whole_days(np.floor(rng.random(len(area)) * length)), area


def draw_incidents(rng: np.random.Generator, cal: Calibration) -> Incidents:
    """Draw the recorded ASB incidents."""
    months = months_from(START)
    errors = log_errors(rng, months, cal.asb_share, cal)
    expected = county_demand(months, cal)[:, None] * cal.asb_share * np.exp(errors)
    on = months >= EFFECT_FROM.astype("datetime64[M]")
    expected = np.where(on[:, None] & cal.treated, ASB_RATIO * expected, expected)
    day, area = draw_cases(rng, months, expected)
    order = np.lexsort((area, day))
    return Incidents(day[order], area[order])


def effect_on(day: Days, area: Ints, cal: Calibration) -> Bools:
    """Return which cases the pilot affects: in a treated district, on or after 1 June 2023."""
    return cal.treated[area] & (day >= EFFECT_FROM)


def draw_repeats(rng: np.random.Generator, day: Days, area: Ints, shock: Floats, cal: Calibration) -> Days:
    """Draw the day of the next complaint about the same place; NaT where there is none.

    The 90-day risk is the district's, plus what moved everywhere, plus the `shock` (years, districts), plus
    the pilot's difference; the time to a repeat is exponential, in whole days from 1.
    """
    years = financial_year(day)
    risk = REPEAT_RISK[area] + by_year(COMMON_REPEAT, years) + shock[years - FIRST_YEAR, area]
    risk = risk + REPEAT_DIFFERENCE * effect_on(day, area, cal)
    ever = risk / (1 - np.exp(-HORIZON / REPEAT_SCALE))
    gap = np.ceil(-REPEAT_SCALE * np.log1p(-rng.random(len(day))))
    following = day + whole_days(np.maximum(gap, 1))
    return np.where(rng.random(len(day)) < ever, following, np.datetime64("NaT", "D"))


def draw_chains(rng: np.random.Generator, cal: Calibration) -> tuple[Days, Ints, Ints, Days, Ints]:
    """Draw complaints with repeats: day, district, place, day of the next about the place, number of earlier ones."""
    months = months_from(BURN_IN)
    new = COMPLAINTS_PER_INCIDENT * county_demand(months, cal)[:, None] * cal.complaint_share
    day, area = draw_cases(rng, months, new * np.exp(log_errors(rng, months, cal.complaint_share, cal)))
    place = np.arange(len(day), dtype=np.int64)
    shock = year_shocks(rng, REPEAT_YEAR_SD, cal)
    parts: list[tuple[Days, Ints, Ints, Days, Ints]] = []
    while len(day):
        following = draw_repeats(rng, day, area, shock, cal)
        parts.append((day, area, place, following, np.full(len(day), len(parts), dtype=np.int64)))
        seen = following <= EXTRACT  # NaT compares as false
        day, area, place = following[seen], area[seen], place[seen]
    days, areas, places, nexts, earlier = (np.concatenate(column) for column in zip(*parts, strict=True))
    return days, areas, places, nexts, earlier


def draw_visits(rng: np.random.Generator, day: Days, area: Ints, kind: Ints, cal: Calibration) -> Days:
    """Draw the day of the first visit: log-normal whole days after the report, from 1."""
    years = financial_year(day)
    log_days = np.log(VISIT_DAYS)[area] + VISIT_TYPE[kind] + by_year(COMMON_VISIT, years)
    log_days = log_days + year_shocks(rng, VISIT_YEAR_SD, cal)[years - FIRST_YEAR, area]
    log_days = log_days + np.log(VISIT_RATIO) * effect_on(day, area, cal)
    days = np.exp(log_days + VISIT_SD * rng.standard_normal(len(day)))
    visited: Days = day + whole_days(np.maximum(1, np.rint(days)))
    return visited


def draw_kinds(rng: np.random.Generator, place: Ints) -> Ints:
    """Draw the type of problem of every place; a place keeps it throughout."""
    kinds = np.searchsorted(TYPE_SHARE.cumsum()[:-1], rng.random(int(place.max()) + 1), side="right")
    return kinds.astype(np.int64)


def draw_channels(rng: np.random.Generator, day: Days) -> Ints:
    """Draw how each complaint was made."""
    online = by_year(ONLINE_SHARE, financial_year(day), default=0.25)
    u = rng.random(len(day))
    return np.where(u < online, 1, np.where(u < online + 0.08, 2, 0)).astype(np.int64)


def in_order(keep: Bools, day: Days, area: Ints, place: Ints) -> Ints:
    """Return the positions of those to keep, by day, district and place."""
    chosen = np.flatnonzero(keep)
    order: Ints = chosen[np.lexsort((place[chosen], area[chosen], day[chosen]))]
    return order


def draw_complaints(rng: np.random.Generator, cal: Calibration) -> Complaints:
    """Draw the complaints reported since `NUMBERED_FROM`."""
    day, area, place, repeated, earlier = draw_chains(rng, cal)
    kind_of_place = draw_kinds(rng, place)
    order = in_order(day >= NUMBERED_FROM, day, area, place)
    day, area, place, repeated = day[order], area[order], place[order], repeated[order]
    kind, channel = kind_of_place[place], draw_channels(rng, day)
    places = np.unique(place, return_inverse=True)[1].astype(np.int64)
    visited = draw_visits(rng, day, area, kind, cal)
    return Complaints(day, area, places, kind, channel, visited, repeated, earlier[order])


def draw_complaints_before(seed: int, cal: Calibration) -> Complaints:
    """Draw the complaints from `LOOK_BACK_FROM` to `NUMBERED_FROM`: the beginnings of the same chains.

    What the chains do not hold comes from a stream of its own, so that the later complaints are as they were before
    these existed. Places are numbered as in `draw_complaints`; those without a later complaint have the numbers after.
    """
    chains, own = streams(seed)[1], np.random.default_rng(np.random.SeedSequence(seed).spawn(5)[4])
    day, area, place, repeated, earlier = draw_chains(chains, cal)
    kind_of_place = draw_kinds(chains, place)
    known = np.unique(place[day >= NUMBERED_FROM])
    order = in_order((day >= LOOK_BACK_FROM) & (day < NUMBERED_FROM), day, area, place)
    day, area, place, repeated = day[order], area[order], place[order], repeated[order]
    only_here = np.setdiff1d(place, known)
    seen = np.isin(place, known)
    number = np.where(seen, np.searchsorted(known, place), len(known) + np.searchsorted(only_here, place))
    kind, channel = kind_of_place[place], draw_channels(own, day)
    visited = draw_visits(own, day, area, kind, cal)
    return Complaints(day, area, number.astype(np.int64), kind, channel, visited, repeated, earlier[order])


def level_shares(logit: Floats) -> Floats:
    """Return the probabilities (n, 5) of the satisfaction levels: an ordered logit with cut points `CUTS`."""
    below = 1 / (1 + np.exp(logit[:, None] - CUTS))
    edge = np.zeros((len(logit), 1))
    return np.diff(np.hstack([edge, below, edge + 1]), axis=1)


def draw_survey(rng: np.random.Generator, cases: Complaints, cal: Calibration) -> Survey:
    """Ask a sample 26 to 35 days after their report; who answers depends on what they would say."""
    day = cases.day + whole_days(26 + np.floor(10 * rng.random(len(cases.day))))
    asked = np.flatnonzero((rng.random(len(day)) < SURVEYED) & (day >= START) & (day <= EXTRACT))
    asked = asked[np.argsort(day[asked], kind="stable")]
    area, day = cases.area[asked], day[asked]
    years = financial_year(day)
    logit = SATISFACTION[area] + by_year(COMMON_SATISFACTION, years)
    logit = logit + year_shocks(rng, SATISFACTION_YEAR_SD, cal)[years - FIRST_YEAR, area]
    logit = logit + SATISFACTION_LOGIT * effect_on(day, area, cal)
    level = (rng.random((len(day), 1)) > level_shares(logit).cumsum(axis=1)[:, :-1]).sum(axis=1)
    answered = rng.random(len(day)) < ANSWERS[area] * ANSWERS_BY_LEVEL[level]
    return Survey(asked.astype(np.int64), area, day, np.where(answered, level, -1).astype(np.int64))


def streams(seed: int) -> list[np.random.Generator]:
    """Return a stream each for incidents, complaints and survey, so that changing one leaves the others alone."""
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(3)]


def simulate(seed: int, cal: Calibration) -> tuple[Incidents, Complaints, Survey]:
    """Draw all records but the complaints before `NUMBERED_FROM`."""
    incidents, complaints, survey = streams(seed)
    cases = draw_complaints(complaints, cal)
    return draw_incidents(incidents, cal), cases, draw_survey(survey, cases, cal)
