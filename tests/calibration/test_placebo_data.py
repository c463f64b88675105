"""The table that placebos are drawn from is laid out as its README says, by the script beside it."""

import csv
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "data" / "police_uk_asb"
TABLE = FOLDER / "district_month.csv"
HEADER = ["force", "month", "district", "asb_count"]


def table() -> tuple[list[str], list[list[str]]]:
    with TABLE.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    return header[2:], rows


def extract(counts: list[list[str]], folder: Path) -> bytes:
    source, out = folder / "counts.csv", folder / "out.csv"
    with source.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows([HEADER, *counts])
    command = [sys.executable, "-W", "error", str(FOLDER / "extract.py"), str(source), str(out)]
    subprocess.run(command, check=True)
    return out.read_bytes()


def test_a_missing_file_is_missing_for_the_whole_force() -> None:
    _, rows = table()
    empty = {(row[0], tuple(cell == "" for cell in row[2:])) for row in rows}
    assert len(rows) == 234
    assert len(empty) == len({force for force, _ in empty}) == 23
    assert len({(row[0], row[1]) for row in rows}) == len({row[1] for row in rows}) == 234


def test_months_come_in_whole_stretches() -> None:
    months, rows = table()
    years = {
        tuple(sorted({m[:4] for m, cell in zip(months, row[2:], strict=True) if cell}))
        for row in rows
        if row[0] == "cambridgeshire"
    }
    assert years == {("2014", "2024", "2025")}
    assert [sum(m.startswith(year) for m in months) for year in ("2014", "2024", "2025")] == [11, 12, 12]


def test_extracting_again_from_the_table_changes_nothing(tmp_path: Path) -> None:
    months, rows = table()
    counts = [
        [row[0], month, row[1], cell]
        for row in rows
        for month, cell in zip(months, row[2:], strict=True)
        if cell not in {"", "0"}
    ]
    assert extract(counts, tmp_path) == TABLE.read_bytes()


def test_rows_across_a_border_other_forces_and_short_stretches_are_dropped(tmp_path: Path) -> None:
    months = [f"2025-{m:02d}" for m in range(1, 9)]
    counts = [["kent", month, f"D{d}", "30"] for month in months for d in range(7)]
    counts += [["kent", "2025-03", "Bexley", "5"], ["essex", "2025-03", "D0", "2"], ["btp", "2025-03", "D0", "999"]]
    counts += [["kent", "2025-11", f"D{d}", "30"] for d in range(7)]
    counts += [["kent", month, "D7", "40"] for month in months[:5]]
    header, *rows = extract(counts, tmp_path).decode().splitlines()
    assert header.split(",") == ["force", "district", *months]
    assert rows == [*(f"kent,D{d}," + ",".join(["30"] * 8) for d in range(7)), "kent,D7,40,40,40,40,40,0,0,0"]
