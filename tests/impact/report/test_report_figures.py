import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import matplotlib as mpl
import pytest

from impact.report import canvas, charts
from impact.report.render import figures
from impact.result import OutcomeResult, RunResult
from models.estimate import Path, PathPoint

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn(flagship: RunResult) -> dict[str, str]:
    return figures(flagship)


def texts(figure: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(figure).iter(f"{SVG}text")]  # noqa: S314 - our own figure


def only(result: RunResult, outcome: OutcomeResult) -> RunResult:
    return replace(result, outcomes={"asb": outcome})


def test_each_outcome_has_its_figures_by_name(drawn: dict[str, str]) -> None:
    assert list(drawn) == [
        "overview.svg",
        "recurrence-estimates.svg", "recurrence-trends.svg", "recurrence-baseline.svg",
        "satisfaction-estimates.svg", "satisfaction-trends.svg",
        "response_time-estimates.svg", "response_time-trends.svg", "response_time-baseline.svg",
        "asb-estimates.svg", "asb-trends.svg", "asb-baseline.svg",
    ]  # fmt: skip


def test_every_figure_has_a_name_and_a_description_for_those_who_do_not_see_it(drawn: dict[str, str]) -> None:
    for figure in drawn.values():
        root = ET.fromstring(figure)  # noqa: S314
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert desc is not None
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
        assert len(title.text or "") > 10
        assert len(desc.text or "") > 60


def test_a_simulated_study_says_so_in_every_figure_and_a_real_one_in_none(flagship: RunResult) -> None:
    said = "The case records in this study are simulated."
    for figure in figures(flagship).values():
        assert said in texts(figure)
        assert figure.split("</desc>")[0].endswith(said)
    real = replace(flagship, study=replace(flagship.study, simulated=False))
    assert not any("simulated" in figure for figure in figures(real).values())


def test_the_same_result_gives_the_same_bytes(flagship: RunResult, drawn: dict[str, str]) -> None:
    assert figures(flagship) == drawn


def test_no_figure_depends_on_the_users_settings_nor_changes_them(flagship: RunResult, drawn: dict[str, str]) -> None:
    loaded = "matplotlib.pyplot" in sys.modules
    with mpl.rc_context({"font.size": 31, "svg.fonttype": "path", "lines.color": "red", "axes.facecolor": "black"}):
        assert figures(flagship) == drawn
        assert mpl.rcParams["font.size"] == 31
    assert ("matplotlib.pyplot" in sys.modules) is loaded


def test_nothing_in_a_figure_is_blocked_by_the_pages_policy_or_leads_outside(drawn: dict[str, str]) -> None:
    for figure in drawn.values():
        assert "style" not in figure
        assert "<script" not in figure
        assert figure.count("http") == 1, "the namespace, which is only a name"
        assert "Date" not in figure
        assert "Matplotlib" not in figure


def test_ids_are_unique_across_figures_and_every_reference_leads_somewhere(drawn: dict[str, str]) -> None:
    together = "".join(drawn.values())
    ids = re.findall(r'\bid="([^"]+)"', together)
    pointed = set(re.findall(r'href="#([^"]+)"', together)) | set(re.findall(r"url\(#([^)]+)\)", together))
    assert len(ids) == len(set(ids))
    assert pointed <= set(ids)


def test_only_colours_that_have_a_dark_counterpart_are_used(drawn: dict[str, str]) -> None:
    used = {c for figure in drawn.values() for c in re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', figure)}
    assert used <= set(canvas.COLOURS)
    assert {canvas.BLUE, canvas.ORANGE, canvas.PLUM} <= used


def test_markers_take_their_colours_from_where_they_are_used(drawn: dict[str, str]) -> None:
    markers = re.findall(r'<path id="[^"]*" [^>]*>', drawn["asb-trends.svg"])
    uses = re.findall(r"<use [^>]*>", drawn["asb-trends.svg"])
    assert markers
    assert not any("fill=" in marker or "stroke=" in marker for marker in markers)
    assert all("fill=" in use and "stroke=" in use for use in uses if "#trends-asb-m" in use)


def test_the_forest_shows_every_whole_estimate_headline_first(drawn: dict[str, str]) -> None:
    shown = texts(drawn["recurrence-estimates.svg"])
    assert shown.index("−4.6 (−8.1 to −1.1)") < shown.index("−4.6 (−8.6 to −0.8)")
    assert "−5.1 (−7.9 to −2.3)" in shown
    assert not any("slope" in text for text in shown), "a change per month is no total"


def test_an_estimate_without_an_interval_is_a_point_only(one_by_one: RunResult) -> None:
    shown = texts(figures(one_by_one)["asb-estimates.svg"])
    assert "−18% (no range)" in shown


def test_units_that_differ_have_panels_of_their_own(drawn: dict[str, str]) -> None:
    shown = texts(drawn["overview.svg"])
    captions = ["change in percentage points", "change in days taken", "change in rate"]
    assert [text for text in shown if text in captions] == captions


def test_without_comparison_areas_the_baseline_chart_stands_alone(its_only: RunResult) -> None:
    assert list(figures(its_only)) == ["overview.svg", "asb-estimates.svg", "asb-baseline.svg"]


def test_a_result_without_an_estimate_has_no_figure(its_only: RunResult) -> None:
    outcome = replace(its_only.outcomes["satisfaction"], role="primary")
    assert figures(only(its_only, outcome)) == {}


def lines_of(figure: str, colour: str) -> list[str]:
    return re.findall(rf'<path d="([^"]+)"[^>]*fill="none"[^>]*stroke="{colour}"', figure)


def test_a_gap_in_the_series_is_a_gap_in_the_line(flagship: RunResult) -> None:
    whole = lines_of(figures(flagship)["asb-trends.svg"], canvas.ORANGE)
    broken = lines_of(figures(flagship)["asb-trends.svg"], canvas.BLUE)
    assert max(path.count("M") for path in broken) == max(path.count("M") for path in whole) + 1


@pytest.mark.parametrize(
    "values", [[0.0] * 72, [5.0] * 72, [None] * 71 + [3.0], [math.nan] * 70 + [1e12, 0.0], [1e-9] * 72]
)
def test_any_series_can_be_drawn(flagship: RunResult, values: list[float | None]) -> None:
    points = tuple(PathPoint(p, v) for p, v in zip(flagship.data.periods, values, strict=True))
    for kind in ("count", "binary", "continuous"):
        outcome = replace(flagship.outcomes["asb"], kind=kind, paths=(Path("treated", points),))
        made = figures(only(flagship, outcome))["asb-trends.svg"]
        assert "nan" not in made
        assert "inf" not in made


def test_a_forecast_that_runs_away_stays_in_the_frame(flagship: RunResult) -> None:
    path = flagship.outcomes["asb"].paths[2]
    wild = tuple(replace(p, hi=1e300, lo=-1e300, counterfactual=1e250) for p in path.points)
    made = figures(only(flagship, replace(flagship.outcomes["asb"], paths=(Path("its", wild),))))["asb-baseline.svg"]
    places = [abs(float(n)) for d in re.findall(r'\bd="([^"]+)"', made) for n in re.findall(r"-?\d+(?:\.\d+)?", d)]
    assert max(places) < 600
    assert {"5", "10"} <= set(texts(made)), "the axis still follows what was observed"


def test_hostile_names_are_text_and_never_mathematics(hostile: RunResult) -> None:
    made = figures(hostile)
    assert all(
        "<script" not in figure and "\u202e" not in figure and "\u0007" not in figure for figure in made.values()
    )
    title = texts(made["b-estimates.svg"])[0]
    assert title.startswith('<script>alert(1)</script>">')


def test_letters_the_drawing_library_lacks_are_no_trouble(flagship: RunResult) -> None:
    outcome = replace(flagship.outcomes["asb"], title="反社会的行為 🚓 العربية $\\frac{1}{2}$")
    shown = texts(figures(only(flagship, outcome))["asb-estimates.svg"])
    assert any("反社会的行為" in text and "$\\frac{1}{2}$" in text for text in shown)


def test_hundreds_of_estimates_are_cut(hostile: RunResult) -> None:
    made = figures(hostile)["b-estimates.svg"]
    assert float(ET.fromstring(made).attrib["height"]) < 2600  # noqa: S314


def test_outcomes_whose_names_look_alike_keep_their_own_files(flagship: RunResult) -> None:
    both = replace(flagship, outcomes={"a b": flagship.outcomes["asb"], "a-b": flagship.outcomes["asb"]})
    assert {"a-b-estimates.svg", "a-b-2-estimates.svg"} <= set(figures(both))


def test_the_primary_outcome_comes_first_and_unknown_roles_last(flagship: RunResult) -> None:
    assert charts.reading_order(flagship) == ("recurrence", "satisfaction", "response_time", "asb")
    odd = replace(flagship, outcomes={"x": replace(flagship.outcomes["asb"], role="?"), **flagship.outcomes})
    assert charts.reading_order(odd)[-1] == "x"


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = "import sys, impact.report.render, impact.report.tables; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_numbers_on_an_axis_are_never_cut_short(flagship: RunResult) -> None:
    points = tuple(replace(p, value=(p.value or 1) * 1e8) for p in flagship.outcomes["asb"].paths[0].points)
    huge = replace(flagship.outcomes["asb"], paths=(Path("treated", points),))
    shown = texts(figures(only(flagship, huge))["asb-trends.svg"])
    assert "1,000,000,000" in shown
    assert not any("…" in text for text in shown)
