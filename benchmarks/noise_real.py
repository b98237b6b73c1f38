"""Labels gone wrong as people's do: the rate's range, F1, average precision, false discoveries; beside peers.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/noise_real.py [--sets NAME …] [--embeddings FOLDER]
Needs the bench extra. Each set is spoiled in six ways at four rates (`noise_real_data`); cleanlab's filters
and scores run in the same process on the same probabilities.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.noise_real_data import AT_RANDOM, DEPENDENT, RATES, Set, judge, sets, spoiled
from labelworks.tasks.methods.neighbours.cosine import nearest
from labelworks.tasks.methods.noise import NoiseResult, detect

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
AUDITED = 100  # rows looked at, half at random, half of the likeliest
SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
FILTERS = ("prune_by_noise_rate", "confident_learning")
FDR = 0.1


@dataclass(frozen=True)
class Setting:
    """What was found of a set spoiled in one way at one rate."""

    kind: str
    true: float
    result: NoiseResult
    f1: float
    peer_f1: float
    precision: float
    peer_precision: float
    false: float
    found: bool
    false_audited: float
    inside_audited: bool

    @property
    def inside(self) -> bool:
        """Whether the range of the rate holds it."""
        low, high = self.result.noise_rate_interval
        return low <= self.true <= high

    @property
    def width(self) -> float:
        """Of that range."""
        low, high = self.result.noise_rate_interval
        return high - low


def setting(data: Set, kind: str, rate: float, near: np.ndarray | None) -> Setting:
    """Spoil a set, judge its labels, ours and the peers'."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    given = spoiled(data, kind, rate, 0)
    probs = judge(data, given)
    probs /= probs.sum(axis=1, keepdims=True)
    wrong = given != data.labels
    flags = [probs.argmax(axis=1) != given]
    flags += [find_label_issues(given, probs, filter_by=by, n_jobs=1) for by in FILTERS]
    scores = [get_label_quality_scores(given, probs, method=name) for name in SCORES]
    ours = detect(given, probs, neighbours=near)
    promised = detect(given, probs, neighbours=near, target={"fdr": FDR}).flag
    rows = _looked_at(ours, np.random.default_rng(0))
    audited = detect(given, probs, neighbours=near, audited=(rows, ~wrong[rows]), target={"fdr": FDR})
    low, high = audited.noise_rate_interval
    return Setting(
        kind=kind,
        true=float(wrong.mean()),
        result=ours,
        f1=f1_score(wrong, ours.flag),
        peer_f1=max(f1_score(wrong, flag) for flag in flags),
        precision=average_precision_score(wrong, -ours.score),
        peer_precision=max(average_precision_score(wrong, -score) for score in scores),
        false=float((~wrong)[promised].mean()) if promised.any() else 0.0,
        found=bool(promised.any()),
        false_audited=float((~wrong)[audited.flag].mean()) if audited.flag.any() else 0.0,
        inside_audited=low <= wrong.mean() <= high,
    )


def _looked_at(found: NoiseResult, rng: np.random.Generator) -> np.ndarray:
    count = max(int(2 * found.noise_rate * len(found.flag)), AUDITED)
    likely = np.argsort(-found.error_probability)[:count]
    at_random = rng.choice(len(found.flag), AUDITED // 2, replace=False)
    others = np.setdiff1d(likely, at_random)
    return np.concatenate([at_random, rng.choice(others, AUDITED // 2, replace=False)])


def summary(name: str, settings: list[Setting]) -> list[str]:
    """A row of the table."""
    low_rates = [each.width for each in settings if each.true <= 0.22]
    return [
        name,
        str(len(settings)),
        _share([each.inside for each in settings]),
        f"{np.mean(low_rates):.3f}",
        _share([each.f1 >= each.peer_f1 - 0.01 for each in settings]),
        f"{np.mean([each.f1 - each.peer_f1 for each in settings]):+.3f}",
        _share([each.precision >= each.peer_precision - 0.001 for each in settings]),
        f"{np.mean([each.precision - each.peer_precision for each in settings]):+.3f}",
        _share([each.false <= FDR + 0.03 for each in settings]),
        _share([each.found for each in settings]),
        f"{np.mean([each.false_audited for each in settings]):.3f}",
        _share([each.inside_audited for each in settings]),
    ]


def _share(which: list[bool]) -> str:
    return f"{np.mean(which):.3f}"


def main() -> None:
    """Print a row a set and way, then one for all of the dependent and of the random ones."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=None)
    parser.add_argument("--embeddings", type=Path, help="folder of {set}.npy, made where missing")
    options = parser.parse_args()
    header = [
        "set", "settings", "rate inside", "width at ≤ .2", "F1 ≥ peer − .01", "F1 − peer", "AP ≥ peer",
        "AP − peer", "false ≤ .13 at .1", "flags any at .1", "false at .1, audited", "rate inside, audited",
    ]  # fmt: skip
    print(f"| {' | '.join(header)} |\n{'|---' * len(header)}|", flush=True)
    everything: list[Setting] = []
    for data in sets(DATA, options.embeddings):
        if options.sets and data.name not in options.sets:
            continue
        near = None if data.probs is not None else nearest(data.features - data.features.mean(axis=0))
        found = [setting(data, kind, rate, near) for kind in (*DEPENDENT, *AT_RANDOM) for rate in RATES]
        everything += found
        for name, kinds in (("dependent", DEPENDENT), ("at random", AT_RANDOM)):
            row = summary(f"{data.name}, {name}", [each for each in found if each.kind in kinds])
            print(f"| {' | '.join(row)} |", flush=True)
    for name, kinds in (("all, dependent", DEPENDENT), ("all, at random", AT_RANDOM)):
        print(f"| {' | '.join(summary(name, [each for each in everything if each.kind in kinds]))} |")


if __name__ == "__main__":
    main()
