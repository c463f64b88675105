"""The figure and table of a synthetic comparison, and the words of its checks."""

import xml.etree.ElementTree as ET
from dataclasses import replace

from impact.report.check_words import HEADINGS, SYNTHETIC, words_of
from impact.report.render import figures, report_html
from impact.result import RunResult
from models.estimate import Path

SVG = "{http://www.w3.org/2000/svg}"
LABEL = "Weighted comparison"
CAPTION = "treated districts against a weighted comparison"
CHECKS = ("donors", "fit", "hull", "balance", "weights", "leave_one_out", "placebos")


def with_synthetic(result: RunResult) -> RunResult:
    """The flagship's recorded incidents, with a synthetic comparison a tenth above the treated areas."""
    outcome = result.outcomes["asb"]
    treated = next(p for p in outcome.paths if p.name == "treated")
    points = tuple(
        replace(p, lo=None, hi=None, counterfactual=None if p.value is None else 1.1 * p.value) for p in treated.points
    )
    return replace(result, outcomes={"asb": replace(outcome, paths=(*outcome.paths, Path("synthetic", points)))})


def test_the_treated_areas_are_drawn_with_what_stands_in_for_them(flagship: RunResult) -> None:
    drawn = figures(with_synthetic(flagship))
    assert list(drawn)[-1] == "asb-synthetic.svg"
    root = ET.fromstring(drawn["asb-synthetic.svg"])  # noqa: S314 - our own figure
    texts = ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]
    assert {"Treated districts", LABEL} <= set(texts)
    title = root.find(f"{SVG}title")
    assert title is not None
    assert CAPTION in (title.text or "")


def test_the_report_holds_its_table_and_without_a_path_neither(flagship: RunResult) -> None:
    assert CAPTION in report_html(with_synthetic(flagship))
    assert CAPTION not in report_html(flagship)
    assert "asb-synthetic.svg" not in figures(flagship)


def test_every_check_has_a_title_a_warning_and_the_one_heading() -> None:
    assert SYNTHETIC in HEADINGS
    for name in CHECKS:
        words = words_of(f"synthetic_{name}")
        assert words.heading == SYNTHETIC
        assert words.title
        assert words.warning.endswith(".")
