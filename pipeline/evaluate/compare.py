"""A catalog held against known classes and periods."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from swope.pipeline.catalog.schema import probability_types
from swope.pipeline.catalog.store import OBJECTS, record_of, replacing
from swope.pipeline.evaluate.part import part_of
from swope.pipeline.evaluate.picture import confusion_picture
from swope.pipeline.evaluate.results import Part
from swope.pipeline.evaluate.text import tables
from swope.pipeline.labels import ambiguity, match, read_labels
from swope.pipeline.split import held_out

if TYPE_CHECKING:
    import pandas as pd

#: Where the results go, inside the run's folder.
FOLDER = "evaluation"


@dataclass(frozen=True)
class Evaluation:
    """What `swope evaluate` found; as text, it is the table for the terminal.

    Attributes
    ----------
    run_dir, labels : what was compared.
    types : VSX types that the run's classifier may answer.
    parts : all labelled stars, and those held out; or only the latter.
    ambiguous : what is to be said of labels that may mean several stars; None where there are none.
    files : what was written.
    """

    run_dir: str
    labels: str
    types: tuple[str, ...]
    parts: tuple[Part, ...]
    ambiguous: str | None
    files: tuple[str, ...]

    def __str__(self) -> str:
        said = [self.ambiguous, ""] if self.ambiguous else []
        lines = [f"{self.run_dir} against {self.labels}", "", *said, *tables(self.parts), ""]
        return "\n".join([*lines, *(f"written  {file}" for file in self.files)])


def evaluate(run_dir: Path, labels_path: Path, held_out_only: bool = False) -> Evaluation:
    """Compare a run's classes and periods with known ones; writes DIR/evaluation/.

    Stars are matched by object_id and, where the labels have it, source; labels that may mean several stars are left
    out and counted (`swope.pipeline.labels.match`). A label finer than the classifier's types counts as the wider type
    that it knows; one that is wider ("E", "RR") is scored apart, and one that it does not know at all is listed apart.

    Parameters
    ----------
    run_dir : folder of a finished run.
    labels_path : a file for `swope.pipeline.labels.read_labels`.
    held_out_only : leave out the stars that the shipped models may have been trained on. A run with the user's own
        models has no such part: Swope does not know what they were trained on.

    Raises
    ------
    FileNotFoundError
        When either is missing.
    ValueError
        When the labels cannot be read, or no labelled star is in the catalog; when only stars held out are asked for
        of a run with the user's own models.
    """
    path = Path(run_dir) / OBJECTS
    if not path.is_file():
        raise FileNotFoundError(f"{run_dir} holds no {OBJECTS}; is it the folder of a finished run?")
    labels = read_labels(labels_path)
    catalog, types = _catalog(path)
    matches = match(labels, list(zip(catalog["source"], catalog["object_id"], strict=True)))
    unsure = ambiguity(labels, matches)
    if (matches.star < 0).all():
        there, wanted = (", ".join(map(repr, frame["object_id"].head(3))) for frame in (catalog, labels))
        said = f"; {unsure}" if unsure else ""
        raise ValueError(f"none of the labelled stars ({wanted}, ...) is in the catalog ({there}, ...){said}")
    told = labels.drop(columns="source").assign(ambiguous=matches.ambiguous, place=matches.star)
    # place -1 is no row of the catalog
    stars = told.merge(
        catalog.drop(columns=["object_id", "source"]),
        left_on="place",
        right_index=True,
        how="left",
        suffixes=("_true", ""),
    )
    own = _own_models(Path(run_dir))
    if own and held_out_only:
        raise ValueError(
            f"--held-out: {run_dir} was made with the models in {own}, and `swope train` keeps no star apart; give "
            "labels of stars that they never saw"
        )
    apart = stars["object_id"].map(held_out).to_numpy(dtype=bool)
    chosen = {"all": np.ones(len(stars), dtype=bool)} if not held_out_only else {}
    if not own:
        chosen["held out"] = apart
    parts = tuple(part_of(name, stars[rows], types) for name, rows in chosen.items())
    folder = Path(run_dir) / FOLDER
    files = []
    # pictures of other labels, or of stars that are not asked for now
    for old in folder.glob("confusion-*.png"):
        old.unlink()
    for part in parts:
        if part.n_scored:
            files.append(folder / f"confusion-{part.name.replace(' ', '-')}.png")
            with replacing(files[-1]) as temporary:
                confusion_picture(part).savefig(temporary, format="png", dpi=120, metadata={"Software": None})
    files.append(record := folder / "evaluation.json")
    result = Evaluation(str(run_dir), str(labels_path), types, parts, unsure, tuple(map(str, files)))
    with replacing(record) as temporary:
        temporary.write_text(json.dumps(_finite(asdict(result)), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return result


def _own_models(run_dir: Path) -> str | None:
    """The folder of the user's own models that a run was made with; None for the shipped ones."""
    own = record_of(run_dir).get("config", {}).get("models")
    return str(own) if own else None


def _catalog(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns to compare, a row a star, and the classifier's types."""
    types = probability_types(pq.read_schema(path).names)
    periods = ["period", *(f"period_{n}" for n in range(2, 6))]
    wanted = ["object_id", "source", "status", "time_start", "time_end", "class", "class_prob", "class_flag"]
    wanted += ["class_sure", *periods]
    table = pq.read_table(path, columns=[*wanted, *(f"prob_{name}" for name in types[:1])])
    catalog = table.to_pandas()
    catalog["source"] = catalog["source"].fillna("")
    catalog["has_probabilities"] = catalog[f"prob_{types[0]}"].notna() if types else False
    return catalog, types or tuple(sorted(catalog["class"].dropna().unique()))


def _finite(value: Any) -> Any:
    """The same with null in place of NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
