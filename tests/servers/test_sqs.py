"""Bucket notifications from a real SQS queue (moto's): taken once, deleted when they are on disk."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from labelworks.infra.events import sqs as module
from labelworks.infra.events.bucket_notifications import Routes
from labelworks.infra.events.queue import EventQueue, QueueFullError
from labelworks.schemas.config.run import RunConfig

DATASET = {"name": "x", "source": "s3://b/x/", "label": "l", "features": {"text": "t"}}
PLACE = {"bucket": {"name": "b"}, "object": {"key": "x/1.parquet"}}
NOTIFICATION = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": PLACE}]})


def test_messages_are_queued_and_deleted(
    moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0)
    queue = EventQueue(tmp_path / "events.db")
    routes = Routes([RunConfig.model_validate({"dataset": DATASET})])

    async def talk() -> list[int]:
        async with module.client(moto) as sqs:
            url = (await sqs.create_queue(QueueName=uuid.uuid4().hex))["QueueUrl"]

            async def left() -> int:
                names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
                found = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
                return sum(int(found["Attributes"][name]) for name in names)

            for body in (NOTIFICATION, NOTIFICATION, "no notification"):
                await sqs.send_message(QueueUrl=url, MessageBody=body)
            taken = 0
            while taken < 3:
                taken += await module.receive(sqs, url, routes, queue)
            counts = [await left()]
            await sqs.send_message(QueueUrl=url, MessageBody=NOTIFICATION.replace("1.par", "2.par"))
            monkeypatch.setattr("labelworks.infra.events.queue.MOST_PENDING", 0)
            with pytest.raises(QueueFullError):
                await module.receive(sqs, url, routes, queue)
            return [*counts, await left()]

    assert asyncio.run(talk()) == [0, 1]  # what could not be kept is still the sender's
    waiting = queue.waiting("x")
    assert waiting is not None
    event = queue.last("x", waiting.upto)
    assert (waiting.count, event.cause, event.added) == (1, "sqs", ("s3://b/x/1.parquet",))
    assert "Expecting value" in capsys.readouterr().err


def test_amazons_own_address_needs_no_endpoint() -> None:
    async def endpoint(url: str) -> Any:
        async with module.client(url) as sqs:
            return sqs.meta.endpoint_url

    assert asyncio.run(endpoint("https://sqs.eu-central-1.amazonaws.com/1/q")).startswith("https://")
    assert asyncio.run(endpoint("http://127.0.0.1:9/1/q")) == "http://127.0.0.1:9"
