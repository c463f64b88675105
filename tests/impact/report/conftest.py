"""Results to render, made by hand: the shape of real ones, with every awkward case somewhere."""

import itertools
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from html.parser import HTMLParser
from statistics import NormalDist

import pytest

from impact.result import (
    SCHEMA_VERSION,
    AdjustedInfo,
    ConcurrentInfo,
    DataInfo,
    Decision,
    FamilyInfo,
    IndexInfo,
    InterventionInfo,
    ModelInfo,
    OutcomeResult,
    ProblemInfo,
    ProtocolInfo,
    Provenance,
    RecodeInfo,
    RuleInfo,
    RunResult,
    SetAsideInfo,
    SourceInfo,
    SpanInfo,
    StudyInfo,
    WindowInfo,
)
from impact.result_decision import (
    AcceptabilityInfo,
    AssumptionInfo,
    BasisInfo,
    BreakEvenInfo,
    EconomicsInfo,
    EmmieInfo,
    ExtensionInfo,
    MarylandInfo,
    PerspectiveInfo,
    PosteriorInfo,
    PriceInfo,
    TornadoInfo,
    UnitsInfo,
    VariantInfo,
)
from models.estimate import (
    Check,
    Clusters,
    Estimate,
    Evidence,
    Figure,
    NotEstimable,
    Path,
    PathPoint,
    Quantity,
    Row,
    Scale,
    Status,
)

TREATED = ("South Norfolk", "Broadland")
COMPARISON = ("Breckland", "Great Yarmouth", "King's Lynn and West Norfolk", "North Norfolk", "Norwich")
MONTHS = tuple(f"{y}-{m:02d}" for y in range(2018, 2025) for m in range(1, 13))[3:75]  # April 2018 to March 2024
ITS_NOTE = (
    "It sees only the treated areas: anything else that changed there at the same time is counted as effect. Its "
    "interval counts months, not areas: where areas have ups and downs of their own, a test like this one finds a "
    "change that is not there 20 to 60% of the time (in simulations)."
)
MERGED_NOTE = "One team serves both areas, so they may be one unit of treatment rather than two."


def role_of(month: str) -> str:
    if "2020-04" <= month <= "2022-03":
        return "excluded"
    if month < "2023-04":
        return "baseline"
    return "phase_in" if month < "2023-06" else "follow_up"


ROLES = tuple(map(role_of, MONTHS))


def estimate(  # noqa: PLR0913 - a builder: each case names only what matters to it
    value: float,
    interval: tuple[float, float] | None,
    *,
    scale: Scale = Scale.RATIO,
    model: str = "did",
    method: str = "collapsed change per area, t(5)",
    estimand: str = "area ITT",
    headline: bool = False,
    p: float | None = None,
    attainable: float | None = None,
    clusters: tuple[int, int] = (2, 5),
    note: str = "",
) -> Estimate:
    carry = math.log if scale is Scale.RATIO else float
    width = (
        (carry(interval[1]) - carry(interval[0])) / 2
        if (interval and min(interval) > 0) or (scale is not Scale.RATIO and interval)
        else None
    )
    return Estimate(
        model=model,
        method=method,
        estimand=estimand,
        scale=scale,
        estimate=value,
        interval=interval,
        level=0.95,
        std_error=width / 2.571 if width else None,
        df=5.0 if interval else None,
        p_value=p,
        attainable_p=attainable,
        clusters=Clusters(*clusters),
        headline=headline,
        note=note,
    )


def series(level: float, spread: float, effect: Callable[[float], float], seed: int) -> tuple[Path, ...]:
    """Treated, comparison and single-series paths around a level, with a season and an effect in follow-up."""
    rng = random.Random(seed)
    made = {"treated": [], "comparison": [], "its": []}
    for i, month in enumerate(MONTHS):
        season = 1 + 0.25 * spread / level * math.sin(2 * math.pi * (i + 2) / 12)
        treated = level * season + rng.gauss(0, spread / 3)
        shown = effect(treated) if role_of(month) == "follow_up" else treated
        value = None if month == "2018-06" else shown
        made["treated"].append(PathPoint(month, value))
        made["comparison"].append(PathPoint(month, 1.04 * level * season + rng.gauss(0, spread / 5)))
        known = role_of(month) != "excluded"
        expected = level * season if known else None
        half = spread * (0.4 + i / 150)
        made["its"].append(
            PathPoint(
                month, value, expected - half if expected else None, expected + half if expected else None, expected
            )
        )
    return tuple(Path(key, tuple(points)) for key, points in made.items())


def area_windows(before: float, after: Callable[[float, bool], float], cases: float) -> tuple[WindowInfo, ...]:
    rows = []
    for i, area in enumerate((*TREATED, *COMPARISON)):
        treated = area in TREATED
        for window in ("baseline", "follow_up"):
            value = before * (0.9 + 0.04 * i)
            value = after(value, treated) if window == "follow_up" else value
            rows.append(
                WindowInfo(area, treated, window, value, 0.93 * value, 1.07 * value, cases + 37 * i, suppressed=False)
            )
    return tuple(rows)


ALONE = Check(
    "its_alone",
    Status.WARN,
    "The series of the treated areas alone cannot tell the intervention from anything else that changed then.",
    "The comparison areas are not used by this model.",
)


def recurrence() -> OutcomeResult:
    did = {"scale": Scale.DIFFERENCE, "model": "did"}
    return OutcomeResult(
        title="Repeat complaint within 90 days",
        kind="time_to_event",
        unit="share",
        better="lower",
        role="primary",
        worthwhile=-0.03,
        definition="Cases with another complaint within 90 days of the first report (Kaplan-Meier).",
        baseline_level=0.221,
        counterfactual=0.215,
        estimates=(
            estimate(-0.046, (-0.081, -0.011), headline=True, p=0.0204, **did),
            estimate(
                -0.046,
                (-0.086, -0.008),
                method="exact permutation of 21 assignments",
                p=1 / 21,
                attainable=1 / 21,
                **did,
            ),
            estimate(-0.046, (-0.121, 0.029), method="CR2, Bell-McCaffrey df 1.9", p=0.118, **did),
            estimate(
                -0.046,
                (-0.098, 0.006),
                method="treated areas merged, t(4)",
                p=0.071,
                clusters=(1, 5),
                note=MERGED_NOTE,
                **did,
            ),
            estimate(
                -0.051,
                (-0.079, -0.023),
                model="its",
                method="segmented weighted least squares, Newey-West with 3 lags, t(34)",
                estimand="average effect over follow-up, treated areas",
                scale=Scale.DIFFERENCE,
                p=0.0004,
                clusters=(2, 0),
                note=ITS_NOTE,
            ),
            estimate(
                -0.002,
                (-0.006, 0.002),
                model="its",
                method="segmented weighted least squares, Newey-West with 3 lags, t(34)",
                estimand="slope change per month, treated areas",
                scale=Scale.DIFFERENCE,
                p=0.31,
                clusters=(2, 0),
                note=ITS_NOTE,
            ),
        ),
        paths=series(0.22, 0.06, lambda x: x - 0.048, 3),
        checks=(
            Check("did_windows", Status.PASS, "Every area has cases in both windows."),
            Check(
                "its_points", Status.PASS, "36 months before the start and 10 after it can be used: usually adequate."
            ),
            ALONE,
            Check("its_autocorrelation", Status.NOT_RUN, "No two adjacent months with residuals to compare."),
        ),
        not_estimable=(),
        windows=area_windows(0.22, lambda x, t: x - 0.05 if t else x - 0.005, 612),
        disclosure_minimum=5,
    )


def satisfaction() -> OutcomeResult:
    windows = list(area_windows(0.60, lambda x, t: x + 0.09 if t else x + 0.01, 260))
    windows[7] = WindowInfo(
        "Great Yarmouth", treated=False, window="follow_up", value=None, lo=None, hi=None, n=None, suppressed=True
    )
    return OutcomeResult(
        title="Satisfied with how the complaint was handled",
        kind="ordinal",
        unit="share",
        better="higher",
        role="secondary",
        worthwhile=0.05,
        definition="Answers of Satisfied or better, of all who answered.",
        baseline_level=0.612,
        counterfactual=0.617,
        estimates=(
            estimate(0.081, (-0.037, 0.199), scale=Scale.DIFFERENCE, headline=True, p=0.138),
            estimate(
                0.081,
                (-0.051, 0.215),
                scale=Scale.DIFFERENCE,
                method="exact permutation of 21 assignments",
                p=3 / 21,
                attainable=1 / 21,
            ),
            estimate(0.081, (-0.310, 0.472), scale=Scale.DIFFERENCE, method="CR2, Bell-McCaffrey df 1.9", p=0.37),
        ),
        paths=series(0.6, 0.15, lambda x: x + 0.08, 5)[:2],
        checks=(
            Check(
                "response",
                Status.WARN,
                "The share of people who answered fell by 6 points in treated areas and by 1 point elsewhere.",
                "Those who stopped answering may be the less satisfied.",
            ),
        ),
        not_estimable=(
            NotEstimable(
                "its",
                "The series has 2 months to use before the start; at least 3 are needed. Lengthen the windows.",
            ),
        ),
        windows=tuple(windows),
        disclosure_minimum=5,
    )


def response_time() -> OutcomeResult:
    return OutcomeResult(
        title="Days from report to first visit",
        kind="duration",
        unit="days",
        better="lower",
        role="secondary",
        worthwhile=-0.1,
        definition="Geometric mean of the days from report to first visit; open cases count as open.",
        baseline_level=9.7,
        counterfactual=10.04,
        estimates=(
            estimate(0.55, (0.41, 0.74), headline=True, p=0.0021),
            estimate(0.55, (0.43, 0.72), method="exact permutation of 21 assignments", p=1 / 21, attainable=1 / 21),
            estimate(0.55, (0.27, 1.13), method="CR2, Bell-McCaffrey df 1.9", p=0.071),
            estimate(
                0.53,
                (0.49, 0.58),
                model="its",
                method="segmented weighted least squares, Newey-West with 3 lags, t(34)",
                estimand="average effect over follow-up, treated areas",
                p=0.00001,
                clusters=(2, 0),
                note=ITS_NOTE,
            ),
        ),
        paths=series(9.8, 1.8, lambda x: 0.55 * x, 7),
        checks=(ALONE,),
        not_estimable=(),
        windows=area_windows(9.8, lambda x, t: 0.56 * x if t else 1.02 * x, 640),
        disclosure_minimum=5,
    )


def asb() -> OutcomeResult:
    return OutcomeResult(
        title="Recorded anti-social behaviour",
        kind="count",
        unit="incidents per 1,000 people a year",
        better="lower",
        role="guardrail",
        worthwhile=-0.05,
        definition="Incidents of anti-social behaviour recorded by the police.",
        baseline_level=9.83,
        counterfactual=10.41,
        estimates=(
            estimate(0.904, (0.741, 1.103), headline=True, p=0.247),
            estimate(0.904, (0.75, 1.13), method="exact permutation of 21 assignments", p=6 / 21, attainable=1 / 21),
            estimate(0.904, (0.52, 1.57), method="CR2, Bell-McCaffrey df 1.9", p=0.51),
            estimate(
                0.941,
                (0.90, 0.984),
                model="its",
                method="segmented Poisson regression, Newey-West with 3 lags, t(34)",
                estimand="average effect over follow-up, treated areas",
                p=0.009,
                clusters=(2, 0),
                note=ITS_NOTE,
            ),
        ),
        paths=series(9.8, 3.5, lambda x: 0.9 * x, 11),
        checks=(
            ALONE,
            Check(
                "its_autocorrelation",
                Status.WARN,
                "Residuals one month apart correlate at 0.41; intervals from one series are then usually too narrow.",
            ),
        ),
        not_estimable=(),
        windows=area_windows(9.8, lambda x, t: 0.92 * x if t else 1.03 * x, 1900),
        disclosure_minimum=5,
    )


def study_info(**changes: object) -> StudyInfo:
    info = StudyInfo(
        id="norfolk-early-intervention",
        title="Early Intervention ASB Officer pilot",
        question="Does responding earlier to complaints of anti-social behaviour cut recurrence?",
        note="Written to show how a study is judged.",
        intervention=InterventionInfo(
            name="Early Intervention ASB Officer",
            start="2023-04-01",
            end="2024-03-31",
            phase_in=2,
            delivery="shared",
            cost_amount=31500.0,
            cost_currency="GBP",
            concurrent=(ConcurrentInfo("Both councils moved into one headquarters", "2023-05", TREATED),),
        ),
        area_level="district",
        treated=TREATED,
        comparison=COMPARISON,
        neighbours={
            "South Norfolk": ("Norwich", "Breckland", "Great Yarmouth"),
            "Broadland": ("Norwich", "North Norfolk"),
        },
        recodes=(RecodeInfo("ward is Bowthorpe", "Norwich", "South Norfolk", "policed with South Norfolk until 2011"),),
        time_unit="month",
        baseline=(SpanInfo("2018-04", "2020-03"), SpanInfo("2022-04", "2023-03")),
        follow_up=(SpanInfo("2023-06", "2024-03"),),
        phase_in=(SpanInfo("2023-04", "2023-05", "the post was being filled"),),
        excluded=(SpanInfo("2020-04", "2022-03", "Covid restrictions changed what was reported and recorded"),),
        models=(
            ModelInfo(
                "did",
                "Difference-in-differences",
                "The change from baseline to follow-up in each area, one number per area; treated areas' mean change "
                "less comparison areas' mean change.",
                {},
            ),
            ModelInfo(
                "its",
                "Interrupted time series",
                "The treated areas' own series, before and after: the change in level and slope against the trend and "
                "season of the baseline.",
                {"impact": "level_and_slope", "harmonics": 2, "lags": None},
            ),
        ),
        simulated=True,
        disclosure_minimum=5,
    )
    return replace(info, **changes)  # type: ignore[arg-type]


def data_info() -> DataInfo:
    return DataInfo(
        sources={
            "complaints": SourceInfo(
                "generic",
                ("complaints.csv",),
                18412,
                17980,
                (SetAsideInfo("no district", 12), SetAsideInfo("outside the study's periods", 420)),
                simulated=True,
            ),
            "survey": SourceInfo("generic", ("survey.csv",), 7355, 7355, (), simulated=True),
            "incidents": SourceInfo(
                "police.uk",
                tuple(f"{m}-norfolk-street.csv" for m in MONTHS),
                61230,
                60988,
                (SetAsideInfo("districts of other forces", 180), SetAsideInfo("no LSOA", 62)),
                simulated=True,
            ),
            "people": SourceInfo("generic", ("population.csv",), 7, 7, (), simulated=False),
        },
        areas=(*TREATED, *COMPARISON),
        periods=MONTHS,
        roles=ROLES,
        rows=86330,
        problems=(
            ProblemInfo(
                "few_answers",
                "warning",
                "Only 36% of the people asked answered the survey.",
                "Compare who answered with who was asked.",
                "survey",
                "survey.csv",
                None,
                "satisfaction",
                7355,
            ),
            ProblemInfo(
                "outside_span",
                "note",
                "420 rows lie outside the study's periods and are not used.",
                "Nothing needs doing if that is meant.",
                "complaints",
                "complaints.csv",
                4,
                "reported_on",
                420,
            ),
        ),
    )


def decision_info() -> Decision:
    return Decision(
        outcome="recurrence",
        verdict="extend",
        security=2,
        headline="The pilot probably cut repeat complaints, but two areas are too few to be sure.",
        reasons=(
            "The chance of a worthwhile improvement is 74%, below the 80% that the rule asks for.",
            "Both treated areas are served by one team, so the evidence is that of one unit rather than two.",
            "No guardrail got worse beyond doubt.",
        ),
        security_reasons=(
            "2 treated and 5 comparison areas.",
            "There is a comparison group, but areas were not chosen by lot.",
            "Another change happened in the treated areas at the same time.",
        ),
        probability_beneficial=0.988,
        probability_worthwhile=0.741,
        probability_harm=0.006,
        expected_net_benefit=None,
        probability_net_benefit=None,
        evpi=None,
        rule=RuleInfo(0.8, 0.2, 0.1, 0.95, 2),
        caveats=(
            "Probabilities take no view beforehand of whether such schemes work.",
            "The effect in other districts may differ.",
        ),
    )


def provenance_info() -> Provenance:
    return Provenance(
        seed=20240401,
        started="2024-07-01T09:30:00+00:00",
        finished="2024-07-01T09:30:09+00:00",
        command="impact run studies/norfolk_early_intervention.yaml",
        versions={"pilot-impact": "0.1.0", "numpy": "2.5.0", "python": "3.13.0"},
        commit="0123456789abcdef0123456789abcdef01234567",
        study_sha256="ab" * 32,
        data_sha256={"complaints.csv": "cd" * 32, "survey.csv": "ef" * 32},
        protocol=ProtocolInfo(False, None, ()),
    )


def flagship_result() -> RunResult:
    return RunResult(
        schema_version=SCHEMA_VERSION,
        study=study_info(),
        data=data_info(),
        outcomes={
            "satisfaction": satisfaction(),
            "asb": asb(),
            "recurrence": recurrence(),
            "response_time": response_time(),
        },
        decision=decision_info(),
        provenance=provenance_info(),
    )


def one_by_one_result() -> RunResult:
    """One treated and one comparison area: a point, and a refusal of inference."""
    reason = (
        "With one treated and one comparison area nothing shows how much areas differ by chance; add comparison areas."
    )
    outcome = replace(
        asb(),
        role="primary",
        estimates=(replace(estimate(0.82, None, clusters=(1, 1)), headline=True),),
        checks=(),
        not_estimable=(NotEstimable("did", reason),),
        windows=tuple(w for w in asb().windows if w.area in {"Broadland", "Norwich"}),
        paths=asb().paths[:2],
    )
    verdict = replace(
        decision_info(),
        outcome="asb",
        verdict="cannot_tell",
        security=0,
        headline="Nothing can be said with one area on each side.",
        probability_beneficial=None,
        probability_worthwhile=None,
        probability_harm=None,
        caveats=(),
    )
    study = study_info(treated=("Broadland",), comparison=("Norwich",), simulated=False, note=None, question=None)
    study = replace(
        study, intervention=replace(study.intervention, cost_amount=None, cost_currency=None, concurrent=(), end=None)
    )
    data = replace(data_info(), problems=(), areas=("Broadland", "Norwich"))
    return replace(flagship_result(), study=study, outcomes={"asb": outcome}, decision=verdict, data=data)


def its_only_result() -> RunResult:
    """No comparison area: only the treated areas' own series; one outcome cannot be estimated at all."""
    single = asb()
    only = replace(
        single,
        role="primary",
        estimates=(replace(single.estimates[3], headline=True),),
        paths=(single.paths[0], single.paths[2]),
        windows=(),
    )
    nothing = replace(
        satisfaction(),
        estimates=(),
        paths=(),
        checks=(),
        windows=(),
        counterfactual=None,
        baseline_level=None,
        not_estimable=(NotEstimable("its", "There are no answers in the baseline. Lengthen the baseline."),),
    )
    verdict = replace(decision_info(), outcome="asb", verdict="stop", security=1)
    study = study_info(comparison=(), neighbours={}, recodes=(), simulated=False)
    return replace(flagship_result(), study=study, outcomes={"asb": only, "satisfaction": nothing}, decision=verdict)


# Checks with numbers -------------------------------------------------------------------------------------------------

PLACES = tuple(itertools.combinations((*TREATED, *COMPARISON), 2))
CHOICES = {
    "weights": ("equal", "by size"),
    "areas": ("all", "without Norwich", "without neighbours of the treated areas"),
    "periods": ("all", "the same months only"),
    "shock": ("left out", "kept", "an indicator of its own"),
    "boundary": ("as declared", "Bowthorpe in South Norfolk"),
    "start": ("as declared", "one month earlier", "two months earlier"),
}


class Rows:
    """Rows around the headline of an outcome, the same every time."""

    def __init__(self, outcome: OutcomeResult, seed: int) -> None:
        assert outcome.headline is not None
        self.head, self.rng = outcome.headline, random.Random(seed)

    def own(self, label: str = "main analysis") -> Row:
        return Row(label, self.head.estimate, *(self.head.interval or ()), self.head.p_value, chosen=True)

    def near(self, label: str, shift: float = 0.3, wide: float = 1.0, **more: str) -> Row:
        """An effect about as large as the headline, give or take `shift` of its size."""
        head = self.head
        assert head.interval is not None
        lo, hi = map(head.linear, head.interval)
        centre = head.linear(head.estimate) * (1 + self.rng.uniform(-shift, shift))
        half = wide * (hi - lo) / 2 * self.rng.uniform(0.8, 1.2)
        found = (head.from_linear(x) for x in (centre, centre - half, centre + half))
        return Row(label, *found, self.rng.uniform(0.001, 0.4), **more)  # type: ignore[arg-type]

    def placebo(self, label: str, wide: float = 1.0, **more: str) -> Row:
        """An effect about nought."""
        head = self.head
        assert head.interval is not None
        half = wide * (head.linear(head.interval[1]) - head.linear(head.interval[0])) / 2
        centre = self.rng.gauss(0, half / 2)
        found = (head.from_linear(x) for x in (centre, centre - half, centre + half))
        return Row(label, *found, self.rng.uniform(0.05, 1), **more)  # type: ignore[arg-type]

    def evidence(self, title: str, rows: Iterable[Row], figure: Figure = Figure.FOREST, note: str = "") -> Evidence:
        return Evidence(title, figure, self.head.scale, Quantity.OUTCOME, tuple(rows), note)


def curve_rows(made: Rows) -> list[Row]:
    rows = []
    for i, chosen in enumerate(itertools.product(*CHOICES.values())):
        label = "; ".join(f"{question}: {choice}" for question, choice in zip(CHOICES, chosen, strict=True))
        near = made.near(label, 0.9 if chosen[1] == "without Norwich" else 0.4)
        rows.append(replace(made.own(label)) if i == 0 else near)
    rows[50] = Row(rows[50].label, None, note="no data in the baseline: Norwich")
    return rows


def choice_checks(made: Rows) -> tuple[Check, ...]:
    months = ("January", "April", "July", "October")
    earlier = [made.placebo(f"{months[i % 4]} {2019 + i // 4}") for i in range(9)]
    out = [made.near(f"without {a}", 0.6, group="Comparison areas") for a in COMPARISON]
    gone = [made.near(f"without {a}", 0.3, 4.0, group="Treated areas") for a in TREATED]
    return (
        Check(
            "placebo_in_time", Status.PASS, "Of 9 earlier dates not one shows an effect.", "Nothing happened then.",
            made.evidence("The effect at earlier dates", (made.own(), *earlier), Figure.SERIES),
        ),
        Check(
            "leave_one_out", Status.WARN, "Leaving out one area at a time, the answer changes without Norwich.",
            "One area should not carry an answer.", made.evidence("Without each area", (made.own(), *out, *gone)),
        ),
        Check(
            "without_dominant", Status.WARN, "Without Norwich the estimate no longer shows a difference.", "",
            made.evidence(
                "Without the dominant areas",
                (made.own(), made.near("without Norwich", 0.9, 8.0, note="1 of 21 assignments is left")),
            ),
        ),
        Check(
            "boundaries", Status.PASS, "No other boundary changes the answer.", "",
            made.evidence(
                "Other boundaries",
                (made.own(), made.near("Bowthorpe in South Norfolk"),
                 Row("Bowthorpe on its own", None, note="there is no population for it")),
            ),
        ),
        Check("shocks", Status.NOT_RUN, "No stretch was left out, so there is nothing to compare."),
        Check(
            "log_or_level", Status.PASS, "On the plain scale the answer is the same.", "",
            Evidence("Plain differences", Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER,
                     (Row("plain difference", -1.21, -2.9, 0.48, 0.14),)),
        ),
        Check(
            "without_neighbours", Status.PASS, "Without the neighbours the answer is the same.", "",
            made.evidence("Without the neighbours", (made.own(), made.near("without 4 neighbours", 0.2, 30.0))),
        ),
    )  # fmt: skip


def other_checks(made: Rows) -> tuple[Check, ...]:
    groups = ("Before the start", "After the start")
    spans = ("April to September 2018", "April to September 2019", "April to September 2022")
    steps = [made.placebo(label, group=groups[0]) for label in spans]
    compared = "what the others are compared with"
    steps.append(Row("October 2022 to March 2023", made.head.null, group=groups[0], note=compared, chosen=True))
    steps += [made.near(label, group=groups[1]) for label in ("June to September 2023", "October 2023 to March 2024")]
    space = [made.own(" and ".join(PLACES[0])), *(made.placebo(" and ".join(pair)) for pair in PLACES[1:])]
    bars = [Row(f"sample {i}", made.head.from_linear(made.rng.gauss(0, 0.1))) for i in range(999)]
    shares = [
        Row(f"{w}, {a}", x, x - 0.04, x + 0.04, group=g)
        for g, a, w, x in (
            ("Treated", "South Norfolk", "before", 0.41),
            ("Treated", "South Norfolk", "after", 0.35),
            ("Comparison", "Norwich", "before", 0.38),
            ("Comparison", "Norwich", "after", 0.37),
        )
    ]
    bounds = [Row("Worst case", -0.31, -0.42, -0.2), Row("Best case", 0.52), Row("Trimmed (Lee)", 0.06, -0.11, 0.24)]
    e_value = [Row("for the estimate", 1.46), Row("for the nearer end of its range", 1.0)]
    return (
        Check("event_study", Status.PASS, "Before the start the groups moved alike, as far as can be told.",
              "Each step is compared with the last one before the start.",
              made.evidence("Treated less comparison areas, half-year by half-year", steps, Figure.SERIES)),
        Check("placebo_in_space", Status.PASS, "2 of 21 choices of two areas changed as much.", "",
              made.evidence("Every choice of two areas", space, Figure.DISTRIBUTION)),
        Check("many", Status.PASS, "Of 1,000 random choices few changed as much.", "",
              made.evidence("A thousand choices", (made.own(), *bars), Figure.DISTRIBUTION)),
        Check("response_rate", Status.WARN, "The share who answered fell by 6 points in treated areas.",
              "Those who stopped answering may be the less satisfied.",
              Evidence("Share who answered", Figure.FOREST, Scale.DIFFERENCE, Quantity.SHARE, tuple(shares))),
        Check("bounds", Status.WARN, "If those who did not answer differ, the effect may be anything.", "",
              Evidence("Bounds", Figure.FOREST, Scale.DIFFERENCE, Quantity.POINTS, tuple(bounds))),
        Check("e_value", Status.PASS, "Something unseen would have to be 1.5 times as common.", "",
              Evidence("Something unseen", Figure.FOREST, Scale.RATIO, Quantity.NUMBER, tuple(e_value))),
        Check("specification_curve", Status.WARN, "Of 216 combinations, some change the answer.",
              "No single choice has to be trusted.",
              made.evidence("Every combination of choices", curve_rows(made), Figure.CURVE)),
    )  # fmt: skip


def with_checks(outcome: OutcomeResult, seed: int) -> OutcomeResult:
    made = Rows(outcome, seed)
    return replace(outcome, checks=(*outcome.checks, *choice_checks(made), *other_checks(made)))


def family_info() -> FamilyInfo:
    return FamilyInfo(
        primary="recurrence",
        others=(AdjustedInfo("satisfaction", 3 / 21, 4 / 21), AdjustedInfo("response_time", 1 / 21, 1 / 21)),
        assignments=21,
        exact=True,
        floor=1 / 21,
        index=IndexInfo(
            0.81, (0.12, 1.5), 0.95, 0.03, 1 / 21, {"recurrence": 0.4, "satisfaction": 0.35, "response_time": 0.25},
            "In standard deviations of a period's value; positive is better.",
        ),
        refused=(),
    )  # fmt: skip


def checked_result() -> RunResult:
    """Four outcomes with all kinds of checks behind them."""
    made = flagship_result()
    outcomes = {key: with_checks(o, i) for i, (key, o) in enumerate(made.outcomes.items())}
    return replace(made, outcomes=outcomes, family=family_info())


# Belief and money ----------------------------------------------------------------------------------------------------


def posterior_info(outcome: OutcomeResult, mean: float, spread: float) -> PosteriorInfo:
    """A normal belief on the linear scale, with what the decision would read off it."""
    head = outcome.headline
    assert head is not None
    assert outcome.worthwhile is not None
    enough, sign = head.linear(head.null + outcome.worthwhile), 1 if outcome.better == "higher" else -1

    def told(centre: float, wide: float) -> tuple[float, tuple[float, float], float, float, float]:
        law = NormalDist(centre, wide)
        ends = (head.from_linear(law.inv_cdf(0.025)), head.from_linear(law.inv_cdf(0.975)))
        beyond = [law.cdf(x) if sign < 0 else 1 - law.cdf(x) for x in (0.0, enough)]
        harm = 1 - law.cdf(-enough) if sign < 0 else law.cdf(-enough)
        return head.from_linear(centre), ends, beyond[0], beyond[1], harm

    value, interval, beneficial, worthwhile, harm = told(mean, spread)
    law = NormalDist(mean, spread)
    return PosteriorInfo(
        model="bayes",
        scale=head.scale,
        prior="weakly informative",
        mean=value,
        interval=interval,
        level=0.95,
        probability_beneficial=beneficial,
        probability_worthwhile=worthwhile,
        probability_harm=harm,
        probability_equivalent=law.cdf(0.01) - law.cdf(-0.01),
        quantiles=tuple(head.from_linear(law.inv_cdf(p / 100)) for p in range(1, 100)),
        failed=(),
        variants=tuple(
            VariantInfo(label, *told(factor * mean, wide * spread), chosen=i == 0)
            for i, (label, factor, wide) in enumerate(
                (
                    ("weakly informative prior", 1.0, 1.0),
                    ("sceptical prior", 0.6, 0.8),
                    ("shocks half as large", 1.0, 0.75),
                    ("shocks twice as large", 0.95, 1.5),
                )
            )
        ),
    )


def economics_info(**changes: object) -> EconomicsInfo:
    made = EconomicsInfo(
        currency="GBP",
        price_year=2023,
        value_note="per repeat complaint averted",
        perspective="all",
        assumptions=(
            AssumptionInfo("Value of one unit", "£200, anything from £66 to £673"),
            AssumptionInfo("Cost of scaling up", "£250,000 a year for 3 years"),
        ),
        perspectives=(
            PerspectiveInfo("cashable", 0.1, -690_000.0, (-720_000.0, -610_000.0), 0.0004, decides=False),
            PerspectiveInfo("fiscal", 0.7, -250_000.0, (-700_000.0, 330_000.0), 0.18, decides=False),
            PerspectiveInfo("all", 1.0, 29_812.0, (-640_000.0, 890_000.0), 0.61, decides=True),
        ),
        units_averted=UnitsInfo(540.0, (-120.0, 1210.0)),
        cost=725_000.0,
        break_even=BreakEvenInfo(417.0, -0.0348, 302.0, ""),
        acceptability=tuple(AcceptabilityInfo(20.0 * i, min(1.0, i / 40)) for i in range(41)),
        tornado=(
            TornadoInfo("Effect", "−8.1 points", "−1.1 points", 890_000.0, -640_000.0),
            TornadoInfo("Value of a unit", "£66", "£673", -480_000.0, 620_000.0),
            TornadoInfo("Discount rate", "1.5%", "5%", 35_000.0, 26_000.0),
        ),
        tornado_base=29_812.0,
        evpi=136_200.0,
        extensions=(
            ExtensionInfo("one more year", 1, 0, 31_500.0, 20_800.0, 14_000.0, -24_700.0, pays=False, declared=True),
            ExtensionInfo("two more years", 2, 0, 75_600.0, 30_700.0, 28_000.0, -72_900.0, pays=False, declared=False),
            ExtensionInfo("four more areas", 1, 4, 94_500.0, 148_000.0, 0.0, 53_500.0, pays=True, declared=True),
        ),
        value=PriceInfo(313.0, 66.0, 673.0),
        years=3,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def gates() -> tuple[Check, ...]:
    return (
        Check("bayes_rhat", Status.PASS, "The chains agree: R-hat is at most 1.003."),
        Check("bayes_divergences", Status.PASS, "No step diverged."),
        Check("bayes_priors", Status.WARN, "Under the sceptical prior a worthwhile effect is no longer likely."),
        Check("bayes_its_shock", Status.WARN, "Shocks to single areas are as large as the effect."),
    )


def basis_info(basis: str, chance: float, verdict: str) -> BasisInfo:
    return BasisInfo(
        basis=basis,  # type: ignore[arg-type]
        model="bayes" if basis == "posterior" else "did",
        scale=Scale.DIFFERENCE,
        estimate=-0.04,
        interval=(-0.08, 0.0),
        probability_beneficial=0.97,
        probability_worthwhile=0.74,
        probability_harm=0.004,
        probability_equivalent=0.02,
        probability_net_benefit=chance,
        expected_net_benefit=29_812.0,
        verdict=verdict,  # type: ignore[arg-type]
    )


def decided_result() -> RunResult:
    """The flagship with the Bayesian model run on every outcome, one of whose computations failed, and with money."""
    made = checked_result()
    beliefs = {
        "satisfaction": (0.06, 0.05),
        "recurrence": (-0.04, 0.02),
        "response_time": (-0.5, 0.1),
        "asb": (-0.1, 0.1),
    }
    outcomes = {
        key: replace(o, posterior=posterior_info(o, *beliefs[key]), equivalence=0.01, checks=(*o.checks, *gates()))
        for key, o in made.outcomes.items()
    }
    failed = replace(outcomes["asb"].posterior, failed=("4 of 6,000 steps diverged.",))  # type: ignore[type-var]
    broken = replace(gates()[1], status=Status.FAIL, finding="4 of 6,000 steps diverged.")
    outcomes["asb"] = replace(outcomes["asb"], posterior=failed, checks=(*gates()[:1], broken))
    decision = replace(
        made.decision,
        probability_beneficial=0.977,
        probability_worthwhile=0.691,
        probability_harm=0.0002,
        probability_equivalent=0.06,
        expected_net_benefit=29_812.0,
        probability_net_benefit=0.61,
        evpi=136_200.0,
        rule=replace(made.decision.rule, reads="net_benefit"),
        basis="posterior",
        bases=(basis_info("posterior", 0.61, "extend"), basis_info("confidence", 0.83, "scale_up")),
        economics=economics_info(),
        would_change=("A chance of 80% that it pays would be reached if a unit were worth £390.",),
        maryland=MarylandInfo(3, "Treated and comparison areas are measured before and after."),
        emmie=EmmieInfo("Repeats fell.", "Visits came sooner.", "Not examined.", "Filled late.", "It may pay."),
    )
    return replace(made, outcomes=outcomes, decision=decision)


VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})


class Html(HTMLParser):
    """A page, read strictly: every tag closed in turn; keeps what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []  # innermost tag, text
        self.feed(text)
        self.close()
        assert self.open == [], "left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice on {tag}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data))

    @property
    def visible(self) -> str:
        """Text a reader sees or hears."""
        return " ".join(" ".join(text.split()) for tag, text in self.texts if tag != "style")

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """Attributes of every element of these tags, in order."""
        return [attributes for tag, attributes in self.tags if tag in tags]


@pytest.fixture(scope="module")
def read_html() -> Callable[[str], Html]:
    return Html


HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)> ' & {{ 7*7 }} $x^2$ \u202etxet desrever\u0007"
FORMULA = '=HYPERLINK("x","y")'


def hostile_result() -> RunResult:
    """Text that tries to break out, names that never end, and more of everything than fits."""
    long = "Llanfair" + "pwllgwyngyll" * 24 + "W" * 30
    treated = (f"{long}, treated", HOSTILE)
    comparison = tuple(f"{HOSTILE} {i}" if i % 50 == 0 else f"Block {i}" for i in range(874))
    areas = (*treated, *comparison)
    windows = tuple(
        WindowInfo(
            a,
            a in treated,
            w,
            None if i % 7 == 0 else 1e-9 * i,
            0.0,
            1e9,
            None if i % 7 == 0 else 3.0 * i,
            suppressed=i % 7 == 0,
        )
        for i, a in enumerate(areas)
        for w in ("baseline", "follow_up")
    )
    many = tuple(
        estimate(
            0.9 + i / 100,
            (1e-9, 1e12) if i == 3 else (0.5, 2.0),
            method=f"{HOSTILE} {i}",
            note=FORMULA if i % 2 else HOSTILE,
            p=0.0,
        )
        for i in range(100)
    )
    outcome = replace(
        asb(),
        title=f"{HOSTILE} {long}",
        unit=HOSTILE,
        definition=HOSTILE,
        windows=windows,
        estimates=(replace(many[0], headline=True), *many[1:]),
        checks=tuple(Check(f"c{i}", Status.FAIL, f"{HOSTILE} {i}", HOSTILE) for i in range(30)),
        not_estimable=(NotEstimable(HOSTILE, FORMULA),),
    )
    study = study_info(title=HOSTILE, question=HOSTILE, note=HOSTILE, treated=treated, comparison=comparison)
    concurrent = tuple(ConcurrentInfo(f"{HOSTILE} {i}", HOSTILE, treated) for i in range(3))
    study = replace(
        study,
        area_level=HOSTILE,
        neighbours={long: comparison},
        recodes=(RecodeInfo(HOSTILE, long, HOSTILE, HOSTILE),),
        intervention=replace(
            study.intervention,
            name=HOSTILE,
            start=HOSTILE,
            concurrent=concurrent,
            cost_currency=HOSTILE,
            cost_amount=1e300,
        ),
    )
    problem = ProblemInfo(HOSTILE, "warning", HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, HOSTILE, 1)
    data = replace(
        data_info(),
        areas=areas,
        problems=(problem,) * 150,
        sources={HOSTILE: SourceInfo(HOSTILE, (long,) * 300, 1, 1, (SetAsideInfo(HOSTILE, 0),), simulated=True)},
    )
    verdict = replace(
        decision_info(),
        outcome="<b>",
        headline=HOSTILE,
        reasons=(HOSTILE,),
        security_reasons=(HOSTILE,),
        caveats=(HOSTILE,),
    )
    made = replace(
        provenance_info(),
        command=HOSTILE,
        versions={HOSTILE: HOSTILE},
        data_sha256={long: "0" * 64},
        protocol=ProtocolInfo(True, HOSTILE, (HOSTILE,)),
    )
    return RunResult(SCHEMA_VERSION, study, data, {"<b>": outcome, HOSTILE: nothing_known()}, verdict, made)


def nothing_known() -> OutcomeResult:
    return OutcomeResult(
        "",
        "unheard-of",
        "",
        "higher",
        "unheard-of",
        None,
        "",
        math.nan,
        math.inf,
        (),
        (Path("treated", ()), Path("its", ())),
        (),
        (),
        (),
        5,
    )


@pytest.fixture(scope="module")
def hostile() -> RunResult:
    return hostile_result()


@pytest.fixture(scope="module")
def flagship() -> RunResult:
    return flagship_result()


@pytest.fixture(scope="module")
def checked() -> RunResult:
    return checked_result()


@pytest.fixture(scope="module")
def one_by_one() -> RunResult:
    return one_by_one_result()


@pytest.fixture(scope="module")
def its_only() -> RunResult:
    return its_only_result()


@pytest.fixture(scope="module")
def decided() -> RunResult:
    return decided_result()
