"""`swope label`: what an analyst says of a star."""

from __future__ import annotations

import argparse
from pathlib import Path

from swope.flows.commands.arguments import command


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = command(
        commands,
        "label",
        "say what a star of a run is worth, so that its like rank higher, or lower",
        "examples:\n"
        '  swope label out/first "V1234" interesting --note "fades like an RCB star"\n'
        "  swope label out/first 081933-2358.2 artifact\n"
        "  swope label out/first --from verdicts.csv  what the report saved: object_id, source, verdict, note\n"
        "  swope report out/first                    ranked by what was said\n\n"
        "interesting   more like this\n"
        "boring        ordinary after all\n"
        "artifact      the instrument's, the reduction's, or an error of Swope\n\n"
        "Verdicts are kept in DIR/verdicts.csv with date and note; a later one on a star replaces the earlier one,\n"
        "and both stay in the table. The next report and the next run of DIR rank by them (verdict, verdict_rank): a\n"
        "verdict moves the stars that are like this one. P-values and anomaly_rank never change.",
    )
    parser.add_argument("run_dir", type=Path, metavar="DIR", help="folder that `swope run --out` wrote")
    parser.add_argument("object_id", metavar="OBJECT", nargs="?", help="name of the star")
    parser.add_argument("verdict", choices=("interesting", "boring", "artifact"), nargs="?", help="what it is worth")
    parser.add_argument("--from", type=Path, dest="table", metavar="FILE", help="take down a table of verdicts")
    parser.add_argument("--source", metavar="FILE", help="file that it came from, where several have its name")
    parser.add_argument("--note", default="", metavar="TEXT", help="your own words, kept with it")
    parser.set_defaults(call=call)


def call(parsed: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    from swope.flows.verdicts import label
    from swope.pipeline.verdicts import VERDICTS, latest, read_verdicts

    if (parsed.table is None) == (parsed.verdict is None):
        raise ValueError("say OBJECT and one of interesting, boring, artifact; or a table of them with --from FILE")
    if parsed.table is not None:
        from swope.flows.judged import label_from

        what = f"{len(label_from(parsed.run_dir, parsed.table))} verdicts taken down"
    else:
        said = label(parsed.run_dir, parsed.object_id, parsed.verdict, parsed.source, parsed.note)
        what = f"{said.object_id} is {said.verdict}"
    count = len(latest(read_verdicts(parsed.run_dir)))
    print(f"{what}; {count} stars judged, in {parsed.run_dir / VERDICTS}")
    print(f"`swope report {parsed.run_dir}` ranks by them")
    return 0
