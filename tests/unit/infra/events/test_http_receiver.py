"""The receiver: what it takes is in the queue, what it doesn't take gets a 4xx that says why."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from labelworks.infra.events import http_receiver
from labelworks.infra.events import queue as queue_module
from labelworks.infra.events.bucket_notifications import Routes
from labelworks.infra.events.credentials import SIGNATURE, TIMESTAMP, Credentials, sign
from labelworks.infra.events.http_receiver import MOST_BYTES, Limit, receiver
from labelworks.infra.events.queue import EventQueue
from labelworks.schemas.config.run import RunConfig

TOKEN, SECRET = "token-of-the-sender", "secret-of-the-sender"
BEARER = {"authorization": f"Bearer {TOKEN}"}
DATASET = {"name": "x", "source": "s3://b/x/", "label": "l", "features": {"text": "t"}}
Post = Callable[..., httpx.Response]


@pytest.fixture
def queue(tmp_path: Path) -> EventQueue:
    return EventQueue(tmp_path / "events.db")


@pytest.fixture
def post(queue: EventQueue) -> Post:
    """Posts to the app: one request, or several at once."""
    routes = Routes([RunConfig.model_validate({"dataset": DATASET})])
    app = receiver(queue, routes, Credentials(TOKEN, SECRET))

    def post(body: Any, headers: Any = BEARER, path: str = "/api/events", times: int = 1) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def send() -> list[httpx.Response]:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
                one = [client.post(path, content=content, headers=headers) for _ in range(times)]
                return list(await asyncio.gather(*one))

        answers = asyncio.run(send())
        return max(answers, key=lambda answer: answer.status_code)

    return post


def waiting(queue: EventQueue) -> int:
    return getattr(queue.waiting("x"), "count", 0)


def test_an_event_that_is_answered_is_in_the_queue_and_the_same_again_is_known(
    post: Post, queue: EventQueue
) -> None:
    body = {"dataset": "x", "id": "1", "added": ["a.parquet"]}
    assert (post(body).status_code, post(body).json()) == (202, {"accepted": 0, "known": 1})
    assert waiting(queue) == 1


def test_many_at_once_are_all_kept(post: Post, queue: EventQueue) -> None:
    assert post({"dataset": "x"}, times=200).status_code == 202
    assert waiting(queue) == 200


def test_a_notification_is_taken_with_basic_authorization(post: Post, queue: EventQueue) -> None:
    place = {"bucket": {"name": "b"}, "object": {"key": "x/1.parquet"}}
    body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": place}]}
    basic = base64.b64encode(f"ceph:{TOKEN}".encode()).decode()
    answer = post(body, {"authorization": f"Basic {basic}"}, "/api/notifications")
    assert (answer.status_code, waiting(queue)) == (202, 1)


def test_a_token_in_the_path_does_for_those_who_know_an_address_only(post: Post, queue: EventQueue) -> None:
    place = {"bucket": {"name": "b"}, "object": {"key": "x/1.parquet"}}
    body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": place}]}
    assert post(body, {}, f"/api/notifications/{TOKEN}").status_code == 202
    assert post(body, {}, "/api/notifications/forged-token-of-old").status_code == 401
    assert post(b" " * (MOST_BYTES + 1), {}, f"/api/notifications/{TOKEN}").status_code == 413
    assert waiting(queue) == 1


def test_a_signed_event_is_taken_and_its_replay_changes_nothing(post: Post, queue: EventQueue) -> None:
    body, stamp = json.dumps({"dataset": "x", "id": "s"}).encode(), str(int(time.time()))
    headers = {TIMESTAMP: stamp, SIGNATURE: sign(SECRET, stamp, body)}
    assert post(body, headers).json() == {"accepted": 1, "known": 0}
    assert post(body, headers).json() == {"accepted": 0, "known": 1}
    assert post(body + b" ", headers).status_code == 401
    assert waiting(queue) == 1


def test_a_signed_event_without_an_id_is_taken_once_and_the_next_one_is_another(
    post: Post, queue: EventQueue
) -> None:
    body, now = json.dumps({"dataset": "x"}).encode(), int(time.time())
    for stamp, taken in ((now, 1), (now, 0), (now + 1, 1)):
        headers = {TIMESTAMP: str(stamp), SIGNATURE: sign(SECRET, str(stamp), body)}
        assert post(body, headers).json() == {"accepted": taken, "known": 1 - taken}
    assert waiting(queue) == 2
    assert post({"dataset": "x"}).json() == post({"dataset": "x"}).json() == {"accepted": 1, "known": 0}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"dataset": "x"}, {}, 401),
        ({"dataset": "x"}, {"authorization": "Bearer wrong"}, 401),
        (b" " * (MOST_BYTES + 1), BEARER, 413),
        ({"dataset": "x"}, {**BEARER, "content-length": "99999999999"}, 413),
        (b"{", BEARER, 400),
        (b"[" * 100_000, BEARER, 400),
        (b"\xff\xfe", BEARER, 400),
        ({"dataset": "other"}, BEARER, 422),
        ({"dataset": "../x"}, BEARER, 422),
        ({"dataset": "x", "more": 1}, BEARER, 422),
        ({"dataset": "x", "added": ["a" * 2000]}, BEARER, 422),
        ({"dataset": "x", "added": ["a"] * 1001}, BEARER, 422),
        ({"dataset": "x", "flow_run": "f"}, BEARER, 422),
    ],
)
def test_what_is_wrong_gets_an_answer_that_says_so(
    post: Post, queue: EventQueue, body: Any, headers: dict[str, str], status: int
) -> None:
    answer = post(body, headers)
    assert (answer.status_code, waiting(queue)) == (status, 0), answer.text
    assert answer.json()["error"]


def test_a_body_that_hides_its_length_is_cut(queue: EventQueue) -> None:
    routes = Routes([RunConfig.model_validate({"dataset": DATASET})])
    app = receiver(queue, routes, Credentials(TOKEN, SECRET))
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield b" " * 65536

    async def send() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
            return (await client.post("/api/events", content=endless(), headers=BEARER)).status_code

    assert asyncio.run(send()) == 413
    assert read <= MOST_BYTES // 65536 + 2


def test_too_many_requests_wait(post: Post) -> None:
    answer = post({"dataset": "x"}, {}, times=60)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


def test_a_full_queue_sends_the_sender_away(
    post: Post, queue: EventQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "MOST_PENDING", 0)
    answer = post({"dataset": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_the_limit_is_for_each_address_and_forgets_the_longest_unseen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_receiver, "MOST_PEERS", 2)
    limit = Limit(rate=0.0, burst=2.0)
    assert [limit.left("a") for _ in range(3)] == [True, True, False]
    assert limit.left("b")
    assert limit.left("c")
    assert limit.left("a")
