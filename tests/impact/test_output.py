import os
import stat
from pathlib import Path
from typing import Any

import pytest

from impact import output
from impact.errors import OutputError
from impact.output import write_output

PARTS = {"report.html", "results.json", "estimates.csv", "sensitivity.csv", "figures"}


def listing(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand-in for the rendering, which has tests of its own; the writing under test is real."""
    files = {"report.html": "new", "results.json": "new", "estimates.csv": "new", "sensitivity.csv": "new"}
    files |= {"figures/asb-trends.svg": "new"}
    monkeypatch.setattr(output, "rendered", lambda _result, _posteriors, **_options: files)
    return files


def write(folder: Path) -> Path:
    anything: Any = None
    return write_output(anything, folder)


def test_a_new_folder_holds_the_parts_and_nothing_else(rendered: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "deep" / "out")
    assert listing(tmp_path / "deep" / "out") == rendered
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}


def test_files_of_others_are_kept_even_in_the_figures_folder(rendered: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "holiday.svg").write_text("<svg>mine</svg>", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    write(tmp_path)
    write(tmp_path)
    assert listing(tmp_path) == {**rendered, "figures/holiday.svg": "<svg>mine</svg>", "notes.txt": "mine"}


def test_a_figure_of_ours_that_is_no_longer_made_goes(rendered: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    old = '<svg aria-labelledby="gone-trends-title gone-trends-desc">'
    (tmp_path / "figures" / "gone-trends.svg").write_text(old, encoding="utf-8")
    write(tmp_path)
    assert listing(tmp_path) == rendered


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_fault_at_any_step_puts_everything_back(
    rendered: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, at: int
) -> None:
    before = {**dict.fromkeys(rendered, "old"), "notes.txt": "mine"}
    for name, text in before.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    real, calls = output._move, 0

    def faulty(source: Path, destination: Path, moved: list[tuple[Path, Path]]) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise fault
        real(source, destination, moved)

    monkeypatch.setattr(output, "_move", faulty)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        write(tmp_path)
    assert listing(tmp_path) == before


@pytest.mark.usefixtures("rendered")
def test_the_current_folder_and_a_link_can_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "real"
    real.mkdir()
    monkeypatch.chdir(real)
    write(Path())
    (tmp_path / "link").symlink_to(real)
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert {p.name for p in real.iterdir()} == PARTS


@pytest.mark.usefixtures("rendered")
def test_the_mode_of_a_folder_is_kept_and_a_new_one_obeys_the_umask(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    write(private)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    before = os.umask(0o027)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o750


@pytest.mark.usefixtures("rendered")
def test_a_name_too_long_for_the_disk_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / ("x" * 300))


@pytest.mark.usefixtures("rendered")
def test_a_file_in_the_way_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="in the way"):
        write(tmp_path / "out")
    assert listing(tmp_path) == {"out": "mine"}


# The appendix and the draws ------------------------------------------------------------------------------------------

OURS = '<!DOCTYPE html><meta name="generator" content="pilot-impact">'


@pytest.mark.usefixtures("rendered")
def test_an_appendix_stays_when_a_report_is_only_written_again(tmp_path: Path) -> None:
    (tmp_path / "diagnostics.html").write_text(OURS, encoding="utf-8")
    write(tmp_path)
    assert (tmp_path / "diagnostics.html").read_text(encoding="utf-8") == OURS


@pytest.mark.usefixtures("rendered")
@pytest.mark.parametrize(("text", "kept"), [(OURS, False), ("mine", True)])
def test_a_run_without_draws_removes_an_older_appendix_of_ours_only(tmp_path: Path, text: str, kept: bool) -> None:
    (tmp_path / "diagnostics.html").write_text(text, encoding="utf-8")
    anything: Any = None
    write_output(anything, tmp_path, {})
    assert (tmp_path / "diagnostics.html").exists() is kept


def test_draws_are_bytes_beside_what_others_keep_there(rendered: dict[str, Any], tmp_path: Path) -> None:
    rendered["draws/asb.nc"] = b"\x89HDF\r\n"
    (tmp_path / "draws").mkdir()
    (tmp_path / "draws" / "mine.nc").write_bytes(b"mine")
    write(tmp_path)
    write(tmp_path)
    assert (tmp_path / "draws" / "asb.nc").read_bytes() == b"\x89HDF\r\n"
    assert (tmp_path / "draws" / "mine.nc").read_bytes() == b"mine"
