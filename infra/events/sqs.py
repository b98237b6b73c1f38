"""Bucket notifications from an SQS queue: a message is deleted after its events are on disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from labelworks.infra.events.bucket_notifications import Routes, parse_notification
from labelworks.infra.events.queue import EventQueue
from labelworks.infra.events.retries import for_ever
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.secrets.logging import tell

WAIT_SECONDS = 10  # a receive that finds nothing takes so long: no polling in between
BATCH = 10


def receive_for_ever(url: str, configs: Sequence[RunConfig], queue: EventQueue) -> None:
    """Receive from a queue; if it can't be reached, try again ever less often."""
    asyncio.run(_receive_for_ever(url, Routes(configs), queue))


async def _receive_for_ever(url: str, routes: Routes, queue: EventQueue) -> None:
    from tenacity import AsyncRetrying

    retrying = AsyncRetrying(**for_ever(url, Exception))  # of the network, of credentials, of the queue
    async with AsyncExitStack() as stack:

        async def opened() -> Any:
            return await stack.enter_async_context(client(url))

        sqs: Any = await retrying(opened)
        while True:
            await retrying(receive, sqs, url, routes, queue)


def client(url: str) -> Any:
    """A client for the queue at a URL: AWS's own, or whoever else is named by it."""
    from aiobotocore.session import get_session

    parts = urlsplit(url)
    own = (parts.hostname or "").endswith(".amazonaws.com")
    return get_session().create_client(
        "sqs", endpoint_url=None if own else f"{parts.scheme}://{parts.netloc}"
    )


async def receive(sqs: Any, url: str, routes: Routes, queue: EventQueue) -> int:
    """Take one batch of messages; how many. What is no notification is said, and deleted."""
    answer = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=WAIT_SECONDS)
    messages = answer.get("Messages", [])
    if not messages:
        return 0
    events = []
    for message in messages:
        try:
            events += parse_notification(json.loads(message["Body"]), routes, "sqs")
        except (InputError, ValueError) as error:
            tell(url, f"message {message['MessageId']}: {error}")
    await asyncio.to_thread(queue.put, events)
    entries = [
        {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)
    ]
    await sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return len(messages)
