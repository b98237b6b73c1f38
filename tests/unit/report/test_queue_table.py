"""Rows for people in a table: what is suggested, as people write it."""

import pytest

from labelworks.tasks.report.queue_table import as_fine


@pytest.mark.parametrize(
    ("suggestion", "given", "shown"),
    [
        ("28.7379", "108.04", "28.74"),
        ("28.7379", "130", "29"),
        ("129.7", "130", "129.7"),  # else it would be what was given
        ("-5.11", "54.9484", "-5.11"),
        ("1e+12", "2.5", "1e+12"),
    ],
)
def test_a_suggested_number_is_as_fine_as_the_given_one(suggestion: str, given: str, shown: str) -> None:
    assert as_fine(suggestion, given) == shown
