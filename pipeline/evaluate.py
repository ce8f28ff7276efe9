"""A catalog held against known classes and periods."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from swope.pipeline.catalog.schema import STATUSES, probability_types
from swope.pipeline.catalog.store import OBJECTS, record_of, replacing
from swope.pipeline.labels import read_labels
from swope.pipeline.lightcurve import BoolArray, FloatArray
from swope.pipeline.split import held_out
from swope.pipeline.vsx import ancestors, is_a, lineage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: A period is right within this share, or within this part of a cycle over the star's whole span where that is looser.
PERIOD_TOLERANCE = 0.01
CYCLE_TOLERANCE = 0.25

#: Bins of confidence in the expected calibration error (Guo et al. 2017).
CALIBRATION_BINS = 15

#: Where the results go, inside the run's folder.
FOLDER = "evaluation"

#: The word for "no class" in tables and pictures.
NONE = "none"


@dataclass(frozen=True)
class ClassResult:
    """How one class fared.

    Attributes
    ----------
    name : VSX type.
    n : stars whose true class it is.
    recall : share of them that were given it; a star without a class counts as missed.
    precision : share of the stars given it that are of it; NaN where none was.
    f1 : harmonic mean of the two.
    n_none : of `n`, stars that were given no class.
    """

    name: str
    n: int
    recall: float
    precision: float
    f1: float
    n_none: int


@dataclass(frozen=True)
class ParentResult:
    """How the stars fared whose label is only a wider type, such as "E": any narrower type of it is right.

    Attributes
    ----------
    name : VSX type of the label.
    n : stars with it.
    recall : share that were given a type below it.
    n_none : of `n`, stars that were given no class.
    """

    name: str
    n: int
    recall: float
    n_none: int


@dataclass(frozen=True)
class OutsideResult:
    """A labelled class that the classifier does not know.

    Attributes
    ----------
    name : VSX type, or the survey's own word where it stands for no one type.
    n : stars with it.
    given : how many of them were given which class, most frequent first.
    """

    name: str
    n: int
    given: dict[str, int]


@dataclass(frozen=True)
class PeriodResults:
    """How the periods of one class fared; numbers of stars.

    Attributes
    ----------
    name : VSX type of the label, or "all".
    n : stars with a known period: the sum of the five that follow.
    exact : right within the tolerance.
    half, double : half or twice the true one, within the same tolerance.
    other : another.
    none : no period in the catalog.
    alias : of `other`, those that are an alias by one or two cycles a day.
    in_five : right among the five best periods.
    """

    name: str
    n: int
    exact: int
    half: int
    double: int
    other: int
    none: int
    alias: int
    in_five: int


@dataclass(frozen=True)
class Part:
    """The results for some of the labelled stars.

    Attributes
    ----------
    name : "all", or "held out" for the stars that the shipped models were never trained on.
    n_labelled : labelled stars; of these
    n_absent : are not in the catalog,
    n_unknown : have a label that stands for no one VSX type (doubtful ones among them),
    statuses : are in the catalog with this status.
    n_scored : stars in the catalog whose class the classifier knows; the five scores that follow are of them.
    accuracy : share that was given the right class; a star without a class counts as wrong.
    accuracy_sure : the same among those that have a class and no class_flag.
    balanced_accuracy : mean recall of the classes.
    macro_f1 : mean F1 of the classes.
    ece : expected calibration error of class_prob, among those that were given a class.
    n_abstained : of `n_scored`, stars with class probabilities but without a class, or with one and a class_flag.
    n_none : of `n_scored`, stars without a class, for whatever reason.
    n_wide : of `n_scored`, stars with a class_sure: the narrowest type or family that is likely enough to be believed.
    accuracy_wide : share of those that are of it.
    classes, parents, outside, periods : in detail.
    confusion : number of scored stars by true class, then by given class.
    """

    name: str
    n_labelled: int
    n_absent: int
    n_unknown: int
    statuses: dict[str, int]
    n_scored: int
    accuracy: float
    accuracy_sure: float
    balanced_accuracy: float
    macro_f1: float
    ece: float
    n_abstained: int
    n_none: int
    n_wide: int
    accuracy_wide: float
    classes: tuple[ClassResult, ...]
    parents: tuple[ParentResult, ...]
    outside: tuple[OutsideResult, ...]
    periods: tuple[PeriodResults, ...]
    confusion: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Evaluation:
    """What `swope evaluate` found; as text, it is the table for the terminal.

    Attributes
    ----------
    run_dir, labels : what was compared.
    types : VSX types that the run's classifier may answer.
    parts : all labelled stars, and those held out; or only the latter.
    files : what was written.
    """

    run_dir: str
    labels: str
    types: tuple[str, ...]
    parts: tuple[Part, ...]
    files: tuple[str, ...]

    def __str__(self) -> str:
        return _text(self)


def evaluate(run_dir: Path, labels_path: Path, held_out_only: bool = False) -> Evaluation:
    """Compare a run's classes and periods with known ones; writes DIR/evaluation/.

    Stars are matched by object_id. A label finer than the classifier's types counts as the wider type that it knows;
    one that is wider ("E", "RR") is scored apart, and one that it does not know at all is listed apart.

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
    stars = labels.merge(catalog, on="object_id", how="left", suffixes=("_true", ""))
    if not stars["status"].notna().any():
        there, wanted = (", ".join(map(repr, frame["object_id"].head(3))) for frame in (catalog, labels))
        raise ValueError(f"none of the labelled stars ({wanted}, ...) is in the catalog ({there}, ...)")
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
    parts = tuple(_part(name, stars[rows], types) for name, rows in chosen.items())
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
    result = Evaluation(str(run_dir), str(labels_path), types, parts, tuple(map(str, files)))
    with replacing(record) as temporary:
        temporary.write_text(json.dumps(_finite(asdict(result)), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return result


def _own_models(run_dir: Path) -> str | None:
    """The folder of the user's own models that a run was made with; None for the shipped ones."""
    own = record_of(run_dir).get("config", {}).get("models")
    return str(own) if own else None


def period_matches(period: FloatArray, true: FloatArray, span: FloatArray) -> BoolArray:
    """Which periods are right: within 1 %, or within a quarter of a cycle over the span where that is looser.

    Parameters
    ----------
    period, true : (n,) days; NaN never matches.
    span : (n,) days from the first to the last observation; NaN where unknown.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        near = np.abs(period / true - 1) <= PERIOD_TOLERANCE
        cycles = np.abs(1 / period - 1 / true) * span
        return np.asarray(near | (cycles <= CYCLE_TOLERANCE), dtype=bool)


def expected_calibration_error(confidence: FloatArray, right: BoolArray, bins: int = CALIBRATION_BINS) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by the stars in each.

    Guo et al. 2017, "On Calibration of Modern Neural Networks" (ICML), eq. 3; bins are open below and closed above.

    Parameters
    ----------
    confidence : (n,) probability that what was said of a star is right, in [0, 1].
    right : (n,) whether it is.
    bins : number of bins.

    Returns
    -------
    In [0, 1]; NaN for n = 0.
    """
    if len(confidence) == 0:
        return math.nan
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(place, confidence - right.astype(float), minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def confusion_picture(part: Part) -> Figure:
    """The confusion matrix as a picture: rows are true classes, shaded by share, with the numbers in the cells."""
    from matplotlib.figure import Figure

    true = [result.name for result in part.classes]
    given = sorted({name for row in part.confusion.values() for name in row} - {*true, NONE})
    columns = [*true, *given, *([NONE] if part.n_none else [])]
    counts = np.array([[part.confusion[row].get(column, 0) for column in columns] for row in true])
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(2.2 + 0.55 * len(columns), 1.9 + 0.5 * len(true)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for (i, j), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[i, j] > 0.55 else "black"
            axes.text(j, i, f"{count}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
    labels = [f"{result.name}  ({result.n})" for result in part.classes]
    axes.set_yticks(range(len(true)), labels)
    axes.set_xlabel("class in the catalog")
    axes.set_ylabel("true class")
    axes.set_title(f"{part.n_scored} stars ({part.name}): accuracy {part.accuracy:.3f}", fontsize=10)
    return figure


def _catalog(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns to compare, one row a star, and the classifier's types."""
    types = probability_types(pq.read_schema(path).names)
    periods = ["period", *(f"period_{n}" for n in range(2, 6))]
    wanted = ["object_id", "status", "n_obs", "time_start", "time_end", "class", "class_prob", "class_flag"]
    wanted += ["class_sure", *periods]
    table = pq.read_table(path, columns=[*wanted, *(f"prob_{name}" for name in types[:1])])
    catalog = table.to_pandas()
    catalog["has_probabilities"] = catalog[f"prob_{types[0]}"].notna() if types else False
    # a star of several files has several rows: the one with the most observations speaks for it
    catalog = catalog.sort_values("n_obs", ascending=False, kind="stable", na_position="last")
    catalog = catalog.drop_duplicates("object_id")
    return catalog, types or tuple(sorted(catalog["class"].dropna().unique()))


def _part(name: str, stars: pd.DataFrame, types: Sequence[str]) -> Part:
    present = stars[stars["status"].notna()]
    labels = present["class_true"]
    known = labels[labels.notna()]
    targets = {label: _target(label, types) for label in known.unique()}
    target = labels.map(targets)
    scored = present[target.notna().to_numpy()]
    truth = target[target.notna()].to_numpy(dtype=object)
    given = scored["class"].where(scored["class"].notna(), NONE).to_numpy(dtype=object)
    confidence = scored["class_prob"].to_numpy(dtype=float)
    right = truth == given
    has_class = given != NONE
    classified = scored["has_probabilities"].to_numpy(dtype=bool)
    flagged = scored["class_flag"].notna().to_numpy()
    confident = has_class & np.isfinite(confidence)
    wide = scored["class_sure"].notna().to_numpy()
    sure = zip(scored["class_true"][wide], scored["class_sure"][wide], strict=True)
    classes = tuple(_class_result(name, truth, given) for name in sorted(set(truth)))
    parents = [label for label, its in targets.items() if its is None and any(is_a(one, label) for one in types)]
    return Part(
        name=name,
        n_labelled=len(stars),
        n_absent=len(stars) - len(present),
        n_unknown=int((stars["class_true"].isna() & stars["class_source"].notna()).sum()),
        statuses={status: int((present["status"] == status).sum()) for status in STATUSES},
        n_scored=len(scored),
        accuracy=_mean(right),
        accuracy_sure=_mean(right[has_class & ~flagged]),
        balanced_accuracy=_mean([result.recall for result in classes]),
        macro_f1=_mean([result.f1 for result in classes]),
        ece=expected_calibration_error(confidence[confident], right[confident]),
        n_abstained=int((classified & (flagged | ~has_class)).sum()),
        n_none=int((~has_class).sum()),
        n_wide=int(wide.sum()),
        accuracy_wide=_mean([wider in lineage(label) for label, wider in sure]),
        classes=classes,
        parents=tuple(_parent_result(label, present[(labels == label).to_numpy()]) for label in sorted(parents)),
        outside=_outside(present, {label for label, its in targets.items() if its is None} - {*parents}),
        periods=_periods(present),
        confusion={result.name: _counts(given[truth == result.name]) for result in classes},
    )


def _target(label: str, types: Sequence[str]) -> str | None:
    """The type that a right classifier answers for a label: itself, or the nearest wider one that it knows."""
    return next((wider for wider in ancestors(label) if wider in types), None)


def _class_result(name: str, truth: NDArray[np.object_], given: NDArray[np.object_]) -> ClassResult:
    of_it, called = truth == name, given == name
    hits, n, n_called = int((of_it & called).sum()), int(of_it.sum()), int(called.sum())
    return ClassResult(
        name=name,
        n=n,
        recall=hits / n,
        precision=hits / n_called if n_called else math.nan,
        f1=2 * hits / (n + n_called),
        n_none=int((of_it & (given == NONE)).sum()),
    )


def _parent_result(label: str, stars: pd.DataFrame) -> ParentResult:
    given = stars["class"].dropna()
    right = sum(is_a(name, label) for name in given)
    return ParentResult(name=label, n=len(stars), recall=right / len(stars), n_none=len(stars) - len(given))


def _outside(stars: pd.DataFrame, labels: set[str]) -> tuple[OutsideResult, ...]:
    unknown = stars["class_true"].isna() & stars["class_source"].notna()
    word = stars["class_true"].where(~unknown, stars["class_source"])
    rows = stars[unknown | stars["class_true"].isin(labels)]
    results = [
        OutsideResult(str(name), len(some), _counts(some["class"].where(some["class"].notna(), NONE)))
        for name, some in rows.groupby(word[rows.index])
    ]
    return tuple(sorted(results, key=lambda result: (-result.n, result.name)))


def _periods(stars: pd.DataFrame) -> tuple[PeriodResults, ...]:
    stars = stars[stars["period_true"].notna()]
    if stars.empty:
        return ()
    groups = stars.groupby("class_true")
    return (_period_results("all", stars), *(_period_results(str(name), some) for name, some in groups))


def _period_results(name: str, stars: pd.DataFrame) -> PeriodResults:
    true, period = (stars[column].to_numpy(dtype=float) for column in ("period_true", "period"))
    span = (stars["time_end"] - stars["time_start"]).to_numpy(dtype=float)
    exact = period_matches(period, true, span)
    half = period_matches(2 * period, true, span) & ~exact
    double = period_matches(period / 2, true, span) & ~exact & ~half
    none = np.isnan(period)
    other = ~(exact | half | double | none)
    with np.errstate(divide="ignore"):
        aliases = [1 / np.abs(1 / true + n) for n in (-2, -1, 1, 2)]
    alias = np.any([period_matches(period, one, span) for one in aliases], axis=0) & other
    runners_up = [stars[f"period_{n}"].to_numpy(dtype=float) for n in range(2, 6)]
    in_five = np.any([exact, *(period_matches(one, true, span) for one in runners_up)], axis=0)
    counts = {
        "exact": exact,
        "half": half,
        "double": double,
        "other": other,
        "none": none,
        "alias": alias,
        "in_five": in_five,
    }
    return PeriodResults(name=name, n=len(stars), **{key: int(which.sum()) for key, which in counts.items()})


def _counts(names: Iterable[str]) -> dict[str, int]:
    found, counts = np.unique(np.asarray(list(names), dtype=object).astype(str), return_counts=True)
    ordered = sorted(zip(found.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return dict(ordered)


def _mean(values: Sequence[float] | NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _finite(value: Any) -> Any:
    """The same with null in place of NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(evaluation: Evaluation) -> str:
    parts = evaluation.parts
    lines = [f"{evaluation.run_dir} against {evaluation.labels}", ""]
    rows: list[tuple[str, list[str]]] = [
        ("", [part.name for part in parts]),
        ("labelled stars", [str(part.n_labelled) for part in parts]),
        ("  not in the catalog", [str(part.n_absent) for part in parts]),
        ("  rejected or failed", [str(part.statuses["rejected"] + part.statuses["failed"]) for part in parts]),
        ("  label is no one VSX type", [str(part.n_unknown) for part in parts]),
        ("scored by class", [str(part.n_scored) for part in parts]),
        ("  accuracy, no class is wrong", [_share(part.accuracy) for part in parts]),
        ("  accuracy where sure (no flag)", [_share(part.accuracy_sure) for part in parts]),
        ("  balanced accuracy", [_share(part.balanced_accuracy) for part in parts]),
        ("  macro-F1", [_share(part.macro_f1) for part in parts]),
        ("  calibration error (ECE)", [_share(part.ece) for part in parts]),
        ("  abstained (flag or no class)", [_of(part.n_abstained, part.n_scored) for part in parts]),
        ("  type or family given (class_sure)", [_of(part.n_wide, part.n_scored) for part in parts]),
        ("  right where it is", [_share(part.accuracy_wide) for part in parts]),
        ("  no class at all", [_of(part.n_none, part.n_scored) for part in parts]),
    ]
    lines += [f"{label:<36}" + "".join(f"{cell:>16}" for cell in cells) for label, cells in rows]
    for part in parts:
        lines += _part_text(part)
    return "\n".join([*lines, "", *(f"written  {file}" for file in evaluation.files)])


def _part_text(part: Part) -> list[str]:
    lines = []
    if part.classes:
        lines += ["", f"classes, {part.name}", f"{'':<12}{'n':>7}{'recall':>9}{'precision':>11}{'F1':>8}{'none':>7}"]
        lines += [
            f"{one.name:<12}{one.n:>7}{_share(one.recall):>9}{_share(one.precision):>11}{_share(one.f1):>8}{one.n_none:>7}"
            for one in part.classes
        ]
    if part.parents:
        lines += ["", f"labels of a wider type, {part.name}: any type below is right", f"{'':<12}{'n':>7}{'recall':>9}"]
        lines += [f"{one.name:<12}{one.n:>7}{_share(one.recall):>9}" for one in part.parents]
    if part.outside:
        lines += ["", f"labels that the classifier does not know, {part.name}: what it said"]
        for other in part.outside:
            said = ", ".join(f"{name} {count}" for name, count in list(other.given.items())[:4])
            lines.append(f"{other.name[:24]:<25}{other.n:>6}  {said}")
    if part.periods:
        lines += ["", f"periods, {part.name} (share of stars)"]
        columns = ("exact", "half", "double", "other", "none", "alias", "in_five")
        lines.append(f"{'':<12}{'n':>7}" + "".join(f"{name:>9}" for name in columns))
        for row in part.periods:
            shares = "".join(f"{_share(getattr(row, name) / row.n):>9}" for name in columns)
            lines.append(f"{row.name:<12}{row.n:>7}{shares}")
    return lines


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _of(count: int, total: int) -> str:
    return f"{count} ({count / total:.1%})" if total else str(count)
