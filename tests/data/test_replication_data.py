"""The small published data sets hold what their READMEs say, and their scripts make them so."""

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

DATA = Path(__file__).resolve().parents[2] / "data"
PRINTED = 0.005  # two decimals are published


def restaurants() -> pd.DataFrame:
    return pd.read_csv(DATA / "card_krueger" / "restaurants.csv")


def sales() -> pd.DataFrame:
    return pd.read_csv(DATA / "kiel_mcclain" / "sales.csv")


def cigarettes() -> pd.DataFrame:
    return pd.read_csv(DATA / "prop99" / "cigarettes.csv")


def test_restaurants_are_those_of_card_and_krueger() -> None:
    table = restaurants()
    assert table.groupby(["state", "quarter"]).size().to_dict() == {
        ("New Jersey", "1992-Q1"): 331,
        ("New Jersey", "1992-Q4"): 331,
        ("Pennsylvania", "1992-Q1"): 79,
        ("Pennsylvania", "1992-Q4"): 79,
    }
    assert int(table["fte"].isna().sum()) == 26
    means = table.groupby(["state", "quarter"])["fte"].mean().to_dict()
    assert list(means.values()) == pytest.approx([20.44, 21.03, 23.33, 21.17], abs=PRINTED)


def test_sales_are_those_of_kiel_and_mcclain() -> None:
    table = sales()
    assert table["year"].value_counts().to_dict() == {1978: 179, 1981: 142}
    assert table["place"].value_counts().to_dict() == {"farther away": 225, "near the incinerator": 96}
    assert table.notna().all(axis=None)
    assert (table["real_price"] > 0).all()


def test_cigarettes_are_a_complete_panel() -> None:
    table = cigarettes()
    assert table.shape == (1209, 3)
    assert table["state"].nunique() == 39
    assert sorted(table["year"].unique()) == list(range(1970, 2001))
    assert not table.duplicated(["state", "year"]).any()
    assert table.notna().all(axis=None)


@pytest.mark.parametrize(
    ("folder", "source", "made"),
    [
        (
            "card_krueger",
            "nj,d,d_nj,fte,bk\n1,0,0,15.0,1\n0,1,0,,1\n",
            [["state", "quarter", "fte"], ["New Jersey", "1992-Q1", "15"], ["Pennsylvania", "1992-Q4", ""]],
        ),
        (
            "kiel_mcclain",
            "year,price,rprice,nearinc,rooms\n1981,95000.0,72964.671875,1,5\n1978,60000.0,60000.0,0,7\n",
            [
                ["year", "place", "real_price", "log_price"],
                ["1981", "near the incinerator", "72964.67", "11.461632"],
                ["1978", "farther away", "60000.00", "11.002100"],
            ],
        ),
        (
            "prop99",
            "State;Year;PacksPerCapita;treated\nUtah;1971;71.09999847;0\nAlabama;1970;89.80000305;0\n",
            [["state", "year", "packs"], ["Alabama", "1970", "89.8"], ["Utah", "1971", "71.1"]],
        ),
    ],
)
def test_each_script_takes_the_columns_needed(folder: str, source: str, made: list[list[str]], tmp_path: Path) -> None:
    given, out = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_text(source, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(DATA / folder / "prepare.py"), str(given), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    with out.open(encoding="utf-8", newline="") as written:
        assert list(csv.reader(written)) == made
