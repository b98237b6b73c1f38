"""`labelworks schema`: the JSON Schema of a run's record, which report.json is too, or of a config."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from labelworks.flows.cli.output import print_json


def schema(
    of: Annotated[
        Literal["record", "report", "config"],
        typer.Argument(
            metavar="WHAT",
            help="record: what `run --json` prints; report: report.json beside a report; config: what `run` "
            "takes.",
        ),
    ],
) -> None:
    """Print the JSON Schema of a run's record or of a config: for validators, editors and generated code."""
    if of != "config":
        from labelworks.schemas.records import RunRecord

        print_json(RunRecord.model_json_schema(mode="serialization"))
        return
    from labelworks.schemas.config.run import RunConfig

    print_json(RunConfig.model_json_schema())
