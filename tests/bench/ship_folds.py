"""Train the classifier and the autoencoder that come with Swope, judge them on stars kept apart, and write their cards.

``python -m tests.bench.ship_folds``
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swope.models.autoencoder import Autoencoder, AutoencoderOptions
from swope.models.classifier import Classification, Classifier, ClassifierOptions
from swope.models.classifier.targets import allowed_types
from swope.models.classifier.thinned import ENOUGH
from swope.models.inputs import inputs_of
from swope.models.weights import PRETRAINED
from swope.pipeline.split import held_out, share
from swope.pipeline.vsx import alternatives, ancestors, family
from tests.bench.classify import best_types, fitted, judge, likeliest
from tests.bench.training_set import SETS, Prepared, add_cache, kept_copies, prepared, seen_as, stars_of

#: Types too rare or too alike to be told apart across surveys are taught as a wider one.
WIDER = {
    "SN Ia": "SN",
    "SN II": "SN",
    "QSO": "AGN",
    "BLLAC": "AGN",
    "UG": "CV",
    "NL": "CV",
    "INA": "YSO",
    "TTS": "YSO",
    "CTTS": "YSO",
    "WTTS": "YSO",
    "SXPHE": "DSCT",
}

#: A type needs so many stars to be taught.
LEAST_STARS = 12

#: How the classifier that comes with Swope is trained.
SHIPPED = ClassifierOptions(members=1, epochs=24, batch=256, learning_rate=4e-3, trees=60, leaf=8)

#: Spotted stars were drawn for learning as often as contact binaries, which look like them; but these are .195 of
#: Catalina's stars here and .73 in its survey, odds eleven times as high. This stands half way, in logarithms.
PRIOR = {"ROT": 0.3}

#: Stars of one set and type that the autoencoder learns from at most: ordinary is not only what is common.
MOST_ALIKE = 300


def gathered(cache: Path, copies: int = 0) -> tuple[Prepared, list[str], Prepared]:
    """All prepared stars with a label that is taught, and the set of each; and those of types too rare to be taught.

    Parameters
    ----------
    copies : of a star of a rare type, thinned; at most.
    """
    names = [name for name in SETS if (cache / f"{name}.parquet").exists()]
    parts = [prepared(cache, name) for name in names]
    whole = Prepared.join(parts)
    labels = np.array([WIDER.get(str(label), str(label)) for label in whole.labels])
    whole = replace(whole, labels=labels)
    counts = Counter(labels)
    surveys = [name for name, part in zip(names, parts, strict=True) for _ in range(len(part))]
    enough = {str(label) for label, count in counts.items() if label and count >= LEAST_STARS}
    wide = {wider for label in enough if len(alternatives(label)) == 1 for wider in ancestors(label)}
    # of an open choice each type has to be taught: else all of its stars would teach the other one
    known = {label for label in enough if set(alternatives(label)) <= wide}
    taught = np.isin(labels, sorted(known))
    rare = whole.rows(np.array([bool(label) and wide.isdisjoint(alternatives(label)) for label in labels]) & ~taught)
    whole = whole.rows(taught)
    if copies:
        stars = [one for one, used in zip(stars_of(cache, *names), taught, strict=True) if used]
        file = cache / f"taught-{seen_as()}-{copies}-copies.npz"
        whole = replace(whole, copies=kept_copies(file, stars, whole.labels.tolist(), copies))
    return whole, [name for name, used in zip(surveys, taught, strict=True) if used], rare


def at_double_period(cache: Path, names: Sequence[str]) -> Prepared:
    """One in three of the named eclipsing stars again, with twice the period that was found."""
    known = set(names)
    chosen = [
        one
        for one in stars_of(cache, "asas_acvs", "debosscher")
        if one.star.curve.object_id in known
        and one.label is not None
        and family(one.label) == "eclipsing"
        and one.star.period.found
        and share(one.star.curve.object_id, "double") < 1 / 3
    ]
    stars = [replace(c.star, period=replace(c.star.period, period=2.0 * c.star.period.period)) for c in chosen]
    return Prepared(
        inputs_of(stars),
        np.array([star.curve.object_id for star in stars]),
        np.array([str(one.label) for one in chosen]),
        np.array([star.period.period for star in stars]),
        np.array([one.period for one in chosen]),
    )


def to_learn_from(cache: Path, stars: Prepared, rows: NDArray[np.bool_]) -> Prepared:
    """The stars at these rows, their copies, and some of them again at twice their period."""
    single = stars.rows(rows)
    doubled = at_double_period(cache, [str(name) for name in single.names])
    return replace(Prepared.join([single, doubled]), copies=single.copies)


def ship_classifier(
    cache: Path, out: Path, options: ClassifierOptions | None, left_out: Path, flags: bool = False
) -> dict[str, object]:
    """Train, judge by set, write the card and the weights.

    Parameters
    ----------
    options : how to train; None to judge the classifier that is there.
    left_out : what `tests.bench.survey_left_out` kept, for the card.
    flags : let the classifier that is there learn its flags anew.
    """
    stars, surveys, unknown = gathered(cache, SHIPPED.copies)
    apart = np.array([held_out(str(name)) for name in stars.names])
    learn = to_learn_from(cache, stars, ~apart)
    classifier = Classifier.load(out / "classifier") if options is None else fitted(learn, options, print)
    if flags:
        classifier.learn_flags(learn.labelled, SHIPPED)
    classifier.prior = PRIOR
    lines, figures = [], {}
    for survey in dict.fromkeys(surveys):
        rows = np.flatnonzero(apart & (np.array(surveys) == survey))
        if len(rows) < 5:
            continue
        test = stars.rows(rows)
        result = classifier.classify_inputs(test.inputs)
        said, sure = as_labelled(result, [str(label) for label in test.labels])
        quality = judge(said, sure, test.labels)
        figures[survey] = {key: round(value, 3) for key, value in quality.items()}
        figures[survey] |= abstained(result, said != test.labels)
        lines.append(f"| {survey} | {len(rows)} | " + " | ".join(f"{x:.3f}" for x in figures[survey].values()) + " |")
    strangers = classifier.classify_inputs(unknown.inputs)
    stranger_flags = [flag is not None for flag in strangers.flag]
    counts = Counter(str(label) for label in learn.labels)
    classifier.card = _CLASSIFIER_CARD.format(
        types=", ".join(classifier.types),
        counts=", ".join(f"{name} {count}" for name, count in counts.most_common()),
        table="\n".join(lines),
        risk=100 * classifier.abstention.risk,
        least=classifier.abstention.least,
        most=classifier.abstention.most,
        kept=100 * classifier.abstention.kept,
        strangers=len(unknown),
        flagged=sum(stranger_flags),
        kinds=", ".join(sorted(set(unknown.labels.tolist()))),
        trees=classifier.options.trees,
        enough=ENOUGH,
        copies=classifier.options.copies,
        left_out=left_out_table(left_out),
        prior=", ".join(f"{name} {factor:g}" for name, factor in PRIOR.items()),
    )
    classifier.save(out / "classifier")
    found = {"bench": "ship_folds", "kind": "classifier", "stars": len(learn), "sets": figures}
    return found | {"stated_risk": classifier.abstention.risk, "of_unknown_types_flagged": stranger_flags}


def left_out_table(file: Path) -> str:
    """The rows of the card's second table."""
    rows = []
    for line in file.read_text().splitlines() if file.exists() else []:
        one = json.loads(line)
        shown = [one["left_out"][key] for key in ("accuracy", "balanced", "ece")]
        shown += [one[who]["balanced"] for who in ("forest", "in_survey")]
        rows.append(f"| {one['set']} | {one['stars']} | {one['types']} | {' | '.join(f'{x:.3f}' for x in shown)} |")
    return "\n".join(rows)


def abstained(result: Classification, wrong: NDArray[np.bool_]) -> dict[str, float]:
    """Share of the stars with a class_flag, and the error of the others."""
    flagged = np.array([flag is not None for flag in result.flag])
    error = float(wrong[~flagged].mean()) if not flagged.all() else float("nan")
    return {"flagged": round(float(flagged.mean()), 3), "error_unflagged": round(error, 3)}


def as_labelled(result: Classification, labels: Sequence[str]) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """What was said of stars, in the words of their labels, and the probability that this is right.

    A label that is open (E, RR) tells less than a type does: what was said of its star is said as openly, by the star's
    own label where that may mean the likeliest type, else by the widest of the other open ones that may. The
    probabilities of all the types that such a word may mean add up. Which word it is hangs on what was said, not on
    whether it is right, so that the probability may be held against the share that is.

    Parameters
    ----------
    result : n stars.
    labels : n labels of one set.

    Returns
    -------
    (n,) words and (n,) probabilities; "" and 0 where there is no answer.
    """
    words = sorted(set(labels) - set(result.types))
    meant = {word: allowed_types(word, result.types) > 0 for word in words}
    widest = sorted(words, key=lambda word: -int(meant[word].sum()))
    said, sure = best_types(result).tolist(), likeliest(result)
    for i, label in enumerate(labels):
        if label not in meant or not said[i]:
            continue
        place = result.types.index(said[i])
        word = next((word for word in (label, *widest) if meant[word][place]), None)
        if word is not None:
            said[i], sure[i] = word, min(1.0, float(result.probabilities[i, meant[word]].sum()))
    return np.array(said), sure


def ship_autoencoder(cache: Path, out: Path, options: AutoencoderOptions) -> dict[str, object]:
    """Train on ordinary stars, judge the p-values on ordinary stars kept apart, write the card and the weights."""
    stars, surveys, _ = gathered(cache)
    apart = np.array([held_out(str(name)) for name in stars.names])
    seen: Counter[tuple[str, str]] = Counter()
    used = np.zeros(len(stars), dtype=bool)
    for i in sorted(range(len(stars)), key=lambda i: share(str(stars.names[i]), "alike")):
        alike = (surveys[i], str(stars.labels[i]))
        seen[alike] += not apart[i]
        used[i] = not apart[i] and seen[alike] <= MOST_ALIKE
    learn = stars.rows(used)
    names, labels = ([str(one) for one in column] for column in (learn.names, learn.labels))
    autoencoder = Autoencoder.fit_inputs(learn.inputs, names, options, print, labels)
    test = stars.rows(apart)
    pvalues = autoencoder.score_inputs(test.inputs).pvalue
    figures = {str(level): round(float(np.nanmean(pvalues <= level)), 4) for level in (0.01, 0.05, 0.1, 0.5)}
    autoencoder.card = _AUTOENCODER_CARD.format(
        n=len(learn),
        judged=len(test),
        table="\n".join(f"| {level} | {value} |" for level, value in figures.items()),
    )
    autoencoder.save(out / "autoencoder")
    return {"bench": "ship_folds", "kind": "autoencoder", "stars": len(learn), "false_alarms": figures}


_CLASSIFIER_CARD = """# The classifier that comes with Swope

Types: {types}.

**Learnt from** the stars of these public sets that `pipeline.split.held_out` does not keep apart: ASAS (ACVS types, and
the training set of Richards et al. 2012), Hipparcos and OGLE (Debosscher et al. 2007), EROS-2, SDSS Stripe 82
RR Lyrae, Catalina South (Drake et al. 2017), OGLE-III's types of EROS-2 stars, microlensing events of OGLE-IV, Catalina
transients and quasars, ZTF type Ia supernovae, standard stars; and from stars that `swope simulate` makes. One in
three eclipsing binaries is shown again at twice the period that was found, and stars of types with fewer than {enough}
are shown as up to {copies} thinned copies too, with periods searched anew. Stars by type: {counts}.

**Sees** folds at the found period, at twice and at half of it (value, sigma, coverage in 64 bins), the course of the
curve in 64 even steps of time, features of the `light-curve` library, of a Fourier series and of what it leaves (there
where a second mode would be, too), the structure function, and the runners-up of the period search; no magnitude,
colour, position or date. A network and a forest of {trees} random trees answer together.

**Judged** on the stars kept apart, with periods found by Swope; an open label (E, RR) counts as right with any of its
narrower types, whose probabilities are added up:

| set | stars | accuracy | balanced | calibration error | error on the surer 95 % | flagged | error of the others |
|---|---|---|---|---|---|---|---|
{table}

**On a survey that it never saw** it does worse. So did classifiers that were trained in the same way without a survey
(from at most 300 stars of a set and label, in 8 passes), over the types that the other surveys teach, on the same
stars kept apart (`python -m tests.bench.survey_left_out`); beside them a random forest on `light-curve` features and
the period that learnt from the same stars, and a classifier trained so with the survey:

| set | stars | types | accuracy | balanced | calibration error | balanced, forest | balanced, in survey |
|---|---|---|---|---|---|---|---|
{left_out}

**Shares**: the network and the trees learnt types about as the square root of their counts; {prior} is the factor by
which a type is rarer where the classifier is used (spotted stars against contact binaries, which look like them).

**Class and period are one answer**: a type whose definition excludes each of the three periods cannot come out
(`swope.pipeline.vsx.PERIODS`).

**Abstains** with `class_flag`: `uncertain` where the likeliest type has less than {least:.2f}, `unfamiliar` where the
star is unlike all types that were learnt (above {most:.2f}, by the entropy of the trees' votes and by how seldom known
stars have its features; `python -m tests.bench.unseen_kinds` leaves kinds out). Of the stars that calibrated it
{kept:.0f} % got no flag, and {risk:.1f} % of these a wrong type.
`class_sure` is the narrowest type or family of types that holds 0.9.

**Limits.** Types outside the list get the nearest one: of {strangers} stars of such types ({kinds}) {flagged} were
flagged. Constant stars were shown few, and
mostly simulated ones. A type that one survey alone labels (SN, AGN, SRS, ...) may be recognised partly by that survey's
cadence. Periods that are none of P, 2 P and P / 2 mislead it. Regenerate with
`python -m tests.bench.ship_folds`.
"""

_AUTOENCODER_CARD = """# The autoencoder that comes with Swope

**Learnt from** {n} stars of the sets that the classifier learns from, at most 300 a set and type, none of them kept
apart by `swope.pipeline.split.held_out`.

**Scores** the misfit of the reconstructed fold (chi-square per bin); how empty the space around a star is compared with
how empty it is around its neighbours, in the latent space and among seven features of the shape; and, along the twelve
axes that tell the types of these stars apart best, how far it is from the stars that were learnt, and how seldom they
are where it is, by a Gaussian for each type. The number of points, and whether there is a period, are regressed out of
all five; signal to noise only out of the first three, for a small amplitude is what some types are told by. The five
get p-values against stars that calibrate; the weighted normal deviates of these are summed, and the sum is given a
p-value against the same stars.

**Judged** on {judged} ordinary stars kept apart: share with a p-value at or below

| level | share |
|---|---|
{table}

**Limits.** Ordinary is what these surveys hold many of: a star of a survey with another cadence or depth may be called
strange for it. A wrong period makes a fold strange. Regenerate with `python -m tests.bench.ship_folds`.
"""


def main() -> None:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_cache(parser)
    parser.add_argument("--out", type=Path, default=PRETRAINED)
    parser.add_argument("--only", choices=("classifier", "autoencoder"))
    parser.add_argument("--epochs", type=int, help="passes (default: of the classifier 24, of the autoencoder 16)")
    parser.add_argument("--members", type=int, default=SHIPPED.members)
    parser.add_argument(
        "--left-out", type=Path, metavar="FILE", help="of survey_left_out --keep (default: in the cache)"
    )
    words = "write the classifier's card anew, without training it"
    parser.add_argument("--judge-again", action="store_true", help=words)
    words = "let the classifier learn anew which answers get a flag, and leave all else of it"
    parser.add_argument("--flags-again", action="store_true", help=words)
    args = parser.parse_args()
    results = []
    if args.only != "autoencoder":
        options = replace(SHIPPED, members=args.members, epochs=args.epochs or SHIPPED.epochs)
        left_out = args.left_out or args.cache / "left-out.jsonl"
        as_is = args.judge_again or args.flags_again
        results.append(ship_classifier(args.cache, args.out, None if as_is else options, left_out, args.flags_again))
    if args.only != "classifier":
        results.append(ship_autoencoder(args.cache, args.out, AutoencoderOptions(epochs=args.epochs or 16)))
    for one in results:
        print(json.dumps(one))


if __name__ == "__main__":
    main()
