"""FITS binary tables that no mission's reader knows: a row an observation, of one star or of many (Gaia, ZTF, WASP)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from swope.pipeline.ingest.bytes import open_unpacked
from swope.pipeline.ingest.flat import flat_reader
from swope.pipeline.ingest.parts import UnusableError
from swope.pipeline.ingest.table import Table

#: What only the missions' files have in their headers.
_MISSION = re.compile(
    rb"TELESCOP= '(Kepler|TESS|K2)|MISSION = '(Kepler|TESS|K2)|KEPLERID=|TICID   =|PROGRAM = 'k2sc|TESSMAG =|TESS_flags"
    rb"|ORIGIN  = 'NASA/Ames|SAP_FLUX|SAP_QUALITY|TMID_BJD|CADENCENO|BJDREFI|K2VARCAT|FRAW|KEPMAG",
    re.I,
)


def _recognises(_: Path, head: bytes) -> bool:
    if head[:9] != b"SIMPLE  =" or _MISSION.search(head):
        return False
    return b"XTENSION= 'BINTABLE'" in head or b"XTENSION= 'TABLE" in head


def _tables(path: str) -> Iterator[Table]:
    from astropy.io import fits
    from astropy.table import Table as Read

    from swope.pipeline.ingest.astropy_tables import table_of_astropy

    found = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_unpacked(path) as raw, fits.open(raw, memmap=False) as file:
            for hdu in file:
                if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) and hdu.data is not None and len(hdu.data):
                    found += 1
                    # astropy's own times, a day and its fraction side by side, state their scale in further cards
                    native = any(card.startswith("TCTYP") for card in hdu.header)
                    table = Read.read(hdu, astropy_native=native)
                    table.meta = {**dict(file[0].header), **table.meta}
                    yield table_of_astropy(table)
    if not found:
        raise UnusableError("no table with rows")


READER = flat_reader("fits_flat", 9, "a FITS binary table, a row an observation", _recognises, _tables)
