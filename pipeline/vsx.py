"""The names of variable stars: AAVSO VSX types in a small hierarchy, and what surveys call them.

The types and their meaning follow the International Variable Star Index (Watson, Henden & Price 2006), which extends
the General Catalogue of Variable Stars (Samus et al. 2017). Only types that a light curve can speak for are listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class VariableType:
    """One VSX type.

    Attributes
    ----------
    name : as VSX writes it: ``EW``, ``RRAB``, ``SN Ia``.
    parent : the wider type it belongs to, or None; a parent is a VSX type itself ("E", "RR", "CEP").
    group : its family: eclipsing, pulsating, rotating, eruptive, cataclysmic, extragalactic, X-ray or other.
    description : a line for people.
    """

    name: str
    parent: str | None
    group: str
    description: str


_LISTED: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "eclipsing": (
        ("E", None, "eclipsing binary, subtype open"),
        ("EA", "E", "Algol type: detached eclipses with flat light between them"),
        ("EB", "E", "beta Lyrae type: ellipsoidal stars, unequal minima, no flat part"),
        ("EW", "E", "W Ursae Majoris type: contact binary with nearly equal minima"),
        ("EP", "E", "star eclipsed by its planet"),
    ),
    "pulsating": (
        ("ACYG", None, "alpha Cygni supergiant, many periods"),
        ("BCEP", None, "beta Cephei star"),
        ("BLAP", None, "blue large-amplitude pulsator"),
        ("CEP", None, "Cepheid, subtype open"),
        ("DCEP", "CEP", "classical Cepheid, fundamental mode"),
        ("DCEPS", "DCEP", "classical Cepheid, first overtone"),
        ("DCEP(B)", "DCEP", "classical Cepheid with two or more modes"),
        ("ACEP", "CEP", "anomalous Cepheid"),
        ("CW", "CEP", "type II Cepheid, subtype open"),
        ("CWA", "CW", "W Virginis star: type II Cepheid of more than 8 days"),
        ("CWB", "CW", "BL Herculis star: type II Cepheid of less than 8 days"),
        ("DSCT", None, "delta Scuti star"),
        ("HADS", "DSCT", "high-amplitude delta Scuti star"),
        ("SXPHE", "DSCT", "SX Phoenicis star: the population II kin of delta Scuti"),
        ("GDOR", None, "gamma Doradus star"),
        ("LPV", None, "long-period variable, subtype open"),
        ("L", "LPV", "slow irregular variable"),
        ("M", "LPV", "Mira: red giant, amplitude of 2.5 mag or more"),
        ("SR", "LPV", "semiregular giant"),
        ("SRA", "SR", "semiregular giant with a persistent period"),
        ("SRB", "SR", "semiregular giant with a poorly defined period"),
        ("SRC", "SR", "semiregular red supergiant"),
        ("SRD", "SR", "semiregular yellow giant or supergiant"),
        ("SRS", "SR", "small-amplitude red giant with a period of days to weeks"),
        ("roAp", None, "rapidly oscillating Ap star"),
        ("RR", None, "RR Lyrae, subtype open"),
        ("RRAB", "RR", "RR Lyrae, fundamental mode"),
        ("RRC", "RR", "RR Lyrae, first overtone"),
        ("RRD", "RR", "RR Lyrae, two modes"),
        ("RV", None, "RV Tauri star: alternating deep and shallow minima"),
        ("SPB", None, "slowly pulsating B star"),
        ("ZZ", None, "pulsating white dwarf"),
    ),
    "rotating": (
        ("ELL", None, "ellipsoidal binary without eclipses"),
        ("ROT", None, "spotted rotating star, subtype open"),
        ("ACV", "ROT", "alpha2 Canum Venaticorum star: magnetic, chemically peculiar"),
        ("BY", "ROT", "BY Draconis star: spotted dwarf"),
        ("RS", "ROT", "RS Canum Venaticorum star: spotted, active close binary"),
        ("SXARI", "ROT", "SX Arietis star: helium-variable B star"),
    ),
    "eruptive": (
        ("BE", None, "Be star"),
        ("GCAS", "BE", "gamma Cassiopeiae star: shell-ejecting Be star"),
        ("RCB", None, "R Coronae Borealis star: fades behind its own soot"),
        ("SDOR", None, "S Doradus star: luminous blue variable"),
        ("UV", None, "flare star"),
        ("WR", None, "variable Wolf-Rayet star"),
        ("YSO", None, "young stellar object, subtype open"),
        ("INA", "YSO", "Herbig Ae/Be star"),
        ("TTS", "YSO", "T Tauri star, subtype open"),
        ("CTTS", "TTS", "classical T Tauri star"),
        ("WTTS", "TTS", "weak-lined T Tauri star"),
    ),
    "cataclysmic": (
        ("CV", None, "cataclysmic variable, subtype open"),
        ("AM", "CV", "polar: AM Herculis star"),
        ("N", "CV", "nova"),
        ("NL", "CV", "nova-like variable"),
        ("UG", "CV", "dwarf nova"),
        ("SN", None, "supernova, subtype open"),
        ("SN Ia", "SN", "thermonuclear supernova"),
        ("SN II", "SN", "core-collapse supernova with hydrogen"),
        ("ZAND", None, "symbiotic variable"),
    ),
    "extragalactic": (
        ("AGN", None, "active galactic nucleus, subtype open"),
        ("BLLAC", "AGN", "BL Lacertae object"),
        ("QSO", "AGN", "quasar"),
    ),
    "X-ray": (
        ("X", None, "X-ray binary, subtype open"),
        ("HMXB", "X", "high-mass X-ray binary"),
        ("LMXB", "X", "low-mass X-ray binary"),
    ),
    "other": (
        ("CST", None, "constant star"),
        ("Microlens", None, "gravitational microlensing event"),
    ),
}

#: Every type that Swope knows, by name.
TYPES: MappingProxyType[str, VariableType] = MappingProxyType(
    {
        name: VariableType(name, parent, group, description)
        for group, listed in _LISTED.items()
        for name, parent, description in listed
    }
)

#: What surveys write for a type, besides the VSX name itself. Keys are lower case with single spaces.
SURVEY_NAMES: MappingProxyType[str, str] = MappingProxyType(
    {
        # eclipsing
        "algol": "EA",
        "algol (beta persei)": "EA",
        "beta lyrae": "EB",
        "beta persei": "EA",
        "binary": "E",
        "close binary eclipsing systems": "E",
        "contact": "EW",
        "contact systems": "EW",
        "detached": "EA",
        "ec": "EW",
        "eclipsing": "E",
        "eclipsing binary": "E",
        "ecl": "E",
        "ed": "EA",
        "esd": "EB",
        "exoplanet": "EP",
        "planet": "EP",
        "semidetached": "EB",
        "semi-detached": "EB",
        "transit": "EP",
        "w uma": "EW",
        "w ursae maj": "EW",
        "w ursae majoris": "EW",
        # pulsating
        "anomalous cepheid": "ACEP",
        "beta cephei": "BCEP",
        "bl her": "CWB",
        "cepheid": "CEP",
        "classical cepheid": "DCEP",
        "delta scuti": "DSCT",
        "gamma doradus": "GDOR",
        "lambda bootis variable": "DSCT",
        "lsp": "LPV",
        "mira": "M",
        "multimode cepheid": "DCEP(B)",
        "multiple mode cepheid": "DCEP(B)",
        "periodically variable supergiants": "ACYG",
        "popii cepheid": "CW",
        "population ii cepheid": "CW",
        "rr lyrae": "RR",
        "rr lyrae dm": "RRD",
        "rr lyrae fm": "RRAB",
        "rr lyrae fo": "RRC",
        "rr lyrae, double mode": "RRD",
        "rr lyrae, first overtone": "RRC",
        "rr lyrae, fundamental mode": "RRAB",
        "rrl": "RR",
        "rrlyr": "RR",
        "rsg": "SRC",
        "rv tauri": "RV",
        "sarg a": "SRS",
        "sarg b": "SRS",
        "semireg pv": "SR",
        "semiregular": "SR",
        "semiregular pulsating variable": "SR",
        "slowly pulsating b-stars": "SPB",
        "sx phe": "SXPHE",
        "sx phoenicis": "SXPHE",
        "t2cep": "CW",
        "w vir": "CWA",
        # rotating
        "alpha2 canum venaticorum": "ACV",
        "chemically peculiar stars": "ACV",
        "chempeculiar": "ACV",
        "ellipsoidal": "ELL",
        "rotator": "ROT",
        "rs cvn": "RS",
        # eruptive
        "classical t tauri": "CTTS",
        "classt tauri": "CTTS",
        "flare": "UV",
        "herbig ae/be star": "INA",
        "herbig aebe": "INA",
        "pulsating be": "BE",
        "r coronae borealis": "RCB",
        "s doradus": "SDOR",
        "t tauri": "TTS",
        "weakline t tauri": "WTTS",
        "wolf-rayet": "WR",
        # cataclysmic, extragalactic, X-ray, other
        "blazar": "AGN",
        "constant": "CST",
        "dwarf nova": "UG",
        "microlensing": "Microlens",
        "nova": "N",
        "quasar": "QSO",
        "snia": "SN Ia",
        "snii": "SN II",
        "supernova": "SN",
        "x ray binary": "X",
    }
)

_BY_FOLDED = {name.casefold(): name for name in TYPES}


def vsx_type(word: str) -> str | None:
    """The VSX type that a survey's word stands for, or None where it stands for none, or for more than one.

    Parameters
    ----------
    word : a VSX name in any case, or a survey's own name, with spaces or underscores; quotes around it are ignored.

    Examples
    --------
    >>> vsx_type("RRab"), vsx_type("W_Ursae_Maj"), vsx_type("SN?"), vsx_type("AGN/CV")
    ('RRAB', 'EW', None, None)
    """
    folded = " ".join(word.strip().strip("\"'").replace("_", " ").casefold().split())
    return _BY_FOLDED.get(folded) or SURVEY_NAMES.get(folded)


def ancestors(name: str) -> tuple[str, ...]:
    """The type and the wider types above it, nearest first.

    Raises
    ------
    KeyError
        When Swope does not know the type.

    Examples
    --------
    >>> ancestors("CWA")
    ('CWA', 'CW', 'CEP')
    """
    line = [name]
    while (parent := TYPES[line[-1]].parent) is not None:
        line.append(parent)
    return tuple(line)


def lineage(name: str) -> tuple[str, ...]:
    """The type, the wider types above it, and the family that they are of; nearest first.

    Raises
    ------
    KeyError
        When Swope does not know the type.

    Examples
    --------
    >>> lineage("CWA")
    ('CWA', 'CW', 'CEP', 'pulsating')
    """
    return (*ancestors(name), TYPES[name].group)


def is_a(name: str, wider: str) -> bool:
    """Whether a type is the wider type or one of those below it.

    Examples
    --------
    >>> is_a("EW", "E"), is_a("E", "EW")
    (True, False)
    """
    return wider in ancestors(name)


def is_parent(name: str) -> bool:
    """Whether there are narrower types below this one."""
    return any(one.parent == name for one in TYPES.values())
