"""What is not as it was when the last run, or night, was made: by their manifests, never by the times of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from swope.flows.makers import Makers
from swope.flows.manifest import is_done
from swope.flows.night.record import NightRecord
from swope.flows.options import RunOptions
from swope.flows.record import RunRecord
from swope.flows.state import NIGHTLY
from swope.pipeline.ingest import Plan


def last_night(nights: Path, run: RunRecord) -> Path | None:
    """The last finished night that went on from this run, or from a night that did; None where there is none."""
    for path in sorted(nights.glob(f"*/{NIGHTLY}"), reverse=True):
        if NightRecord.read(path.parent).run == run.stamp:
            return path.parent
    return None


def known_parts(run: RunRecord, night: Path | None) -> set[str]:
    """Digests of the parts of the input that the run, or the night after it, has read."""
    known = {entry["sha256"] for entry in run.inputs}
    return known if night is None else known | set(NightRecord.read(night).inputs)


def input_changes(planned: Plan, run: RunRecord, night: Path | None) -> list[str]:
    """What of the input is not as the run has it, or the night after it, in words; empty where everything is."""
    last = run if night is None else NightRecord.read(night)
    before = {entry["sha256"] for entry in run.inputs} if isinstance(last, RunRecord) else set(last.inputs)
    now = {part.digest for part in planned.parts}
    changed = []
    if new := now - known_parts(run, night):
        changed.append(f"{len(new)} of {len(now)} parts of the input are new or changed")
    if gone := before - now:
        changed.append(f"{len(gone)} of the {len(before)} parts that were there are gone or changed")
    if planned.n_inputs != last.n_inputs:
        changed.append(f"{planned.n_inputs} files, where there were {last.n_inputs}")
    if planned.refused_digest != last.refused:
        changed.append("what cannot become a star is not as it was")
    return changed


def undone(run: RunRecord, run_dir: Path) -> list[str]:
    """What the run could not do, or not read at the time, in words; empty where it did everything."""
    left = [chunk for chunk in run.chunks if (run_dir / chunk).exists() and not is_done(run_dir / chunk)]
    return [f"{len(left)} of {len(run.chunks)} chunks were not done by the run before"] if left else []


def maker_changes(run: RunRecord, makers: Makers, options: RunOptions) -> list[str]:
    """What of models, code, packages and settings is not as the run had it, in words; empty where everything is."""
    return [
        *_different("model", run.models, makers.models),
        *_different("version", run.versions, makers.versions),
        *_different("setting", run.config, asdict(options)),
    ]


def _different(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [f"{what} {name}: {now.get(name)}, before {before.get(name)}" for name in names]
