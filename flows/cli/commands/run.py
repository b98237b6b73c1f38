"""`labelworks run`: a config's whole pipeline."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelworks.flows.cli.output import (
    Junit,
    only_the_result_on_stdout,
    plain,
    print_json,
    print_rich,
    say,
    write_junit,
)

if TYPE_CHECKING:
    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.records import RunRecord

ENDS = {"published": 0, "refused": 3, "rejected": 3, "waiting": 4}


def run(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="The YAML file (`labelworks init` writes one).")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY.SUB=VALUE", help="Override a key; may be repeated."),
    ] = None,
    windows: Annotated[
        list[str] | None,
        typer.Option("--window", metavar="WINDOW", help="A window such as 2026-01; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON.")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Check the config, then run in the background.")
    ] = False,
    junit: Junit = None,
) -> None:
    """Run the pipeline of CONFIG: ingest, embed, detect, treat, validate, publish.

    The same input and config is the same run: it is found again, not repeated.
    A run that was stopped goes on from its last complete part.
    Relative paths are relative to the current directory.

    A window is what stands for {window} in dataset.source and dataset.target,
    or else the beginning of dataset.time of the rows that are taken.
    Each has versions of its own (DATASET@WINDOW).
    """
    from labelworks.infra.process import imports
    from labelworks.schemas.config.load import load_config
    from labelworks.schemas.errors import ConfigError

    given = overrides or []
    if windows and any(setting.partition("=")[0].strip() == "dataset.window" for setting in given):
        raise ConfigError(
            "two names of a window", where="--set dataset.window, --window", fix="give one of them"
        )
    settings_of_runs = [[*given, f'dataset.window="{window}"'] for window in windows or ()] or [given]
    loaded = [load_config(config, settings, check=check) for settings in settings_of_runs]
    if detach:
        _detach(loaded[0].dataset.name, config, given, windows or [], as_json, junit)
        return
    with only_the_result_on_stdout() if as_json else nullcontext():
        with imports():
            from labelworks.flows.cli.progress import shown
            from labelworks.flows.execute import execute_all
        with shown() as progress:
            records = execute_all(loaded, progress=progress)
    if junit is not None:
        write_junit(junit, records)
    if as_json:
        print_json({"runs": [*map(plain, records)]} if len(records) > 1 else plain(records[0]))
    else:
        for record in records:
            show(record)
    raise typer.Exit(max(map(exit_code, records)))


def show(record: RunRecord) -> None:
    """Print a run's summary for people."""
    from labelworks.tasks.report.terminal import summary

    print_rich(summary(record))


def exit_code(record: RunRecord) -> int:
    """The exit code that says how a run ended."""
    return ENDS[record.status]


def check(config: RunConfig) -> None:
    """Refuse methods, gates and schedules that there are not; say which keys count for nothing."""
    from labelworks.infra.process import imports
    from labelworks.schemas.config.idle_keys import idle_keys

    with imports():
        from labelworks.flows.preflight import check_config

    check_config(config)
    for key, why in idle_keys(config):
        say(f"{key} counts for nothing: {why}")


def _detach(
    name: str, config: str, overrides: list[str], windows: list[str], as_json: bool, junit: Path | None
) -> None:
    from labelworks.flows.cli.background import start

    settings = [word for override in overrides for word in ("--set", override)]
    settings += [word for window in windows for word in ("--window", window)]
    settings += ["--junit", str(junit)] if junit is not None else []
    started = start(name, ["run", config, *settings, *["--json"] * as_json], record=as_json)
    if as_json:
        files = {"log": str(started.log), "record": str(started.record)}
        print_json({"pid": started.process.pid, **files})
        return
    say(f"runs in the background as process {started.process.pid}; its log:")
    print(started.log)
    say(f"follow it with: tail -f {started.log}\nstop it with: kill {started.process.pid}")
