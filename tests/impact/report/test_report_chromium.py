"""The report in a real browser: it fits, it can be read, its policy holds, it prints whole.

A page of ours frames the report at a given width and measures it there; the report itself runs no script.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from impact.report.render import report_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("IMPACT_NEEDS_CHROMIUM"), reason="Chromium is not installed"
    ),
]
LOOSE = 1.5  # CSS pixels: rounding of boxes and of letters' edges
LEAST_LETTER = 9.5  # CSS pixels, on a phone
NAMES = ("flagship", "checked", "decided", "one_by_one", "hostile")
PHONE, NARROWEST, DESKTOP = 390, 320, 1280  # 320: the width at which WCAG 2.2 asks for reflow

MEASURE = """
<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe src="report.html" style="border:0;width:%dpx;height:900px"></iframe><pre id="found"></pre>
<script>
onload = () => {
  const doc = document.querySelector("iframe").contentDocument, view = doc.defaultView;
  doc.querySelectorAll("details").forEach(d => d.open = true);
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const figures = [...doc.querySelectorAll("svg[role=img]")].map(svg => ({
    name: svg.getAttribute("aria-labelledby") || svg.getAttribute("aria-label"), box: box(svg),
    texts: [...svg.querySelectorAll("text")].map(t => ({text: t.textContent, box: box(t),
      size: parseFloat(view.getComputedStyle(t).fontSize) * svg.clientWidth / svg.viewBox.baseVal.width})),
  }));
  const outside = [...doc.querySelectorAll("body *")].filter(e => !e.closest(".scroll") && !e.closest(".skip")
    && !e.closest(".hidden") && e.getBoundingClientRect().right > view.innerWidth + 1)
    .map(e => e.tagName + "." + e.className);
  const found = {
    width: view.innerWidth, scroll: doc.scrollingElement.scrollWidth, outside, figures,
    background: view.getComputedStyle(doc.body).backgroundColor, ink: view.getComputedStyle(doc.body).color,
    letters: [...new Set([...doc.querySelectorAll("svg[role=img] text")].map(t => view.getComputedStyle(t).fill))],
  };
  document.getElementById("found").textContent = JSON.stringify(found).replaceAll("<", "\\\\u003c");
};
</script>
"""


def run_chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None, "IMPACT_NEEDS_CHROMIUM is set, but there is no Chromium"
    quiet = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-sync"
    flags = [f"--{flag}" for flag in (*quiet.split(), "disable-component-update", "allow-file-access-from-files")]
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *flags, profile, "--enable-logging=stderr", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, encoding="utf-8")


def measured(folder: Path, html: str, width: int, *arguments: str) -> tuple[dict[str, Any], str]:
    """Frame the page at this width and measure it; also what the browser's console said."""
    (folder / "report.html").write_text(html, encoding="utf-8")
    (folder / "measure.html").write_text(MEASURE % width, encoding="utf-8")
    done = run_chromium(folder, *arguments, "--dump-dom", (folder / "measure.html").as_uri())
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(text), done.stderr


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> Callable[[str], str]:
    made = {name: report_html(request.getfixturevalue(name)) for name in NAMES}
    return made.__getitem__


@pytest.mark.parametrize("width", [NARROWEST, PHONE, DESKTOP])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_the_screen(name: str, width: int, pages: Callable[[str], str], tmp_path: Path) -> None:
    found, _ = measured(tmp_path, pages(name), width)
    assert found["width"] == width
    assert found["scroll"] <= width
    assert found["outside"] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_letters_of_figures_stay_inside_and_apart(name: str, pages: Callable[[str], str], tmp_path: Path) -> None:
    found, _ = measured(tmp_path, pages(name), DESKTOP)
    assert len(found["figures"]) >= 2
    for figure in found["figures"]:
        left, top, right, bottom = figure["box"]
        for one in figure["texts"]:
            x0, y0, x1, y1 = one["box"]
            assert x0 >= left - LOOSE, (figure["name"], one)
            assert x1 <= right + LOOSE, (figure["name"], one)
            assert y0 >= top - LOOSE, (figure["name"], one)
            assert y1 <= bottom + LOOSE, (figure["name"], one)
        assert overlaps(figure["texts"]) == [], figure["name"]


def overlaps(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap by more than the leading between lines."""
    found = []
    for i, a in enumerate(texts):
        for b in texts[i + 1 :]:
            wide = min(a["box"][2], b["box"][2]) - max(a["box"][0], b["box"][0])
            high = min(a["box"][3], b["box"][3]) - max(a["box"][1], b["box"][1])
            if wide > LOOSE and high > 0.25 * a["size"]:
                found.append((a["text"], b["text"]))
    return found


def test_figures_can_be_read_on_a_phone(pages: Callable[[str], str], tmp_path: Path) -> None:
    found, _ = measured(tmp_path, pages("checked"), PHONE)
    assert min(one["size"] for figure in found["figures"] for one in figure["texts"]) >= LEAST_LETTER


def test_the_page_obeys_its_own_policy(pages: Callable[[str], str], tmp_path: Path) -> None:
    found, said = measured(tmp_path, pages("checked"), DESKTOP)
    assert "Content Security Policy" not in said
    assert found["background"] == "rgb(243, 245, 246)"


def test_a_style_that_is_not_ours_is_refused(pages: Callable[[str], str], tmp_path: Path) -> None:
    found, said = measured(tmp_path, pages("flagship").replace("<style>", "<style>/* another */", 1), DESKTOP)
    assert "Content Security Policy" in said
    assert found["background"] == "rgba(0, 0, 0, 0)"


def test_the_dark_is_dark_in_figures_too(pages: Callable[[str], str], tmp_path: Path) -> None:
    found, _ = measured(tmp_path, pages("checked"), DESKTOP, "--blink-settings=preferredColorScheme=0")
    assert found["background"] == "rgb(15, 20, 22)"
    darkest = min(sum(map(int, re.findall(r"\d+", letters))) for letters in found["letters"])
    assert darkest > 3 * 128


def printed_pages(folder: Path, html: str) -> int:
    page, out = folder / "print.html", folder / "print.pdf"
    page.write_text(html, encoding="utf-8")
    run_chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={out}", page.as_uri())
    return len(re.findall(rb"/Type\s*/Page\b", out.read_bytes()))


def test_what_is_folded_on_screen_is_printed(pages: Callable[[str], str], tmp_path: Path) -> None:
    whole = pages("one_by_one")
    folded = re.sub(r"<details>.*?</details>", "", whole, flags=re.DOTALL)
    assert folded != whole
    with_tables, without = printed_pages(tmp_path, whole), printed_pages(tmp_path, folded)
    assert with_tables >= without + 2, "the tables behind the figures take two pages at least"
