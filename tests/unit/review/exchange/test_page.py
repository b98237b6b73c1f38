"""The page of a queue: what is in rows stays text, and its policy lets nothing but its own script work."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode

from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.review.exchange import page
from labelworks.tasks.review.exchange.carried import Picture

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & &lt; \u202e"


def queue(shown: str = HOSTILE) -> ReviewQueue:
    row = ReviewRow(id=shown, content=2**64 - 1, partition="p", row=0, shown=shown, given=shown)
    return ReviewQueue(
        dataset=HOSTILE, run="r", label="class", classes=(HOSTILE,), kind="text", rows=(row,)
    )  # fmt: skip


def html() -> str:
    return page.write(queue(), {("p", 0): Picture("data:image/png;base64,AA==", True)})[""].decode()


def scripts(text: str) -> list[tuple[str, str]]:
    return re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL)


def test_what_is_in_rows_ends_no_script_and_comes_back_as_it_was() -> None:
    data, *code = scripts(html())
    assert data[0] == ' type="application/json" id="queue"'
    assert len(code) == 2
    assert "alert(1)" not in "".join(each for _, each in code)
    assert html().count("<script>alert") == 0
    row = json.loads(data[1])["rows"][0]
    assert (row["shown"], row["content"]) == (HOSTILE, f"x{2**64 - 1:016x}")
    assert (row["picture"], row["tiny"]) == ("data:image/png;base64,AA==", True)


def test_its_policy_names_its_own_script_and_style_and_no_address() -> None:
    text = html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    allowed = dict(each.split(" ", 1) for each in policy[1].replace("&#39;", "'").split("; "))
    hashes = [
        f"'sha256-{b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for _, code in scripts(text)[1:]
    ]  # fmt: skip
    assert allowed["script-src"].split() == hashes
    assert allowed["default-src"] == allowed["connect-src"] == "'none'"
    assert "unsafe" not in policy[1]
    assert not re.search(r"""(src|href)\s*=\s*["']?(http|//)""", text)


def test_the_same_rows_are_the_same_page_and_other_rows_another() -> None:
    first, again, other = (page.queue_of_page(each, {})["print"] for each in (queue(), queue(), queue("a")))
    assert first == again != other
