"""The sentences, word for word: `golden/report/wording.txt` holds each case as its name, then what is said.

When a wording is changed on purpose, run with UPDATE_GOLDEN=1 and read the difference.
"""

import math
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact.report import wording
from impact.report.glossary import GLOSSARY
from impact.report.wording import Reading
from impact.result import OutcomeResult
from models.estimate import Clusters, Estimate, NotEstimable, Scale

GOLDEN = Path(__file__).parents[2] / "golden" / "report" / "wording.txt"
FORBIDDEN = re.compile(r"\b(significan\w*|no effect|nan|inf|None|prove[sdn]?|treatment)\b")


def outcome(  # noqa: PLR0913 - a builder: each case names only what matters to it
    kind: str, value: float, interval: tuple[float, float] | None, *, counterfactual: float | None = None,
    scale: Scale = Scale.DIFFERENCE, better: str = "lower", worthwhile: float | None = None, role: str = "primary",
    unit: str = "share", title: str = "Repeat complaint",
) -> OutcomeResult:  # fmt: skip
    made = Estimate(
        "did", "m", "area ITT", scale, value, interval, 0.95, None, None, None, None, Clusters(2, 5), headline=True
    )
    described = (title, kind, unit, better, role, worthwhile, "")
    return OutcomeResult(*described, None, counterfactual, (made,), (), (), (), (), 5)


RATE = "incidents per 1,000 people a year"
CASES: dict[str, OutcomeResult] = {
    "share, better, too uncertain": outcome(
        "ordinal",
        0.08,
        (-0.04, 0.2),
        counterfactual=0.62,
        better="higher",
        worthwhile=0.05,
        title="Satisfied or better",
    ),
    "share of cases, improvement": outcome(
        "time_to_event", -0.046, (-0.081, -0.011), counterfactual=0.215, worthwhile=-0.03
    ),
    "share, all worthwhile": outcome("binary", -0.1, (-0.15, -0.05), counterfactual=0.4, worthwhile=-0.03),
    "share, too small": outcome("binary", -0.01, (-0.02, -0.001), counterfactual=0.4, worthwhile=-0.03),
    "share, leaves out worthwhile": outcome("binary", 0.002, (-0.02, 0.024), counterfactual=0.4, worthwhile=-0.03),
    "share, worse": outcome("binary", 0.06, (0.02, 0.1), counterfactual=0.4, worthwhile=-0.03),
    "share, hardly any difference": outcome("binary", 0.001, (-0.02, 0.022), counterfactual=0.4),
    "share, exactly none": outcome("binary", 0.0, (-0.02, 0.02), counterfactual=0.4),
    "share, rare": outcome("binary", -0.001, (-0.002, 0.0), counterfactual=0.004),
    "share, beyond what is possible": outcome("binary", 0.1, (-0.05, 0.25), counterfactual=0.93, better="higher"),
    "share, below nought": outcome("binary", -0.05, (-0.12, 0.02), counterfactual=0.06),
    "share, no counterfactual": outcome("binary", -0.05, (-0.12, 0.02)),
    "share, no range": outcome("binary", -0.05, None, counterfactual=0.3),
    "count": outcome("count", 0.9, (0.74, 1.1), scale=Scale.RATIO, unit=RATE, worthwhile=-0.05),
    "count, log ratio": outcome(
        "count", math.log(0.9), (math.log(0.74), math.log(1.1)), scale=Scale.LOG_RATIO, unit=RATE
    ),
    "count, no range": outcome("count", 0.82, None, scale=Scale.RATIO, unit="thefts"),
    "count, absurd range": outcome("count", 1.2, (1e-12, 1e12), scale=Scale.RATIO, unit=RATE, worthwhile=-0.05),
    "count, difference": outcome(
        "count", -0.0775, (-0.123, -0.032), unit="thefts per block a month", counterfactual=0.105
    ),
    "count, difference below nought": outcome(
        "count", -0.2, (-0.3, -0.1), unit="thefts per block a month", counterfactual=0.105
    ),
    "duration": outcome(
        "duration", 0.55, (0.41, 0.74), scale=Scale.RATIO, counterfactual=10.04, unit="days", worthwhile=-0.1
    ),
    "duration, no counterfactual": outcome("duration", 0.55, (0.41, 0.74), scale=Scale.RATIO, unit="days"),
    "continuous": outcome("continuous", 2.75, (0.1, 5.4), counterfactual=18.3, unit="full-time posts", better="higher"),
    "continuous, no counterfactual": outcome("continuous", 2.75, (0.1, 5.4), unit="full-time posts", better="higher"),
    "placebo, as it should be": outcome("count", 0.97, (0.8, 1.17), scale=Scale.RATIO, unit=RATE, role="placebo"),
    "placebo, in doubt": outcome("count", 0.7, (0.6, 0.8), scale=Scale.RATIO, unit=RATE, role="placebo"),
}


def said() -> str:
    blocks = (
        f"[{name}]\n{wording.frequency_sentence(o)}\n{wording.reading_sentence(o)}\n" for name, o in CASES.items()
    )
    return "\n".join(blocks)


def test_the_sentences_are_word_for_word_as_agreed() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(said(), encoding="utf-8")
    assert said() == GOLDEN.read_text(encoding="utf-8")


def test_no_sentence_uses_a_word_that_misleads() -> None:
    written = [said(), *wording.READINGS.values(), *GLOSSARY, *GLOSSARY.values()]
    written += [text for pair in wording.VERDICTS.values() for text in pair] + [
        wording.NO_WARNINGS,
        wording.CHANCES_NOTE,
    ]
    found = [match[0] for text in written for match in FORBIDDEN.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("interval", "worthwhile", "expected"),
    [
        ((-0.10, -0.05), -0.05, Reading.WORTHWHILE), ((-0.10, -0.01), -0.05, Reading.BETTER),
        ((-0.04, -0.01), -0.05, Reading.TOO_SMALL), ((-0.10, 0.01), -0.05, Reading.TOO_UNCERTAIN),
        ((-0.04, 0.01), -0.05, Reading.NOT_WORTHWHILE), ((0.01, 0.02), -0.05, Reading.WORSE),
        ((-0.04, -0.01), None, Reading.BETTER), ((-0.04, 0.01), None, Reading.TOO_UNCERTAIN),
        ((0.0, 0.0), -0.05, Reading.NOT_WORTHWHILE), (None, -0.05, Reading.NO_INTERVAL),
    ],
)  # fmt: skip
def test_readings(interval: tuple[float, float] | None, worthwhile: float | None, expected: Reading) -> None:
    value = sum(interval) / 2 if interval else -0.05
    assert wording.reading(outcome("binary", value, interval, worthwhile=worthwhile)) is expected
    mirrored = (-interval[1], -interval[0]) if interval else None
    other = outcome("binary", -value, mirrored, better="higher", worthwhile=None if worthwhile is None else -worthwhile)
    assert wording.reading(other) is expected


def test_a_ratio_is_read_as_a_change_against_the_threshold() -> None:
    made = outcome("count", 0.9, (0.85, 0.95), scale=Scale.RATIO, worthwhile=-0.05)
    assert wording.reading(made) is Reading.WORTHWHILE
    barely = outcome("count", 0.9, (0.85, 0.951), scale=Scale.RATIO, worthwhile=-0.05)
    assert wording.reading(barely) is Reading.BETTER


def test_no_estimate_is_said() -> None:
    nothing = OutcomeResult("t", "count", RATE, "lower", "primary", None, "", None, None, (), (), (), (), (), 5)
    assert wording.reading(nothing) is Reading.NO_ESTIMATE
    assert wording.frequency_sentence(nothing) == "No model that was run gives an answer for this outcome."
    refused = replace(nothing, not_estimable=(NotEstimable("did", "No events."),))
    assert wording.frequency_sentence(refused) == "There is no estimate for this outcome; the reasons are given below."


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.0, "a remote chance"), (0.15, "highly unlikely"), (0.3, "unlikely"), (0.5, "a realistic possibility"),
     (0.74, "likely"), (0.85, "highly likely"), (0.95, "almost certain"), (1.0, "almost certain")],
)  # fmt: skip
def test_likelihoods(p: float, expected: str) -> None:
    assert wording.likelihood(p) == expected


@pytest.mark.parametrize(
    ("kind", "scale", "value", "expected"),
    [
        ("count", Scale.RATIO, 0.9, "10% fewer"), ("count", Scale.RATIO, 1.1, "10% more"),
        ("duration", Scale.RATIO, 0.55, "45% shorter"), ("binary", Scale.DIFFERENCE, 0.042, "4.2 points higher"),
        ("continuous", Scale.DIFFERENCE, -0.0775, "0.0775 share lower"), ("count", Scale.RATIO, 1.0, "the same"),
    ],
)  # fmt: skip
def test_effects_in_words(kind: str, scale: Scale, value: float, expected: str) -> None:
    assert wording.effect_words(value, scale, outcome(kind, value, None, scale=scale)) == expected


@pytest.mark.parametrize(
    ("unit", "title", "noun"),
    [
        ("incidents per 1,000 people a year", "Recorded ASB", "incidents"),
        ("events per 1,000 people a year", "Calls about ASB", "calls"),
        ("events a month", "Acute coronary episodes", "acute coronary episodes"),
        ("events a month", "Recorded ASB", "events of recorded ASB"),
        ("events a month", "Use of weapons", "events"),
        ("events a month", "<b>Calls", "events"),
        ("", "Calls", "calls"),
    ],
)
def test_what_is_counted_is_named_where_unit_or_title_allow(unit: str, title: str, noun: str) -> None:
    made = replace(outcome("count", 0.9, (0.8, 1.0), scale=Scale.RATIO, unit=unit), title=title)
    assert wording.events_noun(made) == noun


def test_the_worthwhile_change_in_words() -> None:
    assert wording.worthwhile_words(CASES["count"]) == "5% fewer"
    assert wording.worthwhile_words(CASES["share, all worthwhile"]) == "3 points lower"
    assert wording.worthwhile_words(CASES["duration"]) == "10% shorter"
    assert wording.worthwhile_words(CASES["continuous"]) == ""


def test_many_areas_are_counted_rather_than_listed() -> None:
    names = tuple(f"Block {i}" for i in range(876))
    assert wording.list_of_areas(names, 3) == "Block 0, Block 1, Block 2 and 873 more"
    assert wording.list_of_areas(("Norwich",), 3) == "Norwich"


NUMBERS = st.floats(-1e9, 1e9)
POSITIVE = st.floats(1e-9, 1e9)


@given(st.sampled_from(["count", "binary", "ordinal", "continuous", "duration", "time_to_event"]), st.data())
def test_whatever_the_numbers_the_sentence_holds_numbers_only(kind: str, data: st.DataObject) -> None:
    scale = data.draw(st.sampled_from(list(Scale)))
    numbers = POSITIVE if scale is Scale.RATIO else NUMBERS
    value, lo, hi = data.draw(numbers), *sorted((data.draw(numbers), data.draw(numbers)))
    level = data.draw(st.none() | st.floats(allow_nan=True, allow_infinity=True))
    made = outcome(
        kind,
        value,
        data.draw(st.sampled_from([None, (lo, hi)])),
        scale=scale,
        counterfactual=level,
        worthwhile=-0.05,
        unit=RATE,
    )
    for text in (wording.frequency_sentence(made), wording.reading_sentence(made), wording.worthwhile_words(made)):
        assert not FORBIDDEN.search(text), text
        assert len(text) < 500
