"""Near duplicates among texts by MinHash, beside datasketch's MinHashLSH; the truth is exact.

    OMP_NUM_THREADS=1 python -m benchmarks.structured_copies [--rows 20000] [--seeds 3]

Made texts, of which 1 in 20 is a copy of another with some words replaced, left out or put in: none to a
quarter of them. With LABELWORKS_DATA also banking77 and clinc150, copies put in likewise. A pair is near
where the Jaccard similarity of its sequences of five bytes is .8 or more, which is computed. Recall: of the
pairs put in that are near, those found. Precision: of all pairs found, whoever put them in, those that are
near; the share that is .7 or more stands beside it, as a sketch tells a similarity to about .05.

The peer needs datasketch beside this project's packages: an environment of its own. Both see the same
sequences of the same texts, and both keep the pairs whose sketches agree on .8; the peer once with as many
hashes as ours (64) and once with its default of 128.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

from benchmarks.made_texts import Kind, made
from labelworks.tasks.methods.duplicates.minhash import SHINGLE, SIMILAR, similar_pairs, sketches

COPIED, EDITED, LOOSE = 0.05, 0.25, 0.7
Pairs = set[tuple[int, int]]


def bases(rows: int) -> dict[str, list[str]]:
    found = {
        "made, 12 words": made(Kind(rows, 8, 12), 0)[0],
        "made, 60 words": made(Kind(rows, 8, 60), 1)[0],
    }
    if folder := os.environ.get("LABELWORKS_DATA"):
        for name in ("banking77", "clinc150"):
            found[name] = pq.read_table(Path(folder) / f"text/{name}.parquet")["text"].to_pylist()
    return found


def with_copies(base: list[str], rows: int, rng: np.random.Generator) -> tuple[list[str], Pairs]:
    """Rows of a base, some of them edited copies of others, in any order; the pairs put in."""
    texts = [base[place] for place in rng.permutation(len(base))[:rows]]
    words = sorted({word for text in texts[:2000] for word in text.split()})
    places = rng.permutation(len(texts))
    copied = places[: 2 * int(COPIED * len(texts))].reshape(-1, 2)
    for one, other in copied:
        texts[other] = edited(texts[one], rng.uniform(0, EDITED), words, rng)
    return texts, {(int(min(pair)), int(max(pair))) for pair in copied}


def edited(text: str, share: float, words: list[str], rng: np.random.Generator) -> str:
    """A text of which about that share of the words is another one, is gone, or has one beside it."""
    kept: list[str] = []
    for word in text.split():
        new = words[rng.integers(len(words))]
        how = rng.integers(3) if rng.random() < share else 3
        kept += ([new], [], [word, new], [word])[how]
    return " ".join(kept) or text


def sequences(text: str) -> set[bytes]:
    """Those that a sketch is of, in plain Python."""
    data = " ".join(text.lower().split()).encode()
    padded = data + bytes(SHINGLE - 1)
    return {padded[place : place + SHINGLE] for place in range(len(data))}


def jaccard(one: str, other: str) -> float:
    left, right = sequences(one), sequences(other)
    return len(left & right) / max(len(left | right), 1)


def ours(texts: list[str]) -> Pairs:
    pairs, _ = similar_pairs(sketches(pa.array(texts)))
    return {(int(one), int(other)) for one, other in pairs}


def datasketch(hashes: int) -> Callable[[list[str]], Pairs]:
    def found(texts: list[str]) -> Pairs:
        index = MinHashLSH(threshold=SIMILAR, num_perm=hashes)
        held: list[MinHash] = []
        near: Pairs = set()
        for row, text in enumerate(texts):
            sketch = MinHash(num_perm=hashes)
            sketch.update_batch(list(sequences(text)))
            near |= {(other, row) for other in index.query(sketch) if held[other].jaccard(sketch) >= SIMILAR}
            index.insert(row, sketch)
            held.append(sketch)
        return near

    return found


JUDGES: dict[str, Callable[[list[str]], Pairs]] = {
    "ours, 64 hashes": ours,
    "datasketch, 64": datasketch(64),
    "datasketch, 128": datasketch(128),
}


def measured(texts: list[str], put_in: Pairs, judge: Callable[[list[str]], Pairs]) -> NDArray[np.float64]:
    """Recall, precision, share of loosely similar pairs, seconds of the processor, pairs found."""
    started = process_time()
    found = judge(texts)
    seconds = process_time() - started
    alike = {pair: jaccard(texts[pair[0]], texts[pair[1]]) for pair in found | put_in}
    near = {pair for pair in put_in if alike[pair] >= SIMILAR}
    recall = len(near & found) / max(len(near), 1)
    right = np.mean([alike[pair] >= SIMILAR for pair in found]) if found else 1.0
    loose = np.mean([alike[pair] >= LOOSE for pair in found]) if found else 1.0
    return np.array([recall, right, loose, seconds, len(found)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000, help="of each set at most")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    print("| texts | by | recall | precision | .7 or more | seconds | pairs |\n|---|---|---|---|---|---|---|")
    for name, base in bases(asked.rows).items():
        runs: dict[str, list[NDArray[np.float64]]] = {judge: [] for judge in JUDGES}
        for seed in range(asked.seeds):
            texts, put_in = with_copies(base, asked.rows, np.random.default_rng(seed))
            for judge, find in JUDGES.items():
                runs[judge].append(measured(texts, put_in, find))
        for judge, values in runs.items():
            recall, right, loose, seconds, pairs = np.mean(values, axis=0)
            said = f"{recall:.3f} | {right:.3f} | {loose:.3f} | {seconds:.2f} | {pairs:.0f}"
            print(f"| {name}, {len(texts):,} | {judge} | {said} |", flush=True)


if __name__ == "__main__":
    main()
