"""Results to render, made by hand: the shape of real ones, with every awkward case somewhere."""

import math
import random
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from impact.result import (
    SCHEMA_VERSION,
    ConcurrentInfo,
    DataInfo,
    Decision,
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
from models.estimate import Check, Clusters, Estimate, NotEstimable, Path, PathPoint, Scale, Status

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
def one_by_one() -> RunResult:
    return one_by_one_result()


@pytest.fixture(scope="module")
def its_only() -> RunResult:
    return its_only_result()
