"""Bucket notifications as AWS, Ceph and MinIO send them."""

import json
from typing import Any

import pytest

from labelworks.infra.events.bucket_notifications import Routes, belongs, parse_events, parse_notification
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError


def config(name: str, source: str, target: str | None = None) -> RunConfig:
    dataset = {"name": name, "source": source, "target": target, "label": "l", "features": {"text": "t"}}
    return RunConfig.model_validate({"dataset": dataset})


def record(key: str, bucket: str = "b", name: str = "ObjectCreated:Put", at: str = "1") -> dict[str, Any]:
    return {
        "eventName": name, "eventTime": at,
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "0"}},
    }  # fmt: skip


ROUTES = Routes([config("x", "s3://b/x/", "s3://b/new/"), config("y", "s3://b/*/y-*.parquet")])


@pytest.mark.parametrize(
    ("source", "its", "others"),
    [
        ("s3://b/x/", "s3://b/x/1.csv", "s3://b/xy/1.csv"),
        ("s3://b/x", "s3://b/x/1.csv", "s3://b/x.csv"),
        ("s3://b/x.v2", "s3://b/x.v2/1.csv", "s3://b/x.v22/1.csv"),
        ("s3://b/x/a.parquet", "s3://b/x/a.parquet", "s3://b/x/a.parquet.bak"),
        ("s3://b/x/*/a-?.csv", "s3://b/x/1/a-1.csv", "s3://b/y/1/a-1.csv"),
    ],
)
def test_a_folder_s_name_with_a_dot_or_one_that_begins_alike_misleads_nobody(
    source: str, its: str, others: str
) -> None:
    assert belongs(its, source)
    assert not belongs(others, source)


def test_each_dataset_gets_one_event_with_its_objects() -> None:
    body = {"Records": [record("x/1.parquet"), record("x/2+a.parquet", name="s3:ObjectRemoved:Delete")]}
    found = {event.dataset: event for event in parse_notification(body, ROUTES)}
    assert set(found) == {"x", "y"}
    assert found["x"].added == ("s3://b/x/1.parquet",)
    assert found["x"].removed == ("s3://b/x/2 a.parquet",)
    assert found["x"].id != found["y"].id
    assert (found["x"].cause, found["x"].flow_run) == ("notification", "")


def test_the_target_window_is_followed_too() -> None:
    events = parse_notification({"Records": [record("new/1.parquet")]}, ROUTES)
    assert {event.dataset for event in events} == {"x", "y"}


def test_votes_are_followed_too() -> None:
    votes = {"source": "s3://b/votes/"}
    dataset = {"name": "v", "source": "s3://b/v/", "id": "i", "votes": votes, "features": {"text": "t"}}
    routes = Routes([RunConfig.model_validate({"dataset": dataset})])
    assert [e.dataset for e in parse_notification({"Records": [record("votes/1.csv")]}, routes)] == ["v"]
    assert parse_notification({"Records": [record("other/1.csv")]}, routes) == []


def test_the_same_notification_has_the_same_id_and_a_later_one_another() -> None:
    first, again, later = (
        parse_notification({"Records": [record("x/1", at=at)]}, ROUTES)[0].id for at in ("1", "1", "2")
    )
    assert first == again != later


def test_wrapped_by_sns_it_is_the_same() -> None:
    body = {"Records": [record("x/1")]}
    wrapped = {"Type": "Notification", "Message": json.dumps(body)}
    assert parse_notification(wrapped, ROUTES)[0].id == parse_notification(body, ROUTES)[0].id


@pytest.mark.parametrize("body", [{"Event": "s3:TestEvent"}, {"Records": [record("x/1", bucket="other")]}])
def test_what_is_of_no_dataset_is_let_by(body: Any) -> None:
    assert parse_notification(body, ROUTES) == []


@pytest.mark.parametrize(
    "body",
    [
        [], "text", {}, {"Records": "x"}, {"Records": [1]}, {"Records": [{"eventName": "x"}]},
        {"Records": [{**record("x/1"), "eventName": 3}]}, {"Records": [record("x/1")] * 1001},
        {"Type": "Notification", "Message": "{"},
    ],
)  # fmt: skip
def test_what_is_none_is_refused(body: Any) -> None:
    with pytest.raises(InputError):
        parse_notification(body, ROUTES)


@pytest.mark.parametrize("body", [[], {"dataset": "z"}, {"dataset": "x", "cause": "schedule"}])
def test_a_plain_event_is_of_a_served_dataset_and_says_no_more_than_it_may(body: Any) -> None:
    with pytest.raises(InputError):
        parse_events(body, ROUTES)


def test_a_plain_event_is_taken_as_it_is() -> None:
    (event,) = parse_events({"dataset": "x", "id": "mine", "added": ["a"]}, ROUTES)
    assert (event.id, event.added, event.cause) == ("mine", ("a",), "post")
