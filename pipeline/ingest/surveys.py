"""What surveys write, as data: how their tables are known, and which column means what in them.

A survey is known by columns that only it has. What is said here goes before what the names of the columns would say;
all that a survey does not say is decided as for any other table (`pipeline.ingest.decide`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from swope.pipeline.ingest.time_names import TimeMeaning
from swope.pipeline.lightcurve import Clock, Kind

_UGRIZY = {"0": "u", "1": "g", "2": "r", "3": "i", "4": "z", "5": "y"}
_ZTF = {"1": "g", "2": "r", "3": "i"}
_ZTF |= {f"{band}.0": name for band, name in tuple(_ZTF.items())}


@dataclass(frozen=True)
class Values:
    """Where the brightness of one band stands, names plain; `error` tried in order; `band` "" where rows say it."""

    value: str
    error: tuple[str, ...] = ()
    band: str = ""


@dataclass(frozen=True)
class FlagRule:
    """When a row is to be left out.

    Attributes
    ----------
    column : plain name.
    rule : "nonzero" (also true), "bits" (any of `bits`), "not" (none of the `words`), "words" (one of them), "below"
        and "above" (less and more than `limit`), "zero", "capital" (a capital letter stands among the letters).
    """

    column: str
    rule: Literal["nonzero", "bits", "not", "words", "below", "above", "zero", "capital"] = "nonzero"
    bits: int = 0
    words: tuple[str, ...] = ()
    limit: float = 0.0


@dataclass(frozen=True)
class Survey:
    """One survey's table.

    Attributes
    ----------
    name : for the catalog.
    has : plain names of columns that are all there.
    lacks : plain names of which none is there.
    times : the time columns in the order in which they are preferred, with what they mean; None as their name says.
    values : one a band, or one for all; empty where the names of the columns say it.
    kind, unit : of the values.
    bands : what the band column's words mean.
    band : plain name of the band column.
    ids : plain names of the columns that name the star.
    flags : which rows are to be left out.
    limits : rules of the rows that are upper limits.
    sign : plain name of the column with the sign of a difference image's magnitude.
    reference : plain name of the magnitude of the star in the reference image.
    first_value : whether the first of several columns that may be the brightness is the survey's own choice.
    cameras, other_cameras : the band that each camera sees, where no column says it, and that of all others.
    zero_point : plain name of the column with the magnitude of flux 1, where it may differ from row to row.
    per_band_id : whether an id is that of a star in one filter, so that a star has several.
    source : where its columns are described.
    """

    name: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    times: tuple[tuple[str, TimeMeaning | None], ...] = ()
    values: tuple[Values, ...] = ()
    kind: Kind | None = None
    unit: str = ""
    bands: dict[str, str] = field(default_factory=dict)
    band: str = ""
    ids: tuple[str, ...] = ()
    flags: tuple[FlagRule, ...] = ()
    limits: tuple[FlagRule, ...] = ()
    sign: str = ""
    reference: str = ""
    first_value: bool = False
    cameras: dict[str, str] = field(default_factory=dict)
    other_cameras: str = ""
    zero_point: str = ""
    per_band_id: bool = False
    source: str = ""


_J2000 = TimeMeaning(Clock("jd", "unknown", "unknown"), 2451545.0)
_J2000_HELIO = TimeMeaning(Clock("jd", "utc", "heliocentric"), 2451545.0)
_J2000_BARY = TimeMeaning(Clock("jd", "tt", "barycentric"), 2451545.0)
_GAIA = TimeMeaning(Clock("jd", "tcb", "barycentric"), 2455197.5)
_WASP = TimeMeaning(Clock("jd", "utc", "heliocentric"), 2453005.5, 1 / 86400)
_ASAS = TimeMeaning(Clock("jd-2450000", "unknown", "heliocentric"))
_HJD = TimeMeaning(Clock("jd", "unknown", "heliocentric"))

#: High background, two large scatters, too near to the limit, unmeasured positions.
_DASCH_BAD = 1 << 6 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 15

_MJD_TAI = TimeMeaning(Clock("mjd", "tai", "unknown"))

SURVEYS: tuple[Survey, ...] = (
    Survey(
        "Gaia DR3 epoch photometry",
        has=("rejectedbyphotometry", "rejectedbyvariability", "time"),
        times=(("time", _GAIA),),
        values=(Values("mag", ("magerror",)), Values("flux", ("fluxerror",))),
        ids=("sourceid",),
        band="band",
        flags=(FlagRule("rejectedbyphotometry"), FlagRule("rejectedbyvariability")),
        source="Gaia DR3 documentation, epoch_photometry",
    ),
    Survey(
        "Gaia DR3 epoch photometry, wide",
        has=("gtransittime", "gtransitmag"),
        times=(("gtransittime", _GAIA),),
        values=(Values("gtransitmag", (), "G"),),
        kind="mag",
        unit="mag",
        ids=("sourceid",),
        flags=(FlagRule("variabilityflaggreject"),),
        source="Gaia DR3 documentation, epoch_photometry",
    ),
    Survey(
        "Gaia alerts or DR2 epoch photometry",
        has=("transitid", "time", "mag", "sourceid"),
        times=(("time", _GAIA),),
        ids=("sourceid",),
        flags=(FlagRule("rejectedbyphotometry"), FlagRule("rejectedbyvariability")),
        source="Gaia DR2 documentation, epoch photometry",
    ),
    Survey(
        "ASAS-SN Sky Patrol",
        has=("fwhm", "limit", "mag"),
        ids=("asassnid",),
        band="photfilter",
        flags=(FlagRule("quality", "words", words=("B", "b", "bad")),),
        cameras=dict.fromkeys(("ba", "bb", "bc", "bd", "be", "bf", "bg", "bh"), "V"),
        other_cameras="g",
        limits=(FlagRule("magerr", "words", words=("99.99", "99.990", "99.999", "99.99000")),),
        source="Hart et al. 2023, arXiv:2304.03791; ASAS-SN Sky Patrol, file formats",
    ),
    Survey(
        "ASAS-3",
        has=("hjd", "mag0", "mag1", "grade"),
        times=(("hjd", _ASAS),),
        kind="mag",
        unit="mag",
        first_value=True,
        flags=(FlagRule("grade", "words", words=("D",)),),
        source="Pojmanski 2002, AcA 52, 397; header of the catalogue's files",
    ),
    Survey(
        "ATLAS forced photometry",
        has=("mjd", "ujy", "dujy", "f"),
        times=(("mjd", None),),
        values=(Values("ujy", ("dujy",)),),
        kind="flux",
        unit="uJy",
        band="f",
        flags=(FlagRule("err"),),
        source="ATLAS forced photometry server, output columns",
    ),
    Survey(
        "ALeRCE detections",
        has=("magpsfcorr", "mjd"),
        values=(Values("magpsfcorr", ("sigmapsfcorrext", "sigmapsfcorr")),),
        kind="mag",
        unit="mag",
        bands=_ZTF,
        band="fid",
        ids=("oid",),
        flags=(FlagRule("dubious"), FlagRule("corrected", "zero")),
        source="Foerster et al. 2021, AJ 161, 242",
    ),
    Survey(
        "ALeRCE detections, second release",
        has=("magcorr", "emagcorr", "mjd"),
        values=(Values("magcorr", ("emagcorrext", "emagcorr")),),
        kind="mag",
        unit="mag",
        bands=_ZTF,
        band="fid",
        ids=("oid",),
        flags=(FlagRule("dubious"), FlagRule("corrected", "zero")),
        source="ALeRCE API, /objects/{oid}/detections",
    ),
    Survey(
        "Fink or ZTF alerts",
        has=("magpsf", "sigmapsf", "fid"),
        lacks=("magpsfcorr",),
        values=(Values("magpsf", ("sigmapsf",)),),
        kind="mag",
        unit="mag",
        bands=_ZTF,
        band="fid",
        ids=("objectid", "oid"),
        flags=(FlagRule("tag", "words", words=("badquality",)),),
        limits=(FlagRule("tag", "words", words=("upperlim", "upperlimit")),),
        sign="isdiffpos",
        reference="magnr",
        source="ZTF avro alert schema; Fink API, /api/v1/objects",
    ),
    Survey(
        "Lasair",
        has=("mjd", "filter", "forcedujy", "forcedujyerror"),
        values=(Values("forcedujy", ("forcedujyerror",)),),
        kind="flux",
        unit="uJy",
        band="filter",
        source="Lasair documentation, light curve download",
    ),
    Survey(
        "Lasair, unforced",
        has=("mjd", "unforcedmag", "unforcedmagstatus"),
        values=(Values("unforcedmag", ("unforcedmagerror",)),),
        kind="mag",
        unit="mag",
        band="filter",
        limits=(
            FlagRule("unforcedmagstatus", "words", words=("limit", "upper limit", "nondetection", "non-detection")),
        ),
        sign="unforcedmagstatus",
        source="Lasair documentation, light curve download",
    ),
    Survey(
        "ZTF forced photometry",
        has=("forcediffimflux", "forcediffimfluxunc", "zpdiff"),
        values=(Values("forcediffimflux", ("forcediffimfluxunc",)),),
        kind="flux",
        unit="",
        band="filter",
        zero_point="zpdiff",
        flags=(
            FlagRule("infobitssci", "bits", bits=0x7FFFFFFF & ~0x1FFFFFF),
            FlagRule("scisigpix", "above", limit=25.0),
            FlagRule("sciinpseeing", "above", limit=4.0),
        ),
        source="Masci et al. 2023, arXiv:2305.16279, section 6",
    ),
    Survey(
        "ZTF",
        has=("catflags", "mag"),
        times=(("hjd", None), ("hmjd", None), ("mjd", None)),
        bands=_ZTF,
        ids=("oid", "objectid"),
        flags=(FlagRule("catflags", "bits", bits=32768),),
        per_band_id=True,
        source="ZTF public data release notes (catflags); IRSA light curve API",
    ),
    Survey(
        "Rubin DiaSource",
        has=("diaobjectid", "scienceflux"),
        values=(Values("scienceflux", ("sciencefluxerr",)),),
        kind="flux",
        unit="nJy",
        ids=("diaobjectid",),
        flags=(FlagRule("psffluxflag"), FlagRule("pixelflagsbad")),
        source="Rubin DP1 schema, DiaSource",
    ),
    Survey(
        "Rubin ForcedSource",
        has=("psfflux", "psffluxerr"),
        lacks=("scienceflux", "filterid", "psfqfperfect"),
        times=(("midpointmjdtai", _MJD_TAI), ("expmidptmjd", _MJD_TAI), ("midpointtai", _MJD_TAI)),
        values=(Values("psfflux", ("psffluxerr",)),),
        kind="flux",
        unit="nJy",
        ids=("objectid", "diaobjectid"),
        flags=(FlagRule("psffluxflag"), FlagRule("pixelflagsbad"), FlagRule("pixelflagssaturatedcenter")),
        source="Rubin DP1 schema, ForcedSource",
    ),
    Survey(
        "Pan-STARRS1 detections",
        has=("psfflux", "psfqfperfect", "filterid"),
        values=(Values("psfflux", ("psffluxerr",)),),
        kind="flux",
        unit="Jy",
        times=(("obstime", TimeMeaning(Clock("mjd", "tai"))),),
        bands={"1": "g", "2": "r", "3": "i", "4": "z", "5": "y"},
        band="filterid",
        ids=("objid",),
        flags=(FlagRule("psfqfperfect", "below", limit=0.9),),
        source="Flewelling et al. 2020, ApJS 251, 7, table Detection (obsTime in TAI, -999 for none)",
    ),
    Survey(
        "PLAsTiCC",
        has=("passband", "flux", "fluxerr", "mjd"),
        bands=_UGRIZY,
        band="passband",
        kind="flux",
        ids=("objectid",),
        source="PLAsTiCC team 2018, arXiv:1810.00001",
    ),
    Survey(
        "ELAsTiCC",
        has=("midpointtai", "psflux"),
        times=(("midpointtai", _MJD_TAI),),
        values=(Values("psflux", ("psfluxerr",)),),
        kind="flux",
        unit="nJy",
        band="filtername",
        ids=("diaobjectid",),
        source="ELAsTiCC alert schema, DiaSource",
    ),
    Survey(
        "sncosmo",
        has=("flux", "fluxerr", "zp", "zpsys"),
        values=(Values("flux", ("fluxerr",)),),
        kind="flux",
        zero_point="zp",
        source="sncosmo documentation, photometric data",
    ),
    Survey(
        "SNANA",
        has=("mjd", "fluxcal", "fluxcalerr"),
        values=(Values("fluxcal", ("fluxcalerr",)),),
        kind="flux",
        unit="",
        source="Kessler et al. 2009, PASP 121, 1028; SNANA manual",
    ),
    Survey(
        "NEOWISE single exposures",
        has=("w1mpro", "w2mpro", "mjd"),
        times=(("mjd", None),),
        values=(Values("w1mpro", ("w1sigmpro",), "W1"), Values("w2mpro", ("w2sigmpro",), "W2")),
        kind="mag",
        unit="mag",
        ids=("allwisecntr",),
        flags=(
            FlagRule("qualframe", "zero"),
            FlagRule("qifact", "zero"),
            FlagRule("saasep", "below", limit=0.0),
            FlagRule("moonmasked", "not", words=("00", "0000", "0", "0.0")),
            FlagRule("ccflags", "capital"),
        ),
        source="NEOWISE explanatory supplement, II.1.a (columns), II.3 (reliable detections), IV.2.c (artifacts)",
    ),
    Survey(
        "SuperWASP",
        has=("tmid", "tamflux2"),
        times=(("tmid", _WASP),),
        values=(Values("tamflux2", ("tamflux2err",)),),
        kind="flux",
        unit="",
        flags=(FlagRule("flag"),),
        source="Butters et al. 2010, A&A 520, L10; DR1 at the NASA Exoplanet Archive (JD_REF = 2453005.5)",
    ),
    Survey(
        "CoRoT, white light",
        has=("whiteflux",),
        times=(("datebartt", _J2000_BARY), ("datehel", _J2000_HELIO), ("datejd", _J2000)),
        values=(Values("whiteflux", ("whitefluxdev", "whitefluxerr")),),
        kind="flux",
        unit="electron",
        flags=(FlagRule("status"),),
        source="CoRoT Legacy Book 2016, chapter II.4 (EN2_STAR; days from JD 2451545)",
    ),
    Survey(
        "CoRoT, three colours",
        has=("redflux", "greenflux", "blueflux"),
        times=(("datebartt", _J2000_BARY), ("datehel", _J2000_HELIO), ("datejd", _J2000)),
        values=(
            Values("redflux", ("redfluxdev",), "red"),
            Values("greenflux", ("greenfluxdev",), "green"),
            Values("blueflux", ("bluefluxdev",), "blue"),
        ),
        kind="flux",
        unit="electron",
        flags=(FlagRule("status"),),
        source="CoRoT Legacy Book 2016, chapter II.4 (EN2_STAR; days from JD 2451545)",
    ),
    Survey(
        "HATNet",
        has=("aep000", "atf000"),
        times=(("bjd", None),),
        values=(
            Values("atf002", ("aie002",)),
            Values("atf001", ("aie001",)),
            Values("atf000", ("aie000",)),
        ),
        kind="mag",
        unit="mag",
        flags=(FlagRule("aiq002", "not", words=("G", "")),),
        source="column list of the HAT light curve server",
    ),
    Survey(
        "AstroImageJ",
        has=("relfluxt1",),
        values=(Values("relfluxt1", ("relfluxerrt1",)),),
        kind="flux",
        unit="",
        source="Collins et al. 2017, AJ 153, 77",
    ),
    Survey(
        "DASCH",
        has=("magcalmagdep",),
        times=(("datejd", _HJD), ("exposuredate", None), ("date", _HJD)),
        values=(Values("magcalmagdep", ("magcalmagdeprms", "magcallocalrms", "magcallocalerror")),),
        kind="mag",
        unit="mag",
        flags=(FlagRule("rejected"), FlagRule("reject"), FlagRule("aflags", "bits", bits=_DASCH_BAD)),
        source="DASCH DR7; daschlab's photometry (magcal_magdep, AFlags, its standard rejections)",
    ),
    Survey(
        "CRTS",
        has=("masterid", "mag", "mjd"),
        kind="mag",
        unit="mag",
        ids=("masterid",),
        source="Catalina Surveys DR2, photometry download",
    ),
    Survey(
        "AAVSO",
        has=("jd", "magnitude", "uncertainty", "band"),
        kind="mag",
        unit="mag",
        ids=("starname",),
        flags=(FlagRule("validationflag", "words", words=("D", "T", "X")),),
        source="AAVSO international database, download format",
    ),
    Survey(
        "AAVSO extended",
        has=("name", "date", "mag", "merr", "filt"),
        times=(("date", None),),
        values=(Values("mag", ("merr",)),),
        kind="mag",
        unit="mag",
        band="filt",
        ids=("name",),
        source="AAVSO extended file format",
    ),
    Survey(
        "MACHO",
        has=("rmag", "bmag", "rerr", "berr"),
        values=(Values("rmag", ("rerr",), "R"), Values("bmag", ("berr",), "B")),
        kind="mag",
        unit="mag",
        source="Alcock et al. 1999, PASP 111, 1539",
    ),
)


def survey_of(names: Collection[str]) -> Survey | None:
    """The first survey whose columns are there.

    Parameters
    ----------
    names : plain names of a table's columns.
    """
    held = set(names)
    return next((s for s in SURVEYS if held.issuperset(s.has) and not held.intersection(s.lacks)), None)
