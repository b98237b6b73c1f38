"""Schedules and durations in the config; neither changes which run it is."""

import time
from typing import Any

import pytest
import yaml

from labelworks.infra.events.queue import Waiting
from labelworks.infra.schedule import check_schedule
from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.schedule import ReprocessConfig, seconds
from labelworks.schemas.errors import ConfigError

DATASET: dict[str, Any] = {"source": "/data/x", "label": "l", "features": {"text": "t"}}


@pytest.mark.parametrize(
    ("said", "meant"),
    [("500ms", 0.5), ("2s", 2), ("1.5m", 90), ("1h", 3600), ("1 d", 86400), (3, 3), ("7", 7)],
)
def test_durations(said: Any, meant: float) -> None:
    assert seconds(said) == meant


@pytest.mark.parametrize("said", ["soon", "-1s", "1w", "s"])
def test_bad_durations_name_their_line(said: str, tmp_path: Any) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump({"dataset": DATASET, "reprocess": {"debounce": said}}))
    with pytest.raises(ConfigError, match=r"c\.yaml:\d+.*debounce"):
        load_config(file)


def test_schedule_is_cron_or_interval(tmp_path: Any) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump({"dataset": DATASET}))
    load_config(file, ["schedule.cron='0 3 * * *'"])
    with pytest.raises(ConfigError, match="either cron or interval"):
        load_config(file, ["schedule={cron: '0 3 * * *', interval: 1h}"])
    for wrong in ("schedule.cron='every day'", "schedule={cron: '0 3 * * *', timezone: Nowhere/Here}"):
        with pytest.raises(ConfigError, match=r"schedule\.(cron|timezone): .* is not understood"):
            load_config(file, [wrong], check=check_schedule)


def test_when_it_runs_is_not_what_it_is() -> None:
    plain = RunConfig.model_validate({"dataset": DATASET})
    scheduled = RunConfig.model_validate(
        {"dataset": DATASET, "schedule": {"interval": "1h"}, "reprocess": {"debounce": "9s"}}
    )
    assert plain.identity == scheduled.identity
    again = RunConfig.model_validate_json(scheduled.model_dump_json(by_alias=True))
    assert again == scheduled


def test_a_burst_is_over_after_a_quiet_time_or_the_longest_wait() -> None:
    now = time.time()
    waiting = Waiting(count=3, first=now - 9.0, last=now - 1.0, upto=3)
    assert not waiting.over(ReprocessConfig(debounce=10.0, max_wait=30.0))
    assert waiting.over(ReprocessConfig(debounce=1.0, max_wait=30.0))
    assert waiting.over(ReprocessConfig(debounce=10.0, max_wait=9.0))
