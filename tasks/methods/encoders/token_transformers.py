"""Tokens through any encoder of the transformers library: word pieces joined to the tokens they are of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import Encoded, State
from labelworks.tasks.methods.encoders.batching import run_batches
from labelworks.tasks.methods.encoders.device import DeviceEncoder, compiled, half, made_ready
from labelworks.tasks.methods.encoders.importing import opening
from labelworks.tasks.methods.encoders.sentence_transformers import packaged
from labelworks.tasks.methods.encoders.token_context import hashed_context
from labelworks.tasks.methods.encoders.token_vectors import encoded_tokens, sentences
from labelworks.tasks.methods.encoders.token_windows import NOBODY, Frame, Window, windows
from labelworks.tasks.methods.encoders.transfers import to_device, to_host
from labelworks.tasks.methods.encoders.transformers import pretrained
from labelworks.tasks.methods.encoders.weights import commit_of, fingerprint
from labelworks.tasks.methods.registry import register

POOLINGS = ("mean", "first")
HASHED = 512  # numbers for the look of a token and of those around it
MIDDLE = 2 / 3  # of the layers: above it states turn to what the model was trained to tell


@dataclass(frozen=True, eq=False)
class PreparedSentences:
    """Windows of sentences in their order; how many tokens (S,) and windows (S,) each sentence has."""

    windows: list[Window]
    tokens: NDArray[np.int64]
    count: NDArray[np.int64]
    reasons: list[str | None]
    looks: NDArray[np.float16]  # (T, HASHED), of all tokens, or (T, 0)


@register(
    "encoders", "token-transformers", modality=("tokens",), extra="labelworks[text]", source="Wolf 2020"
)
class TokenTransformersEncoder(DeviceEncoder):
    """Any encoder of the transformers library: of a token the mean of its pieces' states, or the first.

    States are those of a layer in the middle (Liu et al. 2019). With `context` those of the token before and
    of the one behind stand beside them, and the look of these words, which many models don't see (capitals).
    """

    kind = "tokens"
    cost = 2048  # pieces
    on_gpu = 32
    batch_rows = 1024
    options: ClassVar[dict[str, Any]] = {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "revision": None,
        "pooling": "mean",
        "layer": None,
        "context": True,
        "max_length": None,
        "batch_size": None,
        "precision": "auto",
        "compile": False,
        "trust_remote_code": False,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.check_choice("pooling", POOLINGS)

    def pinned(self) -> dict[str, Any]:
        """Its options, with the commit of the model."""
        name = packaged(str(self.chosen["model"]))
        return {**self.chosen, "revision": commit_of(name, self.chosen["revision"])}

    def weights(self) -> str:
        """Fingerprint of a model on disk."""
        return fingerprint(packaged(str(self.chosen["model"])))

    def open(self) -> None:
        """Open the model and its tokenizer, which has to say which word each piece is of."""
        name = packaged(str(self.chosen["model"]))
        dtype = half(str(self.chosen["precision"]), self.device)
        with opening(name):
            model, tokenizer = pretrained(name, self.chosen)
            self.tokenizer = tokenizer()
            if getattr(self.tokenizer, "add_prefix_space", None) is False:  # words would be taken for parts
                self.tokenizer = tokenizer(add_prefix_space=True)
        fast = getattr(self.tokenizer, "backend_tokenizer", None)
        if fast is None:
            raise ConfigError(
                f"the tokenizer of {name!r} doesn't say which word a piece is of",
                where="encoder.options.model",
                fix="take a model with a fast tokenizer",
            )
        fast.no_truncation()
        fast.no_padding()
        self.fast = fast
        self.model = compiled(made_ready(model, self.device, dtype), bool(self.chosen["compile"]))
        self.layer = self._layer(int(model.config.num_hidden_layers))
        before, after = _specials(fast)
        positions = int(getattr(model.config, "max_position_embeddings", 512)) - self._reserved(model.config)
        longest = int(self.chosen["max_length"] or 0) or min(int(self.tokenizer.model_max_length), positions)
        first = self.chosen["pooling"] == "first"
        self.frame = Frame(longest - len(before) - len(after), before, after, first_piece=first)

    def _layer(self, layers: int) -> int:
        """The layer whose states are taken; 0 is what goes into the first."""
        asked = self.chosen["layer"]
        layer = round(MIDDLE * layers) if asked is None else int(asked)
        if not -layers - 1 <= layer <= layers:
            raise ConfigError(
                f"the model has {layers} layers, and no layer {layer}",
                where="encoder.options.layer",
                fix=f"0 to {layers}, or -1 for the last",
            )
        return layer

    @staticmethod
    def _reserved(config: Any) -> int:
        """Positions that stand for padding, as in RoBERTa."""
        return 2 if "roberta" in str(getattr(config, "model_type", "")) else 0

    def prepare(self, values: pa.Array) -> PreparedSentences:
        """Cut sentences into pieces, and long ones into windows."""
        words, reasons = sentences(values)
        unknown = self.tokenizer.unk_token_id or 0
        cuts, count = list[Window](), list[int]()
        held = self.fast.encode_batch(words, is_pretokenized=True, add_special_tokens=False)
        for encoding, sentence in zip(held, words, strict=True):
            pieces: list[list[int]] = [[] for _ in sentence]
            for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
                if word is not None:
                    pieces[word].append(piece)
            cut = windows([of_word or [unknown] for of_word in pieces], self.frame)
            cuts += cut
            count.append(len(cut))
        tokens = np.array([len(sentence) for sentence in words], np.int64)
        looks = hashed_context(words, HASHED if self.chosen["context"] else 0)
        return PreparedSentences(cuts, tokens, np.array(count, np.int64), reasons, looks)

    def load(self, state: State) -> None:
        """Open the model; ConfigError where it lacks the layer."""
        super().load(state)
        self.dim = HASHED + 3 * self.dim if self.chosen["context"] else self.dim

    def blank(self) -> Window:
        """The pieces of a word."""
        return self.prepare(pa.array([["a"]])).windows[0]

    def infer(self, prepared: PreparedSentences) -> Encoded:  # type: ignore[override]
        """Run the windows, and put the vectors of a sentence's tokens together."""
        ready, reasons = prepared.windows, list(prepared.reasons)
        lengths = np.array([len(window.ids) for window in ready], np.int64)

        def staged(rows: NDArray[np.intp]) -> Any:
            return self.staged([ready[row] for row in rows])

        def run(batch: Any) -> list[NDArray[np.float16]]:
            return np.split(self.run(batch), np.cumsum(batch["tokens"])[:-1])

        ran = run_batches(lengths, self.budget, staged, run)
        owner = np.repeat(np.arange(len(reasons)), prepared.count)
        for place, why in ran.failed.items():
            reasons[owner[place]] = why
        by_row = dict(zip(ran.rows.tolist(), (part for batch in ran.vectors for part in batch), strict=True))
        kept = [by_row[place] for place in range(len(ready)) if reasons[owner[place]] is None]
        good = np.array([reason is None for reason in reasons], bool)
        tokens = np.where(good, prepared.tokens, 0)
        flat = np.concatenate(kept) if kept else np.zeros((0, self.dim), np.float16)
        if kept and self.chosen["context"]:
            looks = prepared.looks[np.repeat(good, prepared.tokens)]
            flat = np.concatenate([looks, with_neighbours(flat, tokens)], axis=1)
        return encoded_tokens(flat, tokens, reasons)

    def staged(self, items: Any) -> dict[str, Any]:
        """Windows as one batch on the device, padded, with the token of the batch that each piece is of."""
        longest, tokens = max(len(item.ids) for item in items), [item.tokens for item in items]
        ids = np.full((len(items), longest), self.tokenizer.pad_token_id or 0, np.int64)
        mask, owner = np.zeros((2, len(items), longest), np.int64)
        owner[:] = sum(tokens)  # the place of what is of no token
        for row, (window, begin) in enumerate(zip(items, [0, *accumulate(tokens)], strict=False)):
            size = len(window.ids)
            ids[row, :size], mask[row, :size] = window.ids, 1
            owner[row, :size] = np.where(window.owner == NOBODY, sum(tokens), window.owner + begin)
        arrays = {"input_ids": ids, "attention_mask": mask, "owner": owner}
        return {"tokens": tokens, **{name: to_device(array, self.device) for name, array in arrays.items()}}

    def run(self, staged: dict[str, Any]) -> NDArray[np.float16]:
        """Run a batch: vectors (T, D) of its tokens."""
        import torch

        with torch.inference_mode():
            seen = {name: staged[name] for name in ("input_ids", "attention_mask")}
            states = self.model(**seen, output_hidden_states=True).hidden_states[self.layer].float()
            owner, count = staged["owner"].flatten(), sum(staged["tokens"])
            sums = torch.zeros(count + 1, states.shape[2], device=states.device)
            sums.index_add_(0, owner, states.flatten(0, 1))
            pieces = torch.bincount(owner, minlength=count + 1).clamp(min=1)
            return to_host((sums / pieces[:, None])[:count].half())


def with_neighbours(states: NDArray[np.float16], lengths: NDArray[np.integer]) -> NDArray[np.float16]:
    """States (T, D) of tokens, those of the one before and of the one behind (T, 3 D), each of length 1.

    Beyond the ends of a sentence there is nothing: zeros.
    """
    dim = states.shape[1]
    length = np.linalg.norm(states.astype(np.float32), axis=1, keepdims=True)
    own = (states / np.where(length > 0, length, 1)).astype(np.float16)
    joined = np.zeros((len(own), 3 * dim), np.float16)
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    next_to = np.flatnonzero(sentence[1:] == sentence[:-1])
    joined[:, :dim] = own
    joined[next_to + 1, dim : 2 * dim] = own[next_to]
    joined[next_to, 2 * dim :] = own[next_to + 1]
    return joined


def _specials(fast: Any) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before a sentence and behind it."""
    bare = fast.encode(["a"], is_pretokenized=True, add_special_tokens=False).ids
    full = fast.encode(["a"], is_pretokenized=True, add_special_tokens=True).ids
    at = next(place for place in range(len(full)) if full[place : place + len(bare)] == bare)
    return full[:at], full[at + len(bare) :]
