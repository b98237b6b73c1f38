"""What the tests of the report render."""

import pytest

from tests.support import reports


@pytest.fixture
def runs():
    """Makers of records and evidence, by name."""
    return {name: getattr(reports, name) for name in ("published", "refused", "evidence", "picture")}
