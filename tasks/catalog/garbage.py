"""Removing what nothing needs: runs of no version, what runs share and none uses; versions if asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from labelworks.schemas.records import DatasetRef
from labelworks.schemas.stage_results import read_ref
from labelworks.tasks.artifacts.approvals import FOLDER, read_decision, read_question, standing_of
from labelworks.tasks.catalog.frames import frames_beside
from labelworks.tasks.catalog.heartbeat import DEAD, heartbeat, sweeper
from labelworks.tasks.storage.filesystem import is_local
from labelworks.tasks.storage.listing import Object, modified, objects
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import read_version, versions

AT_ONCE = 16
QUESTION = f"{FOLDER}/question.json"
CUT_OFF = re.compile(
    r"/\.(probe-[0-9a-f]{32}|[^/]+\.[0-9a-f]{32}|lease)$"
)  # as store.py and lease.py name them
# Shared: the stage that names them.
KNOWN_BY = {
    "index": "ingest", "embeddings": "embed", "scores": "detect", "treated": "treat", "frames": "ingest",
}  # fmt: skip
BY_TREATED = ("scores", "treated")  # named by these results too
TREATED = re.compile(r"/treat[^/]*/result\.json$")  # as proposed and otherwise: these name second scores
FIRST = ("manifest.json", "result.json")  # while a stage is called done, its parts are there


@dataclass
class Swept:
    """What was removed, or would be: objects by what they are of; kept versions by dataset or window."""

    dataset: str
    kept_versions: dict[str, list[int]]
    live_runs: list[str]
    removed: dict[str, list[Object]] = field(default_factory=dict)


def sweep(store: Store, dataset: str, *, keep: int | None, older: float, dry_run: bool) -> Swept:
    """Remove what no kept version or live run of a dataset and its windows needs, older than some seconds.

    keep: how many of the newest versions stay; None: all. A run that begins meanwhile waits.
    """
    name = sweeper(dataset)
    with nullcontext() if dry_run else heartbeat(store, name):
        now = time.time() if dry_run else modified(store, name) or time.time()
        garbage = _Found(store, dataset, now, older, keep)
        swept = Swept(dataset, garbage.kept, sorted(_id(run) for run in garbage.live), garbage.unneeded())
        if not dry_run:
            for kind, removed in swept.removed.items():
                _remove(frames_beside(store) if kind == "frames" else store, removed)
            _remove_folders(store, {_folder(entry) for entry in swept.removed["runs"]})
            _remove_folders(frames_beside(store), {dataset})
    return swept


class _Found:
    """The objects of a dataset and its windows, which share embeddings, and which of them are needed."""

    def __init__(self, store: Store, dataset: str, now: float, older: float, keep: int | None) -> None:
        self.store, self.now, self.older = store, now, older
        family = sorted(name for name in store.names("") if name.split("@")[0] == dataset)
        listed = [item for name in family for item in objects(store, name)]
        self.objects = [item for item in listed if item.name != sweeper(dataset)]
        self.frames = objects(frames_beside(store), dataset)
        self.names = {item.name for item in self.objects}
        self.runs = self.below("runs")
        self.treated = [run.name for run in self.runs if TREATED.search(run.name)]
        numbers = {name: versions(store, name) for name in family}
        self.kept = {
            name: there if keep is None else there[-keep:] for name, there in numbers.items() if there
        }
        self.dropped = {
            f"{name}/versions/{n}.json"
            for name, there in numbers.items()
            for n in there
            if n not in self.kept[name]
        }
        self.live = {_folder(run) for run in self.runs if self.is_sign(run)}

    def below(self, kind: str) -> list[Object]:
        return [item for item in self.objects if item.name.split("/")[1] == kind]

    def is_sign(self, each: Object) -> bool:
        recent = each.time is None or self.now - each.time < DEAD
        return each.name.split("/")[3] == "alive" and recent

    def is_old(self, each: Object) -> bool:
        return each.time is not None and self.now - each.time >= self.older

    def staying(self) -> set[str]:
        """Folders of the runs that are published, live, young, or wait for a person."""
        young = {_folder(run) for run in self.runs if not self.is_old(run)}
        pointers = (
            (name, read_version(self.store, name, n)) for name, kept in self.kept.items() for n in kept
        )
        published = {f"{name}/runs/{pointer['run_id']}" for name, pointer in pointers}
        folders = {_folder(run) for run in self.runs}
        return folders & (
            published | self.live | young | {folder for folder in folders if self.waits(folder)}
        )

    def waits(self, folder: str) -> bool:
        question = read_question(self.store, folder) if f"{folder}/{QUESTION}" in self.names else None
        return question is not None and (
            standing_of(question, read_decision(self.store, folder))[0] in ("waiting", "approved")
        )

    def unneeded(self) -> dict[str, list[Object]]:
        staying = self.staying()
        runs = [run for run in self.runs if _folder(run) not in staying]
        unused = {kind: self.unused(kind, stage, staying) for kind, stage in KNOWN_BY.items()}
        counted = {item.name for items in (runs, *unused.values()) for item in items}
        cut_off = [
            item
            for item in self.objects
            if CUT_OFF.search(item.name) and self.is_old(item) and item.name not in counted
        ]
        dropped = [item for item in self.objects if item.name in self.dropped]
        return {"versions": dropped, "runs": runs, **unused, "leftovers": cut_off}

    def unused(self, kind: str, stage: str, runs: Iterable[str]) -> list[Object]:
        """What is shared and of none of these runs; nothing while one of them has not said what it uses."""
        needed: set[str] = set()
        for folder in runs:
            name = f"{folder}/{stage}/result.json"
            if name not in self.names or (kind in BY_TREATED and folder in self.live):
                return []  # a live one may still judge its rows again
            again = [name for name in self.treated if kind in BY_TREATED and name.startswith(f"{folder}/")]
            for result in (name, *again):
                needed |= _uses(kind, read_ref(self.store.read(result)))
        shared = self.frames if kind == "frames" else self.below(kind)
        unused = [item for item in shared if self.is_old(item)]
        return [item for item in unused if _used_as(kind, item.name) not in needed]


def _uses(kind: str, ref: DatasetRef) -> set[str]:
    """What a run uses of a kind that runs share, as _used_as names it."""
    if kind == "index":  # how it was read the run doesn't say: a partition's index stays in every way
        return {f"{ref.dataset}/{part.key}" for part in ref.partitions}
    if kind == "frames":
        return {piece.path.rpartition("/")[2] for part in ref.partitions for piece in part.pieces}
    if kind == "treated":
        return {f"{ref.dataset}/{ref.treat_key}/{part.treated_as}" for part in ref.of("source")}
    if kind == "scores":
        named = {name for part in ref.of("source") for name in (part.identity, part.scored_as)}
        return {f"{ref.dataset}/{ref.model_key}/{name}" for name in named}
    keys = (ref.encoder_key, *ref.joined_keys)
    return {*keys, *(f"{key}/{part.key}" for key in keys for part in ref.partitions)}


def _used_as(kind: str, name: str) -> str:
    """Embeddings are of all windows; what else lies beside them, the fitted encoder, is of its folder."""
    if kind == "frames":  # named by its content
        return name.rpartition("/")[2]
    dataset, _, folder, *rest = name.split("/")
    key, _, suffix = rest[-1].partition(".") if rest else (folder, "", "")
    if kind == "index":
        return f"{dataset}/{key.partition('-')[0]}"  # what lies beside it is named so
    if kind in BY_TREATED:
        return f"{dataset}/{folder}/{key}"
    return f"{folder}/{key}" if suffix.rpartition(".")[2] in ("parquet", "json") else folder


def _remove(store: Store, found: list[Object]) -> None:
    """Marks of what is done go first: what is stopped here can be gone on with by any run."""
    marks = [item for item in found if item.name.endswith(FIRST)]
    for names in (marks, [item for item in found if item not in set(marks)]):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda each: store.delete(each.name), names))


def _folder(each: Object) -> str:
    return "/".join(each.name.split("/")[:3])


def _id(folder: str) -> str:
    return folder.rsplit("/", 1)[-1]


def _remove_folders(store: Store, folders: set[str]) -> None:
    """On a disk, folders remain when their files are gone."""
    if is_local(store.fs):
        for folder in folders:
            root = Path(store.base) / folder
            for path in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
                with suppress(OSError):  # not empty: somebody's
                    path.rmdir()
            with suppress(OSError):
                root.rmdir()
