"""The appendix on the draws, and the draws as files: what matters, the same bytes again, nothing of small areas."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from impact.output import rendered
from impact.publish_draws import published_draws
from impact.report.diagnostics import netcdf
from impact.report.render import diagnostics_html
from impact.result import OutcomeResult, RunResult
from models.estimate import Scale
from models.posterior import Posterior

CHAINS, DRAWS, AREAS, BINS = 4, 50, 3, 12
SINGLE = ("effect", "shock_sd", "noise_sd", "autocorrelation", "level")
SHOWN = ("effect", "shock_sd", "noise_sd", "autocorrelation")
PLOTS = 2  # of each parameter


def tree(seed: int = 1, *, headline: bool = False) -> Any:
    from arviz_base import from_dict

    rng = np.random.default_rng(seed)
    posterior = {name: np.abs(rng.normal(0.1, 0.05, (CHAINS, DRAWS))) for name in SINGLE}
    posterior |= {"area_effect": rng.normal(size=(CHAINS, DRAWS, AREAS))}
    posterior |= {"headline": posterior["effect"] * 2} if headline else {"headline": posterior["effect"].copy()}
    observed = rng.poisson(20, (AREAS, BINS)).astype(float)
    observed[0, 0] = np.nan
    return from_dict(
        {
            "posterior": posterior,
            "sample_stats": {"diverging": rng.random((CHAINS, DRAWS)) < 0.01},
            "posterior_predictive": {"recorded": rng.poisson(20, (1, 40, AREAS, BINS)).astype(float)},
            "observed_data": {"recorded": observed},
        },
        coords={"area": ["A", "B", "C"], "bin": list(range(BINS))},
        dims={"recorded": ["area", "bin"], "area_effect": ["area"]},
    )


def drawn(seed: int = 1, *, headline: bool = False) -> Posterior:
    made = tree(seed, headline=headline)
    return Posterior(made["posterior"]["effect"].values.ravel(), Scale.RATIO, "weakly informative", (), (), made)


@pytest.fixture(scope="module")
def page(flagship: RunResult) -> str:
    found = diagnostics_html(flagship, {"asb": drawn(1), "recurrence": replace(drawn(2), failed=("it stuck.",))})
    assert found is not None
    return found


def test_the_page_is_one_file_that_loads_and_runs_nothing(page: str, read_html: Callable[[str], Any]) -> None:
    found = read_html(page)
    assert found.all("script", "iframe", "object", "embed", "base") == []
    assert all(image["src"].startswith("data:image/png;base64,") for image in found.all("img"))
    policy = next(m["content"] for m in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "img-src data:" in policy
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_only_what_matters_is_drawn_and_every_plot_is_described(page: str, read_html: Callable[[str], Any]) -> None:
    found = read_html(page)
    images = found.all("img")
    assert len(images) == 2 * (PLOTS * len(SHOWN) + 2)
    assert [text for tag, text in found.texts if tag == "code"] == [*SHOWN] * 2
    assert all("The case records in this study are simulated." in image["alt"] for image in images)
    assert len({image["alt"] for image in images}) == len(images)


def test_every_plot_shows_something(page: str, read_html: Callable[[str], Any]) -> None:
    from matplotlib.image import imread

    for image in read_html(page).all("img"):
        pixels = imread(io.BytesIO(base64.b64decode(image["src"].split(",")[1])))
        assert pixels[..., :3].std() > 0.02, image["alt"]


def test_what_failed_is_said_at_the_top_of_its_outcome(page: str, read_html: Callable[[str], Any]) -> None:
    text = read_html(page).visible
    assert text.count("These draws are not relied on:") == 1
    assert "It stuck." in text
    assert "4 chains of 50 draws each, under the weakly informative prior." in text


def test_the_effect_on_the_outcomes_scale_is_drawn_where_it_is_another(flagship: RunResult) -> None:
    found = diagnostics_html(flagship, {"asb": drawn(headline=True)})
    assert found is not None
    assert "<code>headline</code>" in found


def test_the_same_draws_give_the_same_bytes(page: str, flagship: RunResult) -> None:
    again = diagnostics_html(flagship, {"asb": drawn(1), "recurrence": replace(drawn(2), failed=("it stuck.",))})
    assert again == page


def test_drawing_leaves_matplotlib_as_it_was(flagship: RunResult) -> None:
    before = dict(mpl.rcParams)
    diagnostics_html(flagship, {"asb": drawn()})
    assert {key: value for key, value in mpl.rcParams.items() if key != "backend"} == {
        key: value for key, value in before.items() if key != "backend"
    }


def test_an_area_that_is_hidden_shows_no_cells(flagship: RunResult) -> None:
    outcome = flagship.outcomes["asb"]
    hidden = replace(outcome, windows=(replace(outcome.windows[0], suppressed=True), *outcome.windows[1:]))
    found = diagnostics_html(replace(flagship, outcomes={"asb": hidden}), {"asb": drawn()})
    assert found is not None
    assert "Data the model would make</h3>" not in found


def test_without_draws_there_is_no_appendix(flagship: RunResult) -> None:
    assert diagnostics_html(flagship, {}) is None
    assert diagnostics_html(flagship, {"asb": replace(drawn(), tree=None)}) is None


def test_chains_that_do_not_move_are_drawn_all_the_same(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    stuck = tree()
    stuck["posterior"]["effect"].values[:] = 0.25
    found = diagnostics_html(flagship, {"asb": replace(drawn(), tree=stuck)})
    assert found is not None
    assert not re.search(r"\bnan\b", read_html(found).visible)


# The draws as files --------------------------------------------------------------------------------------------------


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_same_draws_give_the_same_file_and_other_draws_another() -> None:
    first, second, other = (sha256(netcdf(tree(seed))) for seed in (1, 1, 2))
    assert first == second != other


def test_the_file_holds_the_draws_and_no_date(tmp_path: Path) -> None:
    import xarray

    made = tree()
    assert "created_at" in made["posterior"].attrs
    (tmp_path / "draws.nc").write_bytes(netcdf(made))
    assert "created_at" in made["posterior"].attrs, "the tree itself is left alone"
    with xarray.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as found:
        assert "created_at" not in found["posterior"].attrs
        np.testing.assert_array_equal(found["posterior"]["area_effect"], made["posterior"]["area_effect"])
        assert set(found.children) == {"posterior", "sample_stats", "posterior_predictive", "observed_data"}


def of_minimum(outcome: OutcomeResult, minimum: int, *, suppressed: bool = False) -> OutcomeResult:
    windows = tuple(replace(window, suppressed=suppressed) for window in outcome.windows)
    return replace(outcome, disclosure_minimum=minimum, windows=windows)


def test_single_cells_are_left_out_of_the_file_unless_all_may_be_shown(flagship: RunResult) -> None:
    outcome = flagship.outcomes["asb"]
    assert set(published_draws(tree(), of_minimum(outcome, 0)).children) >= {"observed_data", "posterior_predictive"}
    kept = published_draws(tree(), of_minimum(outcome, 5))
    assert set(kept.children) == {"posterior", "sample_stats"}
    assert "area_effect" in kept["posterior"].data_vars


def test_of_hidden_areas_no_parameter_is_left_in_the_file(flagship: RunResult) -> None:
    made = tree()
    kept = published_draws(made, of_minimum(flagship.outcomes["asb"], 5, suppressed=True))
    assert set(kept["posterior"].data_vars) == {*SINGLE, "headline"}
    assert "area" not in kept["posterior"].coords
    assert "area_effect" in made["posterior"].data_vars, "the tree itself is left alone"
    assert b"area" not in netcdf(kept)


def test_a_run_writes_page_and_files_of_the_outcomes_with_draws(flagship: RunResult) -> None:
    posteriors = {"asb": drawn(), "recurrence": replace(drawn(), tree=None)}
    plain, with_draws = rendered(flagship, posteriors), rendered(flagship, posteriors, draws=True)
    assert set(with_draws) - set(plain) == {"draws/asb.nc"}
    assert "diagnostics.html" in plain
    assert "diagnostics.html" not in rendered(flagship)
