"""What a survey costs on two cores: ``python -m tests.bench.throughput [PART ...]``, a few lines and a JSON line each.

    survey   10,000 ASAS stars end to end, by stage, beside the bare kernels and the script of a user
    points   one star against its number of points, beside two lines of others' kernels
    space    TESS curves by the second, a sector by extrapolation, the missions' files against lightkurve.read
    report   catalog and report of up to 100,000 stars, made of the chunks of 1,000
    memory   memory of a worker in whole runs of 1,000, 10,000 and 100,000 stars: hours, so only where it is named

Without a PART all of them but for the last. ``--stars N`` sets the number of stars of a survey (and that of the TESS
curves, a thousandth of it), ``--points``, ``--sizes`` those of the other parts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys

from swope.flows.runtime import one_thread, quiet

PARTS = ("survey", "points", "space", "report")
LONG = ("memory",)

POINTS = "500,2000,8000,32000,65316,130000"
SIZES = "1000,10000,100000"


def main() -> int:
    """Run the chosen parts, each in a process of its own, whose libraries find that they have one thread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, *LONG], metavar="PART")
    parser.add_argument("--stars", type=int, default=10_000, metavar="N")
    parser.add_argument("--points", type=_numbers, default=POINTS, help="numbers of points, ascending")
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="stars of `report` and `memory`, ascending")
    asked = parser.parse_args()
    quiet()
    one_thread()
    for part in asked.parts or PARTS:
        process = multiprocessing.get_context("spawn").Process(target=_do, args=(part, asked))
        process.start()
        process.join()
        if process.exitcode:
            return process.exitcode
    return 0


def _do(part: str, asked: argparse.Namespace) -> None:
    from tests.bench import throughput_memory, throughput_points, throughput_space, throughput_survey

    parts = {
        "survey": lambda: throughput_survey.survey(asked.stars),
        "points": lambda: throughput_points.points(asked.points),
        "space": lambda: throughput_space.space(max(asked.stars // 1000, 2)),
        "report": lambda: throughput_memory.report(asked.sizes),
        "memory": lambda: throughput_memory.memory(asked.sizes),
    }
    parts[part]()


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(int(word) for word in words.split(","))


if __name__ == "__main__":
    sys.exit(main())
