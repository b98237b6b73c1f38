"""The app behind the page: who is let in, what is stored before it is said to be, what is handed to whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from labelworks.flows.served.review.app import TEXT, review_app
from labelworks.flows.served.review.guard import MOST_BYTES
from labelworks.schemas.decisions import RowDecision, in_force
from labelworks.schemas.errors import StoreError
from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.review.desk.around import Around, Neighbour
from labelworks.tasks.review.desk.desk import ReviewDesk

TOKENS = {"token-of-ann": "ann", "token-of-bob": "bob"}
BASE = "http://127.0.0.1:4300"
HOSTILE = "<script>alert(1)</script>\u202e=cmd()"


def rows() -> list[ReviewRow]:
    return [
        ReviewRow(
            id=f"r{n}", content=n, partition="p", row=n, shown=HOSTILE if n else "x" * (1 << 20), given="cat",
            suggestion="dog", probabilities=(("dog", 0.9), ("cat", 0.1)), like="r1" if n in (2, 3) else None,
        )
        for n in range(6)
    ]  # fmt: skip


class Kept:
    """A store: what was kept, file by file, and whether it takes any."""

    def __init__(self) -> None:
        self.files: list[list[RowDecision]] = []
        self.takes = threading.Event()
        self.takes.set()
        self.fails = False

    def __call__(self, decisions: Sequence[RowDecision]) -> None:
        self.takes.wait()
        if self.fails:
            raise StoreError("it is full", where="here")
        self.files.append(list(decisions))

    @property
    def said(self) -> list[tuple[str, str, str]]:
        return [(each.annotator, each.id, each.answer) for some in self.files for each in some]


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def client(kept: Kept) -> Iterator[Callable[..., TestClient]]:
    queue = ReviewQueue(
        dataset=HOSTILE,
        run="r",
        label="class",
        classes=("cat", "dog", "keep"),
        kind="text",
        rows=tuple(rows()),
    )

    def look(row: ReviewRow) -> Around:
        near = Neighbour("near", 0.9, "dog", Content(text=HOSTILE), (("Rome", "LOC"),))
        return Around(Content(image=b"no image"), (near,), 9)

    app = review_app(ReviewDesk(queue), kept, look, TOKENS, pause=0.0)
    with TestClient(app, base_url=BASE) as first:

        def made(who: str = "ann", **headers: str) -> TestClient:
            first.headers = {"authorization": f"Bearer token-of-{who}", **headers}
            return first

        yield made


def asked(client: TestClient, holder: str = "tab", most: int = 50) -> list[str]:
    rows = client.post("/api/rows", json={"holder": holder, "most": most}).json()["rows"]
    return [row["id"] for row in rows]


def answer(client: TestClient, *answers: tuple[str, str], holder: str = "tab") -> Any:
    said = [{"id": name, "answer": text, "act": place} for place, (name, text) in enumerate(answers)]
    return client.post("/api/answers", json={"holder": holder, "answers": said})


def test_the_page_needs_the_token_and_holds_browsers_to_a_policy(client: Any) -> None:
    ann = client()
    assert ann.get("/").status_code == ann.get("/?token=").status_code == 401
    assert ann.get("/?token=token-of-anN").status_code == ann.get("/?token=%ff%00").status_code == 401
    page = ann.get("/?token=token-of-ann")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    policy = unescape(page.text.partition('Security-Policy" content="')[2].partition('">')[0])
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer token-of-eve"}, 401),
        ({"authorization": ""}, 401),
        ({"host": "evil.example:4300"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "localhost:9999", "origin": "http://localhost:9999", "sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_nobody_else_is_let_in(client: Any, headers: dict[str, str], status: int) -> None:
    assert client(**headers).get("/api/answered").status_code == status
    assert client(**headers).post("/api/rows", json={"holder": "h", "most": 1}).status_code == status


def test_a_body_has_an_end(client: Any, kept: Kept) -> None:
    ann = client()
    assert ann.post("/api/answers", content=b"x" * (MOST_BYTES + 1)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(1600):
            yield b"x" * (1 << 16)

    assert ann.post("/api/answers", content=endless()).status_code == 413  # 100 MB, and it doesn't say so
    assert ann.post("/api/answers", content=b"{").status_code == 422
    assert ann.post("/api/answers", json={"holder": "", "answers": []}).status_code == 422
    assert kept.files == []


def test_rows_are_at_one_holder_and_long_texts_are_cut(client: Any) -> None:
    ann = client()
    assert asked(ann, "one", 2) == ["r0", "r1", "r2", "r3"]
    assert asked(client("bob"), "two") == ["r4", "r5"]
    assert asked(client(), "one", 1) == ["r0", "r1", "r2", "r3"]  # as after a reload
    found = ann.post("/api/rows", json={"holder": "one", "most": 2}).json()["rows"]
    assert len(found[0]["shown"]) < TEXT + 50
    assert found[1]["shown"] == HOSTILE  # as text: the page makes no HTML of it


def test_what_is_answered_is_stored_once_and_counted(client: Any, kept: Kept) -> None:
    said = answer(client(), ("r0", "dog"), ("r1", "(keep)"), ("r9", "dog"), ("r4", "lion")).json()
    assert [each["reason"] for each in said["aside"]] == ["no row has this id", "'lion' is no class"]
    assert (said["progress"]["rows"], said["progress"]["answered"]) == (6, 2)
    assert said["progress"]["removed"]["changed"] == 1
    assert answer(client(), ("r0", "dog"), ("r1", "(keep)")).json()["aside"] == []
    assert answer(client("bob"), ("r0", "cat")).json()["aside"] == []
    assert kept.said == [("ann", "r0", "class"), ("ann", "r1", "keep"), ("bob", "r0", "class")]
    assert asked(client()) == ["r2", "r3", "r4", "r5"]
    back = client().get("/api/answered").json()["rows"]
    assert [(each["row"]["id"], each["answer"]) for each in back] == [("r0", "dog"), ("r1", "(keep)")]
    assert back[0]["when"] < back[1]["when"]


def test_one_look_decides_what_is_alike_each_by_a_decision_of_its_own(client: Any, kept: Kept) -> None:
    said = [{"id": f"r{n}", "answer": "dog", "act": n > 1, "like": n > 1} for n in (1, 2, 3)]
    client().post("/api/answers", json={"holder": "tab", "answers": said})
    assert len(kept.files) == 1
    assert [each.content for each in kept.files[0]] == [1, 2, 3]
    assert [each.why for each in kept.files[0]] == ["queue", "like", "like"]


def test_what_is_undone_is_asked_again(client: Any, kept: Kept) -> None:
    answer(client(), ("r0", "dog"), ("r4", "none"))
    undone = client().post("/api/undo", json={"holder": "tab", "undo": ["r0"]}).json()
    assert undone["progress"]["answered"] == 1
    assert asked(client(), most=1) == ["r0"]
    assert answer(client(), ("r0", "cat")).json()["aside"] == []
    made = in_force([each for some in kept.files for each in some])
    assert [(each.id, each.answer, each.classes) for each in made] == [
        ("r4", "none", ()),
        ("r0", "class", ("cat",)),
    ]


def test_answers_that_can_not_be_stored_are_not_said_to_be(client: Any, kept: Kept) -> None:
    kept.fails = True
    refused = answer(client(), ("r0", "dog"))
    assert (refused.status_code, refused.json()["error"]) == (503, "it is full")
    kept.fails = False
    assert answer(client(), ("r0", "dog")).json()["progress"]["answered"] == 1
    assert kept.said == [("ann", "r0", "class")]


def test_what_is_sent_twice_is_said_to_be_stored_when_it_is(client: Any, kept: Kept) -> None:
    ann, told = client(), list[Any]()
    kept.takes.clear()
    threads = [threading.Thread(target=lambda: told.append(answer(ann, ("r0", "dog")))) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert told == []
    kept.takes.set()
    for thread in threads:
        thread.join()
    assert [each.status_code for each in told] == [200] * 3
    assert kept.said == [("ann", "r0", "class")]


def test_what_is_around_a_row(client: Any) -> None:
    found = client().get("/api/around", params={"id": "r1"}).json()
    assert found["picture"] is None  # what is no image is none
    assert [(each["id"], each["given"], each["text"]) for each in found["near"]] == [("near", "dog", HOSTILE)]
    assert found["near"][0]["marks"] == [["Rome", "LOC"]]
    assert client().get("/api/around", params={"id": "?"}).status_code == 404
