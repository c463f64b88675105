"""Results to HTML and SVG. `report_html` and `figures` are functions of the result alone: same result, same bytes."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Undefined
from markupsafe import Markup

from impact.report import charts
from impact.report.charts import Figures
from impact.report.context import page
from impact.report.format import MINUS, SYMBOLS
from impact.report.outcome_view import headline_cards
from impact.report.text import clean
from impact.report.verdict_view import verdict_view
from impact.report.wording import SIMULATED
from impact.result import RunResult
from models.posterior import Posterior

JOINER = "\u2060"  # keeps the sign of an amount on the amount's line
SIGN_OF_MONEY = re.compile(f"{MINUS}(?=[{''.join(SYMBOLS.values())}])")
POLICY = "default-src 'none'; style-src '{style}'; img-src data:; base-uri 'none'; form-action 'none'"


def report_html(result: RunResult, drawn: Figures | None = None) -> str:
    """Return the report: one HTML page that loads nothing, runs nothing and escapes every value.

    Parameters
    ----------
    drawn
        The result's figures, if `charts.draw` has made them already.
    """
    template = _environment().get_template("report.html.j2")
    return template.render(page=page(result, drawn if drawn is not None else charts.draw(result)), **_style())


def diagnostics_html(result: RunResult, posteriors: Mapping[str, Posterior]) -> str | None:
    """Return the appendix on the draws, one HTML page as strict as the report; None if no draws were kept."""
    if all(posterior.tree is None for posterior in posteriors.values()):
        return None
    from impact.report.diagnostics import HOW_TO_READ, chains_views

    simulated = SIMULATED if result.study.simulated else ""
    return (
        _environment()
        .get_template("diagnostics.html.j2")
        .render(
            outcomes=chains_views(result, posteriors),
            how=HOW_TO_READ,
            title=result.study.title,
            document_title=f"{'SIMULATED: ' if simulated else ''}{clean(result.study.title)}: the computation",
            simulated=simulated,
            **_style(),
        )
    )


def figures(result: RunResult, drawn: Figures | None = None) -> dict[str, str]:
    """Return the figures as SVG, each complete in itself, by file name; `drawn` as for `report_html`."""
    return charts.by_file_name(result, drawn if drawn is not None else charts.draw(result))


def notebook_html(result: RunResult) -> str:
    """Return a small card for a notebook: the verdict and each outcome's headline."""
    template = _environment().get_template("notebook.html.j2")
    return template.render(
        title=result.study.title,
        simulated=result.study.simulated,
        verdict=verdict_view(result),
        outcomes=headline_cards(result, charts.reading_order(result)),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("impact.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _finished(value: Any) -> Any:
    """Let a template print finished text only, without what would hide or reorder the text around it."""
    if isinstance(value, Undefined):
        return value  # raises when printed
    if not isinstance(value, str):
        raise TypeError(f"a template may print text only, and was given {value!r}")
    shown = clean(value)
    return shown if isinstance(shown, Markup) else SIGN_OF_MONEY.sub(f"{MINUS}{JOINER}", shown)


def _style() -> dict[str, str]:
    """Return the style sheet and the policy that allows it and nothing else."""
    style = resources.files("impact.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return {"style": Markup(style), "policy": POLICY.format(style=_hash(style))}  # noqa: S704 - ours


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
