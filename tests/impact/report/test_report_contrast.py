"""Contrast of the style sheet and the figures, by the formula of WCAG 2.2: text 4.5 to 1, shapes 3 to 1."""

import re
from importlib import resources

import pytest

from impact.report import canvas

TEXT, SHAPE = 4.5, 3.0
STYLE = resources.files("impact.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
ROOTS = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
MODES = {"light": LIGHT, "dark": LIGHT | DARK}

TEXT_ON = [
    ("ink", "card"), ("ink", "paper"), ("ink", "sunk"), ("ink", "warn-paper"), ("ink", "fail-paper"),
    ("ink", "good-paper"),
    ("ink", "sim-paper"), ("muted", "card"), ("muted", "paper"), ("muted", "sunk"), ("muted", "warn-paper"),
    ("muted", "fail-paper"), ("muted", "good-paper"), ("link", "card"), ("mast-ink", "mast"), ("card", "plum"),
    ("card", "grey"), ("card", "green"), ("card", "ink"), ("focus-ink", "focus"), ("sim-paper", "ink"),
]  # fmt: skip
SHAPES_ON = [
    ("green", "card"),
    ("blue", "card"),
    ("plum", "card"),
    ("grey", "card"),
    ("blue", "sunk"),
    ("muted", "sunk"),
    ("ink", "tint"),
    ("blue", "tint"),
    ("grey", "tint"),
    ("pale", "card"),
]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize(("front", "back"), TEXT_ON)
def test_text_can_be_read(mode: str, front: str, back: str) -> None:
    assert contrast(MODES[mode][front], MODES[mode][back]) >= TEXT


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize(("front", "back"), SHAPES_ON)
def test_shapes_can_be_seen(mode: str, front: str, back: str) -> None:
    assert contrast(MODES[mode][front], MODES[mode][back]) >= SHAPE


def shown(colour: str, mode: str, what: str) -> str:
    """Colour of a figure as the page shows it."""
    if mode == "light":
        return colour
    found = re.search(rf'\[{what}="{colour}"\] {{ {what}: (#[0-9a-f]{{6}}); }}', STYLE)
    assert found, f"no dark counterpart of {colour} for {what}"
    return found[1]


@pytest.mark.parametrize("mode", list(MODES))
def test_figures_can_be_read_in_both_modes(mode: str) -> None:
    tints = [canvas.CARD, canvas.TINT_BLUE, canvas.TINT_TEAL, canvas.TINT_GREY]
    for text in (canvas.INK, canvas.MUTED, canvas.PLUM):
        assert contrast(shown(text, mode, "fill"), shown(canvas.CARD, mode, "fill")) >= TEXT
    for line in (canvas.BLUE, canvas.ORANGE, canvas.PLUM, canvas.GREY, canvas.INK, canvas.RULE):
        assert contrast(shown(line, mode, "stroke"), shown(canvas.CARD, mode, "fill")) >= SHAPE
    for line in (canvas.BLUE, canvas.GREY, canvas.INK):
        assert min(contrast(shown(line, mode, "stroke"), shown(tint, mode, "fill")) for tint in tints) >= SHAPE


def test_every_colour_of_a_figure_has_a_dark_counterpart() -> None:
    assert all(shown(colour, "dark", what) for colour in canvas.COLOURS for what in ("fill", "stroke"))


def test_paper_is_never_dark() -> None:
    dark = re.search(r"@media ([^{]*)prefers-color-scheme: dark", STYLE)
    assert dark
    assert dark[1].startswith("screen and")
