"""`labelworks schema`: the JSON Schema of a run's record, or of a config."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from labelworks.flows.cli.output import print_json


def schema(
    of: Annotated[
        Literal["record", "config"],
        typer.Argument(metavar="record|config", help="What `run --json` prints, or what `run` takes."),
    ],
) -> None:
    """Print the JSON Schema of a run's record or of a config: for validators, editors and generated code."""
    if of == "record":
        from labelworks.schemas.records import RunRecord

        print_json(RunRecord.model_json_schema(mode="serialization"))
        return
    from labelworks.schemas.config.run import RunConfig

    print_json(RunConfig.model_json_schema())
