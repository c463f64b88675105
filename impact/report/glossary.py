"""The words a reader of the report may not know."""

from collections.abc import Mapping

from impact.result import RunResult

GLOSSARY = {
    "Treated and comparison areas": (
        "Treated areas had the intervention. Comparison areas did not; they show what would have happened anyway."
    ),
    "Baseline and follow-up": (
        "The time before the intervention started, and the time after it was fully in place. Periods while it was "
        "being put in place (phase-in) and periods left out for a stated reason count in neither."
    ),
    "Estimate and plausible range": (
        "The estimate is the single best figure. The plausible range (a 95% interval unless another level is shown) "
        "holds the effects that fit the data reasonably well. A wide range means that the study says little."
    ),
    "Outcome and output": (
        "An outcome is what should change for people: it is judged. An output is what the service did, such as arrests "
        "or visits: it is counted, and more of it is not a result."
    ),
    "Headline": (
        "The one estimate each outcome is judged by, chosen by rule before looking at the results. The others show "
        "whether another method would say something else."
    ),
    "Prior": (
        "What was believed of an effect before the data were seen. A weakly informative prior only rules out the "
        "absurd; a sceptical one expects little; an elicited one is what people said they expected. "
        "With few areas the choice matters, so the answer is shown under several."
    ),
    "Posterior": (
        "What it is reasonable to believe of the effect once the data have been weighed together with the prior. It is "
        "a whole hill of more and less believable effects, from which probabilities are read."
    ),
    "Shock": (
        "Something that hits one area for the whole of follow-up and has nothing to do with the intervention, such as "
        "a reorganisation. More months do not average it away; only more areas do. How large shocks are is learnt from "
        "years in which nothing was tried."
    ),
    "Net benefit": (
        "What the change is worth in money, less everything that scaling up costs, in today's money. Cashable benefit "
        "leaves a budget; benefit to all counts what it is worth to residents as well. The two are never added up."
    ),
    "Break-even": "The effect at which scaling up just pays for itself, or the value of a unit at which it would.",
    "Chance that it pays (acceptability curve)": (
        "How probable it is that scaling up is worth more than it costs, for every value a unit might have."
    ),
    "What more evidence is worth (EVPI and EVSI)": (
        "A better-informed decision is worth more. EVPI is what it would be worth to know the answer for certain: no "
        "study is worth more; EVSI is what one particular extension of the pilot is expected to be worth. An extension "
        "pays if that is more than it costs, counting what is lost by waiting."
    ),
    "Maryland scale": (
        "A ladder for how strong a design is, from 1 (one look afterwards) to 5 (areas chosen by lot). It rates the "
        "design; security also counts how few areas there are and what threatens the comparison."
    ),
    "EMMIE": (
        "Five questions to ask of any evaluation: what effect, by what mechanism, for whom (moderators), how it was "
        "carried out (implementation), and at what cost (economics)."
    ),
    "Worthwhile": "The smallest change that the study said beforehand would be worth having.",
    "p value, and the smallest possible": (
        "How often a difference at least this large would turn up by chance if the intervention changed nothing. With "
        "few areas some methods cannot give a small p value however large the effect: the smallest possible is shown "
        "beside it."
    ),
    "Areas, not rows": (
        "What counts as evidence is how many areas were compared. Thousands of records from two areas are still two "
        "areas."
    ),
    "Security": (
        "How far the evidence can be trusted, from 0 to 5. It rests on the design and the number of areas, not on "
        "whether the result was welcome."
    ),
    "Likely, unlikely": (
        "Remote chance: up to 5%. Highly unlikely: about 10 to 20%. Unlikely: about 25 to 35%. Realistic possibility: "
        "about 40 to 50%. Likely: about 55 to 75%. Highly likely: about 80 to 90%. Almost certain: 95% or more. What "
        "lies between goes to the nearer word."
    ),
    "Without the intervention": (
        "The level that the treated areas would have reached had they changed as the method expects. It is worked "
        "out, not observed."
    ),
    "Check": (
        "A way of finding out whether the answer can be trusted. Passed means that it found nothing against it, which "
        "is not proof; a warning means that the answer would change, or that something threatens the comparison."
    ),
    "Placebo": (
        "The same comparison where there was nothing to find: at an earlier date, or with areas that did not have the "
        "intervention. If it finds an effect there too, the one it finds here means less."
    ),
    "Leave one out": (
        "The estimate worked out again without one area at a time, to see whether a single one carries it."
    ),
    "Permutation": (
        "Working out the estimate for every other choice of as many areas, as if those had been treated, and counting "
        "how many come out as large as the real one."
    ),
    "Specification curve": (
        "The estimates from every combination of choices that could be defended, in order of size. The strips below it "
        "show which choices each estimate rests on."
    ),
    "Event study": (
        "The difference between treated and comparison areas step by step over time, against one step before the "
        "start. Steps before the start should lie near no difference."
    ),
    "Breakdown value": (
        "How large a hidden difference between the groups would have to be for the plausible range to reach no "
        "difference. The larger it is, the more the answer can bear."
    ),
    "Equivalence": (
        "Showing that a difference is small, which is more than failing to show that there is one: its whole range "
        "must lie within what would be worthwhile."
    ),
    "E-value": (
        "How strongly something nobody measured would have to be tied both to taking part and to the outcome to "
        "explain an effect away. 1 means that nothing is needed."
    ),
    "Complier effect": (
        "The effect on the cases that took up what was offered, worked out from all eligible cases. It is not found by "
        "comparing those who took it up with those who did not, who differ anyway."
    ),
    "Bounds": (
        "The lowest and the highest effect that fit the data whatever is assumed of those who did not answer, or of "
        "what would have happened."
    ),
    "Regression to the mean": (
        "Areas chosen because things were bad just then tend to look better afterwards, whatever is done."
    ),
    "Allowing for many outcomes": (
        "The more outcomes are looked at, the likelier it is that one of them moves by chance. Raised p values allow "
        "for how many there are."
    ),
    "Synthetic (weighted) comparison": (
        "Comparison areas mixed, each in its own share, so that together they follow a treated area before the start. "
        "What the treated area then has more or less than the mix is the estimate."
    ),
    "Weights": (
        "How much each comparison area counts in the mix. If one holds nearly all the weight, the answer rests on what "
        "happened in that one place."
    ),
    "Interrupted time series": (
        "The trend and season before the start carried on past it, and set against what happened. With the treated "
        "areas alone, anything else that changed at the time counts as effect; beside comparison areas, only what "
        "changed for the treated ones alone."
    ),
    "Autocorrelation": (
        "Ups and downs that carry over from one period to the next. Where they do, many periods hold less evidence "
        "than their number suggests, and a method that ignores it is too sure of itself."
    ),
    "Recurrence": (
        "A first report and what is reported again in the same matter within a set time are one episode; the share of "
        "first reports with another one after them is the share that recurs."
    ),
    "Censoring": (
        "A case is no longer followed, as at the end of the data, before it is known whether it would recur. It counts "
        "for as long as it was followed, and not as one that did not recur."
    ),
    "Kaplan-Meier": (
        "A way to work out the share of cases that recur within so many days when some were followed for less: on each "
        "day only those still followed are counted."
    ),
    "Competing event": (
        "Something that ends a case so that it cannot recur any more, such as moving away. Such cases are kept apart "
        "from those that were merely no longer followed (Aalen-Johansen)."
    ),
    "Odds": (
        "How many answers are at a level or better for each that is worse: 3 to 1 is 75 of 100. Log-odds are their "
        "logarithm, on which a shift means the same at every level."
    ),
    "Probability of superiority": (
        "How often an answer drawn from one group is better than one drawn from the other, a tie counting as half: "
        "50% is no difference."
    ),
    "Staggered roll-out": (
        "Areas that start at different dates. Each is compared with areas that have not started yet or never do, and "
        "never with those that started before it, whose own effect would be taken for what happens anyway."
    ),
    "Block permutation": (
        "A permutation in which only areas that adjoin each other, as the treated ones do, are taken for treated, "
        "since neighbours share ups and downs."
    ),
}

BAYESIAN = frozenset({"bayes", "bayes_its"})
MONEY = frozenset({"economics"})
NEEDED_FOR: Mapping[str, frozenset[str]] = {
    "Prior": BAYESIAN,
    "Posterior": BAYESIAN,
    "Shock": BAYESIAN,
    "Net benefit": MONEY,
    "Break-even": MONEY,
    "Chance that it pays (acceptability curve)": MONEY,
    "What more evidence is worth (EVPI and EVSI)": MONEY,
    "Maryland scale": frozenset({"maryland"}),
    "EMMIE": frozenset({"emmie"}),
    "Synthetic (weighted) comparison": frozenset({"synthetic"}),
    "Weights": frozenset({"synthetic"}),
    "Interrupted time series": frozenset({"its"}),
    "Autocorrelation": frozenset({"its"}),
    "Recurrence": frozenset({"recurrence", "time_to_event"}),
    "Censoring": frozenset({"recurrence", "time_to_event"}),
    "Kaplan-Meier": frozenset({"recurrence", "time_to_event"}),
    "Competing event": frozenset({"recurrence_competing"}),
    "Odds": frozenset({"ordinal"}),
    "Probability of superiority": frozenset({"ordinal_superiority"}),
    "Staggered roll-out": frozenset({"staggered"}),
    "Block permutation": frozenset({"adjacent_placebos", "adjoining"}),
    "Event study": frozenset({"event_study"}),
    "Equivalence": frozenset({"equivalence"}),
    "Breakdown value": frozenset({"honest_relative_magnitudes", "honest_smoothness"}),
    "Regression to the mean": frozenset({"regression_to_the_mean"}),
    "Specification curve": frozenset({"specification_curve"}),
    "Complier effect": frozenset({"acceptors", "evalue", "e_value"}),
    "E-value": frozenset({"acceptors", "evalue", "e_value"}),
}
"""Words that only some reports use, and the models, kinds of outcome, checks or parts of the decision they are for."""


def glossary(result: RunResult) -> tuple[tuple[str, str], ...]:
    """Give the words that this report uses, with what they mean."""
    used = {model.name for model in result.study.models}
    parts = {name: getattr(result.decision, name) for name in ("economics", "maryland", "emmie")}
    used |= {name for name, part in parts.items() if part is not None}
    for outcome in result.outcomes.values():
        used |= {outcome.kind, *(check.id for check in outcome.checks), *(e.model for e in outcome.estimates)}
    return tuple((word, said) for word, said in GLOSSARY.items() if word not in NEEDED_FOR or NEEDED_FOR[word] & used)
