import csv
import io
from dataclasses import replace

import pytest

from impact.report import tables
from impact.report.places import places
from impact.result import RunResult
from models.estimate import Check, Evidence, Figure, NotEstimable, Quantity, Row, Scale, Status

TITLES = {"did": "Difference-in-differences", "its": "Interrupted time series"}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_file_holds_every_estimate_and_every_refusal_in_full(flagship: RunResult) -> None:
    rows = rows_of(tables.estimates_csv(flagship))
    expected = sum(len(o.estimates) + len(o.not_estimable) for o in flagship.outcomes.values())
    assert len(rows) == expected == 18
    first = next(row for row in rows if row["outcome"] == "asb")
    assert float(first["estimate"]) == 0.904
    assert (float(first["interval_lo"]), float(first["interval_hi"])) == (0.741, 1.103)
    assert (first["clusters_treated"], first["clusters_comparison"], first["headline"]) == ("2", "5", "yes")
    assert {row["simulated"] for row in rows} == {"yes"}


def test_a_refusal_is_a_row_without_numbers(flagship: RunResult) -> None:
    refusal = next(row for row in rows_of(tables.estimates_csv(flagship)) if not row["estimate"])
    assert (refusal["outcome"], refusal["model"], refusal["headline"]) == ("satisfaction", "its", "no")
    assert refusal["note"].startswith("The series has 2 months")
    assert refusal["p_value"] == refusal["scale"] == refusal["clusters_treated"] == ""


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "  =1", "\t=1", "\n=1", "\u202e=1"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(start: str, flagship: RunResult) -> None:
    outcome = replace(flagship.outcomes["asb"], title=start, not_estimable=(NotEstimable("did", start),))
    rows = rows_of(tables.estimates_csv(replace(flagship, outcomes={"asb": outcome})))
    assert all(row["title"].startswith("'") for row in rows)
    assert rows[-1]["note"].startswith("'")


def test_negative_numbers_stay_numbers(flagship: RunResult) -> None:
    row = next(r for r in rows_of(tables.estimates_csv(flagship)) if r["outcome"] == "recurrence")
    assert float(row["estimate"]) == -0.046


def test_the_headline_comes_first_and_stands_out(flagship: RunResult) -> None:
    made = tables.estimates_table(flagship.outcomes["recurrence"], TITLES)
    assert made.strong == (True, False, False, False, False, False)
    assert made.head[:4] == ("Method", "What it estimates", "Estimate", "95% interval")
    assert made.rows[0][2:] == ("−4.6 points", "−8.1 to −1.1 points", "p = 0.020", "2 treated areas, 5 comparison")
    assert made.rows[1][4] == "p = 0.048 (smallest possible 0.048)"


def test_estimates_stand_under_their_model_the_headlines_first(flagship: RunResult) -> None:
    outcome = flagship.outcomes["recurrence"]
    made = tables.estimates_table(replace(outcome, estimates=tuple(reversed(outcome.estimates))), TITLES, "ward")
    assert made.strong == (True, *(False,) * (len(outcome.estimates) - 1))
    order = [e.model for e in outcome.estimates]
    assert [heading for heading in made.headings if heading] == [TITLES[model] for model in dict.fromkeys(order)]
    assert made.rows[0][-1] == "2 treated wards, 5 comparison"


def test_a_note_is_said_once_and_marked_where_it_applies(flagship: RunResult) -> None:
    made = tables.estimates_table(flagship.outcomes["recurrence"], TITLES)
    marked = [row[0][-3:] for row in made.rows]
    assert marked[3:] == ["[a]", "[b]", "[b]"]
    assert [note[:3] for note in made.notes] == ["[a]", "[b]", "The"]


def test_ratios_have_their_own_column(flagship: RunResult) -> None:
    made = tables.estimates_table(flagship.outcomes["asb"], TITLES)
    assert made.head[4] == "Ratio"
    assert made.rows[0][2:5] == ("−10%", "−26% to +10%", "0.904 (0.741 to 1.103)")


def test_intervals_of_different_levels_say_so(flagship: RunResult) -> None:
    first, *others = flagship.outcomes["asb"].estimates
    mixed = replace(flagship.outcomes["asb"], estimates=(replace(first, level=0.9), *others))
    made = tables.estimates_table(mixed, TITLES)
    assert made.head[3] == "Interval"
    assert made.rows[0][3] == "−26% to +10% (90%)"


def test_small_numbers_are_not_shown(flagship: RunResult) -> None:
    made = tables.areas_table(flagship.outcomes["satisfaction"], places(flagship.study))
    assert made is not None
    row = next(r for r in made.rows if r[0] == "Great Yarmouth")
    assert row[4:] == ("not shown", "not shown")
    assert row[1:4] == ("Comparison", "61.2% (56.9% to 65.5%)", "371")
    assert any("fewer than 5 people" in note for note in made.notes)


def test_hundreds_of_areas_are_cut_and_counted(hostile: RunResult) -> None:
    made = tables.areas_table(hostile.outcomes["<b>"], places(hostile.study))
    assert made is not None
    assert len(made.rows) == tables.MOST_AREAS
    assert made.notes[-1] == "40 of 876 areas are shown, treated areas first; results.json holds them all."


def test_hundreds_of_estimates_are_cut_and_counted(hostile: RunResult) -> None:
    made = tables.estimates_table(hostile.outcomes["<b>"], {})
    assert len(made.rows) == tables.MOST_ESTIMATES
    assert any(note.startswith("80 of 100 estimates are shown") for note in made.notes)


def test_notes_beyond_the_alphabet_still_have_letters_of_their_own(flagship: RunResult) -> None:
    base = flagship.outcomes["asb"].estimates[1]
    many = replace(flagship.outcomes["asb"], estimates=tuple(replace(base, note=f"note {i}") for i in range(30)))
    made = tables.estimates_table(many, TITLES)
    marks = [row[0].rpartition(" ")[2] for row in made.rows]
    assert len(set(marks)) == 30
    assert (marks[0], marks[25], marks[26]) == ("[a]", "[z]", "[aa]")


def test_a_gap_in_time_is_a_dash(flagship: RunResult) -> None:
    outcome = flagship.outcomes["recurrence"]
    made = tables.trends_table(flagship, outcome, [("Treated areas", outcome.paths[0])])
    assert made.rows[2] == ("June 2018", "Baseline", "–")
    assert made.rows[60][:2] == ("April 2023", "Phase-in")
    said = "A dash means that there is no value, or that fewer than 5 people could be made out from it."
    assert made.notes[0] == said


def test_long_series_are_cut_to_the_last_periods(flagship: RunResult) -> None:
    labels = tuple(f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(300))
    data = replace(flagship.data, periods=labels, roles=("baseline",) * 300)
    path = flagship.outcomes["asb"].paths[0]
    longer = replace(path, points=tuple(replace(path.points[0], period=label) for label in labels))
    made = tables.trends_table(replace(flagship, data=data), flagship.outcomes["asb"], [("Treated areas", longer)])
    assert len(made.rows) == tables.MOST_PERIODS
    assert made.rows[-1][0] == "December 2024"
    assert made.notes[-1] == "240 of 300 months are shown, the last ones; results.json holds them all."


def test_an_outcome_without_an_estimate_says_so_among_the_headlines(its_only: RunResult) -> None:
    made = tables.headlines_table(its_only, ["asb", "satisfaction"])
    assert made.rows[1][:4] == (
        "Satisfied with how the complaint was handled",
        "Secondary outcome",
        "no estimate",
        "not available",
    )


# Checks as a file ----------------------------------------------------------------------------------------------------


def test_every_row_behind_every_check_is_in_the_file(checked: RunResult) -> None:
    rows = rows_of(tables.sensitivity_csv(checked))
    checks = [check for outcome in checked.outcomes.values() for check in outcome.checks]
    assert len(rows) == sum(len(check.evidence.rows) if check.evidence else 1 for check in checks)
    found = [r for r in rows if (r["outcome"], r["check"]) == ("recurrence", "leave_one_out")]
    assert [r["label"] for r in found[:2]] == ["main analysis", "without Breckland"]
    assert (found[0]["chosen"], found[0]["status"], found[0]["scale"]) == ("yes", "warn", "difference")
    assert (float(found[0]["estimate"]), float(found[0]["lo"]), float(found[0]["hi"])) == (-0.046, -0.081, -0.011)
    assert found[1]["group"] == "Comparison areas"


def test_a_check_without_numbers_is_one_row_with_its_finding(checked: RunResult) -> None:
    (row,) = [r for r in rows_of(tables.sensitivity_csv(checked)) if (r["outcome"], r["check"]) == ("asb", "shocks")]
    assert (row["status"], row["estimate"], row["label"]) == ("not_run", "", "")
    assert row["finding"] == "No stretch was left out, so there is nothing to compare."


@pytest.mark.parametrize("start", ["=1+1", "@x", "\n=1", "\u202e=1"])
def test_no_label_or_note_of_a_check_runs_as_a_formula(start: str, flagship: RunResult) -> None:
    evidence = Evidence(
        start, Figure.FOREST, Scale.RATIO, Quantity.NUMBER, (Row(start, -1.5, note=start, group=start),)
    )
    outcome = replace(flagship.outcomes["asb"], checks=(Check(start, Status.PASS, start, "", evidence),))
    (row,) = rows_of(tables.sensitivity_csv(replace(flagship, outcomes={"asb": outcome})))
    assert all(row[key].startswith("'") for key in ("check", "finding", "label", "note", "group"))
    assert float(row["estimate"]) == -1.5
