"""Rounds of rules and probes (`label_model.infer`): rows that rules cover, and rows on which none fires.

LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/treat_rules_rounds.py [--seeds 1] [--rows 1500]
[--public FOLDER] [--sets adult …]; FOLDER as for treat_rules.py. The truth is for the score alone.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from treat_rules import features, scored
from treat_rules_data import RuleSet, all_sets

from labelworks.flows.notebook.inputs.out_of_sample import row_folds
from labelworks.flows.notebook.results.ruled_labels import with_probes
from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.artifacts.imprecise.observed import Observed, of_rules
from labelworks.tasks.methods.treatment.imprecise.core.infer import infer
from labelworks.tasks.methods.weak_supervision import aggregate_rules


def rounds(posterior: np.ndarray, prior: np.ndarray, fired: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """P(class) (N, K) of all rows, as a run infers it."""
    import pyarrow as pa

    said = Observed.of_column(pa.chunked_array([of_rules(posterior, prior, fired)]), len(prior))
    folds, config = row_folds(len(fired)), DetectConfig()
    return np.asarray(
        infer(said.marks, said.kinds, seen, folds, config.folds, probes=config.probes).posterior
    )


def row(each: RuleSet) -> str:
    """A line of the table."""
    model, fired, seen = (
        aggregate_rules(each.votes, each.classes),
        (each.votes >= 0).any(axis=1),
        features(each),
    )
    posterior = rounds(model.posterior, np.asarray(model.prior), fired, seen)
    silent, right = ~fired, posterior.argmax(axis=1) == each.truth
    covered = [scored(found, each)[:2] for found in (model.posterior, with_probes(model, seen), posterior)]
    told = " | ".join(f"{accuracy:.3f} / {loss:.3f}" for accuracy, loss in covered)
    rest = (
        f"{right[silent].mean():.3f} | {posterior.max(axis=1)[silent].mean():.3f}"
        if silent.any()
        else "– | –"
    )
    return f"| {each.name} | {fired.mean():.2f} | {told} | {int(silent.sum())} | {rest} |"


def main() -> None:
    """Print a table a seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--public", type=Path)
    parser.add_argument("--sets", nargs="*")
    asked = parser.parse_args()
    for seed in range(asked.seeds):
        print(f"seed {seed}")
        print("| set | covered | label model | with probe | rounds | not covered | right | claimed |")
        print("|---|---|---|---|---|---|---|---|")
        for each in all_sets(Path(os.environ["LABELWORKS_DATA"]), asked.public, seed, asked.rows):
            if not asked.sets or each.name in asked.sets:
                print(row(each), flush=True)


if __name__ == "__main__":
    main()
