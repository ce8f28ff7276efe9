"""What a run says of itself: run.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swope.flows.manifest import read_sealed, write_sealed
from swope.flows.options import RunOptions
from swope.pipeline.catalog.store import RECORD
from swope.pipeline.commit import finish


@dataclass(frozen=True)
class RunRecord:
    """A finished run; the fields are the keys of run.json.

    Attributes
    ----------
    version : Swope's.
    versions : of all that may change a number (`swope.flows.makers.Makers`).
    sources : as the user gave them.
    config : the settings (`RunOptions`).
    models : model ids by kind.
    counts : rows by status: n_in = n_ok + n_partial + n_rejected + n_failed.
    n_inputs : files that were looked at.
    n_events : rows of events.parquet.
    inputs : SHA-256 of the input bytes of each chunk, with the files it covers.
    chunks : folders of the chunks, in the order of the catalog's making.
    n_reused : chunks that an earlier run had finished.
    timings : seconds by phase.
    n_kept : rows of the chunks that an earlier run had finished.
    n_taken_over : stars of the other chunks that an earlier run had done, and that are the same.
    drift : what of the catalog is not as in the runs before it (`swope.flows.drift`), in words.
    pieces : folders that hold rows of the catalog: those of chunks, and those that chunks refer to.
    root : folder that relative sources are relative to, as seen from the run's; None of an older version.
    refused : changes when anything of the inputs that did not become stars does; "" where there were none.
    """

    version: str
    versions: dict[str, str]
    sources: list[str]
    config: dict[str, Any]
    models: dict[str, str]
    counts: dict[str, int]
    n_inputs: int
    n_events: int
    inputs: list[dict[str, Any]]
    chunks: list[str]
    n_reused: int
    timings: dict[str, float]
    n_kept: int = 0
    n_taken_over: int = 0
    drift: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    root: str | None = None
    refused: str = ""

    def write(self, run_dir: Path) -> None:
        """Write run.json."""
        write_sealed(run_dir / RECORD, vars(self))

    @classmethod
    def read(cls, run_dir: Path) -> RunRecord:
        """Read run.json.

        Raises
        ------
        ValueError
            When the folder holds no finished run.
        """
        finish(run_dir)
        try:
            said = read_sealed(run_dir / RECORD)
            # what an earlier version said beside is passed over
            return cls(**{name: value for name, value in said.items() if name in cls.__dataclass_fields__})
        except FileNotFoundError:
            raise ValueError(f"{run_dir} holds no finished run: there is no {RECORD}; `swope run` makes one") from None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{run_dir / RECORD} is not a run's record: {error}; `swope run` makes it anew of the finished chunks"
            ) from None

    @property
    def stamp(self) -> str:
        """What tells this run's catalog from another's: a hash of all that made it."""
        made = [self.version, self.versions, self.config, self.models, self.inputs]
        made += [self.refused] if self.refused else []
        return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()

    @property
    def options(self) -> RunOptions:
        """The settings."""
        return RunOptions(**self.config)

    def summary(self, run_dir: Path) -> str:
        """What the user is told at the end: counts, and where to look."""
        counts = self.counts
        stars = counts["n_in"]
        parts = ", ".join(f"{counts[f'n_{status}']} {status}" for status in ("ok", "partial", "rejected", "failed"))
        lines = [
            f"{self.n_inputs} files, {stars} rows: {parts}; {self.n_events} events; {sum(self.timings.values()):.0f} s",
            f"catalog  {run_dir / 'objects.parquet'}",
            f"events   {run_dir / 'events.parquet'}",
        ]
        page = run_dir / "report" / "index.html"
        lines += [f"report   {page}"] if page.exists() else []
        if self.n_reused:
            lines.insert(1, f"{self.n_reused} of {len(self.chunks)} chunks were finished by an earlier run")
        if self.n_taken_over:
            lines.insert(1, f"{self.n_taken_over} stars are as they were in the run before")
        lines += [f"drift    {said}" for said in self.drift]
        return "\n".join(lines)
