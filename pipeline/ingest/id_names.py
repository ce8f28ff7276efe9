"""Which column names the star, and which only looks as if it did."""

from __future__ import annotations

import re

from swope.pipeline.ingest.time_names import plain_name

#: Plain names of columns that name the star, the preferred first.
ID_NAMES = (
    *("objectid", "id", "diaobjectid", "oid", "objid", "starid", "sourceid", "masterid", "asassnid", "snid", "transid"),
    *("gaiaid", "gaiasourceid", "ticid", "tic", "kicid", "kepid", "kic", "epicid", "epic", "hatid", "catalinaid"),
    *(
        "lcid",
        "curveid",
        "targetid",
        "uniqueid",
        "machoid",
        "oglid",
        "ogleid",
        "wiseid",
        "allwisecntr",
        "ps1id",
        "numid",
    ),
    *(
        "star",
        "object",
        "starname",
        "objectname",
        "name",
        "sourcename",
        "targetname",
        "target",
        "designation",
        "asasid",
    ),
    *("objname", "source", "catalogid", "crtsid", "sdssid", "swaspid", "superwaspid", "corotid", "ztfid", "candname"),
    *("hip", "hipparcosid", "hipid", "identifier", "obj", "obj_id", "src", "srcid", "starno", "staridentifier"),
)

#: Names of stars, which people write now in capitals, now not.
NAMES = frozenset(("star", "object", "starname", "objectname", "name", "sourcename", "targetname", "target", "objname"))

#: Proper names under which observers report stars that have a designation, too (IAU catalogue of star names).
PROPER_NAMES = {
    "betelgeuse": "alf ori",
    "alpha ori": "alf ori",
    "mira": "omi cet",
    "omicron cet": "omi cet",
    "algol": "bet per",
    "polaris": "alf umi",
    "antares": "alf sco",
    "rasalgethi": "alf her",
    "sheliak": "bet lyr",
    "mintaka": "del ori",
    "garnet star": "mu cep",
    "almaaz": "eps aur",
    "mekbuda": "zet gem",
    "delta cep": "del cep",
    "eta aql": "eta aql",
    "alphard": "alf hya",
    "aldebaran": "alf tau",
    "spica": "alf vir",
    "scheat": "bet peg",
    "navi": "gam cas",
}

_LIKE_AN_ID = re.compile(
    r"(^|[^a-z])(id|ids|name|star|object|target|source|designation|identifier|tic|kic|epic|hip|catalog|lightcurve)"
    r"($|[^a-z])|id$|name$|star$|object$|(star|obj|src|source)[\W_]?(nr|no|num|number)\.?$",
    re.I,
)
_NO_ID = re.compile(
    r"obs|cam|ccd|field|fld|filt|band|frame|image|img|visit|exp|chart|comp|cname|kname|check|group|det|^rc|^pid|qid"
    r"|transit|solution|soft|tel|inst|station|net|site|night|run|cadence|amp|sector|quarter|season|campaign|chip|mode"
    r"|file|proc|cand|alert|parent|tract|patch|orbit|grid|fluid|valid|centroid|^mid$|resid|fid|uuid|pixel|number_?of"
    r"|diasource|epoch|plate|series|row|index|unnamed|match|dist|scan|night|spec|chunk|label|slice|affil|method|ref"
    r"|code|comment|note|type|class|measid|meas|data|observer"
    r"|(^|[_\W])err|mag([_\W\d]|$)|flux|sky([_\W]|$)|radius|width",
    re.I,
)


def id_like(name: str) -> bool:
    """Whether a column that is not known by its name may tell stars from each other."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return _LIKE_AN_ID.search(spaced) is not None and not never_an_id(name)


def never_an_id(name: str) -> bool:
    """Whether a name is that of something that differs from row to row, or from instrument to instrument."""
    return _NO_ID.search(name) is not None


def id_rank(name: str) -> int | None:
    """Place of a name among the known ones, or None."""
    plain = plain_name(name)
    return ID_NAMES.index(plain) if plain in ID_NAMES else None
