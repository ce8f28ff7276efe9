"""What a column's name says of brightness: magnitude or flux, in which band, and which column holds its error."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from swope.pipeline.ingest.time_names import plain_name
from swope.pipeline.lightcurve import Kind

#: Plain names, the preferred first.
MAG_NAMES = (
    *("mag", "mags", "magnitude", "magnitudes", "psfmag", "magpsf", "magauto", "relativemagnitude", "relmag", "m"),
    *("mag3", "magbest", "magiso", "magaper", "magap", "calmag", "stdmag", "diffmag", "deltamag", "instmag"),
)
FLUX_NAMES = (
    *("flux", "fluxes", "pdcsapflux", "kspsapflux", "calpsfflux", "calaperflux", "detflux", "sapflux", "relativeflux"),
    *(
        "relflux",
        "psfflux",
        "psflux",
        "normflux",
        "normalizedflux",
        "normalisedflux",
        "fluxcal",
        "totalflux",
        "fluxnorm",
    ),
    *("apflux", "aperflux", "aperturefluxes", "apertureflux", "corrflux", "fluxcorr", "fluxraw", "rawflux", "f"),
    *("counts", "countrate", "rate", "netcounts", "ujy", "njy", "mjy", "fnu", "flambda", "adu"),
)
VALUE_NAMES = ("value", "values", "light", "lightpoints", "y", "brightness", "signal", "intensity")

#: Names that any program may give; those of `VALUE_NAMES` beside them are surveys' names for brightness.
SAY_NOTHING = frozenset(("value", "values", "y", "signal", "intensity", "brightness"))

_BAND = (
    r"(?:[ugrizy]p?'?|[UBVRIJHKLWZYG]|[RI]c|[vbn]uv|[nf]uv|Ks|bp|rp|BP|RP|[Ww][1-4]|[Ff]\d{3}[WMLPNX]+"
    r"|TESS|Kp|clear|CV|TG|SR|SG|SI)"
)
_MAG_IN_BAND = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^({_BAND})[_\- ]?[Mm][Aa][Gg]s?(?:nitude)?$",
        rf"^[Mm][Aa][Gg](?:nitude)?[_\- ]({_BAND})$",
        rf"^m_({_BAND})$",
        rf"^mag({_BAND})$",
    )
)
_FLUX_IN_BAND = tuple(
    re.compile(pattern) for pattern in (rf"^({_BAND})[_\- ]?[Ff][Ll][Uu][Xx]$", rf"^[Ff][Ll][Uu][Xx][_\- ]?({_BAND})$")
)
_BAND_WORD = re.compile(
    rf"(?:(?:ZTF|PS1|SDSS|LSST|Gaia|WISE)[ _-]?|sdss|ps1|lsst|z|gaia)?{_BAND}|[UBVRI][cj]|vis\\.?|[TC][BGR]|unfiltered",
    re.I,
)
_BARE = re.compile(rf"^({_BAND})$")

#: The star less the comparison star, as programs for differential photometry call it; a check star is not the star.
_LESS_COMPARISON = re.compile(
    r"^(v|var|variable|target|tgt|obj|object|t)\d?\s*[-\u2212]\s*(c|comp|comparison|ref|ens)\w*$", re.I
)

_ERROR_WORD = "err|error|errs|errors|uncertainty|uncert|unc|sigma|sig|std|stddev|rms|e|dev"
_PLUS_MINUS = ("±", "+/-", "+-")
_OTHER = re.compile(
    r"^[eds]_|err|unc|sig|std|stdev|rms|dev$|lim|sky|back|bkg|zp|zero|ref|magnr|nr$|comp|check|cmag|kmag|over|snr|flag|qual"
    r"|i_?var$|inv_?var|variance|bias|maggaia|max|min|ext|abs|image|magnif|count_?ratio|fwhm|type|unit|diffmaglim|number|transit|colou?r",
    re.I,
)
#: Of a flux, in its name or as its unit: ``log_flux``, ``log10(F)``, ``dex``, and a magnitude's ``-2.5 log(flux)``.
_LOGARITHM = re.compile(
    r"(?<![a-z])(?:log(?:_?10)?|lg|ln)[\W_]*(?:f|flux|fluxes|f_?nu|f_?lambda|f_?lam|counts?|adu|e-|electrons?|\w*jy)(?![a-z])"
    r"|flux(?:es)?[\W_]*log|(?<![a-z])dex(?![a-z])",
    re.I,
)
_PERCENT = re.compile(r"%|(?<![a-z])(?:percent|per cent|pct)(?![a-z])", re.I)
_FALLBACK_MAG = re.compile(r"mag(nitude)?s?([_\W]|$|\d)|magnitude|^[mM][aA][gG]")
_FALLBACK_FLUX = re.compile(r"flux", re.I)

_MAG_UNITS = ("mag", "magnitude", "magnitudes", "mags", "mmag", "millimag", "millimags", "millimagnitude")
_MILLI = re.compile(r"(?<![a-zA-Z])(mmag|milli-?mag(nitude)?)s?(?![a-zA-Z])", re.I)
_FLUX_UNITS: tuple[str, ...] = (
    "jy",
    "mjy",
    "ujy",
    "njy",
    "microjansky",
    "nanojansky",
    "count",
    "counts",
    "adu",
    "e-/s",
    "electron/s",
)
_FLUX_UNITS += ("electron / s", "electron s-1", "ct", "ct/s", "erg/s/cm2", "nmgy", "nanomaggy", "e/s", "dn")


@dataclass(frozen=True)
class ValueName:
    """What a name says.

    Attributes
    ----------
    kind : "mag" or "flux"; None where the name says a brightness and not which.
    band : the band in the name, or "".
    rank : the smaller, the surer; names of a known list below 100, a band's 100, others 200.
    """

    kind: Kind | None
    band: str
    rank: int


def value_name(name: str, unit: str = "") -> ValueName | None:
    """Read the name of a brightness column; None for other columns, and for the logarithm of a flux."""
    if _LOGARITHM.search(f"{name} {unit}"):
        return None
    bare = re.sub(r"\s*[\[(].*?[\])]\s*$", "", name).strip() or name
    plain = plain_name(bare)
    for names, kind in ((MAG_NAMES, "mag"), (FLUX_NAMES, "flux"), (VALUE_NAMES, None)):
        if plain in names:
            return ValueName(_kind(kind, unit), "", names.index(plain) + (0 if kind == "mag" else 30 if kind else 70))
    for patterns, kind in ((_MAG_IN_BAND, "mag"), (_FLUX_IN_BAND, "flux")):
        for pattern in patterns:
            if found := pattern.match(bare):
                return ValueName("mag" if kind == "mag" else "flux", found[1], 100)
    if _LESS_COMPARISON.match(bare):
        return ValueName("mag", "", 29)
    if _OTHER.search(name):
        return None
    if _FALLBACK_FLUX.search(name):
        return ValueName("flux", "", 200)
    if _FALLBACK_MAG.search(bare):
        return ValueName("mag", "", 200)
    return None


def value_by_unit(name: str, unit: str = "") -> ValueName | None:
    """What a unit alone says of a column whose name says nothing of brightness; None where it is something else."""
    kind = None if _LOGARITHM.search(f"{name} {unit}") else kind_of_unit(unit_said(name, unit))
    return None if kind is None or _OTHER.search(re.sub(r"[\[(].*?[\])]", "", name)) else ValueName(kind, "", 250)


def bare_band(name: str) -> str:
    """The band where a column is called by nothing else (``g``, ``V``); "" for other names."""
    return name if _BARE.match(name) else ""


def unit_said(name: str, unit: str) -> str:
    """A brightness column's unit: the one stated, else what its name says (``flux (mJy)``, ``mmag``)."""
    if unit.strip():
        return unit.strip()
    words = [word.strip() for word in re.findall(r"[\[(]([^\])]*)[\])]", name)]
    found = next((word for word in words if kind_of_unit(word) is not None), "")
    return found or ("mmag" if _MILLI.search(name) else "")


def in_mag(name: str, unit: str) -> float:
    """Magnitudes in one unit of a column: 0.001 for millimagnitudes, 1 for others."""
    return 0.001 if _MILLI.fullmatch(unit_said(name, unit)) else 1.0


def error_in_mag(error: tuple[str, str], value: tuple[str, str]) -> float:
    """Magnitudes in one unit of a column of errors: its own, else that of the values; names and units of both."""
    if is_percent(*error):
        return 0.01 * 2.5 / math.log(10.0)
    return in_mag(*(error if unit_said(*error) else value))


def is_percent(name: str, unit: str) -> bool:
    """Whether a column's numbers are hundredths: ``err (%)``, ``flux_err_pct``."""
    return _PERCENT.search(f"{name} {unit}") is not None


def is_band(word: str) -> bool:
    """Whether a word is that of a photometric band: ``g``, ``Ic``, ``zr``, ``ZTF_g``, ``Vis.``."""
    return _BAND_WORD.fullmatch(word) is not None


def kind_of_unit(unit: str) -> Kind | None:
    """What a unit says: magnitudes, fluxes, or nothing."""
    plain = unit.strip().lower()
    return "mag" if plain in _MAG_UNITS else "flux" if plain in _FLUX_UNITS else None


def _kind(kind: str | None, unit: str) -> Kind | None:
    if kind is None:
        return kind_of_unit(unit)
    return "mag" if kind == "mag" else "flux"


def error_columns(names: Sequence[str], value: int) -> list[int]:
    """Columns that may hold the errors of a value, the surest first: those that bear its name, then general ones."""
    name = names[value]
    bare = [re.sub(r"\s*[\[(].*?[\])]\s*$", "", other).strip() or other for other in names]
    plain = ["err" if other in _PLUS_MINUS else plain_name(_PERCENT.sub("", other)) for other in bare]
    stem = plain[value]
    words = _ERROR_WORD.split("|")
    own = [stem + word for word in words] + [word + stem for word in (*words, "d", "s", "u")]
    # the word within the name: rel_flux_err_T1 of rel_flux_T1, MER_3 of MAG_3, psf_err_flux
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", name.lower()) if part]
    own += ["".join([*parts[:i], word, *parts[i:]]) for word in words for i in range(1, len(parts))]
    own += [
        stem.replace("mag", "mer"),
        stem.replace("mag", "err"),
        stem.replace("mag", "sigma"),
        stem.replace("mag", "sig"),
    ]
    own += [
        stem.replace("mag", "merr"),
        stem.replace("flux", "fluxerr"),
        stem.replace("flux", "err"),
        stem.replace("mags", "magerr"),
    ]
    own += [stem.replace("flux", "sigma"), stem.replace("mag", "emag")]
    found = [plain.index(word) for word in own if word in plain and word != stem]
    kind = value_name(name)
    flux = "flux" in stem or (kind is not None and kind.kind == "flux")
    of_value = ["fluxerr", "fluxerror", "eflux", "sigmaflux", "fluxuncertainty", "dflux", "ferr"] if flux else []
    if not flux:
        of_value = ["magerr", "magerror", "emag", "sigmamag", "sigmag", "magsigma", "magnitudeerr", "magnitudeerror"]
        of_value += ["magnitudeuncertainty", "sigmapsf", "magerrs", "merr", "dmag", "dm"]
    general = [
        "err",
        "errs",
        "error",
        "errors",
        "errorpoints",
        "sigma",
        "uncertainty",
        "yerr",
        "e",
        "unc",
        "std",
        "dy",
        "s1",
    ]
    alone = kind is None and bare_band(name) and sum(bool(bare_band(other)) for other in names) == 1
    others = (*of_value, *general) if alone or (kind is not None and not kind.band) else ()
    if (
        kind is not None
        and kind.band
        and not any(value_name(other) and value_name(other) != kind for other in names if other != name)
    ):
        others = (*of_value, *general)
    found += [plain.index(word) for word in others if word in plain]
    return [i for i in dict.fromkeys(found) if i != value]
