"""The numbers behind a check: each kind of figure, drawn from rows whose places can be worked out by hand."""

import html
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from impact.report import evidence, series
from impact.report.curve import choices_of, specification_curve
from impact.report.evidence import MOST_ROWS, drawn, ranges
from impact.report.quantities import terms_of
from impact.result import OutcomeResult, RunResult
from models.estimate import Evidence, Figure, Quantity, Row, Scale

NEAR = 0.11  # places are written to one decimal
SCRIPT = "<script>alert(1)</script>"


def rows(*values: float | tuple[float, float, float], chosen: int | None = 0, **more: str) -> tuple[Row, ...]:
    made = []
    for i, value in enumerate(values):
        numbers = value if isinstance(value, tuple) else (value,)
        made.append(Row(f"row {i}", *numbers, chosen=i == chosen, **more))  # type: ignore[arg-type]
    return tuple(made)


def of(
    found: tuple[Row, ...], figure: Figure = Figure.FOREST, scale: Scale = Scale.RATIO, note: str = "",
    quantity: Quantity = Quantity.OUTCOME,
) -> Evidence:  # fmt: skip
    return Evidence("Title", figure, scale, quantity, found, note)


@pytest.fixture
def asb(flagship: RunResult) -> OutcomeResult:
    return flagship.outcomes["asb"]


def places(drawing: str, element: str, name: str) -> list[float]:
    return [float(x) for x in re.findall(rf'<{element} [^>]*?\b{name}="(-?[\d.]+)%"', drawing)]


# Ranges --------------------------------------------------------------------------------------------------------------


def test_ratios_are_drawn_on_a_log_axis_and_written_as_per_cent(asb: OutcomeResult) -> None:
    view = ranges(of(rows((1.0, 0.5, 2.0), (0.5, 0.4, 0.7), (2.0, 1.4, 2.5))), asb, "x", "Caption")
    lines = view.groups[0].lines
    assert [(line.estimate, line.range) for line in lines] == [
        ("0%", "−50% to +100%"),
        ("−50%", "−60% to −30%"),
        ("+100%", "+40% to +150%"),
    ]
    own, (half,), (double,) = (places(line.drawing, "circle", "cx") for line in lines)
    assert own == []  # a square
    (none,) = places(lines[0].drawing, 'rect class="dot"', "x")
    assert none - half == pytest.approx(double - none, abs=2 * NEAR)
    assert (view.left, view.right, view.axis) == ("← better", "worse →", "change in rate")


def test_one_range_without_end_does_not_flatten_the_others(asb: OutcomeResult) -> None:
    tame = ranges(of(rows((0.9, 0.8, 1.0), (0.95, 0.85, 1.05))), asb, "x", "Caption")
    wild = ranges(of(rows((0.9, 0.8, 1.0), (0.95, 0.85, 1.05), (0.92, 1e-9, 1e9))), asb, "x", "Caption")
    width = [places(view.groups[0].lines[0].drawing, 'rect class="range"', "width")[0] for view in (tame, wild)]
    assert width[1] > width[0] / 3 - NEAR
    last = wild.groups[0].lines[2]
    assert last.drawing.count('class="beyond"') == 2
    assert tame.groups[0].lines[1].drawing.count('class="beyond"') == 0
    assert last.range == "−100% to more than 1,000,000 times"


def test_the_study_s_own_is_a_square_and_said_in_words(asb: OutcomeResult) -> None:
    own, other = ranges(of(rows((0.9, 0.8, 1.0), (0.95, 0.85, 1.05))), asb, "x", "Caption").groups[0].lines
    assert own.own
    assert "<circle" not in own.drawing
    assert 'class="track own"' in own.drawing
    assert "<circle" in other.drawing


def test_a_point_without_a_range_is_hollow(asb: OutcomeResult) -> None:
    (line,) = ranges(of(rows(0.9, chosen=None)), asb, "x", "Caption").groups[0].lines
    assert 'class="hollow"' in line.drawing
    assert 'class="range"' not in line.drawing
    assert line.range == ""


def test_a_row_without_numbers_says_why(asb: OutcomeResult) -> None:
    found = (
        *rows((0.9, 0.8, 1.0)),
        Row("without Norwich", None, note="no comparison area would be left"),
        Row("x", None),
    )
    _, reason, bare = ranges(of(found), asb, "x", "Caption").groups[0].lines
    assert (reason.label, reason.empty, reason.note) == ("Without Norwich", True, "No comparison area would be left.")
    assert bare.note == "No estimate."


def test_rows_without_any_number_are_a_table_of_reasons(asb: OutcomeResult) -> None:
    view = ranges(of((Row("a", None, note="too short"),)), asb, "x", "Caption")
    assert view.ruler == ""
    assert view.groups[0].lines[0].note == "Too short."


def test_groups_become_headings_where_they_begin(asb: OutcomeResult) -> None:
    found = (*rows((0.9, 0.8, 1.0)), *rows((0.9, 0.8, 1.0), (0.8, 0.7, 1.0), chosen=None, group="Treated areas"))
    view = ranges(of(found), asb, "x", "Caption")
    assert [(g.heading, len(g.lines)) for g in view.groups] == [("", 1), ("Treated areas", 2)]


def test_p_has_a_column_only_if_there_is_one(asb: OutcomeResult) -> None:
    without = ranges(of(rows((0.9, 0.8, 1.0))), asb, "x", "Caption")
    with_p = ranges(of((Row("a", 0.9, 0.8, 1.0, 0.04), Row("b", 0.9, 0.8, 1.0))), asb, "x", "Caption")
    assert (without.with_p, without.columns, with_p.columns) == (False, "4", "5")
    assert [line.p for line in with_p.groups[0].lines] == ["p = 0.040", ""]


def test_long_tables_are_cut_but_never_lose_the_study_s_own(asb: OutcomeResult) -> None:
    view = ranges(of(rows(*([(0.9, 0.8, 1.0)] * 200), chosen=150)), asb, "x", "Caption")
    lines = view.groups[0].lines
    assert len(lines) == MOST_ROWS
    assert lines[-1].label == "Row 150"
    assert lines[-1].own
    assert view.notes == ("60 of 200 rows are shown, in this order; results.json and sensitivity.csv hold them all.",)


def test_what_is_worthwhile_is_shaded_beside_the_study_s_own_estimate_only(asb: OutcomeResult) -> None:
    beside = ranges(of(rows((0.9, 0.8, 1.1), (0.8, 0.7, 1.1))), asb, "x", "Caption")
    apart = ranges(of(rows((0.9, 0.8, 1.1), (0.8, 0.7, 1.1), chosen=None)), asb, "x", "Caption")
    other_scale = ranges(of(rows((0.9, 0.8, 1.1)), scale=Scale.DIFFERENCE), asb, "x", "Caption")
    assert ['class="zone"' in view.ruler for view in (beside, apart, other_scale)] == [True, False, False]
    (start,), (width,) = (places(beside.ruler, 'rect class="zone"', name) for name in ("x", "width"))
    axis = terms_of(of(rows((0.9, 0.8, 1.1))), asb).axis(rows((0.9, 0.8, 1.1), (0.8, 0.7, 1.1)), (0, 100))
    assert axis is not None
    assert start == 0
    assert width == pytest.approx(axis.x(math.log(0.95)), abs=NEAR), "5% fewer or better"


@pytest.mark.parametrize(
    ("quantity", "scale", "row", "expected"),
    [
        (Quantity.POINTS, Scale.DIFFERENCE, Row("a", -0.06, -0.1, 0.02), ("−6.0 points", "−10.0 to +2.0 points")),
        (Quantity.SHARE, Scale.DIFFERENCE, Row("a", 0.412, 0.37, 0.45), ("41.2%", "37.0% to 45.0%")),
        (Quantity.NUMBER, Scale.DIFFERENCE, Row("a", -1.21, -2.9, 0.48), ("−1.21", "−2.90 to 0.48")),
        (Quantity.NUMBER, Scale.RATIO, Row("a", 1.46), ("1.46", "")),
        (Quantity.NUMBER, Scale.DIFFERENCE, Row("a", 0.5), ("0.5", "")),
        (Quantity.OUTCOME, Scale.DIFFERENCE, Row("a", -1.2, -2.0, -0.4), ("−1.20", "−2.00 to −0.40")),
    ],
)
def test_numbers_are_written_as_what_they_are(
    quantity: Quantity, scale: Scale, row: Row, expected: tuple[str, str], asb: OutcomeResult
) -> None:
    (line,) = ranges(of((row,), scale=scale, quantity=quantity), asb, "x", "Caption").groups[0].lines
    assert (line.estimate, line.range) == expected


def test_shares_have_an_axis_of_their_own_without_a_line_of_no_difference(asb: OutcomeResult) -> None:
    found = of((Row("a", 0.02, 0.0, 0.05), Row("b", 0.98, 0.9, 1.0)), scale=Scale.DIFFERENCE, quantity=Quantity.SHARE)
    view = ranges(found, asb, "x", "Caption")
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", view.ruler)
    assert labels == ["0%", "50%", "100%"]
    assert 'class="null"' not in view.ruler
    assert (view.left, view.right) == ("", "")


def test_a_ratio_that_is_a_plain_number_is_written_as_one_on_its_axis(asb: OutcomeResult) -> None:
    view = ranges(of((Row("a", 1.0), Row("b", 3.0)), quantity=Quantity.NUMBER), asb, "x", "Caption")
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", view.ruler)
    assert "1" in labels
    assert not any("%" in label for label in labels)


# Charts --------------------------------------------------------------------------------------------------------------


def test_the_rank_among_all_choices_is_said_in_words(asb: OutcomeResult) -> None:
    values = (0.7, 1.5, 0.9, 1.1, 1.0)  # the study's own log ratio is −0.36; only 1.5 lies as far away
    view = drawn(of(rows(*values), Figure.DISTRIBUTION), asb, "Caption")
    assert view.notes == ("1 of the other 4 lies as far from no difference as the study's own (−30%), or further.",)
    assert "This study: −30%" in view.drawing
    assert view.notes[0] in html.unescape(str(view.drawing)), "those who do not see it are told"


def test_a_tie_counts_as_as_far(asb: OutcomeResult) -> None:
    view = drawn(of(rows(0.8, 1.25, 0.8), Figure.DISTRIBUTION), asb, "Caption")
    assert view.notes[0].startswith("2 of the other 2 lie as far")
    alone = drawn(of(rows(0.5, 0.9, 1.1), Figure.DISTRIBUTION), asb, "Caption")
    assert alone.notes[0].startswith("Not one of the other 2 lies as far")


def test_values_of_which_a_note_says_what_they_are_get_no_rank(asb: OutcomeResult) -> None:
    view = drawn(of(rows(0.7, 0.9), Figure.DISTRIBUTION, note="quantiles of 1,000"), asb, "Caption")
    assert view.notes == ("Quantiles of 1,000.",)


@pytest.mark.parametrize("count", [1, 21, 300, 5000])
def test_dots_become_columns_before_they_run_out_of_the_picture(count: int, asb: OutcomeResult) -> None:
    values = [0.8 + 0.4 * ((i * 7919) % count) / count for i in range(count)]
    view = drawn(of(rows(0.7, *values), Figure.DISTRIBUTION), asb, "Caption")
    height = float(view.drawing.split('viewBox="0 0 480 ')[1].split('"')[0])
    assert 100 < height < 260
    heights = [float(y) for y in re.findall(r"M-?[\d.]+ (-?[\d.]+)", view.drawing)]
    assert min(heights) > 0
    assert max(heights) < height
    assert len(view.drawing) < 40_000


def test_time_runs_from_left_to_right_and_a_gap_keeps_its_place(asb: OutcomeResult) -> None:
    found = (*rows((0.9, 0.8, 1.0), (1.0, 0.9, 1.1), chosen=None), Row("gap", None), Row("last", 0.8, 0.7, 0.9))
    view = drawn(of(found, Figure.SERIES), asb, "Caption")
    lines = [float(x) for x in re.findall(r'class="range" d="M([\d.]+)', view.drawing)]
    step = (series.RIGHT - series.LEFT) / 4
    assert lines == pytest.approx([series.LEFT + step * (i + 0.5) for i in (0, 1, 3)], abs=NEAR)
    (numbers,) = view.tables
    assert numbers.rows[2][:2] == ("Gap", "none")


def test_up_is_said_to_be_better_or_worse(asb: OutcomeResult, flagship: RunResult) -> None:
    worse = drawn(of(rows((0.9, 0.8, 1.0)), Figure.SERIES), asb, "Caption")
    higher = drawn(of(rows(0.1), Figure.SERIES, Scale.DIFFERENCE), flagship.outcomes["satisfaction"], "Caption")
    assert "change in rate (up is worse)" in worse.drawing
    assert "change in percentage points (up is better)" in higher.drawing


def test_labels_that_are_periods_are_written_in_words(asb: OutcomeResult) -> None:
    found = (replace(rows((0.9, 0.8, 1.0))[0], label="2021-04"),)
    view = drawn(of(found, Figure.SERIES), asb, "Caption")
    assert "Apr 2021" in view.drawing
    assert view.tables[0].rows[0][0] == "April 2021 (the study's own)"
    span = drawn(of((Row("2021-04 to 2021-09", 0.9, chosen=True, note="reference"),), Figure.SERIES), asb, "Caption")
    assert span.tables[0].rows[0][0] == "April 2021 to September 2021", "its note says what it is"


def test_labels_that_do_not_fit_are_thinned_out(asb: OutcomeResult) -> None:
    view = drawn(of(rows(*[(0.9, 0.8, 1.0)] * 60, chosen=None), Figure.SERIES), asb, "Caption")
    shown = re.findall(r">row (\d+)<", view.drawing)
    assert 2 <= len(shown) <= 12
    assert len(set(shown)) == len(shown)


# The specification curve ---------------------------------------------------------------------------------------------


def curve(asb: OutcomeResult, *made: Row) -> Any:
    return specification_curve(of(tuple(made), Figure.CURVE), asb, "Caption")


def test_choices_are_read_from_the_note_or_the_label() -> None:
    assert choices_of(Row("without Norwich", 0.9, note="weights: equal; areas: without Norwich")) == {
        "weights": "equal",
        "areas": "without Norwich",
    }
    assert choices_of(Row("weights: equal", 0.9)) == {"weights": "equal"}
    assert choices_of(Row("x", 0.9, note="boundary: Bowthorpe; all of it; weights: a: b")) == {
        "boundary": "Bowthorpe; all of it",
        "weights": "a: b",
    }
    assert choices_of(Row("main analysis", 0.9, note="nothing to read")) == {}


def test_the_curve_is_sorted_and_says_where_the_study_stands(asb: OutcomeResult) -> None:
    view = curve(
        asb,
        Row("c", 1.2, 1.1, 1.3, note="weights: equal; areas: all"),
        Row("a", 0.8, 0.7, 0.9, note="weights: by size; areas: all", chosen=True),
        Row("b", 0.9, 0.8, 1.1, note="weights: equal; areas: all"),
        Row("d", None, note="weights: by size; areas: all"),
    )
    assert view.notes == (
        "The 3 estimates run from −20% to +20%, the middle is −10%; the study's own is −20%.",
        "1 combination could not be estimated.",
    )
    by_choice, numbers = view.tables
    assert [row[0] for row in numbers.rows] == ["A (the study's own)", "B", "C"]
    assert by_choice.rows == (("Weights: by size", "1", "−20%", "1"), ("Weights: equal", "2", "+4%", "1"))
    assert "Areas" not in view.drawing, "a question with one choice parts nothing"


def test_a_range_that_leaves_out_no_difference_is_darker(asb: OutcomeResult) -> None:
    view = curve(asb, Row("a", 0.8, 0.7, 0.9), Row("b", 0.9, 0.8, 1.1))
    assert view.drawing.count('class="whisker dark"') == view.drawing.count('class="whisker pale"') == 1
    assert len(view.tables) == 1, "without choices there is no table of them"


def test_five_hundred_combinations_fit_a_small_drawing(asb: OutcomeResult) -> None:
    made = [
        Row(
            f"spec {i}",
            0.7 + i / 1000,
            0.6,
            1.4,
            note=f"weights: {i % 2}; areas: {i % 3}; start: {i % 4}",
            chosen=i == 9,
        )
        for i in range(500)
    ]
    view = curve(asb, *made)
    assert len(view.drawing) < 60_000
    assert len(view.tables[1].rows) == 2 * 15, "the study's own is among the lowest"
    assert view.tables[1].notes[0].startswith("30 of 500 combinations are shown")


def test_a_curve_without_any_estimate_says_so(asb: OutcomeResult) -> None:
    assert curve(asb, Row("a", None)).notes == ("No combination has an estimate.",)


# Whatever it says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", list(Figure))
def test_text_of_the_study_is_escaped_in_every_figure(
    figure: Figure, asb: OutcomeResult, read_html: Callable[[str], Any]
) -> None:
    note = f"{SCRIPT}: {SCRIPT}; b: {SCRIPT}"
    found = tuple(Row(SCRIPT, 0.8 + i / 10, 0.7, 1.2, group=SCRIPT, note=f"{note}{i}", chosen=i == 1) for i in range(3))
    made = replace(of(found, figure), title=SCRIPT, note=SCRIPT)
    if figure is Figure.FOREST:
        view = ranges(made, asb, "x", SCRIPT)
        text = view.ruler + "".join(line.drawing for group in view.groups for line in group.lines)
    elif figure is Figure.CURVE:
        text = specification_curve(made, asb, SCRIPT).drawing
    else:
        text = drawn(made, asb, SCRIPT).drawing
    assert "<script" not in text
    read_html(text)


@pytest.mark.parametrize("figure", [Figure.DISTRIBUTION, Figure.SERIES])
def test_rows_without_values_make_no_drawing(figure: Figure, asb: OutcomeResult) -> None:
    view = drawn(of((Row("a", None),), figure), asb, "Caption")
    assert (view.drawing, view.notes) == ("", ("No row has a value.",))


def test_the_cut_keeps_order() -> None:
    made = rows(*([0.9] * 70), chosen=None)
    assert evidence.capped(made) == made[:MOST_ROWS]
