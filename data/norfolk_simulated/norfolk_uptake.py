"""Who was eligible and who took the service up, in the simulated Norfolk records. NOTHING HERE IS REAL.

Drawn last and from a stream of its own, given everything else: the other columns would be the same without it.
README.md explains each step.
"""

from dataclasses import dataclass

import norfolk_process as process
import numpy as np
from norfolk_process import Bools, Calibration, Complaints, Floats, Ints

SEVERITIES = ("low", "medium", "high")
# By type of problem, in the order of `process.TYPES`.
SEVERITY_SHARE = np.array([[0.45, 0.40, 0.15], [0.35, 0.45, 0.20], [0.55, 0.35, 0.10], [0.65, 0.30, 0.05],
                           [0.25, 0.45, 0.30]])  # fmt: skip
COUNCILS_OWN = np.array([0.85, 0.75, 0.60, 0.95, 0.40])  # share that is for the council, not for police or landlord

# Log odds of taking the service up: a constant, per standard deviation of a slower visit, and after a repeat. With
# these 60% take it up, and those who do not wait as long as they would have without the pilot, and are as likely to
# complain again as 23.5%: so they are not affected, and differ from those who took it up in more than the service.
UPTAKE, UPTAKE_SLOWER, UPTAKE_REPEATED = 0.9604, -2.2215, -1.4543
ACCEPTED, REFUSED, NOT_OFFERED = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Marks:
    """One element per case: severity, whether eligible, and whether it took the service up (-1: not offered)."""

    severity: Ints
    eligible: Bools
    accepted: Ints


def expected_log_visit(cases: Complaints, cal: Calibration) -> Floats:
    """Return the mean of each case's log days to the first visit, with the pilot, before rounding to days."""
    centre = np.log(process.VISIT_DAYS)[cases.area] + process.VISIT_TYPE[cases.kind]
    centre = centre + process.by_year(process.COMMON_VISIT, process.financial_year(cases.day))
    found: Floats = centre + np.log(process.VISIT_RATIO) * process.effect_on(cases.day, cases.area, cal)
    return found


def chance_of_uptake(slower: Floats, repeated: Floats) -> Floats:
    """Return the chance that an eligible case takes it up.

    `slower` is its log days to the first visit against the mean, in standard deviations; `repeated` is 1 if there was
    another complaint within the horizon, else 0.
    """
    chance: Floats = 1 / (1 + np.exp(-(UPTAKE + UPTAKE_SLOWER * slower + UPTAKE_REPEATED * repeated)))
    return chance


def draw_places(rng: np.random.Generator, kind: Ints) -> tuple[Ints, Bools]:
    """Draw how severe places with these types of problem are, and whether they are the council's to deal with."""
    below = SEVERITY_SHARE.cumsum(axis=1)[kind, :-1]
    severity = (rng.random((len(kind), 1)) > below).sum(axis=1)
    return severity.astype(np.int64), rng.random(len(kind)) < COUNCILS_OWN[kind]


def kind_by_place(cases: Complaints) -> Ints:
    """Return the type of problem of each place that has a complaint, by its number."""
    found: Ints = cases.kind[np.unique(cases.place, return_index=True)[1]]
    return found


def stream(seed: int) -> np.random.Generator:
    """Return the stream of the marks; the first three children of the seed draw everything else."""
    return np.random.default_rng(np.random.SeedSequence(seed).spawn(4)[3])


def is_eligible(cases: Complaints, severity: Ints, own: Bools) -> Bools:
    """Whether each is the first about its place, medium or high in severity, and the council's to deal with."""
    found: Bools = own & (severity > 0) & (cases.earlier == 0)
    return found


def draw_marks(seed: int, cases: Complaints, cal: Calibration) -> Marks:
    """Draw severity, eligibility and uptake; a place keeps its severity, and who has to deal with it."""
    rng = stream(seed)
    severity, own = (of_place[cases.place] for of_place in draw_places(rng, kind_by_place(cases)))
    eligible = is_eligible(cases, severity, own)
    log_days = np.log((cases.visited - cases.day).astype(np.float64))
    slower = (log_days - expected_log_visit(cases, cal)) / process.VISIT_SD
    repeated = (cases.repeated - cases.day <= np.timedelta64(process.HORIZON, "D")).astype(np.float64)
    takes = rng.random(len(cases.day)) < chance_of_uptake(slower, repeated)
    offered = eligible & process.effect_on(cases.day, cases.area, cal)
    accepted = np.where(offered, np.where(takes, ACCEPTED, REFUSED), NOT_OFFERED)
    return Marks(severity, eligible, accepted.astype(np.int64))


def draw_marks_before(seed: int, before: Complaints, cases: Complaints) -> Marks:
    """Draw the marks of the complaints before the numbered ones: those of the same places, and new ones for the others.

    Nothing was offered then.
    """
    known = kind_by_place(cases)
    places, index = np.unique(before.place, return_index=True)
    new = before.kind[index[places >= len(known)]]
    own_stream = np.random.default_rng(np.random.SeedSequence(seed).spawn(6)[5])
    parts = zip(draw_places(stream(seed), known), draw_places(own_stream, new), strict=True)
    severity, own = (np.concatenate(part)[before.place] for part in parts)
    nobody = np.full(len(before.day), NOT_OFFERED, dtype=np.int64)
    return Marks(severity, is_eligible(before, severity, own), nobody)
