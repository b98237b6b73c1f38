"""`labelworks rollback`: an earlier version is the newest again."""

from __future__ import annotations

from typing import Annotated

import typer

from labelworks.flows.cli.output import say
from labelworks.flows.cli.store_option import At, Config, open_store


def rollback(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Its name in the store.")],
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version to go back to.")],
    store: At = None,
    config: Config = None,
) -> None:
    """Make VERSION of DATASET the newest again, by a new version that points at the same run.

    Nothing is removed. A run that was rolled back is not published again by running it; rolling back to its
    version brings it back.
    """
    from labelworks.tasks.catalog import history
    from labelworks.tasks.storage.rollback import rollback as roll_back
    from labelworks.tasks.storage.versions import read_version

    opened = open_store(store, config)
    number = roll_back(opened, history.known_dataset(opened, dataset), version)
    run = read_version(opened, dataset, number)["run_id"]
    print(opened.url(f"{dataset}/versions/{number}.json"))
    say(f"version {number} of {dataset} is run {run}, as version {version} is")
