"""The words a reader of the report may not know."""

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
    "Headline": (
        "The one estimate each outcome is judged by, chosen by rule before looking at the results. The others show "
        "whether another method would say something else."
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
}
