r"""Shares and coefficients by a model and a few audited rows: coverage and width beside PPI++.

    LABELWORKS_DATA=… OMP_NUM_THREADS=1 python -m benchmarks.inference [cifar mmlu bad coefficients]
        [--draws 500] [--peers PYTHON]

`--peers` is the interpreter of an environment with ppi-python 0.2.3, whose pins collide with ours:
`python -m venv PEERS; PEERS/bin/pip install ppi-python==0.2.3`. Without it its columns are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import binomtest

from benchmarks.treat_judges import exam
from labelworks.tasks.methods.audit.allocation import audit_sample
from labelworks.tasks.methods.audit.share import estimate_share
from labelworks.tasks.methods.inference.regression import estimate_coefficients
from labelworks.tasks.methods.noise import detect

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
RATES = {2: 20, 4: 40, 6: 70}
SEEDS = 2  # of the coefficients
PEER = r"""
import json, sys, numpy as np
from ppi_py import ppi_mean_ci, ppi_ols_ci, ppi_logistic_ci
data = np.load(sys.argv[1]); kind = str(data["kind"])
if kind == "mean":
    proxy, true = data["proxy"], data["true"].astype(float)
    one = lambda r: ppi_mean_ci(true[r], proxy[r], np.delete(proxy, r), alpha=0.05)
    found = [np.ravel(one(r)).tolist() for r in data["rows"]]
else:
    X, proxy, true, rows = data["X"], data["proxy"], data["true"], data["rows"]
    fit = ppi_ols_ci if kind == "linear" else ppi_logistic_ci
    w = 1 / data["shown"] if "shown" in data else None
    found = np.array(fit(X[rows], true[rows], proxy[rows], X, proxy, alpha=0.05, w=w)).T.tolist()
print(json.dumps(found))
"""


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", default=["cifar", "mmlu", "bad", "coefficients"])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--every", type=int, default=1, help="take one of so many rows of CIFAR")
    parser.add_argument("--peers")
    asked = parser.parse_args()
    tables = {"cifar": cifar, "mmlu": mmlu, "bad": bad, "coefficients": coefficients}
    for name in asked.tables:
        print(f"\n{name}")
        for row in tables[name](asked):
            print("| " + " | ".join(row) + " |", flush=True)


HEAD = ["looks", "true", "ours: width", "coverage", "even looks, Wald: width", "coverage",
        "even looks, Wilson: width", "coverage", "even looks, PPI++: width", "coverage"]  # fmt: skip


def cifar(asked: argparse.Namespace) -> Iterator[list[str]]:
    """The noise rate of CIFAR-10, by the error probabilities of `auto`."""
    yield ["sparsity / noise", *HEAD]
    data, widths = np.load(DATA / "cifar10_confident_learning/cl_cifar10.npz"), []
    for noise in RATES:
        for sparsity in (0, 2, 4, 6):
            given, probs = data[f"s_{sparsity}_{noise}"].astype(int), data[f"p_{sparsity}_{noise}"]
            probs = probs.astype(np.float32)
            proxy = detect(given, probs / probs.sum(axis=1, keepdims=True)).error_probability
            wrong = given != data["true"]
            found = tried(proxy[:: asked.every], wrong[:: asked.every], 200, asked)
            widths.append(float(found[2]))
            yield [f".{sparsity} / {RATES[noise]} %", *found]
    yield ["mean of 20 and 40 %", "", "", f"{np.mean(widths[:8]):.4f}"]


def mmlu(asked: argparse.Namespace) -> Iterator[list[str]]:
    """Exam questions with 14 models' answers as votes: 1.8 % have a wrong key."""
    data = exam()
    votes = np.stack([(data.answers == place).sum(axis=1) for place in range(4)], axis=1) + 0.1
    shares = (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
    yield ["proxy", *HEAD]
    for method in ("auto", "noise-transition"):
        proxy = detect(data.given, shares, method=method, seed=0).error_probability
        for looks in (200, 500):
            yield [f"`{method}`", *tried(proxy, data.wrong, looks, asked)]


def bad(asked: argparse.Namespace) -> Iterator[list[str]]:
    """Models that are bad, each in its way, 20,000 made rows."""
    rng = np.random.default_rng(5)
    chance = rng.beta(0.3, 1.2, 20_000)
    true = rng.random(20_000) < chance
    rare = rng.random(20_000) < 0.02
    yield ["model", *HEAD]
    for name, proxy, so in (
        ("right", chance, true), ("says the opposite", 1 - chance, true),
        ("random", rng.random(20_000), true),
        ("says .9 of all", np.full(20_000, 0.9), true), ("ten times too low", chance / 10, true),
        ("log-odds four times too sure", expit(4 * logit(np.clip(chance, 1e-4, 1 - 1e-4))), true),
        ("random, 2 % are so", rng.random(20_000), rare),
        ("says .001 of all, 2 % are so", np.full(20_000, 0.001), rare),
    ):  # fmt: skip
        yield [name, *tried(proxy, so, 200, asked)]


def tried(proxy: np.ndarray, true: np.ndarray, looks: int, asked: argparse.Namespace) -> list[str]:
    """How wide intervals are, and how often they hold the share, over draws of rows to look at."""
    ours, simple, scored, share = [], [], [], float(true.mean())
    even = [np.random.default_rng([seed, 1]).choice(len(true), looks, False) for seed in range(asked.draws)]
    for seed in range(asked.draws):
        rows, shown = audit_sample(proxy, looks, seed=seed)
        ours.append(estimate_share(proxy, rows, true[rows], shown).interval)
        mean = true[even[seed]].mean()
        half = 1.96 * np.sqrt(mean * (1 - mean) / looks)
        simple.append((mean - half, mean + half))
        low, high = binomtest(int(true[even[seed]].sum()), looks).proportion_ci(method="wilson")
        scored.append((low, high))
    peers = peer(asked, kind="mean", proxy=proxy.astype(float), true=true, rows=np.array(even))
    figures = [
        figure
        for found in (ours, simple, scored, peers)
        if found is not None
        for figure in told(found, share)
    ]
    return [str(looks), f"{share:.4f}", *figures]


def told(intervals: Any, share: float) -> list[str]:
    low, high = np.array(intervals).T
    return [f"{(high - low).mean():.4f}", f"{((low <= share) & (share <= high)).mean():.3f}"]


def coefficients(asked: argparse.Namespace) -> Iterator[list[str]]:
    """The largest difference of intervals from ppi-python's, and their width beside looks alone."""
    yield ["family", "looks", "chosen", "difference from ppi-python", "width / looks alone"]
    for family in ("linear", "logistic"):
        for weighed in (False, True):
            apart, narrower = [], []
            for seed in range(SEEDS):
                X, proxy, true, rows, shown = outcomes(seed, family, weighed)
                found = estimate_coefficients(X, proxy, rows, true[rows], shown, family=family)
                alone = estimate_coefficients(X, proxy, rows, true[rows], shown, family=family, power=0)
                narrower.append(found.errors / alone.errors)
                given = {} if shown is None else {"shown": shown}
                theirs = peer(asked, kind=family, X=X, proxy=proxy, true=true, rows=rows, **given)
                if theirs is not None:
                    apart.append(np.abs(found.intervals - np.array(theirs)).max())
            worst = f"{max(apart):.1e}" if apart else ""
            yield [family, "300", "by 1 / shown" if weighed else "evenly", worst, f"{np.mean(narrower):.2f}"]


def outcomes(seed: int, family: str, weighed: bool) -> tuple[Any, ...]:
    """Columns, a proxy, the truth, rows looked at and how likely they were shown."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(5000), rng.normal(size=5000), rng.normal(size=5000) ** 2])
    at = X @ [0.3, -0.8, 0.4]
    if family == "linear":
        true = at + rng.normal(size=5000)
        proxy = true + 0.3 + 0.7 * rng.normal(size=5000)
    else:
        true = (rng.random(5000) < expit(at)).astype(float)
        proxy = np.clip(0.8 * true + 0.1 + 0.1 * rng.normal(size=5000), 0, 1)
    chance = 0.03 + 0.1 * (np.abs(X[:, 1]) > 1)
    rows = np.sort(rng.choice(5000, 300, False, chance / chance.sum() if weighed else None))
    return X, proxy, true, rows, chance[rows] if weighed else None


def peer(asked: argparse.Namespace, **arrays: Any) -> Any:
    """What ppi-python finds of the same rows; None without it."""
    if not asked.peers:
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/data.npz", **arrays)
        command = [asked.peers, "-W", "ignore", "-c", PEER, f"{folder}/data.npz"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
