"""Priors by the peers, run by benchmarks/shift_prior.py with the interpreter of the peers' own environment.

Reads source.npz and target-N.npz of a folder, writes peers.json: method → list of priors, and seconds.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from abstention.calibration import TempScaling, VectorScaling
from abstention.label_shift import BBSEImbalanceAdapter, EMImbalanceAdapter, RLLSImbalanceAdapter
from quapy.method.aggregative import EMQ, PACC, KDEyML
from sklearn.base import BaseEstimator, ClassifierMixin

warnings.filterwarnings("ignore")


class Known(ClassifierMixin, BaseEstimator):
    """A classifier whose inputs already are its probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return self.classes_[X.argmax(axis=1)]


def quapy(quantifier, probs, labels):
    quantifier.fit(probs, labels)
    return lambda target: quantifier.predict(target)


def abstention(adapter, calibrator, probs, labels):
    onehot = np.eye(probs.shape[1])[labels]
    apply = (lambda P: P) if calibrator is None else calibrator(probs, onehot, posterior_supplied=True)
    valid = apply(probs)

    def estimate(target):
        moved = apply(target)
        if isinstance(adapter, EMImbalanceAdapter):
            adapted = adapter(
                tofit_initial_posterior_probs=moved, valid_posterior_probs=valid, valid_labels=onehot
            )
        else:
            adapted = adapter(
                valid_labels=onehot, tofit_initial_posterior_probs=moved, valid_posterior_probs=valid
            )
        source = valid.mean(axis=0) if isinstance(adapter, EMImbalanceAdapter) else onehot.mean(axis=0)
        prior = np.maximum(adapted.multipliers * source, 0)
        return prior / prior.sum()

    return estimate


def peers(probs, labels, kernels):
    """Name → function that fits on the labelled window and returns an estimator of the target's prior."""
    known = Known().fit(probs, labels)
    bcts, vector = TempScaling(bias_positions="all", verbose=False), VectorScaling(verbose=False)
    found = {
        "abstention EM+BCTS": lambda: abstention(EMImbalanceAdapter(), bcts, probs, labels),
        "abstention EM+VS": lambda: abstention(EMImbalanceAdapter(), vector, probs, labels),
        "abstention RLLS": lambda: abstention(RLLSImbalanceAdapter(soft=True), None, probs, labels),
        "abstention BBSE": lambda: abstention(BBSEImbalanceAdapter(soft=True), None, probs, labels),
        "quapy EMQ": lambda: quapy(EMQ(known, fit_classifier=False), probs, labels),
        "quapy EMQ-BCTS": lambda: quapy(EMQ.EMQ_BCTS(Known(), val_split=5), probs, labels),
        "quapy PACC": lambda: quapy(PACC(known, fit_classifier=False), probs, labels),
    }
    if kernels:
        found["quapy KDEy-ML"] = lambda: quapy(KDEyML(known, fit_classifier=False), probs, labels)
    return found


def main(folder, kernels, methods):
    source = np.load(folder / "source.npz")
    probs, labels = source["probs"].astype(np.float64), source["labels"].astype(int)
    targets = [np.load(path)["probs"].astype(np.float64) for path in sorted(folder.glob("target-*.npz"))]
    result = {}
    for name, make in peers(probs, labels, kernels).items():
        if methods and name not in methods:
            continue
        began = time.process_time()
        try:
            estimate = make()
            fitted, begun = time.process_time() - began, time.process_time()
            priors = [np.asarray(estimate(target)).tolist() for target in targets]
            seconds = fitted + (time.process_time() - begun) / len(targets)
            result[name] = {"priors": priors, "seconds": seconds}
        except Exception as error:
            result[name] = {"failed": f"{type(error).__name__}: {error}"[:200]}
        print(name, round(time.process_time() - began, 1), result[name].get("failed", ""), file=sys.stderr)
    (folder / "peers.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "kernels", sys.argv[3:])
