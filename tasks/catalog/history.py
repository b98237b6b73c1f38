"""What happened to a dataset: its runs, how each ended, and which of its versions they are."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import get_args

from pydantic import Field

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.records import Record, RunRecord, Stage
from labelworks.tasks.artifacts.approvals import read_decision, read_question, standing_of
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.storage.store import Store
from labelworks.tasks.storage.versions import read_version, versions

SHOWN = 5
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")


class Entry(Record):
    """One run in the history of a dataset."""

    run_id: str
    dataset: str
    status: str = Field(description="published, refused, waiting, rejected, expired or unfinished")
    versions: tuple[int, ...] = Field((), description="that point at the run, in order")
    newest: bool = Field(False, description="the newest version points at the run")
    started: str = ""
    record: RunRecord | None = Field(None, description="None: the run has not come to an end")
    reached: str = Field("", description="the last stage that a run without a record completed")
    why: str = Field("", description="what was wrong with the input of a run that was refused for it")


def begun(artifacts: Artifacts) -> str:
    """When the run was first begun; noted on the first call."""
    name = f"{artifacts.folder}/started.json"
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    if artifacts.store.create(name, json.dumps({"started": now}).encode()):
        return now
    artifacts.store.delete(_unusable(artifacts.folder))
    return str(artifacts.store.read_json(name)["started"])


def note_unusable(artifacts: Artifacts, error: InputError | ConfigError) -> None:
    """Keep why a run that was begun can't go on: what is wrong with its input."""
    artifacts.store.write_json(_unusable(artifacts.folder), {"why": str(error)})


def runs(store: Store, dataset: str | None = None) -> list[Entry]:
    """Every run of a dataset (None: of all) and of its windows, the latest last."""
    listed = []
    for folder in _folders(store, dataset):
        pointed = _pointed(store, folder)
        listed += [entry(store, folder, name, pointed) for name in sorted(store.names(f"{folder}/runs"))]
    return _in_order(listed)


def entries(store: Store, ended: dict[str, Entry]) -> dict[str, list[Entry]]:
    """Runs by dataset, the latest last; those in `ended` are not read again, and it gets those that ended."""
    by_dataset: dict[str, list[Entry]] = {}
    for dataset in sorted(store.names("")):
        pointed = _pointed(store, dataset)
        for name in store.names(f"{dataset}/runs"):
            run = ended.get(name) or entry(store, dataset, name, pointed)
            if run.record and run.status in ("published", "refused"):
                ended[name] = run
            by_dataset.setdefault(dataset, []).append(run)
    return {name: _in_order(found) for name, found in by_dataset.items()}


def entry(store: Store, dataset: str, run_id: str, pointed: dict[int, str] | None = None) -> Entry:
    """How one run ended; pointed: run ids by version."""
    pointed = _pointed(store, dataset) if pointed is None else pointed
    folder = f"{dataset}/runs/{run_id}"
    status, record = _ended(store, folder)
    why = "" if record else _why(store, folder)
    numbers = tuple(number for number, value in pointed.items() if value == run_id)
    return Entry(
        run_id=run_id,
        dataset=dataset,
        status="refused" if why else status,
        versions=numbers,
        newest=bool(numbers) and numbers[-1] == max(pointed),
        started=_started(store, folder),
        record=record.model_copy(update={"version": numbers[-1]}) if record and numbers else record,
        reached="" if record else _reached(store, folder),
        why=why,
    )


def lookup(store: Store, run: str) -> tuple[str, str]:
    """Dataset and id of the one run whose id begins so; raise InputError if it is none or several."""
    known = {
        name: dataset_name
        for dataset_name in sorted(store.names(""))
        for name in sorted(store.names(f"{dataset_name}/runs"))
    }
    matching = [name for name in known if name.startswith(run)] if run not in known else [run]
    if len(matching) == 1:
        return known[matching[0]], matching[0]
    listed = matching or list(known)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    raise InputError(
        f"{len(matching)} runs begin with {run!r}" if matching else f"there is no run {run!r}",
        where=store.url(""),
        fix=f"runs: {', '.join(listed[:SHOWN])}{more}"
        if listed
        else "there is no run in this store (--store ROOT)",
    )


def latest(store: Store, dataset: str | None = None) -> tuple[str, str]:
    """Dataset and id of the run that was begun last, of one dataset or of all; InputError if none was."""
    every = [(folder, run) for folder in _folders(store, dataset) for run in store.names(f"{folder}/runs")]
    return _last_begun(store, every, "run" if dataset is None else f"run of {dataset!r}")


def latest_version(store: Store, dataset: str | None = None) -> tuple[str, str]:
    """The same of the runs that are the newest versions of their datasets."""
    pointed = [(folder, _pointed(store, folder)) for folder in _folders(store, dataset)]
    newest = [(folder, versions[max(versions)]) for folder, versions in pointed if versions]
    return _last_begun(store, newest, "version" if dataset is None else f"version of {dataset!r}")


def _last_begun(store: Store, found: list[tuple[str, str]], what: str) -> tuple[str, str]:
    if not found:
        raise InputError(
            f"there is no {what}", where=store.url(""), fix="name the store: --store ROOT, or --config CONFIG"
        )
    return max(found, key=lambda each: (_started(store, f"{each[0]}/runs/{each[1]}"), each))


def ended(store: Store, dataset: str, run_id: str) -> RunRecord:
    """The record of a run that has come to its end; InputError of any other."""
    run = entry(store, dataset, run_id)
    if run.record is None:
        raise InputError(
            f"the run is {run.status}: it has no figures",
            where=store.url(f"{dataset}/runs/{run_id}"),
            fix="mend its input and run it again" if run.why else "run its config to its end",
        )
    return run.record


def published(store: Store, dataset: str, run_id: str) -> RunRecord:
    """The record of a run that was published, with its version; InputError of any other."""
    run = entry(store, dataset, run_id)
    if run.record is None or run.record.status != "published":
        raise InputError(
            f"the run published nothing: it is {run.status}",
            where=store.url(f"{dataset}/runs/{run_id}"),
            fix="see `labelworks runs`",
        )
    return run.record


def _folders(store: Store, dataset: str | None) -> list[str]:
    """Folders of a dataset and of its windows (None: of all datasets)."""
    return [name for name in sorted(store.names("")) if dataset in (None, name, name.split("@")[0])]


def _first(name: str, have: list[str]) -> str:
    """Some of the names there are, those that are like this one first, and how many more there are."""
    near = get_close_matches(name, have, SHOWN)
    ordered = [*near, *(other for other in have if other not in near)]
    more = f" and {len(have) - SHOWN} more" if len(have) > SHOWN else ""
    return ", ".join(ordered[:SHOWN]) + more


def known_dataset(store: Store, dataset: str) -> str:
    """The name, if it is one and the store has it; raise InputError if not."""
    have = sorted(name for name in store.names("") if NAME.fullmatch(name))
    if NAME.fullmatch(dataset) and dataset in have:
        return dataset
    fix = f"datasets: {_first(dataset, have)}" if have else "the store is empty (--store ROOT)"
    raise InputError(f"there is no dataset {dataset!r}", where=store.url(""), fix=fix)


def _in_order(found: list[Entry]) -> list[Entry]:
    """The runs as they were begun, without those whose input was refused by a look at it."""
    begun_ones = [each for each in found if each.started or each.record]
    return sorted(begun_ones, key=lambda each: (each.started, each.run_id))


def _pointed(store: Store, dataset: str) -> dict[int, str]:
    return {number: read_version(store, dataset, number)["run_id"] for number in versions(store, dataset)}


def _ended(store: Store, folder: str) -> tuple[str, RunRecord | None]:
    for name in ("manifest", "refused"):
        if store.exists(f"{folder}/{name}.json"):
            record = RunRecord.model_validate_json(store.read(f"{folder}/{name}.json"))
            return record.status, record
    question = read_question(store, folder)
    if question is None:
        return "unfinished", None
    status, record = standing_of(question, read_decision(store, folder))
    return status, record


def _unusable(folder: str) -> str:
    return f"{folder}/unusable.json"


def _why(store: Store, folder: str) -> str:
    name = _unusable(folder)
    return str(store.read_json(name)["why"]) if store.exists(name) else ""


def _started(store: Store, folder: str) -> str:
    name = f"{folder}/started.json"
    return str(store.read_json(name)["started"]) if store.exists(name) else ""


def _reached(store: Store, folder: str) -> str:
    done = [stage for stage in get_args(Stage) if store.exists(f"{folder}/{stage}/result.json")]
    return done[-1] if done else ""
