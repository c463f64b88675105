"""What a study may choose about its interrupted time series, each decided before the follow-up is looked at."""

from dataclasses import dataclass
from typing import Literal, get_args

type Impact = Literal["level_and_slope", "level", "slope"]
type PhaseIn = Literal["excluded", "ramped"]
type SeasonKind = Literal["auto", "none", "harmonics", "months"]
type Family = Literal["auto", "poisson", "quasi_poisson", "negative_binomial"]
type Errors = Literal["auto", "ar1", "newey_west", "prais_winsten", "ols"]
type Shocks = Literal["excluded", "modelled"]

MAX_HARMONICS = 6
MAX_WAIT = 10_000
WORDS = {
    "impact": Impact,
    "phase_in": PhaseIn,
    "season": SeasonKind,
    "family": Family,
    "errors": Errors,
    "shocks": Shocks,
}


@dataclass(frozen=True, slots=True)
class ItsOptions:
    """Choices for an interrupted time series.

    Attributes
    ----------
    impact
        Shape of the change, decided beforehand: ``level_and_slope``, ``level`` for a step that stays, or ``slope`` for
        a bend of the trend without a step.
    ramp
        Periods in which the change of level is still building up, by equal steps; 0 = at once.
    lag
        Periods after the start of follow-up before the change begins.
    phase_in
        ``excluded`` leaves the phase-in out; ``ramped`` keeps it, and the change of level builds up over it.
    season
        ``auto`` chooses by QAIC among no seasonal terms, harmonics, and with three years of baseline an effect of each
        month (or quarter); ``none``, ``harmonics`` or ``months`` fix it.
    harmonics
        Pairs of seasonal terms, 0 to 6, which also fixes the season; None for as many as the baseline supports.
    family
        Regression of counts whose periods are taken as independent: ``poisson``, ``quasi_poisson`` or
        ``negative_binomial``. ``auto`` is a quasi-Poisson mean with errors as the next option says.
    errors
        How neighbouring periods may be alike: ``ar1`` by restricted likelihood, ``newey_west``, ``prais_winsten`` (for
        counts the same as ``ar1``), or ``ols`` for not at all. ``auto`` is ``ar1``, and ``ols`` under 12 periods.
    lags
        Lags of a Newey-West covariance, at least 1; None for the rule of `lags_by_rule`.
    shocks
        What is done with stretches the study excludes: ``excluded`` leaves them out; ``modelled`` keeps them, with a
        step for each year of each.
    """

    impact: Impact = "level_and_slope"
    ramp: int = 0
    lag: int = 0
    phase_in: PhaseIn = "excluded"
    season: SeasonKind = "auto"
    harmonics: int | None = None
    family: Family = "auto"
    errors: Errors = "auto"
    lags: int | None = None
    shocks: Shocks = "excluded"

    def __post_init__(self) -> None:
        for name, allowed in WORDS.items():
            _one_of(name, getattr(self, name), get_args(allowed.__value__))
        for name in ("ramp", "lag"):
            _whole(name, getattr(self, name), MAX_WAIT)
        if self.harmonics is not None:
            _whole("harmonics", self.harmonics, MAX_HARMONICS)
        if self.lags is not None and not (_is_whole(self.lags) and self.lags >= 1):
            raise ValueError(f"lags == {self.lags!r}, must be a whole number of at least 1")
        self._agree()

    def _agree(self) -> None:
        """Refuse choices that contradict each other."""
        if self.impact == "slope" and (self.ramp or self.phase_in == "ramped"):
            raise ValueError(
                "a change of slope alone has no level to build up: leave ramp out, or choose another impact"
            )
        if self.ramp and self.phase_in == "ramped":
            raise ValueError("phase_in: ramped builds the change up over the phase-in: leave ramp out")
        if self.harmonics and self.season in {"none", "months"}:
            raise ValueError(f"season: {self.season} has no harmonics: leave them out, or choose season: harmonics")
        if self.harmonics == 0 and self.season == "harmonics":
            raise ValueError("season: harmonics needs at least one pair: leave harmonics out, or choose season: none")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole(name: str, value: object, most: int) -> None:
    if not (isinstance(value, int) and _is_whole(value) and 0 <= value <= most):
        raise ValueError(f"{name} == {value!r}, must be a whole number from 0 to {most:,}")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} == {value!r}, must be one of {', '.join(allowed)}")
