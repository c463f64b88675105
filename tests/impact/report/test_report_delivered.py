from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from impact.report.delivered_view import NO_RESULT, RATES_NOT_TOTALS, RECORDED_MORE, DeliveredView, delivered_view
from impact.report.render import report_html
from impact.report.tables import estimates_csv
from impact.result import RunResult, adapter
from impact.result_outputs import OutputInfo, OutputWindow

ARRESTS = OutputInfo(
    "Arrests",
    "per district a month",
    (
        OutputWindow("treated", "baseline", 190.0, 3.958, 2, suppressed=False),
        OutputWindow("treated", "follow_up", 167.0, 9.278, 2, suppressed=False),
        OutputWindow("comparison", "baseline", 1200.0, 4.02, 5, suppressed=False),
        OutputWindow("comparison", "follow_up", None, None, 5, suppressed=True),
    ),
    disclosure_minimum=5,
)
VISITS = OutputInfo(
    "Visits",
    "per district a month",
    (
        OutputWindow("treated", "baseline", None, None, 0, suppressed=False),
        OutputWindow("treated", "follow_up", 2514.0, 140.2, 1, suppressed=False),
        OutputWindow("comparison", "baseline", None, None, 0, suppressed=False),
        OutputWindow("comparison", "follow_up", None, None, 0, suppressed=False),
    ),
    disclosure_minimum=5,
)


@pytest.fixture
def delivered(flagship: RunResult) -> RunResult:
    return replace(flagship, outputs={"arrests": ARRESTS, "visits": VISITS})


@pytest.fixture
def view(delivered: RunResult) -> DeliveredView:
    found = delivered_view(delivered)
    assert found is not None
    return found


def test_a_study_without_outputs_has_no_section(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    assert delivered_view(flagship) is None
    assert "What was delivered" not in read_html(report_html(flagship)).visible


def test_each_output_is_one_sentence_of_rates(view: DeliveredView) -> None:
    arrests, visits = view.sentences
    assert arrests == (
        "Arrests: from 3.96 to 9.28 per district a month in the treated districts; 4.02 per district a month before "
        "the start and not shown after it in the comparison districts."
    )
    assert visits == (
        "Visits: not recorded before the start and 140 per district a month after it in the treated districts; not "
        "recorded in the comparison districts."
    )


def test_the_table_holds_totals_and_says_what_it_leaves_out(view: DeliveredView) -> None:
    assert view.table.rows == (
        ("Arrests, treated districts", "190", "167"),
        ("Arrests, comparison districts", "1,200", "not shown"),
        ("Visits, treated districts", "not recorded", "2,514"),
        ("Visits, comparison districts", "not recorded", "not recorded"),
    )
    assert view.table.notes == (
        RATES_NOT_TOTALS,
        "Visits: recorded in 1 of the 2 treated districts.",
        "To protect people, a total below 5 is not shown, nor one from which it could be worked out.",
    )


def test_one_area_is_singular(delivered: RunResult) -> None:
    alone = replace(delivered.study, treated=("South Norfolk",))
    found = delivered_view(replace(delivered, study=alone))
    assert found is not None
    assert "in the treated district;" in found.sentences[0]


def test_it_is_no_result_and_comes_before_the_results(delivered: RunResult, read_html: Callable[[str], Any]) -> None:
    page = report_html(delivered)
    visible = read_html(page).visible
    assert NO_RESULT in visible
    assert RECORDED_MORE in visible
    assert page.index('id="done"') < page.index('id="delivered"') < page.index('id="outcomes"')
    assert '<a href="#delivered">What was delivered</a>' in page


def test_without_counts_nothing_is_said_of_recording(delivered: RunResult) -> None:
    shares = {key: outcome for key, outcome in delivered.outcomes.items() if outcome.kind != "count"}
    assert shares
    found = delivered_view(replace(delivered, outcomes=shares))
    assert found is not None
    assert found.caution == ""


def test_estimates_are_untouched_and_results_read_back(flagship: RunResult, delivered: RunResult) -> None:
    assert estimates_csv(delivered) == estimates_csv(flagship)
    assert adapter().validate_json(delivered.to_json()).outputs == delivered.outputs


def test_results_of_before_there_were_outputs_are_read(flagship: RunResult) -> None:
    old = flagship.to_dict()
    del old["outputs"]
    assert adapter().validate_python(old).outputs == {}
