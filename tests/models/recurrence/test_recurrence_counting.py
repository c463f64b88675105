"""Cox regression on rows against R's survival: Andersen-Gill, PWP, Rossi, both ways with ties."""

import numpy as np
import pandas as pd
import pytest
from recorded import REFERENCE, reference

from models.inference.refusal import NoInference
from models.recurrence.counting import Spells, Ties, cox, proportional, schoenfeld
from models.recurrence.likelihood import NO_EVENT, UNBOUNDED, Clock, CoxFit

PRINTED = 5e-6  # five decimals are published
STORED = 1e-6  # R stops climbing once the log likelihood rises by less than 1e-9 of itself
EXACT = 1e-9
TUMOURS = ["rx", "number", "size"]
PRISONERS = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
CLOCKS = {"identity": Clock.DAYS, "log": Clock.LOG, "km": Clock.EVENTS}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def spells(
    data: pd.DataFrame, times: tuple[str | None, str], event: str, covariates: list[str],
    strata: str | None = None, cluster: str | None = None,
) -> Spells:  # fmt: skip
    rows = np.arange(len(data))
    start = np.zeros(len(data)) if times[0] is None else data[times[0]].to_numpy(float)
    return Spells(
        start,
        data[times[1]].to_numpy(float),
        data[event].to_numpy(bool),
        data[covariates].to_numpy(float),
        rows * 0 if strata is None else data[strata].to_numpy(int),
        rows if cluster is None else data[cluster].to_numpy(int),
    )


def published(case: str) -> Spells:
    match case:
        case "rossi":
            return spells(read("rossi"), (None, "week"), "arrest", PRISONERS)
        case "cgd Andersen-Gill":
            return spells(read("cgd"), ("start", "stop"), "event", ["treated", "age"], cluster="id")
    data = read("bladder2")
    data["gap"] = data["stop"] - data["start"]
    match case:
        case "bladder2 Andersen-Gill":
            return spells(data, ("start", "stop"), "event", TUMOURS, cluster="id")
        case "bladder2 PWP total":
            return spells(data, ("start", "stop"), "event", TUMOURS, "enum", "id")
    return spells(data, (None, "gap"), "event", TUMOURS, "enum", "id")


CASES = ("bladder2 Andersen-Gill", "bladder2 PWP total", "bladder2 PWP gap", "cgd Andersen-Gill", "rossi")


def fitted(data: Spells, ties: Ties = Ties.BRESLOW) -> CoxFit:
    fit = cox(data, ties)
    assert isinstance(fit, CoxFit)
    return fit


@pytest.mark.parametrize("ties", list(Ties))
@pytest.mark.parametrize("case", CASES)
def test_coefficients_and_both_errors_are_those_of_r(case: str, ties: Ties) -> None:
    fit = fitted(published(case), ties)
    stored = reference().query("case == @case + ' ' + @ties.value")
    values = {
        q: stored.loc[stored["quantity"] == q, "value"].to_numpy() for q in ("estimate", "se", "robust", "loglik")
    }
    assert fit.coefficients == pytest.approx(values["estimate"], abs=STORED)
    assert fit.std_errors == pytest.approx(values["se"], rel=STORED)
    assert fit.robust_errors == pytest.approx(values["robust"], rel=STORED)
    assert fit.log_likelihood == pytest.approx(values["loglik"][0], abs=STORED)


@pytest.mark.parametrize("ties", list(Ties))
@pytest.mark.parametrize("case", CASES)
def test_hazards_test_is_cox_zph(case: str, ties: Ties) -> None:
    data = published(case)
    fit = fitted(data, ties)
    stored = reference().query("case == @case + ' ' + @ties.value")
    for name, clock in CLOCKS.items():
        of_r = stored.loc[stored["quantity"] == f"zph {name}", "value"].to_numpy()
        found = proportional(data, fit, ties, clock)
        assert [*found.chi_squared, found.overall] == pytest.approx(of_r, rel=10 * STORED)
        assert (found.p_value > 0).all()


def test_published_numbers_of_bladder2_and_rossi() -> None:
    first = fitted(published("bladder2 Andersen-Gill"))
    assert [first.coefficients[0], first.std_errors[0], first.robust_errors[0]] == pytest.approx(
        [-0.45979, 0.19996, 0.25801], abs=PRINTED
    )
    assert fitted(published("bladder2 Andersen-Gill"), Ties.EFRON).robust_errors[0] == pytest.approx(0.2656, abs=5e-5)
    assert fitted(published("bladder2 PWP total")).coefficients[0] == pytest.approx(-0.3343, abs=5e-5)
    assert fitted(published("bladder2 PWP gap")).coefficients[0] == pytest.approx(-0.2695, abs=5e-5)
    prison = fitted(published("rossi"), Ties.EFRON)
    assert [prison.coefficients[0], prison.std_errors[0]] == pytest.approx([-0.3794, 0.1914], abs=5e-5)
    assert np.exp(prison.coefficients[0]) == pytest.approx(0.684, abs=5e-4)


def test_schoenfeld_residuals_are_those_of_r() -> None:
    data = published("bladder2 Andersen-Gill")
    stored = read("recurrence_schoenfeld").to_numpy()
    found = np.column_stack([data.stop[data.event], schoenfeld(data, fitted(data))])
    by_row = [table[np.lexsort(table.T[::-1].round(9))] for table in (stored, found)]
    assert by_row[1] == pytest.approx(by_row[0], abs=STORED)


def test_score_residuals_of_clusters_of_everything_vanish() -> None:
    data = published("rossi")
    one = Spells(data.start, data.stop, data.event, data.covariates, data.strata, data.cluster * 0)
    assert fitted(one).robust == pytest.approx(np.zeros((7, 7)), abs=EXACT)


def test_rows_cut_in_two_change_nothing() -> None:
    data = published("bladder2 Andersen-Gill")
    middle = (data.start + data.stop) / 2
    cut = Spells(
        np.concatenate([data.start, middle]),
        np.concatenate([middle, data.stop]),
        np.concatenate([data.event & False, data.event]),
        np.tile(data.covariates, (2, 1)),
        np.tile(data.strata, 2),
        np.tile(data.cluster, 2),
    )
    for ties in Ties:
        whole, parts = fitted(data, ties), fitted(cut, ties)
        assert parts.coefficients == pytest.approx(whole.coefficients, abs=EXACT)
        assert parts.robust == pytest.approx(whole.robust, abs=EXACT)


def test_strata_of_one_time_scale_never_mix() -> None:
    data = published("bladder2 PWP gap")
    moved = data.strata * 1000.0
    apart = Spells(data.start + moved, data.stop + moved, data.event, data.covariates, data.strata * 0, data.cluster)
    assert fitted(apart).coefficients == pytest.approx(fitted(data).coefficients, abs=EXACT)


def test_refuses_what_has_no_answer() -> None:
    x = np.asarray([[0.0], [0.0], [1.0], [1.0]])
    zero, stop, rows = np.zeros(4), np.asarray([1.0, 2.0, 3.0, 4.0]), np.arange(4)
    none = cox(Spells(zero, stop, stop < 0, x, rows * 0, rows))
    assert none == NoInference(NO_EVENT)
    one_sided = cox(Spells(zero, stop, stop < 3, x, rows * 0, rows))
    assert one_sided == NoInference(UNBOUNDED)
    repeated = cox(Spells(zero, stop, stop > 0, np.hstack([x, x]), rows * 0, rows))
    assert repeated == NoInference(UNBOUNDED)
    with pytest.raises(ValueError, match="stop after it starts"):
        Spells(stop, stop, stop > 0, x, rows * 0, rows)
    with pytest.raises(ValueError, match="finite"):
        Spells(zero, stop, stop > 0, x * np.nan, rows * 0, rows)


def test_fifty_thousand_rows_and_what_they_were_drawn_from() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50_000, 3))
    true = np.asarray([0.3, -0.2, 0.0])
    stratum = rng.integers(0, 7, 50_000)
    time = rng.exponential(1 / np.exp(x @ true)) * (1 + stratum)
    data = Spells(time * 0, np.ceil(np.minimum(time, 5.0) * 100), time < 5.0, x, stratum, np.arange(50_000))
    for ties in Ties:
        fit = fitted(data, ties)
        assert (np.abs(fit.coefficients - true) < 4 * fit.robust_errors).all()
        assert fit.robust_errors == pytest.approx(fit.std_errors, rel=0.05)
