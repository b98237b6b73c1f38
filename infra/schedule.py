"""Whether the Prefect server will understand a schedule: asked before anything is started."""

from __future__ import annotations

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError


def check_schedule(config: RunConfig) -> None:
    """Raise ConfigError if the cron line or its time zone is none."""
    schedule = config.schedule
    if schedule.cron is None:
        return
    from prefect.client.schemas.schedules import CronSchedule
    from pydantic import ValidationError

    try:
        CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            f"{schedule.model_dump()[str(first['loc'][0])]!r} is not understood",
            where=f"schedule.{first['loc'][0]}",
            fix="minute hour day month weekday, such as '0 3 * * *'; a zone such as Europe/Berlin",
        ) from error
