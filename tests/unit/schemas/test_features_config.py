"""Features of several kinds, and the encoder of each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from labelworks.schemas.config.features import Features
from labelworks.schemas.config.run import RunConfig


def config(features: Any, encoder: dict[str, Any] | None = None, **dataset: Any) -> RunConfig:
    whole = {"source": "data", "label": "label", "features": features, **dataset}
    return RunConfig.model_validate({"dataset": whole, "encoder": encoder or {}})


def test_kinds_are_told_apart_and_named_together() -> None:
    both = Features.model_validate({"columns": ["age", "city"], "text": "subject"})

    assert (both.kind, both.kinds) == ("mixed", ("text", "columns"))
    assert both.names == ("subject", "age", "city")
    assert (both.key_of("text"), both.key_of("columns")) == ("subject", '["age", "city"]')


def test_each_kind_has_its_encoder() -> None:
    read = config({"text": "t", "image": "i"}, {"image": {"name": "timm", "options": {"model": "m"}}})

    assert (read.encoder.of("image").name, read.encoder.of("text").name) == ("timm", "auto")
    assert (read.encoder.where("image"), read.encoder.where("text")) == ("encoder.image", "encoder")


@pytest.mark.parametrize(
    ("features", "encoder", "dataset", "said"),
    [
        ({"text": "t", "columns": ["t", "a"]}, {}, {}, "column 't' is of two kinds"),
        ({"text": "t"}, {"text": {"name": "tfidf"}}, {}, "encoder.text is for features of several kinds"),
        ({"text": "t", "image": "i"}, {"name": "tfidf"}, {}, "name it as encoder.text.name"),
        ({"text": "t", "image": "i"}, {"vector": {}}, {}, "encoder.vector: features are text and image"),
        ({"text": "t", "image": "i"}, {}, {"pair": "p"}, "pair goes with one column"),
        ({"text": "t", "image": "i"}, {}, {"class_names": True}, "class_names go with one kind"),
        ({"text": "t", "columns": ["a"]}, {}, {"image_root": "r"}, "image_root goes with features.image"),
    ],
)
def test_what_does_not_go_together_is_refused(
    features: Any, encoder: dict[str, Any], dataset: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        config(features, encoder, **dataset)
