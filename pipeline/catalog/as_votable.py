"""A table as VOTable 1.4."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from swope.pipeline.catalog.schema import provenance
from swope.pipeline.catalog.store import replacing
from swope.pipeline.column import Column

_DATATYPES = {pa.string(): "unicodeChar", pa.int32(): "int", pa.float32(): "float", pa.float64(): "double"}


def write_votable(source: Path, target: Path) -> list[Path]:
    """Copy a Parquet table as VOTable; unit, UCD and description stand at each FIELD, what made it in INFOs.

    The serialisation is BINARY2, which alone marks nulls: a null number needs no magic value, and a null text is not an
    empty one.

    Returns
    -------
    The file.
    """
    from astropy.io.votable import writeto
    from astropy.io.votable.tree import CooSys, Field, Info, Resource, TableElement, VOTableFile

    table = pq.read_table(source)
    file = VOTableFile(version="1.4")
    resource = Resource(type="results")
    file.resources.append(resource)
    element = TableElement(file, ID=source.stem, name=source.stem)
    resource.tables.append(element)
    resource.infos.extend(Info(name=name, value=said) for name, said in provenance(table.schema).items())
    places = {"ra", "dec"} & set(table.column_names)
    if places:
        resource.coordinate_systems.append(CooSys(ID="icrs", system="ICRS"))
    for column in map(Column.of, table.schema):
        text = column.type == pa.string()
        field = Field(
            file,
            ID=_id(column.name),
            name=column.name,
            datatype=_DATATYPES[column.type],
            arraysize="*" if text else None,
            unit=column.unit or None,
            ucd=column.ucd,
            ref="icrs" if column.name in places else None,
        )
        field.description = column.description
        element.fields.append(field)
    element.create_arrays(len(table))
    for name in table.column_names:
        identifier, values = _id(name), table[name]
        element.array.mask[identifier] = np.asarray(values.is_null())
        filled = values.fill_null("" if values.type == pa.string() else 0)
        element.array.data[identifier] = filled.to_numpy(zero_copy_only=False)
    with replacing(target) as temporary:
        writeto(file, str(temporary), tabledata_format="binary2")
    return [target]


def _id(name: str) -> str:
    """An XML identifier; VSX types have parentheses and signs that no identifier may have."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)
