"""docs/treatment.md: its code runs as it stands, and it names every objective."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from labelworks.tasks.methods.registry import methods

PAGE = (Path(__file__).parents[4] / "docs/treatment.md").read_text()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.S))
def test_code_of_the_page_runs(code: str) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    features = 4 * labels[:, None] + rng.normal(size=(300, 2))
    exec(code, {"labels": labels, "features": features})


def test_every_objective_is_named() -> None:
    for method in methods("relabel"):
        assert f"`{method.name}`" in PAGE or f"{{{method.name}: " in PAGE
