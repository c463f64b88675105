"""What the Bayesian model says of one outcome, beside the headline, finished for print."""

from collections.abc import Sequence
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report import wording
from impact.report.chances import Chance, chances_of
from impact.report.choices import CheckGroup, gates_view
from impact.report.density import comparable, density
from impact.report.evidence import Drawn, Ranges, ranges
from impact.report.tables import Table, table
from impact.report.text import capital, sentence
from impact.result import OutcomeResult
from impact.result_decision import PosteriorInfo, VariantInfo
from models.estimate import Estimate, Evidence, Figure, Quantity, Row

NOT_USED = "The computation did not pass its own checks, so what this model says is left out."
SAME_BOTH = "The two methods agree"
FEWEST_VARIANTS = 2
CENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class BeliefView:
    """The section: sentences, chances, the drawing, and the answer under other beliefs.

    `failed` says why the answer is left out; all else is then empty. `agree` is the tone of the comparison.
    """

    sentences: tuple[str, ...]
    compared: str
    agree: str
    failed: tuple[str, ...]
    chances: tuple[Chance, ...]
    drawn: Drawn | None
    variants: Ranges | None
    variant_chances: Table | None
    gates: CheckGroup | None


def belief_view(outcome: OutcomeResult, place: str, margin: float | None, *, simulated: bool) -> BeliefView | None:
    """Finish the section of an outcome, whose ids begin with `place`; None if no Bayesian model was run.

    `margin` says from where on a change for the worse is harm.
    """
    posterior = outcome.posterior
    if posterior is None:
        return None
    gates = gates_view(outcome, place, simulated=simulated)
    if posterior.failed:
        return BeliefView((NOT_USED,), "", "", tuple(map(sentence, posterior.failed)), (), None, None, None, gates)
    compared, agree = _compared(posterior, outcome)
    marked = " (simulated records)" if simulated else ""
    caption = f"What is believed of the effect after the data, and the headline{marked}"
    several = len(posterior.variants) >= FEWEST_VARIANTS
    return BeliefView(
        sentences=_sentences(posterior, outcome),
        compared=compared,
        agree=agree,
        failed=(),
        chances=chances_of(
            outcome,
            posterior.probability_beneficial,
            posterior.probability_worthwhile,
            posterior.probability_harm,
            posterior.probability_equivalent,
            margin=margin,
        ),
        drawn=Drawn(
            caption,
            density(posterior, outcome, f"{caption}. {compared}"),
            (HILL_NOTE,),
            (_centiles(posterior, outcome, caption),),
        ),
        variants=_variants(posterior, outcome, f"{place}-beliefs", marked) if several else None,
        variant_chances=_variant_chances(posterior.variants, outcome) if several else None,
        gates=gates,
    )


HILL_NOTE = (
    "The hill shows which effects are believable: the higher, the more so. The square and the line below it are its "
    "mean and plausible range; the circle is the headline."
)


def _sentences(posterior: PosteriorInfo, outcome: OutcomeResult) -> tuple[str, ...]:
    measure = fmt.measure_of(outcome.kind)
    found = wording.effect_words(posterior.mean, posterior.scale, outcome)
    span = fmt.effect_range(posterior.interval, posterior.scale, measure)
    weighs = (
        f"This model weighs the data together with what was believed before ({posterior.prior} prior) and allows for "
        "shocks that hit one area in follow-up."
    )
    finds = (
        f"Its best figure is {found}; with probability {fmt.threshold(posterior.level)} the effect lies between "
        f"{span.replace(' to ', ' and ')}, if the model holds."
    )
    return (f"{weighs} {finds}",)


def _compared(posterior: PosteriorInfo, outcome: OutcomeResult) -> tuple[str, str]:
    """Say whether the headline and the Bayesian model agree, with the tone of that."""
    head = outcome.headline
    if head is None or head.interval is None or not comparable(posterior, head):
        return "There is no headline with a plausible range to set it beside.", "none"
    measure = fmt.measure_of(outcome.kind)
    theirs = (
        f"{fmt.effect(head.estimate, head.scale, measure)} ({fmt.effect_range(head.interval, head.scale, measure)})"
    )
    ours = fmt.effect(posterior.mean, posterior.scale, measure)
    ours = f"{ours} ({fmt.effect_range(posterior.interval, posterior.scale, measure)})"
    between = f"the headline says {theirs}, the Bayesian model {ours}"
    if (head.estimate - head.null) * (posterior.mean - head.null) < 0:
        return f"They disagree: {between}. One points up and the other down, which is a finding in itself.", "warn"
    clear = [_clear(head, ends) for ends in (head.interval, posterior.interval)]
    if clear[0] != clear[1]:
        only = "headline" if clear[0] else "Bayesian model"
        return f"They disagree on how sure to be: {between}. Only the {only} leaves out no difference.", "warn"
    return f"{SAME_BOTH}: {between}.", "pass"


def _clear(head: Estimate, ends: tuple[float, float]) -> bool:
    return not ends[0] <= head.null <= ends[1]


def _centiles(posterior: PosteriorInfo, outcome: OutcomeResult, caption: str) -> Table:
    measure = fmt.measure_of(outcome.kind)
    rows = [
        (
            f"below this with probability {fmt.count(p)}%",
            fmt.effect(posterior.quantiles[p - 1], posterior.scale, measure),
        )
        for p in CENTILES
    ]
    return table(f"{caption}: the numbers", [("The effect is", False), ("Effect", True)], rows)


def _variants(posterior: PosteriorInfo, outcome: OutcomeResult, name: str, marked: str) -> Ranges:
    rows = tuple(Row(v.label, v.mean, *v.interval, chosen=v.chosen) for v in posterior.variants)
    evidence = Evidence("", Figure.FOREST, posterior.scale, Quantity.OUTCOME, rows)
    return ranges(evidence, outcome, name, f"The answer under other beliefs and other sizes of shock{marked}")


def _variant_chances(variants: Sequence[VariantInfo], outcome: OutcomeResult) -> Table:
    enough = wording.worthwhile_words(outcome)
    columns = [("Belief", False), ("Better", True), *([("Worthwhile", True)] if enough else []), ("Harm", True)]
    rows = [
        (
            f"{capital(v.label)}{' (the study’s own)' if v.chosen else ''}",
            fmt.probability(v.beneficial),
            *([fmt.probability(v.worthwhile)] if enough else []),
            fmt.probability(v.harm),
        )
        for v in variants
    ]
    return table("How likely, under each belief", columns, rows)
