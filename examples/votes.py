"""Labels made of several people's votes: who is right how often, and which label each item gets.

    python examples/votes.py [FOLDER]

Writes 400 made items and three votes on each into FOLDER (default: a temporary one): of seven annotators two
guess and one mixes two classes up. The run makes labels of the votes and judges them by what the items say.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import labelworks as lw

CLASSES = np.array(["cat", "dog", "fox"])
SKILL = {"ada": 0.9, "ben": 0.85, "cho": 0.8, "dee": 0.8, "eli": 0.34, "fay": 0.34, "gus": 0.9}
MIXES_UP = "gus"  # calls every fox a dog


def main(folder: Path) -> None:
    """Make items and votes, run, and compare the labels with a plain majority's and with the truth."""
    folder.mkdir(parents=True, exist_ok=True)
    truth, votes = write(folder)
    curation = lw.curate(
        folder / "items.parquet",
        id="item",
        vector="vector",
        name="animals",
        dataset={
            "votes": {
                "source": str(folder / "votes.parquet"),
                "item": "item",
                "annotator": "who",
                "label": "answer",
                "method": "dawid-skene",
            }
        },
        store=folder / "store",
        progress=False,
    )
    print(f"{curation.summary}\n{curation.report().url}")

    run = folder / "store" / "animals" / "runs" / curation.record.run_id
    print(pq.read_table(run / "ingest" / "annotators").to_pandas()[["annotator", "votes", "quality"]])
    labels = dict(curation.to_pandas()[["id", "label"]].to_numpy().tolist())
    for name, given in {"a plain majority": majority(votes), "the published labels": labels}.items():
        right = np.mean([given[item] == label for item, label in truth.items()])
        print(f"{name}: {right:.1%} right")


def write(folder: Path, items: int = 400) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Write items with vectors of their class, and votes; return true labels and votes."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, len(CLASSES), items)
    vectors = 2.0 * np.eye(len(CLASSES), 8)[true] + rng.normal(size=(items, 8))
    names = [f"item-{number:03d}" for number in range(items)]
    pq.write_table(pa.table({"item": names, "vector": vectors.tolist()}), folder / "items.parquet")
    votes = [
        {"item": name, "who": who, "answer": answer(CLASSES[label], who, rng)}
        for name, label in zip(names, true, strict=True)
        for who in rng.choice(list(SKILL), 3, replace=False).tolist()
    ]
    pq.write_table(pa.Table.from_pylist(votes), folder / "votes.parquet")
    return dict(zip(names, CLASSES[true].tolist(), strict=True)), votes


def answer(label: str, who: str, rng: np.random.Generator) -> str:
    """What an annotator says of an item of this class."""
    if who == MIXES_UP and label == "fox":
        return "dog"
    return (
        label if rng.random() < SKILL[who] else str(rng.choice([each for each in CLASSES if each != label]))
    )


def majority(votes: list[dict[str, str]]) -> dict[str, str]:
    """The most frequent answer for each item, of equally frequent ones the first."""
    answers: dict[str, list[str]] = {}
    for vote in votes:
        answers.setdefault(vote["item"], []).append(vote["answer"])
    return {item: max(given, key=given.count) for item, given in answers.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
