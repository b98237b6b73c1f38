"""Images through a backbone of torchvision."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.backbone import ImageBackbone
from labelworks.tasks.methods.encoders.importing import needed, opening
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.weights import fingerprint, read_weights
from labelworks.tasks.methods.registry import register

HEADS = ("fc", "classifier", "heads", "head")  # what torchvision calls the layer that names classes
CLASSES = 1000  # of weights that have no such layer


@register("encoders", "torchvision", modality=("image",), extra="labelworks[image]", source="torchvision")
class TorchvisionEncoder(ImageBackbone):
    """A backbone of torchvision by name, without its head; weights from a file, or torchvision's own."""

    options: ClassVar[dict[str, Any]] = {
        "model": "resnet50",
        "weights": "DEFAULT",
        "size": 224,
        "batch_size": None,
        "precision": "auto",
        "compile": False,
    }

    def pinned(self) -> dict[str, Any]:
        """Its options, with the name of the weights that are the default; as given without torchvision."""
        name, weights = str(self.chosen["model"]), str(self.chosen["weights"])
        if fingerprint(weights):
            return self.chosen
        with suppress(ConfigError, ValueError):  # a missing library, an unknown model: opening it says so
            known = needed("torchvision.models", "image").get_model_weights(name).__members__
            weight = known.get(weights.rpartition(".")[2])
            return {**self.chosen, "weights": weight.name if weight else weights}
        return self.chosen

    def built(self) -> tuple[Any, ImageTransform]:
        """The backbone with its weights, its head taken off."""
        models = needed("torchvision.models", "image")
        name, weights = str(self.chosen["model"]), str(self.chosen["weights"])
        with opening(name):
            state = read_weights(weights) if fingerprint(weights) else _published(models, name, weights)
            model = models.get_model(name, weights=None, num_classes=_classes(state))
            model.load_state_dict(state)
        return headless(model), ImageTransform(int(self.chosen["size"]), crop=224 / 256)


def _published(models: Any, name: str, weights: str) -> dict[str, Any]:
    """Weights that torchvision publishes, read as tensors and nothing else; ConfigError if there are none."""
    known = models.get_model_weights(name)
    wanted = weights.rpartition(".")[2]
    if wanted not in known.__members__:
        raise ConfigError(
            f"{weights!r} is neither a file nor weights of {name}",
            where="encoder.options.weights",
            fix=f"choices: {', '.join(known.__members__)}",
        )
    return dict(known[wanted].get_state_dict(progress=False, check_hash=True, weights_only=True))


def headless(model: Any) -> Any:
    """A backbone whose head passes on what it is given; ConfigError if it has none that we know."""
    import torch

    for head in HEADS:
        if hasattr(model, head):
            setattr(model, head, torch.nn.Identity())
            return model
    raise ConfigError(
        f"{type(model).__name__} has no head that could be taken off",
        where="encoder.options.model",
        fix="take a classification backbone, or an encoder of timm",
    )


def _classes(state: dict[str, Any]) -> int:
    """How many classes the head of saved weights names: its last matrix, wherever in the head it is."""
    heads = [name for name in state if name.split(".")[0] in HEADS and name.endswith("weight")]
    return int(state[heads[-1]].shape[0]) if heads else CLASSES
