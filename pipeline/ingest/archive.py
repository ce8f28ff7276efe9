"""Light curves from the archive of the space missions (MAST), through lightkurve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.parts import SourceError

#: The missions' own pipelines; others are read from files.
AUTHORS = ("Kepler", "K2", "SPOC")


def download(target: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """Fetch all light curves that the missions' own pipelines made of a target.

    Parameters
    ----------
    target : a name or identifier: ``KIC 8462852``, ``TIC 358108509``, ``Kepler-90``.
    scratch : the files go into ``mast`` below it; files that are there are not fetched again.

    Yields
    ------
    Path of each file, and its name for the user: ``mast:KIC 8462852/kplr008462852-...fits``.

    Raises
    ------
    SourceError
        When the target is empty or unknown, has no light curve, or the archive does not answer.
    """
    if not target:
        raise SourceError('an archive query needs a target: write for example "mast:KIC 8462852"')
    import lightkurve

    try:
        found = lightkurve.search_lightcurve(target, author=AUTHORS)
    except Exception as error:  # lightkurve passes on whatever the network, the archive or the resolver raise
        raise SourceError(f"the archive MAST did not answer for {target!r}: {_words(error)}") from error
    if len(found) == 0:
        raise SourceError(f"the archive MAST has no light curve of {target!r} by {', '.join(AUTHORS)}")
    folder = scratch / "mast"
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(len(found)):
        try:
            curve = found[i].download(quality_bitmask="none", download_dir=str(folder))
        except Exception as error:  # as above
            raise SourceError(f"light curve {i + 1} of {len(found)} of {target!r}: {_words(error)}") from error
        path = Path(str(curve.meta["FILENAME"]))
        yield path, f"mast:{target}/{path.name}"


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
