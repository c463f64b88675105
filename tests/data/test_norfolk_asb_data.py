"""The recorded ASB is what data.police.uk published, and the script that cut it out does what it says."""

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "norfolk_asb"
STREET = sorted(FOLDER.glob("*-norfolk-street.csv"))
COLUMNS = [
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location",
    "LSOA code", "LSOA name", "Crime type", "Last outcome category", "Context",
]  # fmt: skip
JULY_2025 = {
    "South Norfolk": 93,
    "Broadland": 68,
    "Breckland": 140,
    "North Norfolk": 53,
    "Norwich": 247,
    "Great Yarmouth": 150,
    "King's Lynn and West Norfolk": 119,
}
DISPERSION = {"2014": 2.29, "2024-25": 1.43}
PRINTED = 0.005  # two decimals are published


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def counted() -> dict[tuple[str, str], int]:
    return {(r["month"], r["district"]): int(r["asb_count"]) for r in read(FOLDER / "district_month.csv")}


def districts_of(rows: list[dict[str, str]]) -> Counter[str]:
    return Counter(row["LSOA name"][:-5] for row in rows)


def run_extract(raw: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(FOLDER / "extract.py"), str(raw), str(out)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_sixteen_months_in_the_published_format() -> None:
    months = [f"2024-{m:02d}" for m in range(1, 5)] + [f"2025-{m:02d}" for m in range(1, 13)]
    assert [path.name[:7] for path in STREET] == months
    for path in STREET:
        rows = read(path)
        assert list(rows[0]) == COLUMNS
        assert {row["Crime type"] for row in rows} == {"Anti-social behaviour"}
        assert {row["Month"] for row in rows} == {path.name[:7]}


def test_july_2025_has_the_published_counts() -> None:
    found = districts_of(read(FOLDER / "2025-07-norfolk-street.csv"))
    assert {district: found[district] for district in JULY_2025} == JULY_2025


def test_the_rows_count_up_to_the_table() -> None:
    table = counted()
    for path in STREET:
        found = districts_of(read(path))
        for district in JULY_2025:
            assert found[district] == table[path.name[:7], district]


def test_rows_elsewhere_and_without_an_lsoa_are_kept() -> None:
    rows = [row for path in STREET for row in read(path)]
    elsewhere = [row for row in rows if row["LSOA name"] and row["LSOA name"][:-5] not in JULY_2025]
    nowhere = [row for row in rows if not row["LSOA name"]]
    assert (len(rows), len(elsewhere), len(nowhere)) == (11431, 21, 2)


def test_the_table_is_complete_and_has_the_published_dispersion() -> None:
    table = counted()
    months = sorted({month for month, _ in table})
    assert len(months) == 27
    assert len(table) == 27 * 7
    for era, chosen in {"2014": months[:11], "2024-25": months[11:]}.items():
        counts = np.array([[table[month, district] for district in JULY_2025] for month in chosen])
        fitted = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
        degrees = (counts.shape[0] - 1) * (counts.shape[1] - 1)
        dispersion = ((counts - fitted) ** 2 / fitted).sum() / degrees
        assert dispersion == pytest.approx(DISPERSION[era], abs=PRINTED)


def test_population_of_the_county() -> None:
    people = {row["district"]: int(row["population"]) for row in read(FOLDER / "population.csv")}
    assert set(people) == set(JULY_2025)
    # The county's total is rounded by itself: the districts, each rounded to hundreds, add up to 100 less.
    assert abs(sum(people.values()) - 916_100) <= 7 * 50


def test_extracting_again_from_the_extract_changes_nothing(tmp_path: Path) -> None:
    assert run_extract(FOLDER, tmp_path).returncode == 0
    for path in STREET:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    recent = [row for row in read(FOLDER / "district_month.csv") if row["month"] >= "2024"]
    assert read(tmp_path / "district_month.csv") == recent


def test_extract_keeps_asb_lines_byte_for_byte(tmp_path: Path) -> None:
    header = ",".join(COLUMNS).encode()
    asb = b',2024-05,N,N,1.0,52.0,"On or near Bell, The",E1,Norwich 001A,Anti-social behaviour,,'
    no_lsoa = b",2024-05,N,N,,,No Location,,,Anti-social behaviour,,"
    theft = b"ab,2024-05,N,N,1.0,52.0,On or near A,E1,Norwich 001A,Bicycle theft,,"
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "2024-05-norfolk-street.csv").write_bytes(b"\r\n".join([header, theft, asb, no_lsoa, b""]))
    (raw / "2014-01-norfolk-street.csv").write_bytes(b"\n".join([header, asb.replace(b"2024-05", b"2014-01")]))
    out = tmp_path / "out"
    assert run_extract(raw, out).returncode == 0
    assert (out / "2024-05-norfolk-street.csv").read_bytes() == b"\r\n".join([header, asb, no_lsoa, b""])
    assert not (out / "2014-01-norfolk-street.csv").exists()
    norwich = [r for r in read(out / "district_month.csv") if r["district"] == "Norwich"]
    assert [(r["month"], r["asb_count"]) for r in norwich] == [("2014-01", "1"), ("2024-05", "1")]


def test_extract_without_files_says_so(tmp_path: Path) -> None:
    done = run_extract(tmp_path, tmp_path / "out")
    assert done.returncode == 2
    assert "no file named like" in done.stderr
    assert not (tmp_path / "out").exists()
