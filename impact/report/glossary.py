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
}
