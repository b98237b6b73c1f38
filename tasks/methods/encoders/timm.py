"""Images through a backbone of timm."""

from __future__ import annotations

from typing import Any, ClassVar

from labelworks.tasks.methods.encoders.backbone import ImageBackbone
from labelworks.tasks.methods.encoders.importing import needed, opening
from labelworks.tasks.methods.encoders.pictures import ImageTransform
from labelworks.tasks.methods.encoders.weights import read_weights
from labelworks.tasks.methods.registry import register


@register("encoders", "timm", modality=("image",), extra="labelworks[image]", source="Wightman 2019")
class TimmEncoder(ImageBackbone):
    """A backbone of timm by name, without its head; weights from a file, or those of its hub."""

    options: ClassVar[dict[str, Any]] = {
        "model": "vit_base_patch16_224",
        "weights": None,
        "batch_size": None,
        "precision": "auto",
        "compile": False,
    }

    def built(self) -> tuple[Any, ImageTransform]:
        """The backbone as timm describes it, with its weights."""
        library, name = needed("timm", "image"), str(self.chosen["model"])
        path = self.chosen["weights"]
        with opening(name):
            model = library.create_model(name, pretrained=path is None, num_classes=0)
            if path is not None:
                wanted = model.state_dict().keys()
                state = read_weights(str(path))
                model.load_state_dict({name: value for name, value in state.items() if name in wanted})
        seen = library.data.resolve_model_data_config(model)
        return model, ImageTransform(
            seen["input_size"][-1], seen["crop_pct"], tuple(seen["mean"]), tuple(seen["std"])
        )
