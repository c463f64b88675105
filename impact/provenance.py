"""What made a result, so that it can be made again: hashes, versions, seed, commit and times."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from impact import __version__
from impact.errors import UsageError

RECORDED = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels", "ibis-framework", "duckdb", "matplotlib")


def timestamp() -> str:
    """Time now in UTC to the second, or the time that SOURCE_DATE_EPOCH fixes.

    Raises
    ------
    UsageError
        If SOURCE_DATE_EPOCH is set to anything but seconds since 1970 in digits.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed and not re.fullmatch(r"[0-9]{1,11}", fixed):
        raise UsageError(f"SOURCE_DATE_EPOCH is '{fixed}'; set it to seconds since 1970 in digits, or unset it.")
    moment = datetime.fromtimestamp(int(fixed), tz=UTC) if fixed else datetime.now(tz=UTC)
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


def commit_of_program() -> str | None:
    """Commit of the checkout this program runs from; None where it is installed, or without git."""
    git, here = shutil.which("git"), Path(__file__)
    if git is None:
        return None

    def answer(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - fixed commands on our own file
            [git, "-C", str(here.parent), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    # an installed copy may lie within somebody's checkout without being part of it
    return (answer("rev-parse", "HEAD") or None) if answer("ls-files", "--error-unmatch", here.name) else None


def merged_hashes(by_source: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Hash of every data file as ``source/file name``, sorted."""
    return {f"{source}/{file}": digest for source, files in sorted(by_source.items()) for file, digest in files.items()}
