"""The drift tests of the peers, each run in its own environment on the windows of benchmarks/shift_drift.py.

PYTHON_OF_ALIBI benchmarks/shift_drift_peers.py power FOLDER KINDS
PYTHON_OF_PEER benchmarks/shift_drift_peers.py cost 10000 "alibi KS"
"""

import os
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
os.environ |= {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
LIMIT = 10 * 2**30  # bytes of address space
FEW = {"evidently": 8}  # windows of each kind for a test that takes 10 s for one


def alibi_mmd(first, second):
    from alibi_detect.cd import MMDDrift

    permutations = 100 if len(first) < 1000 else 10
    found = MMDDrift(first, backend="pytorch", n_permutations=permutations, device="cpu").predict(second)
    return found["data"]["is_drift"]


def alibi_ks(first, second):
    from alibi_detect.cd import KSDrift

    return KSDrift(first, p_val=0.05).predict(second)["data"]["is_drift"]


def alibi_classifier(first, second):
    from alibi_detect.cd import ClassifierDrift
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=200)
    test = ClassifierDrift(first, model, backend="sklearn", p_val=0.05, n_folds=5)
    return test.predict(second)["data"]["is_drift"]


def evidently(first, second):
    """Its own rule: half of the columns drifted, each by the distance or test that it picks."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    report = Report([DataDriftPreset()]).run(frame(second), frame(first))
    count = report.dict()["metrics"][0]["value"]
    return count["share"] >= 0.5


def nannyml(first, second):
    """KS of every column against its thresholds; an alert in any."""
    from nannyml import UnivariateDriftCalculator

    columns = list(frame(first[:1]).columns)
    made = UnivariateDriftCalculator(
        column_names=columns, continuous_methods=["kolmogorov_smirnov"], chunk_number=1
    )
    found = made.fit(frame(first)).calculate(frame(second)).filter(period="analysis").to_df()
    return bool(found.xs("alert", axis=1, level=-1).to_numpy().any())


def frame(rows):
    import pandas as pd

    return pd.DataFrame(rows, columns=[f"c{i}" for i in range(rows.shape[1])])


TESTS = {
    "alibi MMD": alibi_mmd, "alibi KS": alibi_ks, "alibi C2ST": alibi_classifier,
    "evidently": evidently, "NannyML KS": nannyml,
}  # fmt: skip


def power(folder, kinds, names):
    """Share of windows in which each test sees a drift."""
    for name in names:
        shares = []
        for kind in range(kinds):
            drawn = np.load(folder / f"{kind}.npy")[: FEW.get(name)]
            shares.append(f"{np.mean([TESTS[name](first, second) for first, second in drawn]):.2f}")
        windows = f" ({FEW[name]} windows)" if name in FEW else ""
        print(f"| {name}{windows} | " + " | ".join(shares) + " |", flush=True)


def cost(rows, name):
    """CPU seconds and MB over the base for two windows of rows × 384."""
    rng = np.random.default_rng(0)
    first, second = (rng.standard_normal((rows, 384), dtype=np.float32) for _ in range(2))
    TESTS[name](first[:50], second[:50])  # imports
    mapped = 1024 * int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (mapped + LIMIT, mapped + LIMIT))
    base, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        TESTS[name](first, second)
        said = ""
    except (MemoryError, RuntimeError) as error:
        said = f" {type(error).__name__} within 10 GB"
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    print(
        f"| {name} | {rows} × 384 | {time.process_time() - began:.2f} s | {used:.0f} MB |{said}", flush=True
    )


if __name__ == "__main__":
    if sys.argv[1] == "cost":
        cost(int(sys.argv[2]), sys.argv[3])
    else:
        power(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
