"""The published panel of counties."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from staggered_counties import Counties, read_counties


@pytest.fixture(scope="session")
def counties() -> Counties:
    return read_counties()
