"""`labelworks gc`: remove from a store what nothing needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labelworks.flows.cli.output import print_json, print_rich, say

if TYPE_CHECKING:
    from labelworks.tasks.catalog.garbage import Swept
    from labelworks.tasks.storage.store import Store

ABOUT = {
    "versions": "older than the kept ones",
    "runs": "stopped, refused, or of no kept version",
    "index": "ids and labels of partitions of no run that stays",
    "embeddings": "of no run that stays",
    "scores": "of no run that stays",
    "treated": "treated rows of no run that stays",
    "frames": "tables of notebooks, of no run that stays",
    "leftovers": "of writes and probes that were cut off",
}


def gc(
    where: Annotated[
        str, typer.Argument(metavar="CONFIG|STORE", help="A config file, or a store: a path, s3:// …")
    ] = "labelworks-store",
    dataset: Annotated[str | None, typer.Option(help="Only this dataset.")] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Keep so many of the newest versions (default: all).")
    ] = None,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Leave what is younger: 12h, 7d, 0s …")
    ] = "1d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Remove what no version and no live run needs: runs, what they share, leftovers.

    A run is live while it gives signs of life; one that begins meanwhile waits.
    Published versions stay, unless --keep is given.
    """
    from labelworks.tasks.catalog.garbage import sweep

    older, (store, known) = _seconds(older_than), _open(where)
    have = _datasets(store)
    names = _named(dataset, have, store) if dataset else [name for name in known or have if name in have]
    swept = [sweep(store, name, keep=keep, older=older, dry_run=dry_run) for name in names]
    if as_json:
        print_json({"dry_run": dry_run, "datasets": [_plain(one) for one in swept]})
        return
    for one in swept:
        print_rich(_table(one, dry_run))
    if not swept:
        say(f"there is no dataset in {store.url('')}")


def _open(where: str) -> tuple[Store, list[str]]:
    """The store, and the datasets that a config is about."""
    from labelworks.schemas.config.load import absolute, load_config
    from labelworks.tasks.planning.open_run import open_run
    from labelworks.tasks.storage.store import Store

    if Path(where).suffix not in (".yaml", ".yml"):
        return Store(absolute(where)), []
    from labelworks.infra import settings

    settings.apply()
    from labelworks.infra.secrets import storage_secrets

    config = load_config(where)
    return open_run(config, "", storage_secrets(config.store)).artifacts.store, [config.dataset.name]


def _datasets(store: Store) -> list[str]:
    """Those of which there are runs or versions, be it of their windows alone."""
    folders = [name for name in store.names("") if not name.startswith(".")]
    used = [name for name in folders if store.names(f"{name}/runs") or store.names(f"{name}/versions")]
    return sorted({name.split("@")[0] for name in used})


def _named(dataset: str, have: list[str], store: Store) -> list[str]:
    from labelworks.schemas.errors import InputError

    if dataset in {name.split("@")[0] for name in store.names("")}:  # also of one whose runs are gone
        return [dataset]
    fix = f"datasets: {', '.join(have)}" if have else "the store is empty: name another, or a config"
    raise InputError(f"there is no dataset {dataset!r}", where=store.url(""), fix=fix)


def _seconds(age: str) -> float:
    from labelworks.schemas.config.schedule import seconds
    from labelworks.schemas.errors import ConfigError

    try:
        return float(seconds(age))
    except ValueError as error:
        raise ConfigError(f"{age!r} is no age", where="--older-than", fix="as in 90m, 12h, 7d") from error


def _plain(swept: Swept) -> dict[str, Any]:
    sums = {
        kind: {"objects": len(objects), "bytes": sum(removed.size for removed in objects)}
        for kind, objects in swept.removed.items()
    }
    return {
        "dataset": swept.dataset,
        "kept_versions": swept.kept_versions,
        "live_runs": swept.live_runs,
        "removed": sums,
    }


def _table(swept: Swept, dry_run: bool) -> Any:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    kept = "; ".join(
        f"{name}: versions {', '.join(map(str, numbers))} kept"
        for name, numbers in swept.kept_versions.items()
    )
    live = f"; live runs: {', '.join(swept.live_runs)}" if swept.live_runs else ""
    what = "would be removed" if dry_run else "removed"
    table = Table(box=box.SIMPLE_HEAD, title=escape(f"{kept or swept.dataset}{live}"), title_justify="left")
    table.add_column(what)
    table.add_column("objects", justify="right")
    table.add_column("bytes", justify="right")
    table.add_column("what they are")
    for kind, sums in _plain(swept)["removed"].items():
        table.add_row(kind, f"{sums['objects']:,}", f"{sums['bytes']:,}", ABOUT[kind])
    return table
