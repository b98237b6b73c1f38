"""Personal data is pointed at where it is, and dates, prices and serial numbers are not taken for it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.content.personal import PERSONAL
from labelworks.tasks.methods.content.rows import ContentRows

HELD = {
    "e-mail-address": ["write to a.b+c@mail.example.org, please", "<jo@exämple.de>", "x_1@sub.domain.co.uk"],
    "card-number": [
        "4111 1111 1111 1111",
        "my card 5500-0055-5555-5559 is gone",
        "378282246310005.",
        "6011111111111117",
    ],
    "phone-number": [
        "+49 30 901820",
        "call (212) 555-0143",
        "0044 20 7946 0958!",
        "030/901 82 00",
        "555-867-5309",
    ],
}
NOT = [
    "", "on 2024-05-01 at 12:30", "it costs 1,234,567.89 or 0.1234567", "192.168.10.1", "a @ b, me@home",
    "order 1234567890123456", "4111 1111 1111 1112", "0000 0000 0000 0000",
    "pages 100-200-300", "12345 67890", "v1.2.3-4567", "ISBN 978-3-16-148410-0", "2020-2024", "+1",
    "1999 2000 2001 2002",
]  # fmt: skip


def held(name: str, texts: list[str]) -> list[bool]:
    method = registry.get("content", name).target()
    rows = ContentRows.of("text", pa.array(texts))
    method.fit(rows)
    return list(method.judge(rows) < 0.5)


@pytest.mark.parametrize("name", PERSONAL)
def test_it_is_found(name: str) -> None:
    assert all(held(name, HELD[name]))


@pytest.mark.parametrize("name", PERSONAL)
def test_what_looks_like_it_is_not(name: str) -> None:
    others = [text for other in PERSONAL if other != name for text in HELD[other]]
    assert [text for text, is_it in zip(NOT, held(name, NOT), strict=True) if is_it] == []
    assert [text for text, is_it in zip(others, held(name, others), strict=True) if is_it] == []
