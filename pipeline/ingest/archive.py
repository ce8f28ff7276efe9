"""Light curves from the archive of the space missions (MAST), through lightkurve."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.parts import SourceError

#: The missions' own pipelines; others are read from files.
AUTHORS = ("Kepler", "K2", "SPOC")

_HOST = "mast.stsci.edu"


class ArchiveError(SourceError):
    """The archive did not answer, or a download broke off: to try again later may help."""


def download(target: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """Fetch all light curves that the missions' own pipelines made of a target.

    Parameters
    ----------
    target : a name or identifier: ``KIC 8462852``, ``TIC 358108509``, ``Kepler-90``.
    scratch : the files go into ``mast`` below it; files that are there are not fetched again, and a target whose files
        are all there is not asked for again.

    Yields
    ------
    Path of each file, and its name for the user: ``mast:KIC 8462852/kplr008462852-...fits``.

    Raises
    ------
    SourceError
        When the target is empty or unknown, has no light curve, lightkurve is not installed, or there is no network.
    ArchiveError
        When the archive does not answer.
    """
    if not target:
        raise SourceError('an archive query needs a target: write for example "mast:KIC 8462852"')
    folder = scratch / "mast"
    fetched = folder / f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.json"
    if not fetched.exists():
        folder.mkdir(parents=True, exist_ok=True)
        paths = list(_fetch(target, folder))
        unfinished = fetched.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps(paths))
        unfinished.replace(fetched)
    for path in json.loads(fetched.read_text()):
        yield Path(path), f"mast:{target}/{Path(path).name}"


def check_archive() -> None:
    """Refuse at once what `download` would refuse after a long wait.

    Raises
    ------
    SourceError
        When lightkurve is not installed, or there is no network.
    """
    _lightkurve()
    if urllib.request.getproxies():
        # names may be known to the proxy alone
        return
    try:
        socket.getaddrinfo(_HOST, 443)
    except OSError as error:
        raise SourceError(
            f"the archive MAST cannot be reached, there is no network here ({_HOST}: {_words(error)}): fetch the files "
            "where there is one, and name them instead"
        ) from error


def _fetch(target: str, folder: Path) -> Iterator[str]:
    check_archive()
    import lightkurve

    try:
        found = lightkurve.search_lightcurve(target, author=AUTHORS)
    except Exception as error:  # lightkurve passes on whatever the network, the archive or the resolver raise
        raise ArchiveError(f"the archive MAST did not answer for {target!r}: {_words(error)}") from error
    if len(found) == 0:
        raise SourceError(f"the archive MAST has no light curve of {target!r} by {', '.join(AUTHORS)}")
    for i in range(len(found)):
        try:
            curve = found[i].download(quality_bitmask="none", download_dir=str(folder))
        except Exception as error:  # as above
            raise ArchiveError(f"light curve {i + 1} of {len(found)} of {target!r}: {_words(error)}") from error
        yield str(curve.meta["FILENAME"])


def _lightkurve() -> None:
    if importlib.util.find_spec("lightkurve") is None:
        raise SourceError("an archive query needs lightkurve: pip install 'swope[archive]'")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
