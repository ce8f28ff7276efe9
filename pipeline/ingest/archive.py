"""Light curves from the archive of the space missions (MAST), through lightkurve."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import socket
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swope.pipeline.ingest.parts import SourceError

#: The missions' own pipelines, which are asked for where nothing is said.
AUTHORS = ("Kepler", "K2", "SPOC")

#: Cadences by name: 10 minutes and more, 1 and 2 minutes, 20 seconds. Others are said in seconds.
CADENCES = ("long", "short", "fast")

#: Seconds to wait before each new try where the archive does not answer.
DELAYS = (5.0, 10.0, 20.0, 40.0)

_HOST = "mast.stsci.edu"


class ArchiveError(SourceError):
    """The archive did not answer, or a download broke off: to try again later may help."""


@dataclass(frozen=True)
class Query:
    """What is asked of the archive.

    Attributes
    ----------
    target : a name or identifier.
    authors : the pipelines whose light curves are wanted, as the archive spells them.
    cadence : one of `CADENCES`, seconds of exposure, or None for all there are.
    """

    target: str
    authors: tuple[str, ...] = AUTHORS
    cadence: str | float | None = None

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read ``TIC 358108509, author=SPOC/QLP, cadence=120``.

        Raises
        ------
        SourceError
            When the target is empty, or a word is not understood.
        """
        target, *words = (part.strip() for part in text.split(","))
        if not target:
            raise SourceError('an archive query needs a target: write for example "mast:KIC 8462852"')
        said: dict[str, str] = {}
        for word in words:
            key, _, value = (part.strip() for part in word.partition("="))
            if key not in ("author", "cadence") or not value or key in said:
                raise SourceError(
                    f"archive query {text!r}: {word!r} is not understood; write for example "
                    '"mast:TIC 358108509, author=SPOC/QLP, cadence=120" (long, short, fast, or seconds)'
                )
            said[key] = value
        authors = tuple(filter(None, (name.strip() for name in said.get("author", "").split("/"))))
        return cls(target, authors or AUTHORS, _cadence(said.get("cadence", ""), text))


def _cadence(word: str, text: str) -> str | float | None:
    if not word or word.lower() in CADENCES:
        return word.lower() or None
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e5:
        raise SourceError(
            f"archive query {text!r}: the cadence {word!r} is neither {', '.join(CADENCES)} nor seconds of exposure"
        )
    return seconds


def download(target: str, scratch: Path) -> Iterator[tuple[Path, str]]:
    """Fetch light curves of a target: those that the missions' own pipelines made, where nothing else is said.

    Parameters
    ----------
    target : a name or identifier, perhaps with pipelines and a cadence, as `Query.parse` reads it: ``KIC 8462852``,
        ``TIC 358108509, author=QLP``, ``Kepler-90, cadence=long``.
    scratch : the files go into ``mast`` below it; files that are there are not fetched again, and a target whose files
        are all there is not asked for again.

    Yields
    ------
    Path of each file, and its name for the user: ``mast:KIC 8462852/kplr008462852-...fits``.

    Raises
    ------
    SourceError
        When the query is not understood, the target is unknown or has no such light curve, lightkurve is not
        installed, or there is no network.
    ArchiveError
        When the archive does not answer.
    """
    query = Query.parse(target)
    folder = scratch / "mast"
    fetched = folder / f"{hashlib.sha256(target.encode()).hexdigest()[:16]}.json"
    if not fetched.exists() or not all(map(os.path.exists, json.loads(fetched.read_text()))):
        folder.mkdir(parents=True, exist_ok=True)
        paths = list(_fetch(query, folder))
        unfinished = fetched.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps(paths))
        unfinished.replace(fetched)
    for path in json.loads(fetched.read_text()):
        yield Path(path), f"mast:{target}/{Path(path).name}"


def fetch(targets: Iterable[str], scratch: Path, wait: Callable[[float], None] = time.sleep) -> None:
    """Download what targets have, asking again where the archive does not answer; planning finds the files.

    What cannot be had is for planning to say.

    Parameters
    ----------
    targets, scratch : as for `download`.
    wait : waits so many seconds.
    """
    for target in targets:
        for delay in (*DELAYS, 0.0):
            try:
                for _ in download(target, scratch):
                    pass
                break
            except ArchiveError:
                if delay:
                    # not all at once, where many ask
                    wait(delay * random.uniform(1.0, 1.5))
            except SourceError:
                break


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


def _fetch(query: Query, folder: Path) -> Iterator[str]:
    check_archive()
    import lightkurve

    target = query.target
    try:
        found = lightkurve.search_lightcurve(target, author=query.authors, exptime=query.cadence)
    except Exception as error:  # lightkurve passes on whatever the network, the archive or the resolver raise
        raise ArchiveError(f"the archive MAST did not answer for {target!r}: {_words(error)}") from error
    if len(found) == 0:
        cadence = f" of cadence {query.cadence}" if query.cadence else ""
        raise SourceError(f"the archive MAST has no light curve of {target!r} by {', '.join(query.authors)}{cadence}")
    for i in range(len(found)):
        try:
            yield _file(found.table[i : i + 1], folder)
        except Exception as error:  # as above
            raise ArchiveError(f"light curve {i + 1} of {len(found)} of {target!r}: {_words(error)}") from error


def _file(product: Any, folder: Path) -> str:
    """Path of one product's file, fetched where it is not there; our readers take more kinds than lightkurve's do."""
    from astroquery.mast import Observations

    row = product[0]
    # where astroquery puts it; names of the archive's, cut to names
    parts = [Path(str(row[name])).name for name in ("obs_collection", "obs_id", "productFilename")]
    path = folder.joinpath("mastDownload", *parts)
    if path.exists():
        return str(path)
    answer = Observations.download_products(product, mrp_only=False, download_dir=str(folder))[0]
    if answer["Status"] != "COMPLETE":
        raise ArchiveError(f"{parts[-1]} was not sent ({answer['Status']}: {answer['Message']})")
    return str(answer["Local Path"])


def _lightkurve() -> None:
    if importlib.util.find_spec("lightkurve") is None:
        raise SourceError("an archive query needs lightkurve: pip install 'swope[archive]'")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
