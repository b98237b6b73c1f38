"""`labelworks deploy`: a pipeline on a Prefect server, run by its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import print_json, say
from labelworks.schemas.errors import ConfigError

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig

POOL = "labelworks"


def deploy(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="The YAML file.")],
    cron: Annotated[str | None, typer.Option(help="When to look at the source: five fields.")] = None,
    interval: Annotated[str | None, typer.Option(help="How often to look at it: 1h, 15m …")] = None,
    on_change: Annotated[
        bool, typer.Option("--on-change", help="Run on the event labelworks.dataset.changed, too.")
    ] = False,
    work_pool: Annotated[str, typer.Option(help="The pool whose workers run it; made if missing.")] = POOL,
    as_json: Annotated[bool, typer.Option("--json", help="Print name and id as JSON.")] = False,
) -> None:
    """Register CONFIG on the Prefect server of PREFECT_API_URL: schedule, trigger, tags, one run at a time.

    Without --cron and --interval the config's own schedule counts.
    """
    from labelworks.infra import settings

    settings.apply()
    from labelworks.flows.cli.commands.run import check
    from labelworks.infra.prefect_server.server import configured_url, reach
    from labelworks.schemas.config.load import load_config

    if url := configured_url():
        reach(url)
    else:
        raise ConfigError(
            "there is no Prefect server to deploy to",
            where="PREFECT_API_URL",
            fix="set it, or use `labelworks serve`, which brings its own",
        )
    times = [f"schedule={{cron: '{cron}'}}"] * (cron is not None)
    times += [f"schedule={{interval: '{interval}'}}"] * (interval is not None)
    if len(times) > 1:
        raise ConfigError("name either --cron or --interval", where="--interval")
    _register(load_config(config, times, check=check), on_change, work_pool, as_json)


def _register(config: RunConfig, on_change: bool, work_pool: str, as_json: bool) -> None:
    from labelworks.flows.served.registration import deploy as register

    name = f"reprocess/{config.dataset.name}"
    number = register(config, on_change=on_change, work_pool=work_pool)
    if as_json:
        print_json({"deployment": name, "id": str(number), "work_pool": work_pool})
        return
    print(name)
    say(f"run it with: prefect worker start --pool {work_pool}\nnow: prefect deployment run {name}")
