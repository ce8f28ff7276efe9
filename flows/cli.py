"""The command `swope`. Parsing only: every subcommand imports what it needs when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from swope.flows.interrupt import exit_code
from swope.flows.runtime import one_thread, quiet
from swope.pipeline.version import VERSION

if TYPE_CHECKING:
    from swope.pipeline.ingest.parts import IngestOptions

#: Exit code for input that cannot be worked with (argparse uses the same for a wrong command line).
BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parsed = build_parser().parse_args(arguments)
    quiet("INFO" if parsed.command == "serve" else "CRITICAL")
    try:
        return int(parsed.call(parsed))
    except (ValueError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        if parsed.traceback:
            raise
        print(f"swope {parsed.command}: {error}", file=sys.stderr)
        return BAD_INPUT
    except BrokenPipeError:
        # the reader of our output has left (`swope evaluate ... | head`): nothing more to say, and no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as stop:
        print(_stopped(parsed.command), file=sys.stderr)
        return exit_code(stop)


_GO_ON = {"run": "The finished chunks are kept: the same command goes on from them."}


def _stopped(command: str) -> str:
    """What is said of an interrupt."""
    return f"\nswope {command}: stopped. {_GO_ON.get(command, '')}".rstrip()


def build_parser() -> argparse.ArgumentParser:
    """The command line of `swope`."""
    parser = argparse.ArgumentParser(
        prog="swope",
        description="From unevenly sampled light curves to a catalog: every star's period, class, anomaly score with "
        "a reason, and the moments at which it misbehaved.",
        epilog="Begin with:  swope run my_light_curves/ --out out/first   and open out/first/report/index.html",
    )
    parser.add_argument("--version", action="version", version=f"swope {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        _add_show,
        _add_run,
        _add_nightly,
        _add_report,
        _add_train,
        _add_evaluate,
        _add_simulate,
        _add_export,
        _add_serve,
        _add_formats,
        _add_ingest,
    ):
        add(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, short: str, example: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=short,
        description=short[0].upper() + short[1:] + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--traceback", action="store_true", help="on an error, show where in the code it arose")
    return parser


def _add_show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "show",
        "one star at once: what was found in ten lines, a page and a picture",
        "examples:\n"
        "  swope show my_star.csv\n"
        "  swope show kepler/kplr011442793-*.fits --out pages\n"
        '  swope show survey.parquet --star "V1234"\n'
        '  swope show out/first "V1234"              a star of a run\n',
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="as for `swope run`; or the folder of a run and its stars' names",
    )
    parser.add_argument("--star", action="append", default=[], metavar="ID", help="this star alone; may be given again")
    parser.add_argument(
        "--out", type=Path, default=Path("stars"), metavar="DIR", help="folder for the page and the picture (stars)"
    )
    _add_reading(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="models from `swope train` (default: the shipped)")
    _add_event_pvalue(parser)
    parser.set_defaults(call=_show)


def _show(parsed: argparse.Namespace) -> int:
    one_thread()
    from swope.flows.options import RunOptions
    from swope.flows.show import show

    _check_out(parsed.out)
    given = {name: getattr(parsed, name) for name in (*_READING, "event_pvalue")}
    options = RunOptions(**given, models=str(parsed.models.resolve()) if parsed.models else None)
    options.check()
    print("\n".join(show(parsed.sources, parsed.out, options, parsed.star)).rstrip())
    return 0


def _add_event_pvalue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--event-pvalue",
        type=_probability,
        default=1e-3,
        metavar="P",
        help="false-alarm probability a star of an event (default: 0.001)",
    )


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "run",
        "make a catalog and a report from light curves",
        "examples:\n"
        "  swope run kepler/*.fits --out out/kepler\n"
        "  swope run asas.parquet --clock HJD_UTC --out out/asas\n"
        '  swope run "mast:KIC 8462852" --out out/tabby\n\n'
        "A run that was stopped goes on where it was when the same command is given again.",
    )
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help='file, folder, glob, or archive query such as "mast:KIC 8462852"'
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the catalog and the report")
    _add_reading(parser)
    _add_workers(parser)
    parser.add_argument("--models", type=Path, metavar="DIR", help="models from `swope train` (default: the shipped)")
    _add_event_pvalue(parser)
    parser.add_argument("--chunk-size", type=_positive, default=256, metavar="N", help="stars a chunk (default: 256)")
    parser.add_argument("--dask", metavar="ADDRESS", help="Dask scheduler to run on, such as tcp://10.0.0.1:8786")
    parser.add_argument("--top", type=_positive, default=20, metavar="N", help="stars in the report (default: 20)")
    parser.set_defaults(call=_run)


#: The settings of a run that `_add_reading` declares.
_READING = ("clock", "to_bjd", "reader", "kind", "columns", "min_period", "max_period")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """What `run` and `train` read, clean and measure by, so that a model can be trained as it will be used."""
    group = parser.add_argument_group("reading and periods")
    group.add_argument(
        "--clock", help="what the times are, where a source does not say: BJD_TDB, HJD_UTC, MJD_UTC, HJD-2450000, ..."
    )
    group.add_argument("--to-bjd", action="store_true", help="turn HJD_UTC or JD_UTC into BJD_TDB (needs positions)")
    group.add_argument("--reader", help="force a reader, for files that none recognises: see the README's list")
    group.add_argument("--kind", choices=("mag", "flux"), help="what the values are, where a source does not say")
    group.add_argument(
        "--columns",
        metavar="time=2,mag=3,...",
        help="which column of a table is what, by number or name: time, mag, flux, mag_err, band, id, quality, ra, dec",
    )
    group.add_argument("--min-period", type=_days, metavar="DAYS", help="shortest period to look for")
    group.add_argument("--max-period", type=_days, metavar="DAYS", help="longest period to look for")


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=_positive, metavar="N", help="worker processes (default: one a core)")


def _check_out(out: Path) -> None:
    """Refuse a file where a folder is to be written."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out: {out} is a file; name a folder")


def _run(parsed: argparse.Namespace) -> int:
    one_thread()
    from swope.flows.interrupt import terminable
    from swope.flows.lock import check_free
    from swope.flows.makers import Makers
    from swope.flows.options import RunOptions
    from swope.flows.server import prefect_server
    from swope.flows.workers import worker_processes
    from swope.pipeline.ingest import check_sources

    # before Prefect, which takes seconds to start
    check_sources(parsed.sources)
    _check_out(parsed.out)
    given = {field.name: getattr(parsed, field.name) for field in fields(RunOptions)}
    given["models"] = str(parsed.models.resolve()) if parsed.models else None
    options = RunOptions(**given)
    options.check()
    check_free(parsed.out)
    if sys.stderr.isatty():
        print("starting the flow (some 10 s)", file=sys.stderr)
    workers = 0 if parsed.dask else parsed.workers or os.cpu_count() or 1
    with terminable(), worker_processes(workers) as pool:
        if pool is not None:
            # it loads TensorFlow and the models while Prefect starts
            pool.warm(Makers.of, options.models)
        with prefect_server():
            from swope.flows.catalog import catalog, task_runner

            record = catalog.with_options(task_runner=task_runner(workers, parsed.dask))(
                list(parsed.sources), str(parsed.out), options=options, workers=workers, top=parsed.top
            )
    print(record.summary(parsed.out))
    return 0


def _add_nightly(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "nightly",
        "score the new points of stars that a run knows, and nothing else",
        "examples:\n"
        "  swope nightly tonight/*.csv --since out/first --out out/monday\n"
        "  swope nightly tonight/*.csv --since out/monday --out out/tuesday\n\n"
        "Nothing is fitted, and no period searched for. Rows known already are left out; stars and bands that the run\n"
        "did not know get a row that says so, and need a run.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as for `swope run`")
    parser.add_argument(
        "--since", required=True, type=Path, metavar="DIR", help="folder of a run, or of the night before"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for this night")
    parser.add_argument("--clock", help="as for `swope run` (default: what the run was told)")
    parser.add_argument("--reader", help="as for `swope run` (default: what the run was told)")
    parser.add_argument("--kind", choices=("mag", "flux"), help="as for `swope run` (default: what the run was told)")
    parser.add_argument(
        "--event-pvalue",
        type=_probability,
        metavar="P",
        help="false-alarm probability a star and night of an event (default: what the run was told)",
    )
    parser.add_argument(
        "--detector",
        action="append",
        default=[],
        metavar="NAME",
        help="judge by this detector's forecasts alone, such as statespace, which takes a fifth of the time; may be "
        "given several times (default: all that forecast)",
    )
    parser.add_argument("--top", type=_positive, default=10, metavar="N", help="surprising stars named (default: 10)")
    parser.set_defaults(call=_nightly)


def _nightly(parsed: argparse.Namespace) -> int:
    one_thread()
    from dataclasses import replace

    from swope.pipeline.ingest import check_sources

    check_sources(parsed.sources)
    from swope.flows.night import score_night
    from swope.flows.state import State

    given = {name: getattr(parsed, name) for name in ("clock", "reader", "kind", "event_pvalue")}
    settings = replace(
        State.of(parsed.since).settings, **{name: value for name, value in given.items() if value is not None}
    )
    settings.check()
    record = score_night(
        list(parsed.sources),
        parsed.since,
        parsed.out,
        settings,
        parsed.detector or None,
        parsed.top,
    )
    print(record.summary(parsed.out))
    return 0


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "report",
        "make the report of a run again",
        "examples:\n"
        "  swope report out/kepler --top 50\n"
        '  swope report out/kepler --star "KIC 8462852" --star "KIC 9832227"',
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument(
        "--top", type=_positive, default=20, metavar="N", help="most anomalous stars to show (default: 20)"
    )
    parser.add_argument(
        "--star",
        action="append",
        default=[],
        metavar="ID",
        help="show this star too, first of all and whatever its rank; may be given several times",
    )
    parser.set_defaults(call=_report)


def _report(parsed: argparse.Namespace) -> int:
    one_thread()
    from swope.flows.pages import write_report

    print(write_report(parsed.run_dir, parsed.top, parsed.star))
    return 0


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "train",
        "train a model on labelled light curves",
        "examples:\n"
        "  swope train classifier asas.parquet --labels labels.csv --out models\n"
        "  swope run new.parquet --models models --out out/new\n\n"
        "  swope train classifier new.parquet --labels few.csv --start models --out models2\n"
        "  swope train classifier new.parquet --labels few.csv --start shipped --out models2\n\n"
        "A start needs some ten labelled stars, and keeps its types: labels that it does not know are refused.\n"
        "Each model's folder holds a card.md, which says what it was taught and how.",
    )
    parser.add_argument(
        "model", metavar="MODEL", help="classifier, autoencoder, forecaster, statespace, or one of yours"
    )
    parser.add_argument("sources", nargs="+", metavar="LIGHT_CURVES", help="as for `swope run`")
    parser.add_argument(
        "--labels", type=Path, metavar="CSV", help="object_id, class and perhaps period (needed for the classifier)"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="MODELS", help="folder of models to add this one to")
    parser.add_argument(
        "--epochs", type=_positive, metavar="N", help="passes over the stars (default: the model's own)"
    )
    parser.add_argument(
        "--start",
        metavar="MODELS",
        help="go on from the classifier or forecaster of this folder of models, or from the `shipped` one (default: a "
        "classifier is trained from nothing, a forecaster goes on from the shipped one)",
    )
    parser.add_argument(
        "--survey",
        action="store_true",
        help="the classifier looks at magnitude, colour and galactic latitude too: better within one survey, of no "
        "use beyond it",
    )
    parser.add_argument(
        "--cell", choices=("lstm", "gru", "rnn"), help="train the forecaster from nothing, with this recurrent cell"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random (default: 0)")
    _add_reading(parser)
    _add_workers(parser)
    parser.set_defaults(call=_train)


def _train(parsed: argparse.Namespace) -> int:
    from swope.flows.interrupt import terminable
    from swope.flows.lock import check_free
    from swope.flows.options import RunOptions, TrainOptions
    from swope.flows.server import prefect_server
    from swope.pipeline.ingest import check_sources

    # before Prefect, which takes seconds to start
    check_sources(parsed.sources)
    _check_out(parsed.out)
    labels = str(parsed.labels) if parsed.labels else None
    training = TrainOptions(**{field.name: getattr(parsed, field.name) for field in fields(TrainOptions)})
    training.check(parsed.model, labels)
    options = RunOptions(**{name: getattr(parsed, name) for name in _READING})
    options.check()
    check_free(parsed.out)
    workers = parsed.workers or os.cpu_count() or 1
    with terminable(), prefect_server():
        from swope.flows.catalog import task_runner
        from swope.flows.train import train

        said = train.with_options(task_runner=task_runner(workers))(
            parsed.model, list(parsed.sources), str(parsed.out), labels, training, options, workers
        )
    print(said)
    return 0


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "evaluate",
        "hold a catalog against known classes and periods",
        "example:\n  swope evaluate out/asas --labels labels.csv\n\n"
        "labels: a CSV with object_id, class and perhaps period.",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("--labels", required=True, type=Path, metavar="CSV", help="the known classes and periods")
    parser.add_argument(
        "--held-out", action="store_true", help="only the stars that the shipped models were never trained on"
    )
    parser.set_defaults(call=_evaluate)


def _evaluate(parsed: argparse.Namespace) -> int:
    from swope.pipeline.evaluate import evaluate

    print(evaluate(parsed.run_dir, parsed.labels, held_out_only=parsed.held_out))
    return 0


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "simulate",
        "make a labelled mock survey",
        "example:\n  swope simulate --out mock --stars 2000 --seed 1",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for light curves and labels.csv")
    parser.add_argument("--stars", type=_positive, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed gives the same survey")
    parser.set_defaults(call=_simulate)


def _simulate(parsed: argparse.Namespace) -> int:
    from tqdm import tqdm

    from swope.pipeline.simulate import SurveyOptions, write_survey

    with tqdm(total=parsed.stars, unit="star", disable=None) as bar:
        write_survey(
            parsed.out,
            SurveyOptions(stars=parsed.stars, seed=parsed.seed),
            progress=lambda done, _total: bar.update(done - bar.n),
        )
    print(f"{parsed.stars} stars in {parsed.out}, labels in {parsed.out / 'labels.csv'}")
    return 0


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "export",
        "write a run's catalog as FITS, VOTable or CSV, with units and descriptions",
        "example:\n  swope export out/asas --format fits",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("--format", choices=("fits", "votable", "csv"), required=True)
    parser.set_defaults(call=_export)


def _export(parsed: argparse.Namespace) -> int:
    from swope.pipeline.catalog import export

    for path in export(parsed.run_dir, parsed.format):
        print(path)
    return 0


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "serve",
        "run the scheduled flows on this machine, until it is stopped",
        "example:\n  swope serve\n\nThe schedules are those of prefect.yaml in this folder.",
    )
    parser.add_argument(
        "--file",
        type=Path,
        default=Path("prefect.yaml"),
        metavar="YAML",
        help="the deployments (default: prefect.yaml)",
    )
    parser.set_defaults(call=_serve)


def _serve(parsed: argparse.Namespace) -> int:
    from swope.flows.serve import serve_deployments

    serve_deployments(parsed.file)
    return 0


def _add_formats(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "formats",
        "say what is read, and what files would be taken for and why",
        "examples:\n  swope formats\n  swope formats star.csv\n  swope formats star.csv --columns time=2,mag=3",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="files to look at (default: the list of formats)")
    _add_telling(parser)
    parser.set_defaults(call=_formats)


def _add_telling(parser: argparse.ArgumentParser) -> None:
    """What is said of the sources, for commands that only read."""
    parser.add_argument("--clock", help="as for `swope run`")
    parser.add_argument("--reader", help="as for `swope run`")
    parser.add_argument("--kind", choices=("mag", "flux"), help="as for `swope run`")
    parser.add_argument("--columns", metavar="time=2,mag=3,...", help="as for `swope run`")


def _told(parsed: argparse.Namespace) -> IngestOptions:
    from swope.pipeline.ingest.parts import IngestOptions
    from swope.pipeline.ingest.said import parse_columns
    from swope.pipeline.lightcurve import Clock

    return IngestOptions(
        clock=Clock.parse(parsed.clock) if parsed.clock else None,
        reader=parsed.reader,
        kind=parsed.kind,
        columns=parse_columns(parsed.columns) if parsed.columns else (),
    )


def _formats(parsed: argparse.Namespace) -> int:
    from swope.pipeline.ingest.formats import table_of_formats, taken_for

    if not parsed.files:
        print(table_of_formats())
        return 0
    taken = {name: taken_for(name, _told(parsed)) for name in parsed.files}
    print("\n".join(f"{name}\n{taken[name]}" for name in parsed.files))
    return 0 if all(one.readable for one in taken.values()) else BAD_INPUT


def _add_ingest(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(
        commands,
        "ingest",
        "bring light curves of any format into one store of nested Parquet",
        "example:\n  swope ingest survey/ --out store\n\n"
        "The store opens in pandas, Polars and DuckDB, and as HATS catalogs in LSDB; `swope run store` reads it.",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="as for `swope run`")
    parser.add_argument("--out", required=True, type=Path, metavar="STORE", help="a new folder")
    _add_telling(parser)
    parser.set_defaults(call=_ingest)


def _ingest(parsed: argparse.Namespace) -> int:
    from tqdm import tqdm

    from swope.pipeline.ingest.store import write_store

    with tqdm(unit="part", disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        store = write_store(list(parsed.sources), parsed.out, _told(parsed), show)
    print(store.summary())
    return 0


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of days")
    return value


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a probability between 0 and 1")
    return value
