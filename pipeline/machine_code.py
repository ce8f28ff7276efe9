"""Where numba keeps what it has compiled, so that it need not compile again in every process.

By itself numba writes beside the code, or below the user's home, and raises where it can do neither: in a container,
say, whose packages are read-only and whose user has no home.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

_VARIABLE = "NUMBA_CACHE_DIR"


def keep_compiled(code: Path = Path(__file__).parent) -> Path | None:
    """See to it that numba can write somewhere; before the first ``@njit(cache=True)`` is met.

    Parameters
    ----------
    code : a folder of the code that is compiled.

    Returns
    -------
    The folder chosen; None where numba's own choice is well, or the user has chosen (``NUMBA_CACHE_DIR``).
    """
    if os.environ.get(_VARIABLE) or _takes_files(code / "__pycache__") or _takes_files(_home_cache()):
        return None
    folder = Path(tempfile.gettempdir()) / f"swope-compiled-{os.getuid()}"
    # what is compiled is loaded and run: nobody else may put it there
    if not _takes_files(folder) or folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        folder = Path(tempfile.mkdtemp(prefix="swope-compiled-"))
    os.environ[_VARIABLE] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return folder


def is_kept(code: Path, function: str) -> bool:
    """Whether numba has kept machine code of a function, of this or of an earlier version; quick, without numba.

    Parameters
    ----------
    code : the folder of the function's module.
    function : ``module.name``.
    """
    own = os.environ.get(_VARIABLE)
    places = [Path(own)] if own else [code / "__pycache__", _home_cache()]
    return any(place.is_dir() and next(place.rglob(f"{function}-*.nbi"), None) for place in places)


def _home_cache() -> Path:
    """Where numba writes below the user's home."""
    own = os.environ.get("XDG_CACHE_HOME")
    return (Path(own) if own else Path(os.path.expanduser("~")) / ".cache") / "numba"


def _takes_files(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
