"""Bucket notifications of S3, Ceph and MinIO, over HTTP or SQS: which datasets they are about."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote_plus

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.events import MOST_OBJECTS, DatasetChanged

Sender = Literal["notification", "sqs"]
WILDCARD = re.compile(r"[*?\[]")


@dataclass
class _Change:
    ids: list[str] = field(default_factory=list)
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)


class Routes:
    """Which bucket and prefix belongs to which dataset."""

    def __init__(self, configs: Iterable[RunConfig]) -> None:
        self._places = [(place, config.dataset.name) for config in configs for place in config.dataset.places]

    @property
    def datasets(self) -> set[str]:
        """Names of the datasets."""
        return {name for _, name in self._places}

    def of(self, bucket: str, key: str) -> set[str]:
        """Datasets that an object belongs to."""
        return {name for place, name in self._places if belongs(f"s3://{bucket}/{key}", place)}


def belongs(address: str, source: str) -> bool:
    """Whether an object is the source, lies in it, or begins as a glob does before its wildcard."""
    fixed = WILDCARD.split(source, maxsplit=1)[0]
    if fixed != source:
        return address.startswith(fixed)
    return address == source or address.startswith(f"{source.rstrip('/')}/")


def parse_notification(body: Any, routes: Routes, sender: Sender = "notification") -> list[DatasetChanged]:
    """One event for each dataset that a notification is about; none for test messages and other buckets.

    The event's id comes from its records, so a notification that is sent twice is one event.
    Raises InputError if the body is no notification.
    """
    if isinstance(body, dict) and body.get("Type") == "Notification" and isinstance(body.get("Message"), str):
        body = _json(body["Message"])  # S3 → SNS → here
    if isinstance(body, dict) and body.get("Event") == "s3:TestEvent":
        return []
    records = body.get("Records") if isinstance(body, dict) else None
    if not isinstance(records, list) or len(records) > MOST_OBJECTS:
        raise InputError("no bucket notification: no list of Records", where="body")
    changes: dict[str, _Change] = {}
    for record in records:
        bucket, key, name = _read(record)
        for dataset in routes.of(bucket, key):
            change = changes.setdefault(dataset, _Change())
            change.ids.append(json.dumps(record, sort_keys=True))
            gone = "ObjectRemoved" in name or "Delete" in name
            (change.removed if gone else change.added).add(f"s3://{bucket}/{key}"[:1024])
    return [_event(dataset, change, sender) for dataset, change in changes.items()]


def _read(record: Any) -> tuple[str, str, str]:
    try:
        place, name = record["s3"], record["eventName"]
        bucket, key = place["bucket"]["name"], place["object"]["key"]
    except (KeyError, TypeError) as error:
        raise InputError(f"no bucket notification: a record without {error}", where="body") from error
    if not all(isinstance(field, str) for field in (bucket, key, name)):
        raise InputError("no bucket notification: bucket, key and event are text", where="body")
    return bucket, unquote_plus(key), name


def _event(dataset: str, change: _Change, sender: Sender) -> DatasetChanged:
    digest = hashlib.blake2b(dataset.encode(), digest_size=16)
    for event_id in sorted(change.ids):
        digest.update(event_id.encode())
    return DatasetChanged(
        id=digest.hexdigest(),
        dataset=dataset,
        added=tuple(sorted(change.added)),
        removed=tuple(sorted(change.removed)),
        cause=sender,
    )


def parse_events(body: Any, routes: Routes) -> list[DatasetChanged]:
    """The event of a plain post; raise InputError if it is none, or of a dataset that is not served."""
    if not isinstance(body, Mapping):
        raise InputError("an event is a JSON object", where="body")
    unknown = set(body) & {"cause", "flow_run"}
    if unknown:
        raise InputError(f"{sorted(unknown)[0]} is not the sender's to say", where="body")
    event = DatasetChanged.model_validate(dict(body))
    if event.dataset not in routes.datasets:
        raise InputError(f"there is no dataset {event.dataset!r}", where="dataset")
    return [event]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError("no JSON", where="Message") from error
