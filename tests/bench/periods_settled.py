"""Which periods are right once the class has settled them, as in a catalog: ``python -m tests.bench.periods_settled``.

The search alone (`tests.bench.periods`) cannot tell a contact binary from a spotted star of half its period; the
classifier may double or halve what was found. Both are judged here, on the stars that `swope.pipeline.split.held_out`
keeps apart, and beside them the share for which the true period is one of those three. "Upheld" are the stars whose
settled period is right, or foretells the star's own nights better than the reference (`tests.bench.periods_disputed`).
ASAS' eclipsing stars are judged again without those whose reference physics excludes (`tests.bench.hidden_light`).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from swope.models.classifier import Classifier
from swope.models.inputs import FACTORS
from swope.pipeline.split import held_out, share
from tests.bench.hidden_light import impossible
from tests.bench.periods_data import ECLIPSING, Known, asas, catalina, eros, eros2, right
from tests.bench.periods_disputed import DECIDED, sided
from tests.bench.training_set import Prepared, add_cache, prepared

#: Where the reference periods of the prepared sets are.
REFERENCES: dict[str, Callable[[], Iterator[Known]]] = {
    "asas_acvs": asas,
    "catalina_south": catalina,
    "eros": eros,
    "eros2_ogle": eros2,
}

#: A class of fewer stars is not shown.
LEAST_SHOWN = 20

HEAD = f"{'':28s}  stars  found  settled  upheld  one of three"

#: What is said of a star: whether it is found, settled, upheld, and any of the three periods is right.
Row = tuple[bool, bool, bool, bool]


def judged(stars: Prepared, factor: np.ndarray, known: dict[str, Known]) -> dict[str, list[Row]]:
    """What is said of the stars by class, under "all", under "possible", and under "untuned".

    Stars of ASAS' eclipsing classes whose reference is impossible are not among the "possible"; "untuned" are those by
    which `swope.models.classifier.possible.LIKELIER` was not chosen.

    Parameters
    ----------
    stars : n, with the periods that were found.
    factor : (n,) what the class multiplies them by.
    known : references by object id; other stars are not judged.
    """
    rows = defaultdict(list)
    for name, found, by in zip(stars.names, stars.period, factor, strict=True):
        star = known.get(str(name))
        if star is None or not np.isfinite(star.period):
            continue
        span = float(np.ptp(star.curve.time))
        tried = [right(found * one, star.period, span) for one in (1.0, by, *FACTORS)]
        upheld = tried[1] or sided(star.curve, found * by, star.period) > DECIDED
        row = (tried[0], tried[1], upheld, any(tried[2:]))
        rows["all"].append(row)
        if share(str(name), "doubted") >= 0.5:
            rows["untuned"].append(row)
        if star.class_name not in ECLIPSING or not impossible(star.curve, star.period):
            rows["possible"].append(row)
        rows[star.class_name].append(row)
    return dict(rows)


def run(cache: Path, name: str, classifier: Classifier) -> dict[str, Any]:
    """Judge a set's held-out stars."""
    whole = prepared(cache, name)
    stars = whole.rows(np.array([held_out(str(star)) for star in whole.names]))
    factor = classifier.classify_inputs(stars.inputs).period_factor
    found = judged(stars, factor, {one.curve.object_id: one for one in REFERENCES[name]()})
    shares = {kind: (len(rows), *np.mean(rows, axis=0).round(4).tolist()) for kind, rows in found.items()}
    return {"bench": "periods_settled", "set": name, "shares": shares}


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--sets", nargs="+", choices=REFERENCES, default=list(REFERENCES))
    args = parser.parse_args()
    classifier = Classifier.pretrained()
    print(HEAD)
    results = [run(args.cache, name, classifier) for name in args.sets]
    for one in results:
        for kind, (count, *shares) in one["shares"].items():
            if count >= LEAST_SHOWN:
                print(f"{one['set']:15s} {kind:12s} {count:6d}  " + "    ".join(f"{part:.3f}" for part in shares))
    for one in results:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
