"""Published two-group studies, run through the same path as any other."""

from pathlib import Path

import pytest

import impact
from impact.intake.read import read
from impact.result import RunResult
from models.inference.sampling import sampling_only
from models.inference.ttest import TTest

STUDIES = Path(__file__).resolve().parents[2] / "studies"
CENTS = 0.005  # dollars are published with two decimals
THREE = 0.0005  # three decimals are published
TWO = 0.005  # two decimals are published


def run(name: str) -> RunResult:
    return impact.run(impact.load_study(STUDIES / f"{name}.yaml"))


def by_cases(name: str, outcome: str) -> TTest:
    """Test as if only the sampling of cases mattered, on the cells that the study's rows give."""
    panel = read(impact.load_study(STUDIES / f"{name}.yaml"), lambda _text: None).panels[outcome]
    periods = panel.periods
    found = sampling_only(panel.cells, panel.treated, periods.baseline, periods.follow_up, 0.95)
    assert isinstance(found, TTest)
    return found


def test_card_and_krueger() -> None:
    result = run("card_krueger").outcomes["employment"]
    means = {(w.area, w.window): w.value for w in result.windows}
    assert means == pytest.approx(
        {
            ("New Jersey", "baseline"): 20.44,
            ("New Jersey", "follow_up"): 21.03,
            ("Pennsylvania", "baseline"): 23.33,
            ("Pennsylvania", "follow_up"): 21.17,
        },
        abs=TWO,
    )
    assert result.headline is not None
    assert result.headline.estimate == pytest.approx(2.754, abs=THREE)


def test_kiel_and_mcclain() -> None:
    outcomes = run("kiel_mcclain").outcomes
    price, logarithm = outcomes["price"].headline, outcomes["log_price"].headline
    assert price is not None
    assert logarithm is not None
    assert price.estimate == pytest.approx(-11_863.90, abs=CENTS)
    assert logarithm.estimate == pytest.approx(-0.063, abs=THREE)


def test_proposition_99() -> None:
    result = run("proposition_99")
    for estimate in result.outcomes["cigarettes"].estimates:
        assert estimate.estimate == pytest.approx(-27.349, abs=THREE), estimate.method
    assert result.decision.verdict != "scale_up"


@pytest.mark.parametrize(
    ("study", "outcome", "estimate", "std_error", "printed"),
    [
        ("kiel_mcclain", "price", -11_863.90, 7_456.65, CENTS),
        ("kiel_mcclain", "log_price", -0.063, 0.083, THREE),
        ("card_krueger", "employment", 2.754, 1.688, THREE),
    ],
)
def test_errors_of_single_cases_are_those_published(
    study: str, outcome: str, estimate: float, std_error: float, printed: float
) -> None:
    found = by_cases(study, outcome)
    assert (found.estimate, found.std_error) == pytest.approx((estimate, std_error), abs=printed)


@pytest.mark.parametrize(("study", "outcome"), [("card_krueger", "employment"), ("kiel_mcclain", "price")])
def test_one_area_on_each_side_gives_no_interval_whatever_its_cases_say(study: str, outcome: str) -> None:
    result = run(study).outcomes[outcome]
    assert result.headline is not None
    assert (result.headline.interval, result.headline.p_value, result.headline.std_error) == (None, None, None)
    assert any("One treated and one comparison area".lower() in n.reason.lower() for n in result.not_estimable)
