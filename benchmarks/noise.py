"""Label-noise detection beside cleanlab, on data whose errors are known.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/noise.py [cifar mmlu reviewed text scope fdr]
Needs the bench extra. `--embeddings FOLDER` keeps the text embeddings between runs. The peers run in the same
process, right before ours.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.noise_text import Text, flip, texts, with_out_of_scope
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.open_set.out_of_scope import out_of_scope
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.statistics.sums import FoldSums

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
SEED = 0
PROBES = ("lda", "ridge", "prototype")  # the default
SHARPER = ("prototype", "multinomial")
Rows = Iterator[list[str]]


def cifar() -> Rows:
    """Twelve noises of CIFAR-10: F1 of what is flagged, average precision of the ranking."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    yield [
        "sparsity/noise",
        "by noise rate F1",
        "both F1",
        "pred≠given F1",
        "auto F1",
        "self-conf. AP",
        "auto AP",
    ]
    data = np.load(DATA / "cifar10_confident_learning/cl_cifar10.npz")
    means = []
    for sparsity in (0, 2, 4, 6):
        for noise in (2, 4, 6):
            given = data[f"s_{sparsity}_{noise}"].astype(np.int64)
            probs = data[f"p_{sparsity}_{noise}"].astype(np.float32)
            probs /= probs.sum(axis=1, keepdims=True)
            wrong = given != data["true"]
            peers = [
                f1_score(wrong, find_label_issues(given, probs, filter_by=by, n_jobs=1))
                for by in ("prune_by_noise_rate", "both")
            ]
            quality = get_label_quality_scores(given, probs, method="self_confidence")
            ours = detect(given, probs, method="auto", sample=len(given))
            scores = [average_precision_score(wrong, -each) for each in (quality, ours.score)]
            means.append(scores)
            values = [*peers, f1_score(wrong, probs.argmax(1) != given), f1_score(wrong, ours.flag), *scores]
            yield [f".{sparsity} / {({2: 20, 4: 40, 6: 70})[noise]} %", *map(figure, values)]
    yield ["mean", "", "", "", "", *map(figure, np.mean(means, axis=0))]


def mmlu() -> Rows:
    """Exam questions with 14 models' answers as votes: which given answers are wrong."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    table = pq.read_table(DATA / "mmlu_redux/questions_llm_votes.parquet")
    wrong = np.array([kind == "wrong_groundtruth" for kind in table["error_type"].to_pylist()])
    given = table["groundtruth_answer"].to_numpy()
    answers = np.array([table[name].to_pylist() for name in table.column_names[4:]])
    votes = np.stack([(answers == letter).sum(axis=0) for letter in "ABCD"], axis=1) + 0.1
    shares = (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
    quality = get_label_quality_scores(given, shares, method="self_confidence")
    issues = find_label_issues(given, shares, n_jobs=1)
    ours = detect(given, shares, method="auto", seed=SEED)
    yield ["", "cleanlab", "auto"]
    yield ["AP", *(figure(average_precision_score(wrong, -each)) for each in (quality, ours.score))]
    yield ["F1", *(figure(f1_score(wrong, each)) for each in (issues, ours.flag))]


def reviewed() -> Rows:
    """Items that people reviewed after confident learning had flagged them: AUROC of the ranking."""
    from cleanlab.rank import get_label_quality_scores

    yield ["set", "items", "self-confidence", "auto", "noise-transition"]
    verdicts = pq.read_table(DATA / "label_errors/mturk_verdicts.parquet").to_pandas()
    for name in ("mnist", "cifar10", "20news", "imdb"):
        data = np.load(DATA / f"label_errors/{name}.npz")
        given, probs = data["labels"].astype(np.int64), np.clip(data["pred_probs"], 0, 1).astype(np.float32)
        items = verdicts[verdicts["dataset"] == name]
        wrong, rows = (items["given_votes"] < 3).to_numpy(), items["index"].to_numpy()
        scores = [
            get_label_quality_scores(given, probs, method="self_confidence"),
            detect(given, probs, method="auto", seed=SEED).score,
            detect(given, probs, method="noise-transition").score,
        ]
        yield [name, str(len(rows)), *(figure(roc_auc_score(wrong, -score[rows])) for score in scores)]


def text(embeddings: Path | None) -> Rows:
    """Intents flipped on purpose: five-fold logistic regression and self-confidence; probes and auto.

    near: the default probes and auto-neighbours.
    """
    yield [
        "set", "noise", "peer AP", "default AP", "sharper AP", "near AP", "default F1", "sharper F1",
        "near F1", "estimated rate", "peer s", "default s", "sharper s", "near s",
    ]  # fmt: skip
    for data in texts(DATA, embeddings):
        for kind in ("uniform", "similar", "few similar"):
            for rate in (0.05, 0.1, 0.2, 0.4):
                given = flip(data, rate, kind, np.random.default_rng(SEED))
                wrong = given != data.labels
                quality, peer_seconds = timed(lambda given=given, data=data: logistic(data, given))
                ours, seconds = zip(
                    *(
                        timed(
                            lambda given=given, data=data, names=names, features=features: detect(
                                given, probed(data, given, names), features=features, seed=SEED
                            )
                        )
                        for names, features in ((PROBES, None), (SHARPER, None), (PROBES, data.features))
                    ),
                    strict=True,
                )
                scores = (quality, *(each.score for each in ours))
                yield [
                    data.name,
                    f"{kind} {rate:.0%}",
                    *(figure(average_precision_score(wrong, -score)) for score in scores),
                    *(figure(f1_score(wrong, each.flag)) for each in ours),
                    f"{ours[0].noise_rate:.3f}",
                    *(f"{each:.1f}" for each in (peer_seconds, *seconds)),
                ]


def scope(embeddings: Path | None) -> Rows:
    """Out-of-scope queries mixed in under labels at random: AUROC of finding them."""
    yield ["method", "AUROC"]
    data, strange = with_out_of_scope(DATA, embeddings, np.random.default_rng(SEED))
    probs = probed(data, data.labels)
    found = out_of_scope(data.labels, probs, data.features)
    plain = LinearDiscriminantAnalysis(solver="lsqr").fit(data.features, data.labels)
    residual = data.features - plain.means_[data.labels]
    whiten = np.linalg.cholesky(np.linalg.inv(np.cov(residual.T)))
    points, means = data.features @ whiten, plain.means_ @ whiten
    near, _ = NearestNeighbors(n_neighbors=1).fit(means).kneighbors(points)
    opinions = {
        "Mahalanobis (Lee 2018)": near[:, 0],
        "10th neighbour's distance (Sun 2022)": found.neighbours,
        "max-softmax (Hendrycks 2017)": -found.confidence,
        "out_of_scope": -found.score,
    }
    for name, opinion in opinions.items():
        yield [name, figure(roc_auc_score(strange, opinion))]


def fdr(embeddings: Path | None, noises: int = 50) -> Rows:
    """Share of correct labels among the flagged, over noises of random rate and kind on clinc150."""
    yield ["nominal", "false discoveries", "two standard errors", "errors found"]
    data = next(each for each in texts(DATA, embeddings) if each.name == "clinc150")
    found: dict[float, list[tuple[float, float]]] = {0.05: [], 0.1: [], 0.2: []}
    for seed in range(noises):
        rng = np.random.default_rng(seed)
        part = data.some_classes(30, rng)
        given = flip(part, rng.uniform(0.05, 0.4), str(rng.choice(["uniform", "similar"])), rng)
        wrong, probs = given != part.labels, probed(part, given)
        for nominal, figures in found.items():
            flag = detect(given, probs, target={"fdr": nominal}, seed=seed).flag
            figures.append(((flag & ~wrong).sum() / max(flag.sum(), 1), (flag & wrong).sum() / wrong.sum()))
    for nominal, figures in found.items():
        false, power = np.array(figures).T
        error = 2 * false.std(ddof=1) / np.sqrt(len(false))
        yield [str(nominal), figure(false.mean()), figure(error), figure(power.mean())]


def probed(data: Text, given: np.ndarray, names: tuple[str, ...] = PROBES) -> np.ndarray:
    """Out-of-sample probabilities (N, K) of the pipeline's probes."""
    folds = np.random.default_rng(SEED).permutation(len(given)) % 5
    sums = FoldSums.of(data.features, given, folds, 5, data.classes)
    ensemble = ProbeEnsemble.fit(sums, names).calibrate(data.features, given, folds)
    return np.exp(ensemble.log_probs(data.features, folds))


def logistic(data: Text, given: np.ndarray) -> np.ndarray:
    """Self-confidence (N,) of five-fold logistic regression, as cleanlab would be given."""
    from cleanlab.rank import get_label_quality_scores

    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    model = LogisticRegression(max_iter=1000)
    probs = cross_val_predict(model, data.features, given, cv=folds, method="predict_proba")
    return get_label_quality_scores(given, probs, method="self_confidence")


def timed(work: Callable[[], object]) -> tuple:
    """Return the result and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def figure(value: float) -> str:
    """Three decimals, as in the tables of the papers."""
    return f"{value:.3f}".removeprefix("0")


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=["cifar", "mmlu", "reviewed", "text", "scope", "fdr"])
    parser.add_argument("--embeddings", type=Path, help="folder of {set}.npy, made where missing")
    options = parser.parse_args()
    for name in options.tables:
        table = globals()[name]
        rows = table(options.embeddings) if name in ("text", "scope", "fdr") else table()
        print(f"\n### {name}\n{table.__doc__}\n", flush=True)
        for number, row in enumerate(rows):
            print(f"| {' | '.join(row)} |", flush=True)
            if number == 0:
                print("|---" * len(row) + "|")


if __name__ == "__main__":
    main()
