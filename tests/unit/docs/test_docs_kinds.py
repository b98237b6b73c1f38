"""CONTRIBUTING names every kind of method once, with its config key."""

from __future__ import annotations

import re
from pathlib import Path

from labelworks.tasks.methods.kinds import KINDS

PAGE = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text()


def test_every_kind_has_its_line() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (?:`([\w.]+)`)? ?\|", PAGE, re.M)
    assert rows == [(name, kind.about, kind.key or "") for name, kind in KINDS.items()]
