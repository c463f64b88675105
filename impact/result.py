"""The result of a run, and its file ``results.json``.

The classes are the schema: ``impact schema results`` is generated from them, and a file that does not fit them is
refused. A number that does not exist is null with a reason beside it; NaN and infinity never appear.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path as FilePath
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from impact.errors import UsageError
from impact.result_decision import Decision, PosteriorInfo, RuleInfo, Verdict
from impact.result_outputs import OutputInfo
from models.estimate import Check, Estimate, NotEstimable, Path

__all__ = ["Decision", "PosteriorInfo", "RuleInfo", "RunResult", "Verdict", "read_results", "results_schema"]

SCHEMA_VERSION: Literal[1] = 1

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class SpanInfo:
    """A stretch of periods by label, both ends included."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    first: str
    last: str
    why: str | None = None


@dataclass(frozen=True, slots=True)
class ConcurrentInfo:
    """Something else that changed at about the same time."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    what: str
    when: str | None
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InterventionInfo:
    """What was done, when and at what cost."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: str
    start: str
    end: str | None
    phase_in: int
    delivery: str
    cost_amount: float | None
    cost_currency: str | None
    concurrent: tuple[ConcurrentInfo, ...]


@dataclass(frozen=True, slots=True)
class RecodeInfo:
    """A boundary coding that was applied."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    rows: str
    to: str
    instead_of: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that was asked for, and what it answers."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: str
    title: str
    answers: str
    options: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class StudyInfo:
    """The study as it was run: what the report says of it.

    `starts` holds the first day of the intervention in each treated area, and is empty if all start on one day.
    `displacement` areas lie around the treated ones, and the problem may have moved there; `chosen_on` is the stretch
    for whose high values the treated areas were chosen.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    id: str
    title: str
    question: str | None
    note: str | None
    intervention: InterventionInfo
    area_level: str
    treated: tuple[str, ...]
    comparison: tuple[str, ...]
    neighbours: Mapping[str, tuple[str, ...]]
    recodes: tuple[RecodeInfo, ...]
    time_unit: str
    baseline: tuple[SpanInfo, ...]
    follow_up: tuple[SpanInfo, ...]
    phase_in: tuple[SpanInfo, ...]
    excluded: tuple[SpanInfo, ...]
    models: tuple[ModelInfo, ...]
    simulated: bool
    disclosure_minimum: int
    dominant: tuple[str, ...] = ()
    displacement: tuple[str, ...] = ()
    displacement_compared: tuple[str, ...] = ()
    chosen_on: SpanInfo | None = None
    starts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProblemInfo:
    """One finding about the data; see `impact.intake.problems.Problem`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    severity: str
    message: str
    action: str
    source: str | None
    file: str | None
    row: int | None
    column: str | None
    rows: int | None


@dataclass(frozen=True, slots=True)
class SetAsideInfo:
    """Rows that no cell counts, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where the rows of one source went; `used` and the rows set aside add up to `rows`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    reader: str
    files: tuple[str, ...]
    rows: int
    used: int
    set_aside: tuple[SetAsideInfo, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class DataInfo:
    """What went in: sources, areas, periods, rows and problems."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    sources: Mapping[str, SourceInfo]
    areas: tuple[str, ...]
    periods: tuple[str, ...]
    roles: tuple[str, ...]
    rows: int
    problems: tuple[ProblemInfo, ...]


@dataclass(frozen=True, slots=True)
class WindowInfo:
    """One area's value in one window, in the outcome's unit; null where undefined or suppressed.

    `n` is the number behind it: events for counts, cases or answers otherwise.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    area: str
    treated: bool
    window: Literal["baseline", "follow_up"]
    value: float | None
    lo: float | None
    hi: float | None
    n: float | None
    suppressed: bool


@dataclass(frozen=True, slots=True)
class OutcomeResult:
    """Everything found about one outcome.

    Cells of fewer people than `disclosure_minimum` are not shown (0: all are), nor those that would give them away.
    At most one estimate is the headline. `baseline_level` and `counterfactual` are the treated areas' mean level
    before, and what it would have been in follow-up without the intervention, in the outcome's unit. Effects smaller
    than `equivalence` count as none. `posterior` is the Bayesian model's answer, null where it was not run.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    title: str
    kind: str
    unit: str
    better: str
    role: str
    worthwhile: float | None
    definition: str
    baseline_level: float | None
    counterfactual: float | None
    estimates: tuple[Estimate, ...]
    paths: tuple[Path, ...]
    checks: tuple[Check, ...]
    not_estimable: tuple[NotEstimable, ...]
    windows: tuple[WindowInfo, ...]
    disclosure_minimum: int
    equivalence: float | None = None
    posterior: PosteriorInfo | None = None

    @property
    def headline(self) -> Estimate | None:
        """The estimate the outcome is judged by."""
        return next((e for e in self.estimates if e.headline), None)


@dataclass(frozen=True, slots=True)
class AdjustedInfo:
    """A secondary outcome's permutation p by itself, and allowing for how many secondary outcomes there are."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outcome: str
    p_value: float
    adjusted_p: float


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """All primary and secondary outcomes as one index: its effect in standard deviations, positive is better.

    The unit is the standard deviation of a period's value within an area over the baseline. `weights` says how much of
    the index each outcome is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    estimate: float
    interval: tuple[float, float] | None
    level: float
    p_value: float | None
    attainable_p: float
    weights: Mapping[str, float]
    note: str


@dataclass(frozen=True, slots=True)
class FamilyInfo:
    """Several outcomes at once: one is primary, the others are adjusted for how many they are.

    `assignments` choices of treated areas were compared (`exact`: all there are), and `floor` is the smallest p they
    can give. `index` is None if it cannot be formed, and `refused` says why a part is missing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    primary: str
    others: tuple[AdjustedInfo, ...]
    assignments: int | None
    exact: bool
    floor: float | None
    index: IndexInfo | None
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProtocolInfo:
    """Whether the protocol was locked before the data were seen, and what deviates from it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    locked: bool
    sha256: str | None
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made this result, so that it can be made again."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    seed: int
    started: str
    finished: str
    command: str
    versions: Mapping[str, str]
    commit: str | None
    study_sha256: str
    data_sha256: Mapping[str, str]
    protocol: ProtocolInfo


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of `impact.run`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    schema_version: Literal[1]
    study: StudyInfo
    data: DataInfo
    outcomes: Mapping[str, OutcomeResult]
    decision: Decision
    provenance: Provenance
    family: FamilyInfo | None = None
    outputs: Mapping[str, OutputInfo] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as ``results.json`` holds them."""
        plain: dict[str, Any] = adapter().dump_python(self, mode="json")
        return plain

    def to_json(self) -> str:
        """Return the text of ``results.json``; refuses NaN and infinity."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def _repr_html_(self) -> str:
        from impact.report.render import notebook_html

        html: str = notebook_html(self)
        return html


@cache
def adapter() -> TypeAdapter[RunResult]:
    """Return the (cached) converter between results and plain values."""
    return TypeAdapter(RunResult)


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``results.json``."""
    schema = adapter().json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "impact results", **schema}


def read_results(path: FilePath) -> RunResult:
    """Read ``results.json``.

    Raises
    ------
    UsageError
        If the file cannot be read, is not JSON, or does not fit the schema.
    """
    try:
        result = adapter().validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}). Give the results.json of a run.") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"]) or "the file"
        raise UsageError(
            f"{path}: not a results.json this version can read: {place}: {first['msg']}. Run the study again."
        ) from None
    if not _fits_together(result):
        raise UsageError(f"{path}: its parts do not fit together, so it was changed by hand. Run the study again.")
    return result


def _fits_together(result: RunResult) -> bool:
    """Whether every series has a point for each period, and the deciding outcome is there."""
    series = [len(path.points) for outcome in result.outcomes.values() for path in outcome.paths]
    lengths = {len(result.data.periods), len(result.data.roles), *series}
    return len(lengths) == 1 and result.decision.outcome in result.outcomes
