"""One bad input never ends a run: what goes wrong with it becomes its `Refused`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from swope.pipeline.ingest.parts import Refused, UnusableError

T = TypeVar("T")


def guarded(object_id: str, source: str, work: Callable[[], T]) -> T | Refused:
    """Do one input's work; whatever it raises becomes a refusal: `UnusableError` rejected, anything else failed."""
    try:
        return work()
    except Exception as error:  # a file may break a parser in any way; the others go on
        return refusal(object_id, source, error)


def refusal(object_id: str, source: str, error: Exception) -> Refused:
    """Put an exception into words for the catalog."""
    if isinstance(error, UnusableError):
        return Refused(object_id, source, str(error))
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return Refused(object_id, source, f"not text: byte 0x{byte:02x} at {error.start} is not UTF-8", "failed")
    words = " ".join(str(error).split()) or type(error).__name__
    # readers raise an OSError for a damaged file, too, but without the system's number; Arrow, for one away, without it
    for_now = isinstance(error, FileNotFoundError) or (isinstance(error, OSError) and error.errno is not None)
    return Refused(object_id, source, f"could not be read ({type(error).__name__}: {words[:300]})", "failed", for_now)
