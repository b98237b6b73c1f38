"""Encoders that run one image network on a device: decoding, batching and running; subclasses open it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pyarrow as pa

from labelworks.tasks.methods.encoders.device import (
    DeviceEncoder,
    Prepared,
    compiled,
    half,
    made_ready,
)
from labelworks.tasks.methods.encoders.images.reader import ImageReader
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.weights import fingerprint


class ImageBackbone(DeviceEncoder):
    """Runs images through a network without its head. Subclasses say how it is built."""

    kind = "image"
    batch_rows = 512
    look: ImageTransform

    @abstractmethod
    def built(self) -> tuple[Any, ImageTransform]:
        """The network with its weights, giving (N, D), and what it was trained to see."""

    def weights(self) -> str:
        """Fingerprint of weights on disk."""
        return fingerprint(self.chosen["weights"])

    def called(self) -> Any:
        """What of the network is called with a batch."""
        return self.model

    def open(self) -> None:
        """Build the network and put it on its device."""
        self.dtype_run = half(str(self.chosen["precision"]), self.device)
        network, self.look = self.built()
        self.reader = ImageReader.of(self.device, self.helpers)
        self.model = made_ready(network, self.device, self.dtype_run)
        self.forward = compiled(self.called(), bool(self.chosen["compile"]))

    def prepare(self, values: pa.Array) -> Prepared:
        """Decode a batch of images; one that can't be is a reason for none."""
        return self.reader.read(self.look, values)

    def blank(self) -> Any:
        """A black image."""
        return self.look.blank()

    def staged(self, items: Any) -> Any:
        """A batch of images on the device."""
        return self.look.batch(items, self.device, self.dtype_run)

    def run(self, staged: Any) -> Any:
        """Run a batch of images."""
        import torch

        with torch.inference_mode():
            return self.forward(staged).flatten(1)
