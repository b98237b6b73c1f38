"""Texts or images through any encoder of the transformers library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.device import (
    SORTED_ROWS,
    DeviceEncoder,
    Prepared,
    compiled,
    half,
    made_ready,
)
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.importing import needed, opening, trusted
from labelworks.tasks.methods.encoders.packed import pack_texts, states_of, text_batch
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.tokens import token_ids, tokenised
from labelworks.tasks.methods.encoders.weights import commit_of, fingerprint
from labelworks.tasks.methods.registry import register

POOLINGS = ("mean", "cls")
LOOKS = "preprocessor_config.json"
IMAGE_COST = 256  # of the batch size, which counts tokens: about what an image is cut into


@register(
    "encoders", "transformers", modality=("text", "image"), extra="labelworks[text]", source="Wolf 2020"
)
class TransformersEncoder(DeviceEncoder):
    """Any encoder of the transformers library: the mean of its last states, or the first of them."""

    kind = "text"
    towers = True
    cost = 2048  # tokens
    on_gpu = 32
    batch_rows = 2048
    options: ClassVar[dict[str, Any]] = {
        "model": "",
        "revision": None,
        "pooling": "mean",
        "max_length": None,
        "batch_size": None,
        "precision": "auto",
        "compile": False,
        "packed": False,
        "trust_remote_code": False,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not self.chosen["model"]:
            raise ConfigError("no model is named", where="encoder.options.model", fix="give a name or a path")
        self.check_choice("pooling", POOLINGS)

    def pinned(self) -> dict[str, Any]:
        """Its options, with the commit of the model."""
        revision = commit_of(str(self.chosen["model"]), self.chosen["revision"])
        return {**self.chosen, "revision": revision}

    def weights(self) -> str:
        """Fingerprint of a model on disk."""
        return fingerprint(str(self.chosen["model"]))

    def open(self) -> None:
        """Open the model and its tokenizer, or how it wants its images."""
        name = str(self.chosen["model"])
        self.dtype_run = half(str(self.chosen["precision"]), self.device)
        with opening(name):
            model, tokenizer = pretrained(name, self.chosen)
            self.ready = made_ready(model, self.device, self.dtype_run)
            self.model = compiled(self.ready, bool(self.chosen["compile"]))
            if self.kind == "text":
                if self.device != "cpu":
                    self.batch_rows = SORTED_ROWS
                self.tokenizer = tokenizer()
                positions = int(getattr(model.config, "max_position_embeddings", 512))
                longest = min(int(self.tokenizer.model_max_length), positions)
                self.max_length = int(self.chosen["max_length"] or 0) or longest
                if self.chosen["packed"]:
                    pack_texts(self, self.ready)
            else:
                self.reader = ImageReader.of(self.device, self.helpers)
                self.look = look_of(name, self.chosen["revision"], model.config)

    def prepare(self, values: pa.Array) -> Prepared:
        """Tokenise or decode a batch; what can't be is a reason for none."""
        if self.kind == "text":
            return tokenised(self.tokenizer, values, self.max_length, cores=self.helpers)
        pictures = self.reader.read(self.look, values)
        return replace(pictures, lengths=pictures.lengths * IMAGE_COST)

    def blank(self) -> Any:
        """The tokens of a word, or a black image."""
        if self.kind == "text":
            return token_ids(self.tokenizer, ["a"], self.max_length)[0]
        return self.look.blank()

    def staged(self, items: Any) -> dict[str, Any]:
        """A batch of token ids and its mask, or of images, on the device."""
        if self.kind == "image":
            return {"pixel_values": self.look.batch(items, self.device, self.dtype_run)}
        return text_batch(self, items)

    def run(self, staged: dict[str, Any]) -> Any:
        """Run a batch and pool its last states."""
        import torch

        with torch.inference_mode():
            if self.packs:
                return pooled(*states_of(self.ready, staged), str(self.chosen["pooling"]))
            states = self.model(**staged).last_hidden_state
            if states.ndim == 4:  # a convolutional network: a map of states
                return states.float().mean(dim=(2, 3))
            return pooled(states, staged.get("attention_mask"), str(self.chosen["pooling"]))


def pretrained(name: str, chosen: Mapping[str, Any]) -> tuple[Any, Callable[..., Any]]:
    """A model of the library by its name or path, as options say, and what opens its tokenizer."""
    library = needed("transformers", "text")
    source = {"revision": chosen["revision"], "trust_remote_code": trusted(chosen)}
    tokenizer = partial(library.AutoTokenizer.from_pretrained, name, **source)
    return library.AutoModel.from_pretrained(name, **source), tokenizer


def look_of(name: str, revision: str | None, config: Any) -> ImageTransform:
    """How a model wants its images: as the file beside it says, else ImageNet's way at the model's size."""
    cached = needed("transformers.utils", "text").cached_file
    looks_file = cached(name, LOOKS, revision=revision, _raise_exceptions_for_missing_entries=False)
    said = json.loads(Path(looks_file).read_text()) if looks_file else {}
    size = said.get("crop_size") or said.get("size") or getattr(config, "image_size", 224)
    if isinstance(size, dict):
        size = size.get("height") or size.get("shortest_edge")
    look = ImageTransform(int((size[0] if isinstance(size, list | tuple) else size) or 224))
    if said.get("image_mean") and said.get("image_std"):
        return ImageTransform(look.size, 1.0, tuple(said["image_mean"]), tuple(said["image_std"]))
    return look


def pooled(states: Any, mask: Any, pooling: str) -> Any:
    """Mean over the tokens that are no padding, in float32, or the first token (N, T, D) -> (N, D)."""
    if mask is None:
        return states[:, 0] if pooling == "cls" else states.float().mean(dim=1)
    if pooling == "cls":  # of a batch padded on the left it is not at the same place in all rows
        return states[range(len(states)), mask.argmax(dim=1)]
    share = mask.unsqueeze(-1).float()
    return (states.float() * share).sum(dim=1) / share.sum(dim=1).clamp(min=1.0)
