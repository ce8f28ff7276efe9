"""A run's catalog, opened in Python."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq

from swope.flows.latent import placed
from swope.flows.pages import asked_rows, curves_of
from swope.flows.record import RunRecord
from swope.models.analysis import Analysis, analyze
from swope.models.registry import load_models
from swope.pipeline.analogues import nearest
from swope.pipeline.catalog.store import EVENTS, OBJECTS

if TYPE_CHECKING:
    import pandas

#: What is told of stars that are like another.
_TOLD = (
    *("class", "class_prob", "period", "amplitude", "mean_mag", "mean_flux"),
    *("n_obs", "anomaly_rank", "anomaly_reason"),
)


class Catalog:
    """A finished run. Made by `swope.open`.

    Attributes
    ----------
    folder : of the run.
    record : what it says of itself: version, settings, models, counts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = RunRecord.read(folder)

    @cached_property
    def objects(self) -> pandas.DataFrame:
        """A row a star."""
        frame: pandas.DataFrame = pq.read_table(self.folder / OBJECTS).to_pandas()
        return frame

    @cached_property
    def events(self) -> pandas.DataFrame:
        """A row an event."""
        frame: pandas.DataFrame = pq.read_table(self.folder / EVENTS).to_pandas()
        return frame

    def star(self, object_id: str, source: str | None = None) -> Analysis:
        """One star of the run, with its light curve, forecasts, events and row.

        Its light curve is taken from the run, and its forecasts are made again with the run's settings and models.

        Parameters
        ----------
        object_id : its name.
        source : the file that it came from; needed where several have a star of this name.

        Raises
        ------
        ValueError
            When there is no such star, when several sources have one, or when it has no light curve, and why.
        """
        row = self._row(object_id, source)
        (curve,) = curves_of(self.folder, self.record.chunks, [row])
        options = self.record.options
        made = analyze([curve], load_models(options.models), options.analysis)[0]
        # what needs the whole catalog is known here
        return replace(made, row={**made.row, **row})

    def like(self, object_id: str, n: int = 10, source: str | None = None) -> pandas.DataFrame:
        """The stars of the run that are most like one: by the latent space of the autoencoder and by their classes.

        Parameters
        ----------
        object_id : the star's name.
        n : how many, at most.
        source : the file that it came from; needed where several have a star of this name.

        Returns
        -------
        A row a star, the nearest first: object_id, source, distance (in standard deviations of the catalog's stars;
        `swope.pipeline.analogues.places`), and of its row class, class_prob, period, amplitude, mean_mag, mean_flux,
        n_obs, anomaly_rank and anomaly_reason.

        Raises
        ------
        ValueError
            When there is no such star, when several sources have one, or when too little is known of it.
        """
        row = self._row(object_id, source)
        known = placed(self.folder, pq.read_table(self.folder / OBJECTS))
        if (row["object_id"], row["source"]) not in known.names:
            raise ValueError(f"{object_id} cannot be compared, {row['status']}: {row['reason']}")
        near, distance = nearest(known.place, known.names.index((row["object_id"], row["source"])), n)
        found = self.objects.iloc[known.row[near]][["object_id", "source", *_TOLD]].reset_index(drop=True)
        found.insert(2, "distance", distance)
        return found

    def _row(self, object_id: str, source: str | None) -> dict[str, Any]:
        """The star's row of the catalog."""
        rows = asked_rows(pq.read_table(self.folder / OBJECTS), [object_id])
        rows = [row for row in rows if source is None or row["source"] == source]
        if not rows:
            raise ValueError(f"no star {object_id!r} came from {source}")
        if len(rows) > 1:
            raise ValueError(f"{object_id!r} came from {', '.join(row['source'] for row in rows)}: say which source")
        return rows[0]

    def __len__(self) -> int:
        return int(ds.dataset(self.folder / OBJECTS).count_rows())

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {name.removeprefix('n_')}" for name, n in self.record.counts.items() if name != "n_in")
        return f"<Catalog {self.folder}: {len(self):,} stars ({counts}), {self.record.n_events:,} events>"


def open(folder: str | Path) -> Catalog:  # noqa: A001 - as in `astropy.io.fits.open`
    """Open the catalog of a run.

    Parameters
    ----------
    folder : that `swope run --out` wrote.

    Raises
    ------
    ValueError
        When it holds no finished run.

    Examples
    --------
    >>> import swope
    >>> swope.open("no/such/folder")
    Traceback (most recent call last):
    ValueError: no/such/folder holds no finished run: there is no run.json; `swope run` makes one
    """
    return Catalog(Path(folder))
