"""Importing the package costs next to nothing; reading a study loads the statistics but nothing heavier."""

import subprocess
import sys
from pathlib import Path

import pytest

VALID = Path(__file__).parent / "valid.yaml"
FOR_LOADING = {"pydantic", "yaml", "numpy", "scipy"}
HEAVY = {"pandas", "statsmodels", "linearmodels", "matplotlib", "duckdb", "ibis", "pymc", "arviz"}


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import impact.study", FOR_LOADING | HEAVY),
        (f"from impact.study import load_study; load_study({str(VALID)!r})", HEAVY),
    ],
)
def test_what_is_imported(code: str, absent: set[str]) -> None:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert absent & set(done.stdout.split()) == set()
