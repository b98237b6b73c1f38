"""Images or texts through the two towers of a CLIP model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.backbone import ImageBackbone
from labelworks.tasks.methods.encoders.base import Encoded
from labelworks.tasks.methods.encoders.batching import run_batches
from labelworks.tasks.methods.encoders.device import Prepared
from labelworks.tasks.methods.encoders.importing import may_run_code, needed, opening
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.transfers import gathered, to_device
from labelworks.tasks.methods.encoders.values import read_texts
from labelworks.tasks.methods.encoders.weights import fingerprint, read_weights
from labelworks.tasks.methods.registry import register


@register(
    "encoders",
    "open-clip",
    modality=("image", "text"),
    extra="labelworks[image]",
    source="Radford 2021; Ilharco 2021",
)
class OpenClipEncoder(ImageBackbone):
    """The image or the text tower of a CLIP model; class names go through its text tower."""

    towers = True
    options: ClassVar[dict[str, Any]] = {
        "model": "ViT-B-32",
        "weights": "laion2b_s34b_b79k",
        "batch_size": None,
        "precision": "auto",
        "compile": False,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if ":" in str(
            self.chosen["model"]
        ):  # hf-hub:, local-dir:, whose config says how its tokenizer is loaded
            may_run_code("encoder.options.model")

    def built(self) -> tuple[Any, ImageTransform]:
        """Both towers, and what the image tower was trained to see."""
        library, name = needed("open_clip", "image"), str(self.chosen["model"])
        weights = str(self.chosen["weights"])
        local = bool(fingerprint(weights))
        with opening(name):
            model = library.create_model(name, pretrained=None if local else weights)
            if local:
                model.load_state_dict(read_weights(weights))
            self.tokenizer = library.get_tokenizer(name)
        size = model.visual.image_size
        side = size[0] if isinstance(size, list | tuple) else size
        return model, ImageTransform(
            int(side), 1.0, tuple(model.visual.image_mean), tuple(model.visual.image_std)
        )

    def prepare(self, values: pa.Array) -> Prepared:
        """Tokenise or decode a batch; what can't be is a reason for none."""
        if self.kind == "image":
            return super().prepare(values)
        texts, reasons = read_texts(values)
        usable = np.flatnonzero([reason is None for reason in reasons])
        ids = self._ids([texts[row] for row in usable])
        return Prepared(ids, np.ones(len(ids), dtype=np.int64), usable, reasons)

    @property
    def reads_names(self) -> bool:
        """Its text tower does, whichever tower reads the rows."""
        return True

    def called(self) -> Any:
        """The tower of its kind."""
        return self.model.encode_text if self.kind == "text" else self.model.encode_image

    def encode_names(self, names: list[str]) -> Encoded:
        """Encode class names (K,) by the text tower."""
        ids = self._ids(names)

        def staged(rows: NDArray[np.intp]) -> Any:
            return self._stacked([ids[row] for row in rows])

        ran = run_batches(np.ones(len(ids), np.int64), self.budget, staged, self._named)
        vectors = gathered(ran.vectors, ran.rows, len(ids), self.dim)
        return Encoded(vectors, [ran.failed.get(row) for row in range(len(ids))])

    def blank(self) -> Any:
        """A black image, or the tokens of a word."""
        return super().blank() if self.kind == "image" else self._ids(["a"])[0]

    def staged(self, items: Any) -> Any:
        """A batch of images or of token ids on the device."""
        return super().staged(items) if self.kind == "image" else self._stacked(items)

    def run(self, staged: Any) -> Any:
        """Run a batch through the tower of its kind."""
        import torch

        with torch.inference_mode():
            return self.forward(staged, normalize=True)

    def _ids(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        return list(self.tokenizer(list(texts)).numpy()) if texts else []

    def _stacked(self, ids: Sequence[NDArray[np.int64]]) -> Any:
        return to_device(np.stack(ids), self.device)

    def _named(self, ids: Any) -> Any:
        import torch

        with torch.inference_mode():
            return self.model.encode_text(ids, normalize=True)
