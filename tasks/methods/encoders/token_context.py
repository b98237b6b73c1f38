"""Tokens by themselves and their neighbours: words, shapes and endings, hashed; no model is needed."""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import Encoded, Encoder
from labelworks.tasks.methods.encoders.token_vectors import encoded_tokens, sentences
from labelworks.tasks.methods.registry import register

AROUND = 2  # words on either side
PLACES = 2  # of each feature: of two that share one, the other tells them apart
EDGE = "\0"


@register("encoders", "token-context", modality=("tokens",), source="Ratinov & Roth 2009; Weinberger 2009")
class TokenContextEncoder(Encoder):
    """Hashed features of each token: its word, its shape and ends, and the words around it."""

    kind = "tokens"
    options: ClassVar[dict[str, Any]] = {"dims": 512}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if int(self.chosen["dims"]) < 2:
            raise ConfigError(
                f"dims are {self.chosen['dims']}", where="encoder.options.dims", fix="give 2 or more"
            )

    def encode(self, values: pa.Array) -> Encoded:
        """Encode sentences, token by token."""
        words, reasons = sentences(values)
        lengths = np.array([len(row) for row in words], np.int64)
        return encoded_tokens(hashed_context(words, int(self.chosen["dims"])), lengths, reasons)


def hashed_context(sentences: list[list[str]], dims: int) -> NDArray[np.float16]:
    """Vectors (T, dims) of unit length of all tokens: what each and its neighbours look like, hashed."""
    if not dims or not any(sentences):
        return np.zeros((sum(map(len, sentences)), dims), np.float16)
    rows, known = [features for row in sentences for features in _features(row)], dict[str, int]()
    codes = np.array([known.setdefault(name, len(known)) for row in rows for name in row], np.int64)
    digests = b"".join(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8 * PLACES).digest()
        for name in known
    )
    bits = np.frombuffer(digests, np.uint64).reshape(-1, PLACES)[codes]
    token = np.repeat(np.arange(len(rows)), [len(row) * PLACES for row in rows])
    sign = np.where(bits >> np.uint64(63), 1.0, -1.0).astype(np.float32).ravel()
    cells = (token, (bits % np.uint64(dims)).astype(np.int64).ravel())
    vectors = sparse.coo_array((sign, cells), shape=(len(rows), dims)).toarray()
    return np.asarray((vectors / np.sqrt(np.bincount(token))[:, None]).astype(np.float16))


def _features(sentence: list[str]) -> list[list[str]]:
    words = [EDGE] * AROUND + sentence + [EDGE] * AROUND
    features = []
    for at in range(AROUND, len(words) - AROUND):
        word = words[at]
        near = [f"{step}={words[at + step].lower()}" for step in range(-AROUND, AROUND + 1)]
        shapes = [f"{step}^{_shape(words[at + step])}" for step in (-1, 0, 1)]
        features.append([*near, *shapes, f"<{word[:3].lower()}", f">{word[-3:].lower()}"])
    return features


def _shape(word: str) -> str:
    """Runs of capitals, small letters and digits as one of each."""
    return re.sub(r"[^\W\d_]+", _case, re.sub(r"\d+", "0", word))[:8]


def _case(letters: re.Match[str]) -> str:
    word = letters[0]
    return "A" if word.isupper() else "Aa" if word[:1].isupper() else "a"
