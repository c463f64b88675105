"""The decision as ``results.json`` holds it: verdict, probabilities, money, and what would change it."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

from models.estimate import Scale

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

type Verdict = Literal["scale_up", "extend", "stop", "cannot_tell"]
type Basis = Literal["posterior", "confidence"]
type Read = Literal["worthwhile", "net_benefit"]
type PerspectiveName = Literal["all", "fiscal", "cashable"]


@dataclass(frozen=True, slots=True)
class VariantInfo:
    """The Bayesian answer under another prior; `mean` and `interval` are on the posterior's scale."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: str
    mean: float
    interval: tuple[float, float]
    beneficial: float
    worthwhile: float
    harm: float
    chosen: bool


@dataclass(frozen=True, slots=True)
class PosteriorInfo:
    """The draws of one outcome's effect in brief.

    `mean` (for a ratio, that of its logarithm carried back), `interval` and `quantiles` (the 1st to the 99th centile)
    are on `scale`. `failed` says why the draws cannot be relied on, and is empty if they can. Probabilities are null
    where the study does not declare what they need.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    model: str
    scale: Scale
    prior: str
    mean: float
    interval: tuple[float, float]
    level: float
    probability_beneficial: float
    probability_worthwhile: float | None
    probability_harm: float
    probability_equivalent: float | None
    quantiles: tuple[float, ...]
    failed: tuple[str, ...]
    variants: tuple[VariantInfo, ...]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """The rule: the declared thresholds, those that hold for every study, and which probability it reads."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    scale_up_if: float
    stop_if: float
    harm: float
    sure_of_direction: float
    least_security: int
    harm_margin: float | None = None
    reads: Read = "worthwhile"


@dataclass(frozen=True, slots=True)
class BasisInfo:
    """What one way of reading the data says, and the verdict the rule would give on it alone.

    `estimate` and `interval` are on `scale`. `confidence` reads the headline's confidence distribution as a belief held
    before with no preference (a flat prior); `posterior` is that of the Bayesian model.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    basis: Basis
    model: str
    scale: Scale
    estimate: float
    interval: tuple[float, float]
    probability_beneficial: float
    probability_worthwhile: float | None
    probability_harm: float
    probability_equivalent: float | None
    probability_net_benefit: float | None
    expected_net_benefit: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AssumptionInfo:
    """Something the net benefit takes as given, as it was declared."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PerspectiveInfo:
    """The net benefit to some of those it falls to: cashable is part of fiscal, and fiscal is part of all."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: PerspectiveName
    share: float
    expected: float
    interval: tuple[float, float]
    probability_positive: float
    decides: bool


@dataclass(frozen=True, slots=True)
class UnitsInfo:
    """Units a year that scaling up would avert or gain; positive is better."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    per_year: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class BreakEvenInfo:
    """What would just pay: units a year, the effect on the headline's scale, the price of a unit; null if nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    units_per_year: float | None
    effect: float | None
    per_unit: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptabilityInfo:
    """Probability of a net benefit if a unit is worth exactly `value`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    value: float
    probability: float


@dataclass(frozen=True, slots=True)
class TornadoInfo:
    """Expected net benefit with one input at its low and at its high end, the others as they are."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: str
    low_label: str
    high_label: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ExtensionInfo:
    """What a longer or larger pilot is expected to tell (`evsi`), against its cost and what waiting forgoes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: str
    years: float
    more_areas: int
    cost: float
    evsi: float
    delay_loss: float
    net: float
    pays: bool
    declared: bool


@dataclass(frozen=True, slots=True)
class PriceInfo:
    """What a unit is worth: as taken on average, and the ends of the range that was declared."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    per_unit: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class EconomicsInfo:
    """Costs and benefits of scaling up: money over the whole horizon, discounted, in `currency`.

    `cost` is that of the roll-out without its savings. `evppi_effect` and `evppi_price` are what it would be worth to
    know the one for certain and not the other.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    currency: str
    price_year: int | None
    value_note: str | None
    perspective: PerspectiveName
    assumptions: tuple[AssumptionInfo, ...]
    perspectives: tuple[PerspectiveInfo, ...]
    units_averted: UnitsInfo
    cost: float
    break_even: BreakEvenInfo
    acceptability: tuple[AcceptabilityInfo, ...]
    tornado: tuple[TornadoInfo, ...]
    tornado_base: float
    evpi: float
    extensions: tuple[ExtensionInfo, ...]
    value: PriceInfo | None = None
    years: float | None = None
    evppi_effect: float | None = None
    evppi_price: float | None = None


@dataclass(frozen=True, slots=True)
class MarylandInfo:
    """Level on the Maryland Scientific Methods Scale, 1 to 5; null where there is no estimate."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    level: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class EmmieInfo:
    """What the study says under each heading of EMMIE (Johnson, Tilley and Bowers 2015)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    effect: str
    mechanism: str
    moderators: str
    implementation: str
    economics: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, how far the evidence can be trusted (0 to 5), and why.

    `basis` says where the probabilities come from, and `bases` what each basis says by itself, the deciding one first.
    The money fields are null unless the study declares `value` and `scale_up`. `would_change` says what would have
    changed the verdict.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outcome: str
    verdict: Verdict
    security: int
    headline: str
    reasons: tuple[str, ...]
    security_reasons: tuple[str, ...]
    probability_beneficial: float | None
    probability_worthwhile: float | None
    probability_harm: float | None
    expected_net_benefit: float | None
    probability_net_benefit: float | None
    evpi: float | None
    rule: RuleInfo
    caveats: tuple[str, ...]
    basis: Basis | None = None
    probability_equivalent: float | None = None
    bases: tuple[BasisInfo, ...] = ()
    economics: EconomicsInfo | None = None
    would_change: tuple[str, ...] = ()
    maryland: MarylandInfo | None = None
    emmie: EmmieInfo | None = None
