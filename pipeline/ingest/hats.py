"""HATS catalogs and other partitioned data sets: which of their files hold stars, and which are their own sidecars.

Layout: the HATS note of IVOA (2025) and hats 0.5 or newer. A collection's `collection.properties` names its primary
catalog; a catalog's `hats.properties` (`properties` in older ones) says whether it holds objects, or is a margin cache,
an index, a map or an association of another, whose rows are stars a second time or none at all. The rows lie in
`dataset/`, beside their summaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: Kinds of catalogs whose rows are light curves or observations.
WITH_STARS = ("object", "source", "nested", "")

#: Files that data sets of Parquet files keep beside their rows, whoever wrote them (HATS, Dask, Spark).
SUMMARIES = re.compile(r"_metadata|_common_metadata|_SUCCESS|(data_)?thumbnail\.parquet|.*\.crc", re.ASCII)

_PROPERTIES = ("hats.properties", "properties")
_COLLECTION = "collection.properties"


def without_sidecars(files: Iterable[Path]) -> list[Path]:
    """Those of some files that hold stars: all but the sidecars of the data sets that they lie in.

    Parameters
    ----------
    files : found in folders and by patterns; what the user named one by one is not for this.
    """
    known: dict[Path, str | None] = {}
    return [file for file in files if not SUMMARIES.fullmatch(file.name) and _holds_stars(file, known)]


def _holds_stars(file: Path, known: dict[Path, str | None]) -> bool:
    if file.name == _COLLECTION:
        return False
    file = file.absolute()
    root = next((folder for folder in file.parents if _kind(folder, known) is not None), None)
    if root is None:
        return True
    return _kind(root, known) in WITH_STARS and file.relative_to(root).parts[0] == "dataset"


def _kind(folder: Path, known: dict[Path, str | None]) -> str | None:
    """The kind of the HATS catalog whose folder this is; None for a folder that is none."""
    if folder not in known:
        known[folder] = None
        for name in _PROPERTIES:
            stated = properties_of(folder / name)
            if any(key.startswith("hats_") for key in stated):
                known[folder] = stated.get("dataproduct_type", "")
                break
    return known[folder]


def properties_of(path: Path) -> dict[str, str]:
    """The ``key=value`` lines of a properties file; {} where it is absent or cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(2**20)
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", "!")))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}
