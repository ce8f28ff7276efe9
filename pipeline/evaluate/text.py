"""The tables of an evaluation for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from swope.pipeline.evaluate.results import Part


def tables(parts: Sequence[Part]) -> list[str]:
    """The lines of all tables: first the parts side by side, then each in detail."""
    rows: list[tuple[str, list[str]]] = [
        ("", [part.name for part in parts]),
        ("labelled stars", [str(part.n_labelled) for part in parts]),
        ("  not in the catalog", [str(part.n_absent) for part in parts]),
        ("  several stars of that name", [str(part.n_ambiguous) for part in parts]),
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
    lines = [f"{label:<36}" + "".join(f"{cell:>16}" for cell in cells) for label, cells in rows]
    for part in parts:
        lines += _part_text(part)
    return lines


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
