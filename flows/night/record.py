"""What a night says of itself: nightly.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from swope.flows.manifest import read_sealed, write_sealed
from swope.flows.night.tables import EVENTS, POINTS, STARS, SURPRISING
from swope.flows.record import RunRecord
from swope.flows.state import NIGHTLY
from swope.pipeline.catalog.schema import STATUSES


@dataclass(frozen=True)
class NightRecord:
    """A finished night; the fields are the keys of nightly.json.

    Attributes
    ----------
    version, versions : of Swope, of Python and of the packages that may change a number.
    sources : as the user gave them.
    since : the folder whose state the night went on from.
    config : the settings (`RunOptions`).
    models : ids of the detectors at work.
    counts : stars by status: n_in = n_ok + n_partial + n_rejected + n_failed.
    n_inputs : files that were looked at.
    n_points, n_seen, n_masked, n_events : new rows, rows known before, rows that cannot be used, events.
    n_judged, n_surprising : stars with a p-value, and those below `SURPRISING`: many more than that share of them point
        to the instrument, or to the sky.
    strangest : rows of stars.parquet with the smallest p-values, each with what happened in words.
    timings : seconds by phase.
    run : which run it, or the nights before it, went on from (`swope.flows.record.RunRecord.stamp`); "" where an older
        version did not say.
    inputs : digests of the parts of the input.
    refused : as a run's record has it.
    changed : what was not as it was before, in words.
    files : SHA-256 of the state that the next night goes on from, by name.
    """

    version: str
    versions: dict[str, str]
    sources: list[str]
    since: str
    config: dict[str, Any]
    models: dict[str, str]
    counts: dict[str, int]
    n_inputs: int
    n_points: int
    n_seen: int
    n_masked: int
    n_events: int
    n_judged: int
    n_surprising: int
    strangest: list[dict[str, Any]]
    timings: dict[str, float]
    run: str = ""
    inputs: list[str] = field(default_factory=list)
    refused: str = ""
    changed: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def write(self, out: Path) -> None:
        """Write nightly.json."""
        write_sealed(out / NIGHTLY, asdict(self))

    @classmethod
    def read(cls, night: Path) -> NightRecord:
        """Read nightly.json.

        Raises
        ------
        ValueError
            When the folder holds no finished night.
        """
        try:
            return cls(**read_sealed(night / NIGHTLY))
        except FileNotFoundError:
            raise ValueError(f"{night} holds no finished night: there is no {NIGHTLY}") from None
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{night / NIGHTLY} is not a night's record: {error}; remove its folder, and that night is scored anew"
            ) from None

    def summary(self, out: Path) -> str:
        """What the user is told at the end: counts, cost, the most surprising stars, and where to look."""
        stars = self.counts["n_in"]
        parts = ", ".join(f"{self.counts[f'n_{status}']} {status}" for status in STATUSES)
        spent = ", ".join(
            f"{name} {seconds:.1f}"
            + (f" ({1e3 * seconds / max(stars, 1):.1f} ms a star)" if name in self.models else "")
            for name, seconds in self.timings.items()
        )
        lines = [
            f"{self.n_inputs} files, {stars} stars: {parts}; {self.n_events} events",
            f"{self.n_points} new points; {self.n_seen} rows known before, {self.n_masked} that cannot be used",
            f"{sum(self.timings.values()):.1f} s: {spent}",
        ]
        if self.strangest:
            expected = SURPRISING * self.n_judged
            lines += [f"{self.n_surprising} stars with p below {SURPRISING}, {expected:.1f} expected; most surprising:"]
            lines += [f"  {row['night_pvalue']:8.1e}  {row['object_id']}  {row['said']}" for row in self.strangest]
        return "\n".join([*lines, f"points   {out / POINTS}", f"stars    {out / STARS}", f"events   {out / EVENTS}"])


def run_of(folder: Path) -> str:
    """Which run a folder is of, or its night went on from."""
    return NightRecord.read(folder).run if (folder / NIGHTLY).exists() else RunRecord.read(folder).stamp
