"""What a local store says of a dataset's versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def newest(root: Path, dataset: str = "made") -> dict[str, Any]:
    """The pointer of the newest version."""
    pointers = sorted((root / dataset / "versions").iterdir(), key=lambda path: int(path.stem))
    return dict(json.loads(pointers[-1].read_text()))
