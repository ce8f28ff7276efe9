"""The names of variable stars: AAVSO VSX types in a small hierarchy, and what surveys call them.

The types and their meaning follow the International Variable Star Index (Watson, Henden & Price 2006), which extends
the General Catalogue of Variable Stars (Samus et al. 2017). Only types that a light curve can speak for are listed.
"""

from __future__ import annotations

import math
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

#: Least and largest period in days that the definition of a type allows, from the GCVS (Samus et al. 2017, its section
#: "variability types") and VSX, and where these are older than the large surveys from OGLE's collections (Soszynski et
#: al. 2008, 2015, 2016); widened, since a star at the edge must not lose its type. Types that are not listed have none.
PERIODS: MappingProxyType[str, tuple[float, float]] = MappingProxyType(
    {
        "ACEP": (0.35, 4.5),
        "BCEP": (0.05, 1.0),
        "CWA": (8.0, 60.0),
        "CWB": (0.7, 8.0),
        "DCEP": (0.8, 250.0),
        "DCEPS": (0.2, 9.0),
        "DCEP(B)": (0.2, 10.0),
        "DSCT": (0.005, 0.35),
        "EW": (0.15, math.inf),
        "GDOR": (0.2, 5.0),
        "M": (60.0, 2000.0),
        "RR": (0.15, 1.4),
        "RRAB": (0.25, 1.4),
        "RRC": (0.15, 0.7),
        "RRD": (0.2, 0.8),
        "RV": (15.0, 300.0),
        "SPB": (0.3, 10.0),
        "SR": (8.0, 3000.0),
        "SRC": (20.0, 5000.0),
        "SRS": (1.0, 300.0),
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
        "ea/eb": "EA|EB",
        "ec": "EW",
        "eclipsing": "E",
        "eclipsing binary": "E",
        "ecl": "E",
        "eb/ew": "EB|EW",
        "ed": "EA",
        "ed esd": "EA|EB",
        "ed var": "EA",
        "ell ec": "ELL|EW",
        "esd": "EB",
        "esd dpv": "EB",
        "ew/eb": "EB|EW",
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
        "f 10": "DCEP(B)",
        "f 10 20": "DCEP(B)",
        "f/1o": "DCEP(B)",
        "f1o": "DCEP(B)",
        "1o 20": "DCEP(B)",
        "1o 20 3o": "DCEP(B)",
        "1o 3o": "DCEP(B)",
        "1o/2o": "DCEP(B)",
        "1o2o": "DCEP(B)",
        "multimode cepheid": "DCEP(B)",
        "multiple mode cepheid": "DCEP(B)",
        "periodically variable supergiants": "ACYG",
        "popii cepheid": "CW",
        "population ii cepheid": "CW",
        "rrab/bl": "RRAB",
        "rr lyrae": "RR",
        "rr lyrae dm": "RRD",
        "rr lyrae fm": "RRAB",
        "rr lyrae fo": "RRC",
        "rr lyrae, double mode": "RRD",
        "rr lyrae, first overtone": "RRC",
        "rr lyrae, fundamental mode": "RRAB",
        # OGLE-III's candidates for the second overtone (Soszynski et al. 2009); VSX has no type for them
        "rre": "RRC",
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
    """The VSX type that a survey's word stands for, or None where it stands for none that Swope knows.

    Where a survey leaves it open which of two types a star is, the answer is written as VSX writes that: ``EB|EW``.

    Parameters
    ----------
    word : a VSX name in any case, or a survey's own name, with spaces or underscores; quotes around it are ignored.

    Examples
    --------
    >>> vsx_type("RRab"), vsx_type("W_Ursae_Maj"), vsx_type("SN?"), vsx_type("AGN/CV")
    ('RRAB', 'EW', None, None)
    >>> vsx_type("EW/EB"), vsx_type("EW|EB"), vsx_type("EA|?")
    ('EB|EW', 'EB|EW', None)
    """
    folded = " ".join(word.strip().strip("\"'").replace("_", " ").casefold().split())
    known = [_BY_FOLDED.get(part.strip()) or SURVEY_NAMES.get(part.strip()) for part in folded.split("|")]
    names = [name for name in known if name is not None]
    return either(*names) if names and len(names) == len(known) else None


def either(*names: str) -> str:
    """One of several types, left open which: ``EB|EW``; a type that another of them includes is not named.

    Examples
    --------
    >>> either("EW", "EB"), either("EW", "E"), either("EW")
    ('EB|EW', 'E', 'EW')
    """
    every = {part for name in names for part in alternatives(name)}
    return "|".join(sorted(one for one in every if not any(one != other and is_a(one, other) for other in every)))


def alternatives(name: str) -> tuple[str, ...]:
    """The types of which a name leaves open which: of a type itself that one alone.

    Examples
    --------
    >>> alternatives("EB|EW"), alternatives("EW")
    (('EB', 'EW'), ('EW',))
    """
    return tuple(name.split("|"))


def ancestors(name: str) -> tuple[str, ...]:
    """The type and the wider types above it, nearest first; of ``EB|EW`` those that are above both.

    Raises
    ------
    KeyError
        When Swope does not know the type.

    Examples
    --------
    >>> ancestors("CWA"), ancestors("EB|EW")
    (('CWA', 'CW', 'CEP'), ('EB|EW', 'E'))
    """
    first, *others = (_line(one) for one in alternatives(name))
    if not others:
        return first
    return (name, *(wider for wider in first if all(wider in line for line in others)))


def _line(name: str) -> tuple[str, ...]:
    line = [name]
    while (parent := TYPES[line[-1]].parent) is not None:
        line.append(parent)
    return tuple(line)


def family(name: str) -> str | None:
    """The group of a type: eclipsing, pulsating, ...; None where it is left open, or the type is not known.

    Examples
    --------
    >>> family("EB|EW"), family("DSCT|EW"), family("mine")
    ('eclipsing', None, None)
    """
    groups = {TYPES[one].group if one in TYPES else None for one in alternatives(name)}
    return groups.pop() if len(groups) == 1 else None


def lineage(name: str) -> tuple[str, ...]:
    """The type, the wider types above it, and the family that they are of, if it is one; nearest first.

    Raises
    ------
    KeyError
        When Swope does not know the type.

    Examples
    --------
    >>> lineage("CWA")
    ('CWA', 'CW', 'CEP', 'pulsating')
    """
    group = family(name)
    return ancestors(name) if group is None else (*ancestors(name), group)


def is_a(name: str, wider: str) -> bool:
    """Whether a type is the wider type or one of those below it; ``EB|EW`` is what both are, and wider than either.

    Examples
    --------
    >>> is_a("EW", "E"), is_a("E", "EW"), is_a("EW", "EB|EW"), is_a("EB|EW", "E")
    (True, False, True, True)
    """
    wanted = alternatives(wider)
    return all(any(one in _line(part) for one in wanted) for part in alternatives(name))


def period_range(name: str) -> tuple[float, float]:
    """Least and largest period in days that the definition of a type allows, or else that of the wider type.

    Raises
    ------
    KeyError
        When Swope does not know the type.

    Examples
    --------
    >>> period_range("RRC"), period_range("SXPHE"), period_range("CST")
    ((0.15, 0.7), (0.005, 0.35), (0.0, inf))
    """
    return next((PERIODS[wider] for wider in ancestors(name) if wider in PERIODS), (0.0, math.inf))


def is_parent(name: str) -> bool:
    """Whether there are narrower types below this one."""
    return any(one.parent == name for one in TYPES.values())
