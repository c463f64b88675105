import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact.report import format as fmt
from impact.report.format import Measure
from models.estimate import Clusters, Estimate, Scale

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
BAD_WORDS = ("nan", "inf", "None")
MEASURES = st.sampled_from(list(Measure))
SCALES = st.sampled_from(list(Scale))


def clean_of_non_numbers(text: str) -> bool:
    return not any(word in text.replace("information", "") for word in BAD_WORDS)


@pytest.mark.parametrize(
    ("value", "scale", "measure", "expected"),
    [
        (0.042, Scale.DIFFERENCE, Measure.SHARE, "+4.2 points"),
        (-0.0304, Scale.DIFFERENCE, Measure.SHARE, "−3.0 points"),
        (0.0004, Scale.DIFFERENCE, Measure.SHARE, "+0.04 points"),
        (0.0, Scale.DIFFERENCE, Measure.SHARE, "0.0 points"),
        (-0.00001, Scale.DIFFERENCE, Measure.SHARE, "0.00 points"),
        (0.9, Scale.RATIO, Measure.RATE, "−10%"),
        (0.894, Scale.RATIO, Measure.RATE, "−11%"),
        (1.0, Scale.RATIO, Measure.RATE, "0%"),
        (0.996, Scale.RATIO, Measure.RATE, "−0.4%"),
        (2.5, Scale.RATIO, Measure.RATE, "+150%"),
        (12.34, Scale.RATIO, Measure.RATE, "12 times"),
        (1e300, Scale.RATIO, Measure.RATE, "more than 1,000,000 times"),
        (math.log(0.9), Scale.LOG_RATIO, Measure.RATE, "−10%"),
        (1e4, Scale.LOG_RATIO, Measure.RATE, fmt.NOT_AVAILABLE),
        (-0.07753, Scale.DIFFERENCE, Measure.AMOUNT, "−0.0775"),
        (1234.5, Scale.DIFFERENCE, Measure.AMOUNT, "+1,234"),
        (-4.5, Scale.DIFFERENCE, Measure.DAYS, "−4.5 days"),
    ],
)
def test_effects(value: float, scale: Scale, measure: Measure, expected: str) -> None:
    assert fmt.effect(value, scale, measure) == expected


@pytest.mark.parametrize(
    ("interval", "scale", "measure", "expected"),
    [
        ((0.741, 1.103), Scale.RATIO, Measure.RATE, "−26% to +10%"),
        ((-0.037, 0.199), Scale.DIFFERENCE, Measure.SHARE, "−3.7 to +19.9 points"),
        ((-0.123, -0.032), Scale.DIFFERENCE, Measure.AMOUNT, "−0.123 to −0.032"),
        ((-1.5, 0.25), Scale.DIFFERENCE, Measure.DAYS, "−1.5 to +0.2 days"),
        (None, Scale.RATIO, Measure.RATE, fmt.NOT_AVAILABLE),
        ((math.nan, 1.0), Scale.RATIO, Measure.RATE, fmt.NOT_AVAILABLE),
    ],
)
def test_intervals(interval: tuple[float, float] | None, scale: Scale, measure: Measure, expected: str) -> None:
    assert fmt.effect_range(interval, scale, measure) == expected


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (1 / 21, "p = 0.048"), (0.0004, "p < 0.001"), (0.001, "p = 0.001"), (0.0995, "p = 0.10"), (0.0994, "p = 0.099"),
        (0.25, "p = 0.25"), (0.999, "p > 0.99"), (1.0, "p = 1"), (None, ""), (math.nan, ""),
    ],
)  # fmt: skip
def test_p_values(p: float | None, expected: str) -> None:
    assert fmt.p_value(p) == expected


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.734, "73%"),
        (0.0, "less than 1%"),
        (1.0, "more than 99%"),
        (0.01, "1%"),
        (0.5, "50%"),
        (None, "not available"),
    ],
)
def test_a_probability_is_never_certain(p: float | None, expected: str) -> None:
    assert fmt.probability(p) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (31500, "GBP", "£31,500"), (31500.0, None, "£31,500"), (-1234.6, "GBP", "−£1,235"), (66.5, "GBP", "£66.50"),
        (-0.001, "GBP", "£0"), (1000000, "eur", "€1,000,000"), (12, "SEK", "12 SEK"), (None, "GBP", "not available"),
        (math.inf, "GBP", "not available"),
    ],
)  # fmt: skip
def test_money(amount: float | None, currency: str | None, expected: str) -> None:
    assert fmt.money(amount, currency) == expected


@pytest.mark.parametrize(
    ("value", "measure", "expected"),
    [
        (0.6184, Measure.SHARE, "61.8%"), (9.83, Measure.RATE, "9.83"), (10.4, Measure.DAYS, "10.4"),
        (123.4, Measure.DAYS, "123"), (20.44, Measure.AMOUNT, "20.4"), (None, Measure.RATE, "not available"),
    ],
)  # fmt: skip
def test_levels(value: float | None, measure: Measure, expected: str) -> None:
    assert fmt.level(value, measure) == expected


def test_levels_with_their_unit() -> None:
    assert fmt.with_unit("61.8%", Measure.SHARE, "share") == "61.8%"
    assert fmt.with_unit("1.0", Measure.DAYS, "days") == "1.0 day"
    assert (
        fmt.with_unit("9.83", Measure.RATE, "incidents per 1,000 people a year")
        == "9.83 incidents per 1,000 people a year"
    )
    assert fmt.level_range(0.58, None, Measure.SHARE) == ""
    assert fmt.level_range(0.58, 0.712, Measure.SHARE) == "58.0% to 71.2%"


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1234567.0, 0, "1,234,567"),
        (-0.4, 0, "0"),
        (-0.5001, 0, "−1"),
        (1e16, 2, "more than 1,000 trillion"),
        (0.25, 1, "0.2"),
    ],
)
def test_plain_numbers(value: float, decimals: int, expected: str) -> None:
    assert fmt.fixed(value, decimals) == expected


def test_a_number_beyond_all_numbers_has_no_decimals() -> None:
    assert fmt.decimals(math.inf, 1.0) == fmt.decimals(0.0) == 0


def test_a_ratio_keeps_three_decimals_until_ten() -> None:
    made = Estimate("its", "", "", Scale.RATIO, 0.894, (0.839, 12.345), 0.95, None, None, None, None, Clusters(1, 0))
    assert fmt.ratio_text(made) == "0.894 (0.839 to 12.35)"
    assert fmt.effect_short(made, Measure.RATE) == "−11% (−16% to 12 times)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-04-01", "1 April 2023"), ("2023-04", "April 2023"), ("2023-Q2", "April to June 2023"), ("2023", "2023"),
        ("2024-07-01T09:30:00+00:00", "1 July 2024, 09:30 UTC"),
        ("2024-07-01T09:30:00+01:00", "1 July 2024, 08:30 UTC"),
        ("spring 2023", "spring 2023"), ("2023-13", "2023-13"), (None, "not stated"),
    ],
)  # fmt: skip
def test_dates(text: str | None, expected: str) -> None:
    assert fmt.day(text) == expected


def test_periods() -> None:
    assert fmt.period("2023-04-03", "week") == "week of 3 April 2023"
    assert fmt.period("2023-04-03", "day") == "3 April 2023"
    assert fmt.span("2018-04", "2023-03", "month") == "April 2018 to March 2023"
    assert fmt.span("2018-04", "2018-04", "month") == "April 2018"
    labels = ("2023-04", "2023-Q2", "2023-04-03", "2023")
    assert [fmt.short_period(x) for x in labels] == [
        "Apr 2023",
        "Q2 2023",
        "3 Apr 23",
        "2023",
    ]


def test_a_declared_number_is_shown_as_it_was_declared() -> None:
    given_and_shown = {
        "5.0 points": "5 points",
        "0.0100 lower": "0.01 lower",
        "10% fewer": "10% fewer",
        "2.50 days": "2.5 days",
    }
    assert {text: fmt.trimmed(text) for text in given_and_shown} == given_and_shown


def test_the_smallest_p_reads_within_a_sentence() -> None:
    assert [fmt.smallest_p(p) for p in (1 / 21, 1e-5, None)] == ["0.048", "below 0.001", "not available"]


def test_things() -> None:
    assert fmt.things(1, "area") == "1 area"
    assert fmt.things(1876, "area") == "1,876 areas"
    assert fmt.things(2, "property", "properties") == "2 properties"


@given(ANY_FLOAT, SCALES, MEASURES)
def test_no_number_ever_reads_as_a_non_number(value: float, scale: Scale, measure: Measure) -> None:
    shown = [
        fmt.effect(value, scale, measure), fmt.effect_range((value, 1.0), scale, measure), fmt.level(value, measure),
        fmt.money(value, "GBP"), fmt.count(value), fmt.significant(value), fmt.p_value(value), fmt.probability(value),
    ]  # fmt: skip
    assert all(map(clean_of_non_numbers, shown)), shown
    assert not any("-" in text for text in shown), "a minus sign, not a hyphen"
    assert all(len(text) < 60 for text in shown)


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_fixed_reads_back_as_the_rounded_number(value: float, decimals: int) -> None:
    text = fmt.fixed(value, decimals).replace(",", "").replace("−", "-")
    assert float(text) == pytest.approx(value, abs=0.5000001 * 10**-decimals)
    assert not text.startswith("-") or float(text) < 0


@pytest.mark.parametrize(
    ("amount", "written"),
    [(0.0, "£0"), (2.517, "£2.52"), (66.0, "£66"), (999.6, "£1,000"), (29_812.0, "£29,800"), (-12_944.0, "−£12,900"),
     (999_600.0, "£1.00 million"), (1_234_567.0, "£1.23 million"), (-4.4e9, "−£4.40 billion"),
     (3e15, "£3,000 trillion"), (None, "not available"), (math.nan, "not available")],
)  # fmt: skip
def test_an_amount_that_was_worked_out_has_three_figures(amount: float | None, written: str) -> None:
    assert fmt.money_rounded(amount, "GBP") == written
    assert fmt.money_rounded(1_250.0, "CHF") == "1,250 CHF"
