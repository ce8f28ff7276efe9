"""What surveys write, as data: how their tables are known, and which column means what in them.

A survey is known by columns that only it has. What is said here goes before what the names of the columns would say;
all that a survey does not say is decided as for any other table (`pipeline.ingest.decide`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from swope.pipeline.ingest.survey import FlagRule, Survey, Values
from swope.pipeline.ingest.time_names import TimeMeaning
from swope.pipeline.lightcurve import Clock

_UGRIZY = {"0": "u", "1": "g", "2": "r", "3": "i", "4": "z", "5": "y"}
_ZTF = {"1": "g", "2": "r", "3": "i"}
_ZTF |= {f"{band}.0": name for band, name in tuple(_ZTF.items())}


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


def _gaia_bands(what: Literal["mag", "flux"]) -> tuple[Values, ...]:
    """Gaia's three bands side by side: each with its own times, signal over noise and rejections."""
    bands = (("G", "gtransit", "gtransittime"), ("BP", "bp", "bpobstime"), ("RP", "rp", "rpobstime"))
    return tuple(
        Values(
            value=f"{stem}{what}",
            error=(f"{stem}{what}error",),
            band=band,
            time=time,
            snr=f"{stem}fluxovererror" if what == "mag" else "",
            flags=(FlagRule(f"variabilityflag{band.lower()}reject"), FlagRule(f"photometryflag{band.lower()}reject")),
        )
        for band, stem, time in bands
    )


SURVEYS: tuple[Survey, ...] = (
    Survey(
        "Gaia DR3 epoch photometry",
        has=("rejectedbyphotometry", "rejectedbyvariability", "time"),
        times=(("time", _GAIA),),
        values=(Values("mag", ("magerror",), snr="fluxovererror"), Values("flux", ("fluxerror",))),
        ids=("sourceid",),
        band="band",
        flags=(FlagRule("rejectedbyphotometry"), FlagRule("rejectedbyvariability")),
        source="Gaia DR3 documentation, epoch_photometry",
    ),
    Survey(
        "Gaia DR3 epoch photometry, wide",
        has=("gtransittime", "gtransitmag"),
        times=(("gtransittime", _GAIA), ("bpobstime", _GAIA), ("rpobstime", _GAIA)),
        values=_gaia_bands("mag"),
        kind="mag",
        unit="mag",
        ids=("sourceid",),
        flags=(FlagRule("rejectedbyphotometry"), FlagRule("photometryflagnoisydata")),
        source="Gaia DR3 documentation, vari_epoch_photometry and DataLink EPOCH_PHOTOMETRY",
    ),
    Survey(
        "Gaia DR3 epoch photometry, wide, fluxes alone",
        has=("gtransittime", "gtransitflux"),
        times=(("gtransittime", _GAIA), ("bpobstime", _GAIA), ("rpobstime", _GAIA)),
        values=_gaia_bands("flux"),
        kind="flux",
        unit="electron / s",
        ids=("sourceid",),
        flags=(FlagRule("rejectedbyphotometry"), FlagRule("photometryflagnoisydata")),
        source="Gaia DR3 documentation, vari_epoch_photometry and DataLink EPOCH_PHOTOMETRY",
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
        "HATSouth or HATPI, text",
        has=("tf1", "ie1"),
        times=(("bjd", None),),
        values=(Values("tf1", ("ie1",)),),
        kind="mag",
        unit="mag",
        flags=(FlagRule("iq1", "not", words=("G", "0", "")),),
        source="data.hatsurveys.org, columns of the light curves",
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
