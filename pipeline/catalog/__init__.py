"""What a run leaves behind: its tables, and their copies for other programs."""

from swope.pipeline.catalog.export import FORMATS, export
from swope.pipeline.catalog.schema import events_table, night_points_table, night_stars_table, objects_table
from swope.pipeline.catalog.selected import Selected, stars_of
from swope.pipeline.catalog.store import count_statuses, merge, write_parquet

__all__ = [
    "FORMATS",
    "Selected",
    "count_statuses",
    "events_table",
    "export",
    "merge",
    "night_points_table",
    "night_stars_table",
    "objects_table",
    "stars_of",
    "write_parquet",
]
