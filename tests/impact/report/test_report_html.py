import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from impact.report.render import notebook_html, report_html
from impact.result import ModelInfo, RunResult, adapter
from models.estimate import Check, Clusters, Estimate, Evidence, Figure, Path, PathPoint, Quantity, Row, Scale, Status

NON_NUMBERS = re.compile(r"\b(nan|NaN|inf|-inf|Infinity|None|undefined)\b")
NAMES = ("flagship", "checked", "decided", "one_by_one", "its_only", "hostile")
SIMULATED = "The case records in this study are simulated."


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    results = {name: request.getfixturevalue(name) for name in NAMES}
    return {name: report_html(result) for name, result in results.items()}


@pytest.mark.parametrize("name", NAMES)
class TestEveryReport:
    def test_is_well_formed(self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
        page = read_html(pages[name])
        assert page.all("html") == [{"lang": "en-GB"}]
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
        assert pages[name].startswith("<!DOCTYPE html>")

    def test_loads_nothing_and_runs_nothing(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        page = read_html(pages[name])
        assert page.all("script", "iframe", "object", "embed", "img", "video", "form", "base", "foreignobject") == []
        assert page.all("link") == [{"rel": "icon", "href": "data:,"}]
        for _, attributes in page.tags:
            assert not any(key.startswith("on") or key in {"style", "src", "srcset", "action"} for key in attributes)
            assert (attributes.get("href") or "#").startswith(("#", "data:,"))
            assert "http" not in (attributes.get("xmlns") or "")
        assert not re.search(r"url\((?!#)|@import|expression\(", pages[name])

    def test_has_a_strict_policy_that_its_own_style_satisfies(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        page = read_html(pages[name])
        policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
        styles = [text for tag, text in page.texts if tag == "style"]
        assert len(styles) == len(page.all("style")) == 1
        digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
        )
        before_style = pages[name].index("Content-Security-Policy") < pages[name].index("<style>")
        assert before_style

    def test_headings_go_down_one_step_at_a_time(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        levels = [int(tag[1]) for tag, _ in read_html(pages[name]).tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))

    def test_ids_are_unique_and_every_reference_leads_somewhere(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        page = read_html(pages[name])
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids))
        pointed = [
            a["href"][1:] for tag, a in page.tags if tag in {"a", "use"} and (a.get("href") or "").startswith("#")
        ]
        labels = [i for _, a in page.tags for i in (a.get("aria-labelledby") or "").split()]
        assert set(pointed) | set(labels) <= set(ids)

    def test_tables_have_captions_and_headed_rows_and_columns(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        page = read_html(pages[name])
        assert len(page.all("caption")) == len(page.all("table")) > 3
        assert {"row", "col"} <= {a.get("scope") for a in page.all("th")} <= {"row", "col", "rowgroup"}
        regions = [a for a in page.all("div") if a.get("role") == "region"]
        assert all(a.get("aria-label") and a.get("tabindex") == "0" for a in regions)

    def test_no_value_is_printed_that_is_not_one(
        self, name: str, pages: dict[str, str], read_html: Callable[[str], Any]
    ) -> None:
        assert not NON_NUMBERS.search(read_html(pages[name]).visible)

    def test_the_same_result_gives_the_same_bytes(self, name: str, pages: dict[str, str], request: Any) -> None:
        assert report_html(request.getfixturevalue(name)) == pages[name]


def test_a_simulated_study_cannot_be_taken_for_a_real_one(
    pages: dict[str, str], read_html: Callable[[str], Any]
) -> None:
    page = read_html(pages["flagship"])
    figures = len([a for a in page.all("svg") if a.get("role") == "img" and a.get("aria-labelledby")])
    assert page.texts[0] == ("title", "SIMULATED: Early Intervention ASB Officer pilot")
    assert page.visible.count(SIMULATED) == 1 + 1 + 2 * figures, (
        "banner, footer, each figure's subtitle and description"
    )
    assert page.visible.index(SIMULATED) < page.visible.index("Evaluation of a pilot")
    assert "Simulated: complaints, survey and incidents. Not simulated: people." in page.visible
    assert "simulated" in page.all("body")[0]["class"]


def test_a_real_study_says_nothing_of_simulation(pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
    page = read_html(pages["its_only"])
    assert SIMULATED not in page.visible
    assert page.all("body") == [{}]


def test_the_order_is_verdict_health_what_was_done_outcomes_data_methods(
    pages: dict[str, str], read_html: Callable[[str], Any]
) -> None:
    page = read_html(pages["flagship"])
    sections = [a["id"] for a in page.all("section", "article")]
    assert sections == [
        "verdict", "health", "done", "outcomes", "outcome-1", "outcome-2", "outcome-3", "outcome-4", "data", "methods",
        "again",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "word"),
    [("scale_up", "Scale up"), ("extend", "Extend"), ("stop", "Stop"), ("cannot_tell", "Cannot tell")],
)
def test_the_verdict_is_a_word_a_shape_and_a_colour(
    verdict: Any, word: str, one_by_one: RunResult, read_html: Callable[[str], Any]
) -> None:
    result = replace(one_by_one, decision=replace(one_by_one.decision, verdict=verdict, security=3))
    text = report_html(result)
    page = read_html(text)
    assert f"verdict {verdict}" in [a.get("class") for a in page.all("section")]
    assert f"Verdict {word}" in page.visible
    shape = text.split('class="shape"')[1].split("</svg>")[0]
    others = [
        report_html(replace(result, decision=replace(result.decision, verdict=other)))
        .split('class="shape"')[1]
        .split("</svg>")[0]
        for other in ("scale_up", "extend", "stop", "cannot_tell")
        if other != verdict
    ]
    assert shape not in others
    assert [c["class"] for c in page.all("circle") if "class" in c] == ["full"] * 3 + ["empty"] * 2
    assert "3 of 5: moderate" in page.visible


def test_probabilities_are_said_in_words_and_numbers(pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
    text = read_html(pages["flagship"]).visible
    assert "That it made things better almost certain (99%)" in text
    assert "That the improvement is worthwhile (3 points lower or better) likely (74%)" in text
    assert "That it did harm (3 points higher or worse) a remote chance (less than 1%)" in text


def test_what_speaks_against_the_results_stands_before_them(
    pages: dict[str, str], read_html: Callable[[str], Any]
) -> None:
    text = read_html(pages["flagship"]).visible
    assert text.index("Only 36% of the people asked answered the survey.") < text.index("In plain words")
    assert "Read first: 2 warnings." in text
    assert "4 warnings of methods other than the headline's" in text


def test_without_any_warning_it_says_so(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    passed = Check("seasons", Status.PASS, "The same times of year.")
    outcomes = {k: replace(o, checks=(passed,), not_estimable=()) for k, o in flagship.outcomes.items()}
    calm = replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=()))
    text = read_html(report_html(calm)).visible
    assert "No warnings. Every check that was run passed" in text
    assert "Read first" not in text


def test_where_no_check_was_run_none_is_said_to_have_passed(
    flagship: RunResult, read_html: Callable[[str], Any]
) -> None:
    waiting = Check("seasons", Status.NOT_RUN, "Cannot be judged.")
    outcomes = {k: replace(o, checks=(waiting,), not_estimable=()) for k, o in flagship.outcomes.items()}
    text = read_html(
        report_html(replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=())))
    ).visible
    assert "No check was run" in text
    assert "Every check that was run passed" not in text


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ((Status.PASS,) * 2, "so they are also analysed as one unit."),
        (
            (Status.PASS, Status.NOT_RUN),
            "so they are also analysed as one unit, for outcomes where that could be done.",
        ),
        ((Status.NOT_RUN, None), "they could not be analysed as one unit here."),
    ],
)
def test_one_team_is_said_to_be_one_unit_only_where_it_was(
    flagship: RunResult, read_html: Callable[[str], Any], checks: tuple[Status | None, ...], said: str
) -> None:
    headed = [key for key, outcome in flagship.outcomes.items() if outcome.headline][: len(checks)]
    outcomes = {}
    for key, status in zip(headed, checks, strict=True):
        outcome = flagship.outcomes[key]
        assert outcome.headline is not None
        head = replace(outcome.headline, model="did", clusters=Clusters(2, 5))
        found = (Check("one_team", status, "One team."),) if status else ()
        outcomes[key] = replace(outcome, estimates=(head,), checks=found)
    done = replace(flagship.study.intervention, delivery="shared")
    decision = replace(flagship.decision, outcome=headed[0])
    study = replace(flagship.study, intervention=done)
    text = read_html(report_html(replace(flagship, outcomes=outcomes, study=study, decision=decision))).visible
    assert said in " ".join(text.split())


def test_areas_that_start_later_are_what_the_report_says_it_compares_with(
    flagship: RunResult, read_html: Callable[[str], Any]
) -> None:
    model = ModelInfo("staggered", "Staggered roll-out", "", {"compared_with": "not_yet"})
    study = replace(flagship.study, comparison=(), models=(model,))
    text = " ".join(read_html(report_html(replace(flagship, study=study))).visible.split())
    assert "are compared with those that had not started yet" in text
    assert "There are none: only the treated" not in text


def test_a_caveat_that_the_health_banner_gives_is_not_repeated(
    flagship: RunResult, read_html: Callable[[str], Any]
) -> None:
    said = "Residuals one month apart correlate at 0.41; intervals from one series are then usually too narrow."
    twice = replace(flagship, decision=replace(flagship.decision, caveats=(said, "Mind the gap.")))
    page = read_html(report_html(twice))
    assert [text for tag, text in page.texts if tag == "li" and text in {said, "Mind the gap."}] == ["Mind the gap."]


def test_many_caveats_are_cut_and_counted(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    many = replace(flagship, decision=replace(flagship.decision, caveats=tuple(f"Caveat {i}." for i in range(20))))
    listed = [text for tag, text in read_html(report_html(many)).texts if tag == "li"]
    assert [text for text in listed if text.startswith("Caveat")] == [f"Caveat {i}." for i in range(6)]
    assert "And 14 more below." in listed


def test_what_checks_found_is_not_said_again_among_the_caveats(checked: RunResult) -> None:
    findings = tuple(c.finding for c in checked.outcomes["recurrence"].checks)
    said = replace(checked, decision=replace(checked.decision, caveats=(*findings[:1], *findings[5:6])))
    caveats = report_html(said).split("Bear in mind")[1].split("</ul>")[0]
    assert "Every area has cases" in caveats, "it passed, so the banner is silent about it"
    assert "Leaving out one area" not in caveats


def test_every_drawing_of_a_check_stands_with_its_numbers(
    pages: dict[str, str], checked: RunResult, read_html: Callable[[str], Any]
) -> None:
    page = read_html(pages["checked"])
    tracks = [a for a in page.all("svg") if (a.get("class") or "").startswith("track")]
    behind = [c.evidence for o in checked.outcomes.values() for c in o.checks if c.evidence is not None]
    forests = [row for e in behind if e.figure is Figure.FOREST for row in e.rows]
    assert len(tracks) == len([row for row in forests if row.estimate is not None]) > 50
    assert all(a.get("aria-hidden") == "true" for a in tracks), "the cells beside them say the same"
    plots = [a for a in page.all("svg") if a.get("class") == "plot"]
    assert len(plots) == 4 * 5
    assert all(a.get("role") == "img" and a.get("aria-label") for a in plots)
    captions = [text for tag, text in page.texts if tag == "caption"]
    named = [text for tag, text in page.texts if tag == "figcaption" and text.endswith("(simulated records)")]
    curves = [text for text in named if text.startswith("Every combination of choices")]
    assert {f"{text}: the numbers" for text in named if text not in curves} <= set(captions)
    assert captions.count("The combinations at either end") == len(curves) == 4


def test_a_report_with_every_check_stays_a_report_one_can_open(pages: dict[str, str]) -> None:
    assert len(pages["checked"]) < 1_200_000


def test_every_figure_in_the_report_has_its_numbers_in_a_table(
    pages: dict[str, str], read_html: Callable[[str], Any]
) -> None:
    page = read_html(pages["flagship"])
    captions = [text for tag, text in page.texts if tag == "caption"]
    titles = ["Repeat complaint within 90 days", "Recorded anti-social behaviour"]
    for title in titles:
        assert f"Every estimate: {title}" in captions
        assert any(c.startswith(f"{title} over time") for c in captions)
        assert any(c.startswith(f"{title}: treated districts against their own baseline") for c in captions)
    assert "The headline of every outcome" in captions


def test_small_numbers_are_not_in_the_report(pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
    assert "not shown not shown" in read_html(pages["flagship"]).visible


def test_the_refusal_of_inference_is_said_where_the_number_stands(
    pages: dict[str, str], read_html: Callable[[str], Any]
) -> None:
    text = read_html(pages["one_by_one"]).visible
    assert "Too uncertain to tell" in text
    assert "One figure without a range: 18% fewer" in text
    assert "we estimate 82 (no plausible range can be given)" in text
    assert "Cost Not stated" in text


def test_hostile_text_is_shown_and_does_nothing(pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
    text = pages["hostile"]
    page = read_html(text)
    assert "<script" not in text
    assert "<img" not in text
    assert "{{ 7*7 }}" in page.visible
    assert "49 $x" not in page.visible
    assert "\u202e" not in text
    assert "\u0007" not in text
    assert "<script>alert(1)</script>" in page.visible


def test_a_large_study_stays_a_report_one_can_open(pages: dict[str, str], read_html: Callable[[str], Any]) -> None:
    assert len(pages["hostile"]) < 1_500_000
    assert len(read_html(pages["hostile"]).all("tr")) < 700


def test_a_report_can_be_made_again_from_the_file(flagship: RunResult) -> None:
    again = adapter().validate_json(json.dumps(flagship.to_dict()))
    assert report_html(again) == report_html(flagship)


def test_a_locked_protocol_and_its_deviations_are_shown(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    made = flagship.provenance
    protocol = replace(made.protocol, locked=True, sha256="ab" * 32, deviations=("the baseline starts a year later",))
    text = read_html(report_html(replace(flagship, provenance=replace(made, protocol=protocol)))).visible
    assert f"Locked before the run, SHA-256 {'ab' * 32}" in text
    assert "Deviations from the protocol the baseline starts a year later" in text


def test_money_is_shown_once_there_is_some(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    decision = replace(flagship.decision, expected_net_benefit=-1234.4, probability_net_benefit=0.61, evpi=36200.0)
    text = read_html(report_html(replace(flagship, decision=decision))).visible
    assert "Is it worth it? £1,230 loss expected from scaling up, all costs counted" in text
    assert "Pays for itself 61% likely" in text
    assert "Knowing the answer for certain would be worth at most £36,200." in text


# The notebook card ---------------------------------------------------------------------------------------------------


def test_the_card_gives_verdict_and_headlines(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    text = read_html(notebook_html(flagship)).visible
    assert text.startswith(SIMULATED)
    assert "Verdict: Extend" in text
    assert "Recorded anti-social behaviour (Guardrail) −10% −26% to +10%" in text
    assert flagship._repr_html_() == notebook_html(flagship)


def test_the_card_is_small_and_escaped(hostile: RunResult, read_html: Callable[[str], Any]) -> None:
    text = notebook_html(hostile)
    page = read_html(text)
    assert "<script" not in text
    assert page.all("script", "style", "link", "img") == []
    assert len(text) < 12_000


# Whatever the numbers -------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="nN"), max_size=30)
LEVELS = st.none() | st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    scale = draw(st.sampled_from(list(Scale)))
    numbers = st.floats(0, 1e300) if scale is Scale.RATIO else FINITE
    lo, hi = sorted((draw(numbers), draw(numbers)))
    return Estimate(
        draw(WORDS), draw(WORDS), draw(WORDS), scale, draw(numbers), draw(st.sampled_from([None, (lo, hi)])),
        draw(st.floats(0.5, 0.99)), None, None, draw(st.none() | st.floats(0, 1)), draw(st.none() | st.floats(0, 1)),
        Clusters(draw(st.integers(0, 50)), draw(st.integers(0, 900))), draw(st.booleans()), draw(WORDS),
    )  # fmt: skip


PERIODS = 6
FOUND = st.fixed_dictionaries(
    {
        "title": WORDS,
        "unit": WORDS,
        "kind": st.sampled_from(["count", "binary", "ordinal", "continuous", "duration", "time_to_event"]),
        "better": st.sampled_from(["higher", "lower"]),
        "worthwhile": st.none() | st.floats(-2, 2),
        "counterfactual": LEVELS,
        "baseline_level": LEVELS,
        "estimates": st.lists(estimates(), max_size=4).map(tuple),
    }
)
POINTS = st.lists(st.tuples(LEVELS, LEVELS, LEVELS, LEVELS), min_size=PERIODS, max_size=PERIODS)


ROWS = st.builds(
    Row, WORDS, st.none() | FINITE, st.none() | FINITE, st.none() | FINITE, st.none() | st.floats(0, 1), WORDS, WORDS,
    st.booleans(),
)  # fmt: skip
EVIDENCE = st.builds(
    Evidence, WORDS, st.sampled_from(Figure), st.sampled_from(Scale), st.sampled_from(Quantity),
    st.lists(ROWS, max_size=6).map(tuple), WORDS, st.booleans(),
)  # fmt: skip
IDS = st.sampled_from(["leave_one_out", "event_study", "specification_curve", "another"])
CHECKS = st.lists(st.builds(Check, IDS, st.sampled_from(Status), WORDS, WORDS, st.none() | EVIDENCE), max_size=5)


def test_any_check_makes_a_sound_report(one_by_one: RunResult, read_html: Callable[[str], Any]) -> None:
    bare = replace(one_by_one.outcomes["asb"], paths=(), windows=())

    @settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
    @given(checks=CHECKS.map(tuple), better=st.sampled_from(["higher", "lower"]))
    def holds(checks: tuple[Check, ...], better: str) -> None:
        outcome = replace(bare, checks=checks, better=better)
        text = report_html(replace(one_by_one, outcomes={"asb": outcome}))
        assert not NON_NUMBERS.search(read_html(text).visible)
        assert not re.search(r'="[^"]*(?<![a-z])(nan|inf)(?![a-z])[^"]*"', text)

    holds()


def test_any_result_makes_a_sound_report(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    periods = flagship.data.periods[:PERIODS]
    small = replace(flagship.data, periods=periods, roles=flagship.data.roles[:PERIODS])

    # No shrinking: a report takes a tenth of a second, and a failure shows its numbers as it is.
    @settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
    @given(found=FOUND, values=POINTS, cases=LEVELS)
    def check(found: dict[str, Any], values: list[tuple[float | None, ...]], cases: float | None) -> None:
        points = tuple(PathPoint(p, *four) for p, four in zip(periods, values, strict=True))
        window = replace(flagship.outcomes["asb"].windows[0], value=values[0][0], n=cases)
        paths = tuple(Path(name, points) for name in ("treated", "comparison", "its"))
        outcome = replace(flagship.outcomes["asb"], paths=paths, windows=(window,), **found)
        text = report_html(replace(flagship, data=small, outcomes={"asb": outcome}))
        assert not NON_NUMBERS.search(read_html(text).visible)
        assert not re.search(r'="[^"]*(?<![a-z])(nan|inf)(?![a-z])[^"]*"', text)

    check()
