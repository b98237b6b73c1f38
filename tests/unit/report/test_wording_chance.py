"""A probability in words: nothing that is estimated is certain."""

from __future__ import annotations

import pytest

from labelworks.tasks.report.texts.wording import chance


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "over 99 %"), (0.9996, "over 99 %"), (0.99, "99.0 %"), (0.5, "50.0 %"), (0.0, "under 1 %")],
)
def test_no_probability_is_certain(value: float, said: str) -> None:
    assert chance(value) == said


def test_what_was_not_measured_is_a_dash() -> None:
    assert chance(None) == "–"
