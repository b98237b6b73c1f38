"""Weights of models: what is on disk, and how it is read without running what it says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError
from tasks.methods.encoders.importing import needed

END = 4096


def fingerprint(path: str | Path | None) -> str:
    """Hash of a model on disk: names and sizes of its files, and their ends; "" if there is none there."""
    root = Path(path) if path else None
    if root is None or not root.exists():
        return ""
    digest = hashlib.blake2b(digest_size=8)
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    for file in files:
        if file.is_file():
            digest.update(f"{file.relative_to(root)}:{file.stat().st_size}".encode())
            with file.open("rb") as opened:
                opened.seek(max(0, file.stat().st_size - END))
                digest.update(opened.read())
    return digest.hexdigest()


def read_weights(path: str) -> dict[str, Any]:
    """The tensors of a .safetensors file, or of a torch file that holds nothing but tensors."""
    file = Path(path)
    if not file.is_file():
        raise ConfigError(
            f"no weights at {path}", where="encoder.options.weights", fix="give the path of a file"
        )
    try:
        if file.suffix == ".safetensors":
            return dict(needed("safetensors.torch", "image").load_file(path))
        return dict(needed("torch", "image").load(path, map_location="cpu", weights_only=True))
    except ConfigError:
        raise
    except Exception as error:  # unpickling, truncated files, another format: each has its own type
        text = str(error).strip().split("\n")[0]
        raise ConfigError(
            f"the weights at {path} can't be read: {text}"[:300],
            where="encoder.options.weights",
            fix="give a .safetensors file, or a torch file with nothing but tensors",
        ) from error
