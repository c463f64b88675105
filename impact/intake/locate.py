"""Finding a source's files, naming them without their folders, and hashing them."""

import difflib
import glob
import hashlib
from dataclasses import dataclass
from pathlib import Path

from impact.intake.findings import BadFileError

CSV = (".csv", ".txt", ".tsv")
EXCEL = (".xlsx", ".xlsm")
OLD_SPREADSHEETS = (".xls", ".xlsb", ".ods", ".numbers")
PARQUET = (".parquet", ".pq")
DUCKDB = (".duckdb", ".ddb", ".db")
SQLITE = (".sqlite", ".sqlite3")
SQLITE_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a source; `path` is None for a database's table or query."""

    path: Path | None
    name: str
    sha256: str | None


def find_files(pattern: str, folder: Path) -> list[DataFile]:
    """Return the files that a path or glob of the study file means, sorted by name.

    Raises
    ------
    BadFileError
        If there is none, or the path is a folder.
    """
    path = folder / pattern
    if path.is_dir():
        raise BadFileError(
            "is_folder",
            f"'{pattern}' is a folder.",
            f"Name a file in it, or all of them with a glob such as {pattern.rstrip('/')}/*.csv.",
        )
    if path.is_file():
        return _named([path])
    if glob.has_magic(pattern):
        found = [folder / p for p in glob.glob(pattern, root_dir=folder, recursive=True)]  # noqa: PTH207 - absolute too
        files = sorted({p for p in found if p.is_file()})  # ** may find a file twice
        if files:
            return _named(files)
        raise BadFileError(
            "no_files",
            f"no file matches '{pattern}'.",
            "Check the path: it is relative to the folder of the study file.",
        )
    raise BadFileError("missing_file", f"there is no file '{pattern}'.", _advice(path))


def _advice(path: Path) -> str:
    if not path.parent.is_dir():
        return "Its folder does not exist either; paths are relative to the folder of the study file."
    names = sorted(p.name for p in path.parent.iterdir() if p.is_file())
    near = difflib.get_close_matches(path.name, names, n=1)
    if near:
        return f"Did you mean '{near[0]}'? Paths are relative to the folder of the study file."
    return "Check the path: it is relative to the folder of the study file."


def _named(paths: list[Path]) -> list[DataFile]:
    """Name files by as many of their last folders as tell them apart."""
    depth, names = 1, [p.name for p in paths]
    while len(set(names)) < len(names):
        depth += 1
        names = ["/".join(p.parts[-depth:]) for p in paths]
    return [DataFile(path, name, None) for name, path in sorted(zip(names, paths, strict=True))]


def hashed(file: DataFile) -> DataFile:
    """Return the file with its SHA-256.

    Raises
    ------
    BadFileError
        If the file cannot be read.
    """
    if file.path is None:
        return file
    try:
        with file.path.open("rb") as stream:
            return DataFile(file.path, file.name, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as error:
        raise BadFileError(
            "unreadable_file",
            f"the file cannot be opened ({error.strerror}).",
            "Check that you may read it and that no other program holds it.",
        ) from None


def suffix_of(path: Path) -> str:
    """Return the ending that tells the format, in lower case, without .gz."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_sqlite(path: Path) -> bool:
    """Whether the file is an SQLite database, by its first bytes."""
    with path.open("rb") as stream:
        return stream.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC
