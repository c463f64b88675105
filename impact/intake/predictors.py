"""What else is known of the areas: means over a stretch of time, of columns with one value per area and period."""

from typing import Any

import numpy as np

from impact.intake.findings import Findings, listed
from impact.intake.needs import predictor_need
from impact.intake.panels import Frame
from impact.study.outcomes import OutcomePredictor, PredictorStretch
from impact.study.schema import Study
from models.arrays import FloatArray
from models.case import Predictor
from models.periods import period_index

USED_BY = "synthetic"
"""The one model that uses predictors."""


def predictors_of(frame: Frame, findings: Findings) -> tuple[Predictor, ...]:
    """Read the predictors of an outcome, in the order of the study file, and warn of areas of which one is not known.

    Periods of a stretch that the study leaves out elsewhere count: a predictor says what was known before the start,
    whatever windows the outcome is judged in.
    """
    return tuple(_predictor(frame, declared, findings) for declared in frame.outcome.predictors)


def note_unused_predictors(study: Study, findings: Findings) -> None:
    """Mention predictors of a study none of whose models uses them."""
    declared = [f"'{key}'" for key, outcome in study.outcomes.items() if outcome.predictors]
    if declared and USED_BY not in study.model_options:
        findings.note(
            "unused_predictors",
            f"no model of the study uses the predictors of {listed(declared)}.",
            f"Name the model `{USED_BY}` under models, or take them out.",
        )


def _predictor(frame: Frame, declared: OutcomePredictor, findings: Findings) -> Predictor:
    earlier = declared.training
    training = None if earlier is None else _mean(frame, earlier, findings)
    return Predictor(declared.title or declared.value, _mean(frame, declared, findings), training)


def _mean(frame: Frame, stretch: PredictorStretch, findings: Findings) -> FloatArray:
    """Mean over the periods that lie in or overlap a stretch, blanks left out, shape (A,); NaN where all are blank."""
    unit, areas = frame.sample.periods.unit, frame.sample.areas.names
    span = (period_index(stretch.from_.first, unit), period_index(stretch.to.last, unit))
    rows: Any = frame.placed.rows
    value = rows[frame.placed.typed[predictor_need(stretch)]]
    held = rows.filter(rows["area"].isin(areas) & rows["period"].between(*span))
    found = held.group_by("area").aggregate(mean=value.mean()).to_pyarrow().to_pydict()
    known = {area: mean for area, mean in zip(found["area"], found["mean"], strict=True) if mean is not None}
    missing = [f"'{area}'" for area in areas if area not in known]
    if missing:
        findings.warn(
            "predictor_not_known",
            f"no value from {stretch.from_} to {stretch.to} in {listed(missing, 8)}.",
            f"Correct outcomes.{frame.key}.predictors; synthetic comparisons are made without those comparison areas, "
            "or without this predictor where a treated area has no value.",
            source=frame.placed.asked.name,
            column=stretch.value,
        )
    return np.asarray([known.get(area, np.nan) for area in areas], dtype=np.float64)
