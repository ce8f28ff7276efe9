"""From files and archives to chunks of light curves. Every input ends as a star or as a `Refused` with a reason."""

from swope.pipeline.ingest.core import plan, read, read_all
from swope.pipeline.ingest.parts import Ingested, IngestOptions, Part, Plan, Refused, SourceError
from swope.pipeline.ingest.sources import archive_targets, check_sources

__all__ = [
    "IngestOptions",
    "Ingested",
    "Part",
    "Plan",
    "Refused",
    "SourceError",
    "archive_targets",
    "check_sources",
    "plan",
    "read",
    "read_all",
]
