"""The appendix on the computation: how the chains of the Bayesian models ran, and data that those models would make.

ArviZ draws the plots on its Matplotlib backend; they are embedded as images, so that the page is one file. ArviZ and
Matplotlib are imported only here, and only when there are draws. Same draws, same bytes.
"""

import base64
import io
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from impact.report import format as fmt
from impact.report import wording
from impact.report.canvas import STYLE
from impact.report.tables import Table, table
from impact.report.text import clean, sentence
from impact.result import OutcomeResult, RunResult
from models.posterior import Posterior

PARAMETERS: Mapping[str, str] = {
    "effect": "Effect, on the scale of the model",
    "headline": "Effect, on the outcome's own scale",
    "shock_sd": "Size of shocks in follow-up",
    "noise_sd": "Ups and downs from period to period",
    "own_noise": "Ups and downs beyond what chance alone gives (overdispersion)",
    "autocorrelation": "How much carries over to the next period (autocorrelation)",
}
"""What is drawn, where a model has it, in this order: everything else moves with these."""
TRACE = (
    "Left, what each chain found; right, its draws one after another. The chains should lie on top of one another, and "
    "none should wander or stick."
)
RANKS = (
    "All draws are put in order, and each chain's places are compared with those of an equal share. Chains that agree "
    "stay near the middle; one that lies apart looked at another part of what is possible."
)
PREDICTED = "If the model describes the data, what was observed lies among what the model makes, and not at its edge."
HOW_TO_READ = (("Trace", TRACE), ("Ranks", RANKS), ("Data the model would make", PREDICTED))
CHAINS_COMPARED = (
    "R-hat compares chains with one another: near 1 they tell the same story. Effective draws say how many independent "
    "draws these are worth; 400 are asked for."
)
SCALES = (
    "The outcome's own scale is a log ratio for counts and durations, else a difference. The model's is the one on "
    "which its parts add up: logs, or log-odds for shares."
)
DOTS_PER_INCH = 110
WIDE, HIGH = 7.6, 2.7
REPLICATES = 60
PROVENANCE_KEYS = frozenset({"created_at", "sampling_time", "tuning_time", "sampling_start", "sampling_end"})
"""Attributes of a tree that differ from run to run."""

type Draw = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Plot:
    """An image as a data URI, with what it shows in words."""

    source: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class ParameterView:
    """One parameter: its name in words and in the draws, and its plots."""

    title: str
    name: str
    plots: tuple[Plot, ...]


@dataclass(frozen=True, slots=True)
class ChainsView:
    """The draws of one outcome: the table of its parameters and their plots, then data the model would make."""

    id: str
    title: str
    lead: str
    failed: tuple[str, ...]
    summary: Table
    parameters: tuple[ParameterView, ...]
    predictive: tuple[Plot, ...]


def chains_views(result: RunResult, posteriors: Mapping[str, Posterior]) -> tuple[ChainsView, ...]:
    """Draw the chains of every outcome whose draws were kept, in the order of the results."""
    kept = [key for key in result.outcomes if key in posteriors and posteriors[key].tree is not None]
    views = []
    for i, key in enumerate(kept, start=1):
        with _quiet_backend():
            views.append(_view(f"chains-{i}", result.outcomes[key], posteriors[key], simulated=result.study.simulated))
    return tuple(views)


def _view(place: str, outcome: OutcomeResult, posterior: Posterior, *, simulated: bool) -> ChainsView:
    tree, title = posterior.tree, outcome.title
    names = _shown(tree["posterior"].dataset)
    sizes = tree["posterior"].sizes
    lead = (
        f"{fmt.things(sizes['chain'], 'chain')} of {fmt.things(sizes['draw'], 'draw')} each, under the "
        f"{posterior.prior} prior.{_divergences(tree)}"
    )
    noted = f" {wording.SIMULATED}" if simulated else ""
    hidden = any(window.suppressed for window in outcome.windows)
    return ChainsView(
        id=place,
        title=title,
        lead=lead,
        failed=tuple(map(sentence, posterior.failed)),
        summary=_summary(tree, names, title),
        parameters=tuple(ParameterView(PARAMETERS[name], name, _of(tree, name, title + noted)) for name in names),
        predictive=() if hidden else _predictive(tree, title + noted),
    )


def _shown(draws: Any) -> list[str]:
    """Names of the parameters to draw; the outcome's own effect only where it is not the model's."""
    names = [name for name in PARAMETERS if name in draws.data_vars]
    same = {"effect", "headline"} <= set(names) and draws["effect"].equals(draws["headline"])
    return [name for name in names if not (same and name == "headline")]


def _divergences(tree: Any) -> str:
    if "sample_stats" not in tree.children or "diverging" not in tree["sample_stats"].data_vars:
        return ""
    number = int(tree["sample_stats"]["diverging"].values.sum())
    return f" {fmt.things(number, 'transition') if number else 'No transition'} diverged."


def _summary(tree: Any, names: list[str], title: str) -> Table:
    """Give for each parameter its mean and spread, and how well the chains agree on it."""
    import arviz_stats

    chosen = tree["posterior"].dataset[names]
    measures = (
        chosen.mean(("chain", "draw")),
        chosen.std(("chain", "draw")),
        arviz_stats.rhat(chosen),
        arviz_stats.ess(chosen, method="bulk"),
        arviz_stats.ess(chosen, method="tail"),
    )
    rows = []
    for name in names:
        mean, spread, agreement, bulk, tail = (float(measure[name].values) for measure in measures)
        written = (fmt.significant(mean), fmt.significant(spread), _ratio(agreement), fmt.count(bulk), fmt.count(tail))
        rows.append((PARAMETERS[name], *written))
    columns = [("Parameter", False), ("Mean", True), ("Standard deviation", True), ("R-hat", True)]
    columns += [("Effective draws, middle", True), ("Effective draws, tails", True)]
    notes = [
        CHAINS_COMPARED,
        SCALES,
    ]
    return table(f"Parameters: {title}", columns, rows, notes)


def _ratio(value: float) -> str:
    return fmt.fixed(value, 3) if math.isfinite(value) else fmt.NOT_AVAILABLE


def _of(tree: Any, name: str, about: str) -> tuple[Plot, ...]:
    import arviz_plots

    words = PARAMETERS[name]
    given: dict[str, Any] = {"var_names": [name], "backend": "matplotlib", "figure_kwargs": {"figsize": (WIDE, HIGH)}}
    return (
        _plot(
            lambda: arviz_plots.plot_trace_dist(tree, compact=False, combined=False, **given),
            f"Trace of {words}, {about}",
            "What each chain found, and its draws one after another.",
        ),
        _plot(
            lambda: arviz_plots.plot_rank(tree, **given),
            f"Ranks of {words}, {about}",
            "Ranks of each chain's draws among all of them.",
        ),
    )


def _predictive(tree: Any, about: str) -> tuple[Plot, ...]:
    """Draw what was observed among data made by the model, where the tree holds both."""
    import arviz_plots

    seen = _cells_seen(tree)
    if seen is None:
        return ()
    given: dict[str, Any] = {"backend": "matplotlib", "figure_kwargs": {"figsize": (WIDE, HIGH)}}
    spread = _plot(
        lambda: arviz_plots.plot_ppc_dist(seen, kind="ecdf", num_samples=REPLICATES, **given),
        f"Observed cells among cells made by the model, {about}",
        "Every area and period from the lowest value to the highest: observed (black), and made by the model (blue).",
    )
    largest = _plot(
        lambda: arviz_plots.plot_ppc_tstat(seen, t_stat="max", **given),
        f"Largest observed cell among the largest ones made by the model, {about}",
        "The largest value: observed (dot), and made by the model (outline).",
    )
    return spread, largest


def _cells_seen(tree: Any) -> Any:
    """Put the cells that were seen side by side; None if the tree lacks data or what the model makes of them."""
    import xarray

    if not {"posterior_predictive", "observed_data"} <= set(tree.children):
        return None
    observed, made = (tree[group].dataset for group in ("observed_data", "posterior_predictive"))
    name = next((name for name in made.data_vars if name in observed.data_vars), None)
    if name is None:
        return None
    data = observed[name].stack(cell=observed[name].dims, create_index=False)
    known = data.notnull().values
    if not known.any():
        return None
    replicates = made[name].stack(cell=observed[name].dims, create_index=False).isel(cell=known)
    groups = {"observed_data": data.isel(cell=known), "posterior_predictive": replicates}
    renamed = {group: values.reset_coords(drop=True).rename("value").to_dataset() for group, values in groups.items()}
    return xarray.DataTree.from_dict(renamed)


def _plot(draw: Draw, alt: str, caption: str) -> Plot:
    import matplotlib.pyplot as plt

    figure = draw().viz["figure"].item()
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    encoded = base64.b64encode(image.getvalue()).decode("ascii")
    return Plot(f"data:image/png;base64,{encoded}", clean(alt), caption)


@contextmanager
def _quiet_backend() -> Iterator[None]:
    """Draw on Matplotlib's canvas without a window, under our own settings; what was set before comes back."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import matplotlib.style as looks

    before = mpl.get_backend(auto_select=False)
    plt.switch_backend("agg")
    try:
        with looks.context({**STYLE, "font.size": 10.0}, after_reset=True), warnings.catch_warnings():
            # Of chains that do not move, or counts drawn as a curve: said by the gates, in words.
            warnings.simplefilter("ignore")
            yield
    finally:
        if before is not None:
            plt.switch_backend(before)


# The draws themselves --------------------------------------------------------------------------------------------


def netcdf(tree: Any) -> bytes:
    """Return a tree of draws as NetCDF; same draws, same bytes, so what tells of the moment is left out."""
    import tempfile
    from pathlib import Path

    kept = tree.copy()
    for node in kept.subtree:
        node.attrs = {key: value for key, value in node.attrs.items() if key not in PROVENANCE_KEYS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draws.nc"
        kept.to_netcdf(path, engine="h5netcdf")
        return path.read_bytes()
