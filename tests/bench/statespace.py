"""The state-space baseline, measured: ``python -m tests.bench.statespace [--parts loglik,speed,...] [--quick]``.

Parts: loglik, speed, recovery, calibration, known; and null, which learns the null of the score again and writes it
where ``--write FOLDER`` says. Each part prints a table and one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PARTS = ("loglik", "speed", "recovery", "calibration", "known")


def show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of alike columns under a title."""
    print(f"\n{title}")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name, "")) for name in columns] for row in rows]
    widths = [max(len(name), *(len(c[i]) for c in cells)) for i, name in enumerate(columns)]
    print("  " + "  ".join(name.ljust(w) for name, w in zip(columns, widths, strict=True)))
    for line in cells:
        print("  " + "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def target(what: str, value: float, low: float, high: float, wanted: str) -> dict[str, Any]:
    """A row of the table of targets."""
    return {"what": what, "measured": float(value), "target": wanted, "met": bool(low <= value <= high)}


def loglik(quick: bool) -> dict[str, Any]:  # noqa: ARG001
    """Likelihoods against the oracles."""
    from tests.bench.statespace_oracles import against_celerite, against_dense, against_statsmodels

    found = {"statsmodels": against_statsmodels(), "dense": against_dense(), "celerite2": against_celerite()}
    limits = {"statsmodels": 1e-6, "dense": 1e-8, "celerite2": 1e-8}
    show(
        "log-likelihood, relative difference",
        [
            target(f"{oracle}: {case}", value, 0, limits[oracle], f"<= {limits[oracle]:g}")
            for oracle, cases in found.items()
            for case, value in cases.items()
        ],
    )
    return found


def speed(quick: bool) -> dict[str, Any]:
    """Costs beside celerite2's and statsmodels', scaling, stars a second."""
    from tests.bench.statespace_oracles import fit_costs, likelihood_costs, scaling, update_costs
    from tests.bench.statespace_real import throughput

    costs = likelihood_costs()
    rows = [target(f"{name}: cost / celerite2's", a / b, 0, 2, "<= 2") for name, (a, b) in costs.items()]
    rows += [target(f"{name}: microseconds at N = 1,000", a * 1e6, 0, 1e9, "") for name, (a, _) in costs.items()]
    per_row = scaling((1_000, 10_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000))
    rows += [target(f"ns a row at N = {n:,}", value, 0, 1e9, "") for n, value in per_row.items()]
    rows.append(target("cost a row, largest N / smallest", per_row[max(per_row)] / per_row[1000], 0, 1.5, "linear"))
    updates = update_costs()
    few, many = min(updates), max(updates)
    rows.append(target(f"cost of one new row, after {many:,} / {few:,}", updates[many] / updates[few], 0, 1.5, "O(1)"))
    rows.append({"what": "microseconds to learn one new row", "measured": updates[many] * 1e6})
    fits = fit_costs()
    rows.append(target("fit trend + seasonal: statsmodels / own", fits["statsmodels"] / fits["own"], 20, 1e9, ">= 20"))
    rows.append(
        target("its log-likelihood, own - theirs", fits["own_loglike"] - fits["statsmodels_loglike"], -1e-2, 9, "")
    )
    stars = throughput(100 if quick else 600)
    rows.append(target("stars/s, asas_acvs, two cores", stars["stars_per_s"], 60, 1e9, ">= 60"))
    alone = stars["stars_per_s_of_processor_time"]
    rows.append(target("the same by processor time, others' use of the machine left out", alone, 60, 1e9, ">= 60"))
    rows.append({"what": "processor ms a star", "measured": stars["processor_ms_per_star"]})
    show("speed", rows)
    return {"costs": costs, "ns_per_row": per_row, "updates": updates, "fit": fits, "throughput": stars}


def recovery(quick: bool) -> dict[str, Any]:
    """Simulated curves at real cadences."""
    from tests.bench.statespace_recovery import false_events, find_shifts, recover_tau

    tau = recover_tau(60 if quick else 600)
    show(
        "damped random walks, span of 10 tau or more",
        [
            target("median |log10 tau / true|", tau["median_abs_dex"], 0, 0.15, "<= 0.15"),
            target("90 % interval holds tau", tau["coverage_90"], 0.87, 0.93, "0.87 to 0.93"),
            *({"what": name, "measured": float(value)} for name, value in tau.items()),
        ],
    )
    shifts = find_shifts(30 if quick else 200, 100 if quick else 1000)
    show("level shifts and trends found at p = 0.001, by size in sigma of the noise", shifts)
    events = false_events(200 if quick else 3000)
    show(
        "events in 1,000 simulated ordinary stars",
        [target(name, value, 0.3, 3, "0.3 to 3") for name, value in events.items()],
    )
    return {"tau": tau, "shifts": shifts, "events": events}


def calibration(quick: bool) -> dict[str, Any]:
    """Coverage on quiet stars, p-values of ordinary ones."""
    from swope.models.statespace import StateSpace
    from tests.bench.statespace_real import pvalues, quiet, variable

    found, others = quiet(), variable()
    show(
        "coverage of the one-step intervals on quiet stars",
        [
            target(f"{name}, {level} %", row[f"coverage_{level}"], level / 100 - 0.02, level / 100 + 0.02, "+- 0.02")
            for name, row in found.items()
            for level in (50, 90, 95)
        ],
    )
    show("coverage on spans that are not quiet", [{"set": name, **row} for name, row in others.items()])
    ordinary = pvalues(StateSpace.pretrained(), 100 if quick else 1000)
    show("p-values of held-out ordinary stars", [{"set": name, **row} for name, row in ordinary.items()])
    return {"coverage": found, "coverage_variable": others, "pvalues": ordinary}


def known(quick: bool) -> dict[str, Any]:  # noqa: ARG001
    """Objects whose nature is known."""
    from tests.bench.statespace_real import known_objects

    rows = known_objects()
    show("known objects", rows)
    *active, flare = rows
    walks = sum(row["prefers"] == "walk" for row in active) / len(active)
    show(
        "what is known of them",
        [
            target(f"share of the {len(active)} active galaxies that prefer a walk to white noise", walks, 1, 1, "1"),
            target("GJ 1243: gain of a seasonal at 0.5926 d", flare["bic_gain"], 0, 1e9, "> 0"),
            target("GJ 1243: best period", flare["best_period_d"], 0.5916, 0.5936, "0.5926 +- 0.001"),
            target("GJ 1243: structure has a seasonal", "seasonal" in flare["prefers"], 1, 1, "yes"),
        ],
    )
    return {"objects": rows}


def null(folder: Path, quick: bool) -> None:
    """Learn the null of the score again and write it."""
    from swope.models.statespace import StateSpace
    from tests.bench.statespace_real import ordinary_training

    model = StateSpace().fit(ordinary_training(200 if quick else 1200))
    model.save(folder)
    print(f"wrote {model.model_id} to {folder}")


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of: " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="fewer stars")
    parser.add_argument("--write", type=Path, help="learn the null and write it to this folder")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if given.write is not None:
        null(given.write, given.quick)
        return
    parts: dict[str, Callable[[bool], dict[str, Any]]] = {
        "loglik": loglik,
        "speed": speed,
        "recovery": recovery,
        "calibration": calibration,
        "known": known,
    }
    for name in given.parts.split(","):
        if name not in parts:
            parser.error(f"no part {name!r}; there are {', '.join(parts)}")
        print(json.dumps({"bench": "statespace", "part": name, **parts[name](given.quick)}, default=float))


if __name__ == "__main__":
    main()
