"""What would have changed the verdict: the effect, the price, the cost, the size or the length at which it turns."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from impact.decisions.money import at_price
from impact.decisions.rule import Reading, verdict
from impact.probabilities import Held
from impact.result_decision import Verdict
from impact.study.decision import Rule
from models.arrays import FloatArray
from models.value import RollOut, Stake, pays

RANKS: dict[Verdict, int] = {"stop": 0, "extend": 1, "scale_up": 2}
HALVINGS = 16
FARTHEST = 100.0  # times the declared amount: farther is no answer
STEPS = 24
MOST_YEARS = 30
SPREADS = 12.0  # standard deviations of the belief within which an effect is looked for

type Judge = Callable[[float], Verdict]


@dataclass(frozen=True, slots=True)
class Turn:
    """Where one input turns the verdict, all else as it is; `at` is in the input's own unit."""

    lever: str
    at: float
    to: Verdict


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a verdict rests on.

    Attributes
    ----------
    held
        What is believed.
    rule
        The declared thresholds.
    blocked
        Whether something stands against scaling up in any case.
    better
        +1 if more is better, -1 if less is.
    reading_at
        What the rule would read of the effect if it were shifted by so much on the linear scale, money aside.
    learning_pays
        Of draws and a stake: whether an extension would be worth its cost.
    stake
        What scaling up rests on but the effect; None without a declared value.
    """

    held: Held
    rule: Rule
    blocked: bool
    better: int
    reading_at: Callable[[float], Reading]
    learning_pays: Callable[[FloatArray, Stake], bool]
    stake: Stake | None

    def judge(self, stake: Stake | None, shift: float = 0.0) -> Verdict:
        """The verdict with another stake, or the effect shifted on the linear scale."""
        draws = self.held.draws + shift
        reading = self.reading_at(shift)
        if stake is None:
            return verdict(reading, self.rule, blocked=self.blocked)
        net = pays(draws, stake)
        reading = replace(reading, net_benefit=net.probability, expected=net.expected)
        learning = not reading.loses or self.learning_pays(draws, stake)
        return verdict(reading, self.rule, blocked=self.blocked, learning_pays=learning)


def turns(situation: Situation) -> tuple[Turn, ...]:
    """Find the nearest value of each input on either side at which the verdict turns."""
    now = situation.judge(situation.stake)
    found = _by_effect(situation, now)
    stake = situation.stake
    if stake is None:
        return found
    plan = stake.roll_out

    def planned(changed: RollOut) -> Verdict:
        return situation.judge(replace(stake, roll_out=changed))

    levers: tuple[tuple[str, float, Judge], ...] = (
        ("price", stake.price.mean, lambda x: situation.judge(at_price(stake, x))),
        ("cost_per_year", plan.cost_per_year, lambda x: planned(replace(plan, cost_per_year=x))),
        ("annual_units", plan.annual_units, lambda x: planned(replace(plan, annual_units=x))),
    )
    money = [turn for name, at, judge in levers if at > 0 for turn in _by_amount(name, at, judge, now)]
    return (*found, *money, *_by_years(plan.years, lambda years: planned(replace(plan, years=int(years))), now))


def _by_effect(situation: Situation, now: Verdict) -> tuple[Turn, ...]:
    """Shift what is believed, with the same spread, towards better and towards worse."""
    low, high = np.quantile(situation.held.draws, [0.16, 0.84])
    reach = SPREADS * float(high - low) / 2 + abs(situation.held.estimate)

    def judge(shift: float) -> Verdict:
        return situation.judge(situation.stake, situation.better * shift)

    found = []
    for way in (1.0, -1.0):
        shifts = way * reach * (np.arange(STEPS) + 1) / STEPS
        for to, shift in _first_turns(0.0, shifts.tolist(), judge, now):
            found.append(Turn("effect", situation.held.estimate + situation.better * shift, to))
    return tuple(found)


def _by_amount(name: str, at: float, judge: Judge, now: Verdict) -> list[Turn]:
    """Scale a declared amount up and down, to a hundredth and to a hundredfold."""

    def scaled(log_factor: float) -> Verdict:
        return judge(at * math.exp(log_factor))

    found = []
    for way in (1.0, -1.0):
        factors = way * math.log(FARTHEST) * (np.arange(STEPS) + 1) / STEPS
        found += [Turn(name, at * math.exp(log), to) for to, log in _first_turns(0.0, factors.tolist(), scaled, now)]
    return found


def _by_years(at: int, judge: Judge, now: Verdict) -> list[Turn]:
    """Fewer and more years, one at a time."""
    found = []
    for years in (range(at + 1, MOST_YEARS + 1), range(at - 1, 0, -1)):
        turned = next(((year, v) for year in years if (v := judge(year)) != now), None)
        if turned is not None:
            found.append(Turn("years", float(turned[0]), turned[1]))
    return found


def _first_turns(start: float, steps: list[float], judge: Judge, now: Verdict) -> list[tuple[Verdict, float]]:
    """Where the verdict first turns on the way from `start`, and where it turns again to one farther off."""
    found: list[tuple[Verdict, float]] = []
    before, last = now, start
    for step in steps:
        there = judge(step)
        while there != before and len(found) < len(RANKS):
            to, at = _between(last, step, judge, before)
            found.append((to, at))
            before, last = to, at
        last = step
    return found


def _between(inside: float, outside: float, judge: Judge, now: Verdict) -> tuple[Verdict, float]:
    """Halve the stretch until the turn is found; return what it turns to, just beyond."""
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if judge(middle) == now:
            inside = middle
        else:
            outside = middle
    return judge(outside), outside
