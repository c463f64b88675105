"""What made a result, so that it can be made again: hashes, versions, seed, commit and times."""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from impact import __version__

RECORDED = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels", "ibis-framework", "duckdb", "matplotlib")


def timestamp() -> str:
    """Time now in UTC to the second, or the time that SOURCE_DATE_EPOCH fixes."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(fixed), tz=UTC) if fixed.isdigit() else datetime.now(tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of the libraries that make the numbers."""
    return {
        "impact": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in RECORDED},
    }


def sha256_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def commit_of(folder: Path) -> str | None:
    """Commit of the git checkout that holds `folder`; None outside a checkout or without git."""
    git = shutil.which("git")
    if git is None or not folder.is_dir():
        return None
    found = subprocess.run(  # noqa: S603 - a fixed command on a folder the user named
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def merged_hashes(by_source: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Hash of every data file as ``source/file name``, sorted."""
    return {f"{source}/{file}": digest for source, files in sorted(by_source.items()) for file, digest in files.items()}
