"""Texts by their words, weighted by rarity: a place for each frequent word, the others share some.

Beside the vectors, which everything that measures distances sees, each text keeps its words: places that are
shared mix rare words up, and labels may hang on just these.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder, State
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.encoders.words import word_ngrams
from labelworks.tasks.methods.registry import register
from labelworks.tasks.methods.statistics.packed_words import MOST_BUCKETS, pack_words

SHARED = 6  # one of so many places is for words that have none of their own
CROWDED = 4  # words in such a place, at least
RAREST = 3  # texts that a word is taken to be in at least: of rarer ones a sample says little


@register("encoders", "tfidf", modality=("text",), source="Sparck Jones 1972; hashing: Weinberger 2009")
class TfidfEncoder(Encoder):
    """Hashed TF-IDF: the most frequent words of a sample by themselves, all others in places they share.

    No direction is fitted to the rows, as an SVD's are: few rows suffice, and rows to come look like these.
    """

    kind = "text"
    fit_rows = 5000
    fit_share = 0.5
    revision = "3"
    options: ClassVar[dict[str, Any]] = {"dims": 768, "buckets": 1 << 18, "ngrams": 1, "words": 128}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not 1 <= int(self.chosen["buckets"]) <= MOST_BUCKETS:
            raise ConfigError(
                f"buckets are {self.chosen['buckets']}", where="encoder.options.buckets",
                fix=f"give a number from 1 to {MOST_BUCKETS}",
            )  # fmt: skip
        if int(self.chosen["words"]) < 1:
            raise ConfigError(
                f"words are {self.chosen['words']}", where="encoder.options.words", fix="give 1 or more"
            )

    def fit(self, values: pa.Array) -> State:
        """Learn from a sample of texts how rare words are, and which have a place of their own."""
        counts = self._counts(read_texts(values)[0])
        texts = np.bincount(counts.indices, minlength=counts.shape[1])
        known = np.argsort(-texts, kind="stable")[: np.count_nonzero(texts)]
        own, shared = _places(len(known), int(self.chosen["dims"]))
        rows = counts.shape[0]
        idf = np.log((rows + 1) / (np.maximum(texts[known], min(RAREST, rows)) + 1)) + 1
        unseen = np.log((rows + 1) / (min(RAREST, rows) + 1)) + 1
        return {"known": known, "idf": idf, "unseen": np.array(unseen), "places": np.array([own, shared])}

    def load(self, state: State) -> None:
        """Take how rare words are and where they go: a matrix (buckets, D) with one number a bucket."""
        buckets, known = int(self.chosen["buckets"]), state["known"]
        own, shared = (int(place) for place in state["places"])
        rng = np.random.default_rng(0)
        place = own + rng.integers(0, shared, buckets) if shared else rng.integers(0, own, buckets)
        weight = rng.choice([-1.0, 1.0], buckets) * state["unseen"]
        weight[known] = np.sign(weight[known]) * state["idf"]
        first = known[:own]
        place[first], weight[first] = np.arange(len(first)), state["idf"][:own]
        shape = (buckets, own + shared)
        self.idf = np.abs(weight).astype(np.float32)
        self.places = sparse.csr_array(
            (np.sign(weight).astype(np.float32), place, np.arange(buckets + 1)), shape
        )

    def encode(self, values: pa.Array) -> Encoded:
        """Encode a batch of texts; a null or blank one is a reason for none."""
        from sklearn.preprocessing import normalize

        texts, reasons = read_texts(values)
        counts = self._counts(texts)
        counts.data = (1 + np.log(counts.data)) * self.idf[counts.indices]
        weights = normalize(counts)
        vectors: NDArray[np.float32] = (weights @ self.places).toarray()
        return Encoded(vectors, reasons, pack_words(weights, int(self.chosen["words"])))

    def _counts(self, texts: list[str]) -> Any:
        from sklearn.feature_extraction.text import HashingVectorizer

        hasher = HashingVectorizer(
            n_features=int(self.chosen["buckets"]),
            analyzer=partial(word_ngrams, longest=int(self.chosen["ngrams"])),
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        return hasher.transform(texts)


def _places(words: int, dims: int) -> tuple[int, int]:
    """How many words have a place of their own, and how many places the others share: in all at most `dims`.

    None is for others where there are few of these: they go among the rest.
    """
    if words <= dims:
        return max(words, 1), 0
    shared = min(dims // SHARED, (words - dims) // CROWDED)
    return dims - shared, shared
