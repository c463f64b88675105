"""What a study is told whose models do not fit its outcome's kind, or its design."""

from pathlib import Path

import pytest

import impact
from impact.report.check_words import CHECKS, GATES
from impact.report.render import report_html
from impact.result import RunResult
from models.one_team import check_id
from models.registry import MODELS

STUDY = """
schema: 1
study: {{id: s, title: S}}
intervention: {{name: x, start: 2022-01-01, delivery: {delivery}}}
areas: {{treated: [A, B, C], comparison: {comparison}{starts}}}
time: {{unit: month}}
sources: {{rows: {{path: rows.csv, reader: panel, columns: {{area: area, time: month}}}}}}
outcomes: {{calls: {{source: rows, kind: count, value: calls, better: lower, worthwhile: -0.1, role: primary}}}}
models: {models}
decision: {{outcome: calls, rule: {{scale_up_if: 0.8, stop_if: 0.2, harm: 0.1}}}}
"""
STARTS = ", starts: {C: 2022-07-01}"
STAGGERED = "Use `staggered` with `compared_with: not_yet`"


def run(
    folder: Path, models: str, *, starts: str = "", comparison: str = "[D, E, F, G, H]", delivery: str = "separate"
) -> RunResult:
    months = [f"{2021 + m // 12}-{m % 12 + 1:02d}" for m in range(24)]
    rows = [
        f"{area},{month},{50 + (7 * a + 5 * m + a * m) % 11 - (15 if a < 3 and m >= (18 if a == 2 else 12) else 0)}"
        for a, area in enumerate("ABCDEFGH")
        for m, month in enumerate(months)
        if comparison != "[]" or a < 3
    ]
    (folder / "rows.csv").write_text("area,month,calls\n" + "\n".join(rows) + "\n")
    text = STUDY.format(models=models, starts=starts, comparison=comparison, delivery=delivery)
    (folder / "study.yaml").write_text(text)
    return impact.run(impact.load_study(folder / "study.yaml"))


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("[ordinal]", "Ordered logit is for outcomes of kind ordinal"),
        ("[recurrence]", "Repeats of a case is for outcomes of kind time_to_event"),
    ],
)
def test_a_model_for_another_kind_of_outcome_says_so(tmp_path: Path, models: str, said: str) -> None:
    result = run(tmp_path, models)
    (refusal,) = result.outcomes["calls"].not_estimable
    assert refusal.reason == f"{said}, and this one is of kind count. Add `did`, `its` or `bayes` to the models."
    assert result.decision.verdict == "cannot_tell"
    assert result.decision.reasons == (refusal.reason,)
    page = report_html(result)
    assert "the reasons are given below" in page
    assert "Every check that was run passed" not in page


def test_a_model_for_another_kind_is_passed_over_beside_one_that_fits(tmp_path: Path) -> None:
    result = run(tmp_path, "[did, ordinal]")
    assert all(refusal.model != "ordinal" for refusal in result.outcomes["calls"].not_estimable)
    assert result.outcomes["calls"].headline is not None


def test_models_that_never_carry_a_verdict_name_those_that_do(tmp_path: Path) -> None:
    decision = run(tmp_path, "[panel]").decision
    assert decision.reasons == ("No model was run that can carry a verdict. Run one of: did, its, bayes.",)


@pytest.mark.parametrize("model", ["did", "its", "synthetic", "panel"])
def test_without_comparison_and_with_different_starts_all_give_the_same_advice(tmp_path: Path, model: str) -> None:
    result = run(tmp_path, f"[{model}]", starts=STARTS, comparison="[]")
    (refusal,) = result.outcomes["calls"].not_estimable
    assert STAGGERED in refusal.reason
    assert "`its`" not in refusal.reason


def test_that_advice_leads_to_an_answer(tmp_path: Path) -> None:
    result = run(tmp_path, "{staggered: {compared_with: not_yet}}", starts=STARTS, comparison="[]")
    headline = result.outcomes["calls"].headline
    assert headline is not None
    assert (headline.clusters.treated, headline.clusters.comparison) == (2, 1)
    page = report_html(result)
    assert "2 treated areas, 1 that had not started yet" in page
    assert "are compared with those that had not started yet" in page


def test_with_comparison_areas_the_advice_is_staggered_and_with_one_start_its(tmp_path: Path) -> None:
    apart = run(tmp_path, "[did]", starts=STARTS).outcomes["calls"].not_estimable
    assert apart[0].reason.endswith("Use `staggered`.")
    alone = run(tmp_path, "[did]", comparison="[]").outcomes["calls"].not_estimable
    assert alone[0].reason.endswith("rely on `its` alone.")


def test_one_team_and_different_starts_are_held_against_one_unit_for_each_start(tmp_path: Path) -> None:
    result = run(tmp_path, "[staggered]", starts=STARTS, delivery="shared")
    outcome = result.outcomes["calls"]
    assert [c.status for c in outcome.checks if c.id == "staggered_one_team"] == ["pass"]
    assert [e.clusters.treated for e in outcome.estimates if "one unit" in e.method] == [2]
    assert "so they are also analysed as one unit." in report_html(result)


def test_every_model_with_a_headline_has_words_for_its_check_of_one_team() -> None:
    headlining = [name for name, spec in MODELS.items() if spec.headline_rank is not None]
    assert {check_id(name) for name in headlining} <= {*CHECKS, *GATES}
