"""What the report says of the decision: chances, money, belief. `golden/report/decision.txt` holds the sentences.

When a wording is changed on purpose, run with UPDATE_GOLDEN=1 and read the difference.
"""

import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from impact.report.belief_view import belief_view
from impact.report.chances import chances_of
from impact.report.density import heights
from impact.report.forest import drawable
from impact.report.render import notebook_html, report_html
from impact.report.summary import summary_lines
from impact.report.tables import estimates_table
from impact.report.verdict_view import verdict_view
from impact.report.worth_view import worth_view
from impact.result import RunResult
from impact.result_decision import BreakEvenInfo, EconomicsInfo, PosteriorInfo, TornadoInfo
from models.estimate import Scale

GOLDEN = Path(__file__).parents[2] / "golden" / "report" / "decision.txt"
SHAPE = 0.05  # of the hill's height: the kernel widens a normal by 3%, 99 quantiles cut its tails


def with_money(result: RunResult, **changes: object) -> RunResult:
    economics = replace(economics_of(result), **changes)  # type: ignore[arg-type]
    return replace(result, decision=replace(result.decision, economics=economics))


def economics_of(result: RunResult) -> EconomicsInfo:
    assert result.decision.economics is not None
    return result.decision.economics


def posterior_of(result: RunResult, key: str) -> PosteriorInfo:
    posterior = result.outcomes[key].posterior
    assert posterior is not None
    return posterior


def with_posterior(result: RunResult, key: str, **changes: object) -> RunResult:
    posterior = replace(posterior_of(result, key), **changes)  # type: ignore[arg-type]
    return replace(result, outcomes={**result.outcomes, key: replace(result.outcomes[key], posterior=posterior)})


def block(name: str, lines: list[str]) -> str:
    return "\n".join((f"[{name}]", *lines, ""))


def said_of_money(name: str, result: RunResult) -> str:
    view, money = worth_view(result), verdict_view(result).money
    assert view is not None
    drawn = [note for one in (view.curve, view.hangs) if one is not None for note in one.notes]
    facts = [f"{label}: {text}" for label, text in view.facts]
    tile = [f"{money.heading} {money.large}. {' '.join(money.lines)}"]
    return block(name, [*tile, *view.sentences, *facts, *drawn, *view.learning, *view.not_said])


def said_of_belief(name: str, result: RunResult, key: str = "recurrence") -> str:
    view = belief_view(result.outcomes[key], "place", None, simulated=True)
    assert view is not None
    chances = [f"{c.question}: {c.word} ({c.number})" for c in view.chances]
    return block(name, [*view.sentences, *([view.compared] if view.compared else []), *view.failed, *chances])


def said_of_verdict(name: str, result: RunResult) -> str:
    view = verdict_view(result)
    glance = ["; ".join(f"{c.short} {c.number}" for c in view.glance)]
    table = [" | ".join(row) for row in view.bases.rows] if view.bases else []
    emmie = [f"{title}: {text}" for title, text in view.emmie]
    said_first = [line for line in (view.money_words, view.believed) if line]
    noted = [line for line in (view.disagree, view.chances_note, view.maryland, view.maryland_reason) if line]
    return block(name, [*said_first, *glance, *noted, *view.would_change, *table, *emmie])


def worse_off(result: RunResult) -> RunResult:
    """No range of prices, no extension declared, and nothing that ever pays."""
    economics = economics_of(result)
    everyone = replace(economics.perspectives[-1], expected=-1_250_000.0, probability_positive=0.0)
    lost = with_money(
        result,
        perspectives=(everyone,),
        break_even=BreakEvenInfo(None, None, None, "No effect that is possible would pay for the roll-out."),
        tornado=(TornadoInfo("Discount rate", "1.5%", "5%", -1_300_000.0, -1_200_000.0),),
        extensions=(),
        value_note=None,
        price_year=None,
    )
    decision = replace(
        lost.decision, expected_net_benefit=-1_250_000.0, rule=replace(lost.decision.rule, reads="worthwhile")
    )
    return replace(lost, decision=decision)


def said(result: RunResult) -> str:
    opposite = with_posterior(result, "recurrence", mean=0.01, interval=(-0.03, 0.05))
    unsure = with_posterior(result, "recurrence", interval=(-0.09, 0.01))
    alone = replace(result.decision, basis="confidence", bases=result.decision.bases[1:], emmie=None, maryland=None)
    one = with_money(result, tornado=economics_of(result).tornado[:1])
    return "\n".join(
        (
            said_of_verdict("verdict, two readings that disagree", result),
            said_of_verdict("verdict, the headline alone", replace(result, decision=alone)),
            said_of_money("money", result),
            said_of_money("money, one input turns it", one),
            said_of_money("money, a loss whatever happens", worse_off(result)),
            said_of_belief("belief, both agree", result),
            said_of_belief("belief, the other way round", opposite),
            said_of_belief("belief, less sure", unsure),
            said_of_belief("belief, a ratio", result, "response_time"),
            said_of_belief("belief, failed", result, "asb"),
        )
    )


def test_the_sentences_are_word_for_word_as_agreed(decided: RunResult) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(said(decided), encoding="utf-8")
    assert said(decided) == GOLDEN.read_text(encoding="utf-8")


def test_no_sentence_uses_a_word_that_misleads(decided: RunResult) -> None:
    forbidden = re.compile(r"\b(significan\w*|nan|inf|None|prove[sdn]?|treatment)\b")
    assert forbidden.findall(said(decided)) == []


# Chances -------------------------------------------------------------------------------------------------------------


def test_benefit_is_never_shown_without_harm(decided: RunResult) -> None:
    outcome = decided.outcomes["recurrence"]
    assert chances_of(outcome, 0.9, 0.8, None, 0.1, 0.7) == ()
    assert [c.short for c in chances_of(outcome, 0.9, None, 0.1)] == ["Better", "Harm"]


def test_where_it_cannot_be_told_no_chance_stands_under_the_verdict(decided: RunResult) -> None:
    view = verdict_view(replace(decided, decision=replace(decided.decision, verdict="cannot_tell")))
    assert view.glance == ()
    assert len(view.chances) > 2
    assert view.chances_note.startswith("The verdict does not rely on these figures.")
    assert view.money.lines[-1] == "The verdict does not rely on these figures."


@pytest.mark.parametrize(
    ("key", "margin", "words"),
    [("recurrence", None, "(3 points higher or worse)"), ("recurrence", 0.02, "(2 points higher or worse)"),
     ("asb", None, "(5% more or worse)"), ("asb", 0.1, "(10% more or worse)"),
     ("satisfaction", None, "(5 points lower or worse)"), ("response_time", None, "(11% longer or worse)")],
)  # fmt: skip
def test_harm_says_from_where_on(decided: RunResult, key: str, margin: float | None, words: str) -> None:
    harm = next(c for c in chances_of(decided.outcomes[key], 0.9, 0.8, 0.1, margin=margin) if c.short == "Harm")
    assert harm.question.endswith(words)


def test_card_and_terminal_give_harm_beside_benefit(decided: RunResult, read_html: Callable[[str], Any]) -> None:
    text = read_html(notebook_html(decided)).visible
    assert "How likely: Better 98% ; Worthwhile 69% ; Harm less than 1% ; Pays for itself 61% ." in text
    lines = summary_lines(decided)
    assert "chances by the Bayesian model: better 98%, worthwhile 69%, harm less than 1%, pays for itself 61%" in lines
    assert "expected net benefit of scaling up: £29,800" in lines
    told = "Two ways of reading the data disagree: the Bayesian model says extend and the headline alone says scale up."
    assert told in lines


def test_nothing_is_said_of_money_where_the_rule_does_not_ask_for_it(decided: RunResult) -> None:
    asked = replace(decided.decision, rule=replace(decided.decision.rule, reads="worthwhile"))
    assert verdict_view(decided).money_words
    assert verdict_view(replace(decided, decision=asked)).money_words == ""
    assert verdict_view(replace(decided, decision=replace(decided.decision, verdict="cannot_tell"))).money_words == ""


def test_a_line_of_the_extensions_adds_up(decided: RunResult) -> None:
    one = replace(economics_of(decided).extensions[0], evsi=24_500.0, cost=31_500.0, delay_loss=1_000.0, net=-8_800.0)
    view = worth_view(with_money(decided, extensions=(one,)))
    assert view is not None
    assert view.extensions is not None
    assert view.extensions.rows[0][1:5] == ("£23,700", "£31,500", "£1,000", "−£8,800")
    assert "worth £24,500 once it is known, £23,700 in today's money" in view.learning[1]


def test_the_sign_of_an_amount_stays_on_its_line(decided: RunResult) -> None:
    html = report_html(worse_off(decided))
    assert "−\u2060£1.25 million" in html
    assert "−£" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)


def test_draws_that_failed_are_not_drawn_and_are_marked_in_the_table(decided: RunResult) -> None:
    outcome = decided.outcomes["asb"]
    read = replace(outcome.estimates[-1], model="bayes", method="posterior mean", headline=False)
    failed = replace(outcome, estimates=(*outcome.estimates, read))
    sound = replace(failed, posterior=replace(posterior_of(decided, "asb"), failed=()))
    assert read in drawable(sound)
    assert read not in drawable(failed)
    cells = [row[0] for row in estimates_table(failed, {}).rows]
    assert any(cell.startswith("Posterior mean (the computation did not pass its checks)") for cell in cells)
    assert not any("did not pass" in row[0] for row in estimates_table(sound, {}).rows)


# Belief --------------------------------------------------------------------------------------------------------------


def test_the_hill_has_the_shape_of_the_belief(decided: RunResult) -> None:
    posterior = posterior_of(decided, "recurrence")
    mean, spread = -0.04, 0.02
    at = [mean + z * spread for z in (0.0, 0.5, 1.0, 1.5, 2.0)]
    found = heights(posterior.quantiles, at)
    expected = [math.exp(-0.5 * ((x - mean) / spread) ** 2) for x in at]
    assert [h / found[0] for h in found] == pytest.approx(expected, abs=SHAPE)


def test_draws_that_are_all_alike_are_drawn(decided: RunResult) -> None:
    result = with_posterior(decided, "recurrence", quantiles=(-0.04,) * 99)
    view = belief_view(result.outcomes["recurrence"], "place", None, simulated=False)
    assert view is not None
    assert view.drawn is not None
    assert "nan" not in view.drawn.drawing


def test_what_failed_is_left_out_and_said(decided: RunResult) -> None:
    view = belief_view(decided.outcomes["asb"], "place", None, simulated=False)
    assert view is not None
    assert view.failed == ("4 of 6,000 steps diverged.",)
    assert (view.drawn, view.variants, view.chances, view.variant_chances) == (None, None, (), None)
    assert view.gates is not None
    assert view.gates.folded_title == "2 checks: 1 failed, 1 passed"


def test_gates_stand_with_the_model_and_nowhere_else(decided: RunResult, read_html: Callable[[str], Any]) -> None:
    page = read_html(report_html(decided))
    assert page.visible.count("Can the computation be trusted?") == len(decided.outcomes)
    assert page.visible.count("Do independent runs agree?") == len(decided.outcomes)
    assert page.visible.count("Another method: the Bayesian series over time") == len(decided.outcomes) - 1


def test_a_warning_of_the_model_that_decides_is_among_the_first(decided: RunResult) -> None:
    banner = report_html(decided).split('id="health"')[1].split("</section>")[0]
    assert banner.count("Under the sceptical prior a worthwhile effect is no longer likely.") == 1
    assert "4 of 6,000 steps diverged." not in banner, "it is not the outcome that decides"


def test_the_estimates_and_the_belief_share_an_axis_only_if_they_can(decided: RunResult) -> None:
    result = with_posterior(decided, "recurrence", scale=Scale.RATIO, mean=0.8, interval=(0.6, 1.1))
    view = belief_view(result.outcomes["recurrence"], "place", None, simulated=False)
    assert view is not None
    assert view.compared == "There is no headline with a plausible range to set it beside."


# Money ---------------------------------------------------------------------------------------------------------------


def test_perspectives_stand_apart_narrowest_first_and_the_deciding_one_stands_out(decided: RunResult) -> None:
    turned = with_money(decided, perspectives=economics_of(decided).perspectives[::-1])
    view = worth_view(turned)
    assert view is not None
    assert [row[0] for row in view.perspectives.rows] == ["Cashable", "All public money", "Everyone (decides)"]
    assert view.perspectives.strong == (False, False, True)
    assert view.perspectives.rows[0][2:] == ("−£690,000", "−£720,000 to −£610,000", "less than 1%")
    assert "never added up" in view.perspectives.notes[0]


def test_the_curve_marks_the_declared_range_and_its_rule(decided: RunResult) -> None:
    view = worth_view(decided)
    assert view is not None
    assert view.curve is not None
    assert "may be anything from £66 to £673" in view.curve.drawing
    assert 'class="part"' in view.curve.drawing
    plain = replace(
        decided, decision=replace(decided.decision, rule=replace(decided.decision.rule, reads="worthwhile"))
    )
    without = worth_view(with_money(plain, value=None))
    assert without is not None
    assert without.curve is not None
    assert 'class="zone"' not in without.curve.drawing
    assert 'class="part"' not in without.curve.drawing


def test_what_would_pay_is_in_words_and_in_the_table(decided: RunResult) -> None:
    view = worth_view(decided)
    assert view is not None
    assert view.extensions is not None
    assert view.extensions.rows == (
        ("One more year", "£20,800", "£31,500", "£14,000", "−£24,700", "no"),
        ("Four more areas", "£148,000", "£94,500", "£0", "£53,500", "yes"),
        ("Two more years", "£30,700", "£75,600", "£28,000", "−£72,900", "no"),
    )
    assert view.extensions.headings == ("As the study proposes", "", "For comparison")
    assert "against £94,500 to run: worth it." in view.learning[2]


def test_without_money_there_is_no_section(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    assert worth_view(flagship) is None
    page = read_html(report_html(flagship))
    assert "worth" not in [a["id"] for a in page.all("section")]
    assert "EVPI" not in page.visible


def test_the_section_stands_between_the_warnings_and_what_was_done(
    decided: RunResult, read_html: Callable[[str], Any]
) -> None:
    sections = [a["id"] for a in read_html(report_html(decided)).all("section")]
    assert sections[:4] == ["verdict", "health", "worth", "done"]


def test_hostile_words_of_the_decision_do_nothing(decided: RunResult, read_html: Callable[[str], Any]) -> None:
    bad = "<script>alert(1)</script>"
    money = with_money(
        decided,
        currency=bad,
        value_note=bad,
        tornado=(TornadoInfo(bad, bad, bad, -1.0, 1.0),),
        extensions=(replace(economics_of(decided).extensions[0], label=bad),),
    )
    decision = replace(money.decision, would_change=(bad,), economics=replace(economics_of(money), perspective="all"))
    text = report_html(with_posterior(replace(money, decision=decision), "recurrence", prior=bad))
    assert "<script" not in text
    assert bad in read_html(text).visible
