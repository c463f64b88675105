"""The car thefts give the three coefficients of Di Tella and Schargrodsky (2004), Table 3."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "ditella"
PRINTED = 0.000005  # five decimals are published
ROBUST_ERROR = 0.0224  # same block against all others, as published
ERROR_PRINTED = 0.00005  # four decimals are published
PUBLISHED = {"same block": -0.07753, "no one-block": -0.08007, "no one- or two-block": -0.08080}


def thefts() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "car_thefts.csv")


def sample(column: str) -> pd.DataFrame:
    table = thefts()
    keep = {
        "same block": np.full(len(table), fill_value=True),
        "no one-block": (table["one_block"] == 0).to_numpy(),
        "no one- or two-block": ((table["one_block"] == 0) & (table["two_blocks"] == 0)).to_numpy(),
    }
    return table[keep[column]]


def demeaned(values: np.ndarray) -> np.ndarray:
    """Take block and month means out of (blocks, months); in a balanced panel that fits both sets of effects."""
    return values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()


def two_way_did(table: pd.DataFrame) -> tuple[float, float]:
    """Return the coefficient of protection and its robust standard error (HC1, effects counted as parameters)."""
    wide = table.pivot(index="block", columns="month", values="thefts").to_numpy()
    protected = table.groupby("block")["same_block"].first().to_numpy()
    after = np.array(sorted(table["month"].unique())) > "1994-07"
    treatment = demeaned(np.outer(protected, after).astype(float))
    coefficient = (treatment * wide).sum() / (treatment**2).sum()
    residual = demeaned(wide) - coefficient * treatment
    blocks, months = wide.shape
    degrees = wide.size - (blocks + months - 1) - 1
    variance = wide.size / degrees * (treatment**2 * residual**2).sum() / (treatment**2).sum() ** 2
    return float(coefficient), float(np.sqrt(variance))


def test_the_panel_is_complete() -> None:
    table = thefts()
    assert len(table) == 7884
    assert table["block"].nunique() == 876
    assert sorted(table["month"].unique()) == [f"1994-{m:02d}" for m in range(4, 13)]
    assert not table.duplicated(["block", "month"]).any()
    assert table.notna().all(axis=None)
    assert (table["thefts"] * 4 % 1 == 0).all()
    distance = table.groupby("block")[["same_block", "one_block", "two_blocks"]]
    assert (distance.nunique() == 1).all(axis=None)
    assert distance.first().sum().tolist() == [37, 161, 226]
    assert (distance.first().sum(axis=1) <= 1).all()


@pytest.mark.parametrize("column", PUBLISHED)
def test_published_coefficients(column: str) -> None:
    coefficient, _ = two_way_did(sample(column))
    assert coefficient == pytest.approx(PUBLISHED[column], abs=PRINTED)


def test_published_robust_standard_error() -> None:
    _, error = two_way_did(thefts())
    assert error == pytest.approx(ROBUST_ERROR, abs=ERROR_PRINTED)


@pytest.mark.parametrize("name", ["same_block", "one_block", "two_blocks"])
def test_the_studies_name_the_protected_blocks(name: str) -> None:
    study = yaml.safe_load((ROOT / "studies" / f"police_car_theft_{name}.yaml").read_text(encoding="utf-8"))
    table = thefts()
    protected = table.loc[table["same_block"] == 1, "block"].unique().tolist()
    assert study["areas"]["treated"] == sorted(protected)
    compared = table[table["same_block"] == 0]
    for column, value in study["sources"]["thefts"].get("where", {}).items():
        compared = compared[compared[column] == value]
    assert f" {compared['block'].nunique()} " in study["study"]["note"]


def test_prepare_takes_the_columns_and_leaves_out_the_rest_of_july(tmp_path: Path) -> None:
    panel = tmp_path / "panel.csv"
    panel.write_text(
        "observ,barrio,institu1,distanci,totrob,mes\n"
        "10.0,Once,0.0,2.0,0.25,4.0\n"
        "2.0,Once,1.0,0.0,1.0,12.0\n"
        "2.0,Once,1.0,0.0,0.5,72.0\n"
        "2.0,Once,1.0,0.0,0.5,73.0\n"
        "2.0,Once,1.0,0.0,0.0,7.0\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.csv"
    command = [sys.executable, "-W", "error", str(FOLDER / "prepare.py"), str(panel), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    with out.open(encoding="utf-8", newline="") as made:
        assert list(csv.reader(made)) == [
            ["block", "month", "thefts", "same_block", "one_block", "two_blocks"],
            ["2", "1994-07", "0", "1", "0", "0"],
            ["2", "1994-12", "1", "1", "0", "0"],
            ["10", "1994-04", "0.25", "0", "0", "1"],
        ]
