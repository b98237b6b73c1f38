"""When a pipeline runs by itself: its schedule, and how it follows changes of its source."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from labelworks.schemas.config.section import Section

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def seconds(value: Any) -> Any:
    """A duration such as `2s`, `1.5m`, `500ms`, `1d`, or a number of seconds; anything else is an error."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, str):
        return value
    matched = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?\s*", value)
    if matched is None:
        raise ValueError("expected a duration such as 500ms, 2s, 15m, 1h or 1d")
    return float(matched[1]) * _UNITS[matched[2] or "s"]


Seconds = Annotated[float, BeforeValidator(seconds), PlainSerializer(float)]


class ScheduleConfig(Section):
    """When to look at the source whether or not an event came: a cron line or an interval."""

    cron: str | None = Field(None, description="five fields: minute, hour, day, month, weekday")
    interval: Seconds | None = Field(None, ge=1.0, description="1h, 15m …, counted from midnight UTC")
    timezone: str = Field("UTC", description="of the cron line")

    @model_validator(mode="after")
    def _one(self) -> ScheduleConfig:
        if self.cron is not None and self.interval is not None:
            raise ValueError("name either cron or interval")
        return self


class ReprocessConfig(Section):
    """How changes of the source lead to a run."""

    debounce: Seconds = Field(2.0, ge=0.0, le=3600.0, description="quiet time that ends a burst of events")
    max_wait: Seconds = Field(30.0, ge=0.0, le=86400.0, description="a burst is not waited for any longer")
    poll: Seconds = Field(5.0, gt=0.0, le=86400.0, description="how often the watcher lists the source")
    watch: bool = Field(True, description="false: only notifications and posted events tell of changes")
    sqs: str | None = Field(None, description="URL of an SQS queue that gets the bucket's notifications")
