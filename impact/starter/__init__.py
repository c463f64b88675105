"""A starter study with simulated data, written by ``impact init``; it runs at once."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from impact.errors import OutputError

TEMPLATE = "template"


def write_starter(folder: Path) -> Path:
    """Write the starter study to `folder`, and return the path of its study file.

    Raises
    ------
    OutputError
        If `folder` exists and is not empty, or cannot be written; nothing is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: already exists and is not empty. Name a new folder: impact init NAME")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with as_file(files(__package__) / TEMPLATE) as template:
            for item in sorted(template.iterdir()):
                shutil.copyfile(item, folder / item.name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from None
    return folder / "study.yaml"
