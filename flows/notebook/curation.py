"""The whole pipeline from a notebook: `curate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from labelworks.flows.cli.progress import shown
from labelworks.flows.notebook.inputs.run_config import config_of, given_config, is_config
from labelworks.flows.notebook.results.flagged import flagged_rows
from labelworks.flows.notebook.results.shown import Shown, several
from labelworks.infra.secrets import storage_secrets
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.percentages import percent
from labelworks.schemas.records import RunRecord
from labelworks.schemas.tables import UNDOUBTED
from labelworks.tasks.report.texts.verdict import verdict
from labelworks.tasks.storage.store import Store

HEIGHT = 800  # pixels of a report in a notebook
PLACE = ["source_file", "source_row"]
Task = Literal["classification", "multilabel", "regression", "tokens"]


@dataclass(frozen=True)
class Report:
    """The HTML report of a run: a notebook shows it, `html` is its text, `url` where it is kept."""

    url: str
    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        page = escape(self.html, quote=True)
        frame = f'width="100%" height="{HEIGHT}" style="border:0" sandbox="allow-scripts allow-popups"'
        return f'<iframe srcdoc="{page}" {frame}></iframe>'


@dataclass(frozen=True, eq=False, repr=False)
class Curation(Shown):
    """A run of the pipeline, given by `curate`.

    Attributes
    ----------
    record : RunRecord
        All figures of the run, as `labelworks run --json` prints them.
    """

    record: RunRecord
    config: RunConfig = field(repr=False)
    index: pd.Index | None = field(default=None, repr=False)

    @property
    def published(self) -> bool:
        """Whether a version was published: a gate or a person may have refused it."""
        return self.record.status == "published"

    def to_pandas(self) -> pd.DataFrame:
        """The published rows, in the order of the source; of a DataFrame under its index.

        Raises InputError where nothing was published.
        """
        if not self.published:
            raise InputError(
                f"nothing was published: {verdict(self.record)}",
                where=f"run {self.record.run_id}",
                fix=".report() shows what was found, and why it was refused",
            )
        parts = [self._store.read_table(f"{self._folder}/{part}") for part in self.record.parts]
        rows: pd.DataFrame = pa.concat_tables(parts).to_pandas().sort_values(PLACE, ignore_index=True)
        return rows if self.index is None else rows.set_index(self.index.take(rows["source_row"].to_numpy()))

    @property
    def issues(self) -> pd.DataFrame:
        """Rows whose label was changed, waits for a person or is doubted, the likeliest wrong first.

        They are published rows; of a run that a gate refused, what was found of the rows, at most the 2,000
        likeliest. Raises InputError where the run ended before labels were judged.
        """
        if not self.published:
            return flagged_rows(self.config, self.record)
        rows = self.to_pandas()
        doubted = rows["suggestion"].notna() | ~rows["action"].isin(UNDOUBTED)
        return rows[doubted].sort_values("quality", kind="stable")

    def report(self) -> Report:
        """The run's HTML report. Raises InputError where the run ended before there was one."""
        name = f"{self._folder}/report/report.html"
        if not self._store.exists(name):
            raise InputError("there is no report", where=f"run {self.record.run_id}", fix="curate again")
        return Report(self._store.url(name), self._store.read(name).decode())

    @property
    def summary(self) -> str:
        """How it ended, in a line."""
        if not self.published:
            return verdict(self.record)
        changed = self.record.treatment.relabelled if self.record.treatment else 0
        rate = self.record.noise.rate if self.record.noise else None
        about = "" if rate is None else f", about {percent(rate)} of the labels wrong"
        rows = several(self.record.rows, "row")
        return (
            f"version {self.record.version} of {self.record.dataset}: {rows}{about}, {changed:,} relabelled"
        )

    @property
    def _rows(self) -> pd.DataFrame:
        shown = ["label", "original_label", "action", "reason", "quality"]
        return self.issues[shown] if self.published else pd.DataFrame()

    @property
    def _store(self) -> Store:
        store = self.config.store
        return Store(store.root, {**store.storage_options, **storage_secrets(store)})

    @property
    def _folder(self) -> str:
        return f"{self.record.dataset}/runs/{self.record.run_id}"


def curate(
    data: Any,
    *,
    label: str | None = None,
    text: str | None = None,
    image: str | None = None,
    vector: Any = None,
    columns: list[str] | None = None,
    tokens: str | None = None,
    id: str | None = None,  # noqa: A002 - as in a config
    target: Any = None,
    time: str | None = None,
    task: Task | None = None,
    name: str | None = None,
    store: str | Path | None = None,
    progress: bool = True,
    **sections: Any,
) -> Curation:
    """Run the whole pipeline: find wrong labels and shift, treat them, prove it, publish a version.

    The same data and settings are the same run: it is found, not repeated. Small data are worked on in this
    process, larger ones by processes of its own, which need no `if __name__ == "__main__"`. No server is
    needed; where PREFECT_API_URL names a Prefect API, the run is seen in its UI.

    Parameters
    ----------
    data : table, str, Path, dict or RunConfig
        A table of pandas, polars, pyarrow or datasets, or a dictionary of columns: it is written as parquet
        into the folder `<store>-frames`. Or where the data is: a path, a folder, a glob, s3://…. Or a config:
        a YAML file (.yaml, .yml), a dictionary with the key `dataset`, a RunConfig; it says all the rest.
    label : str
        The column of the labels. Of a folder of images (`pets/cat/1.png`) neither this nor features nor ids
        need be named: the class is the folder that an image lies in.
    text, image, vector, columns, tokens : str, or of columns a list of str
        The column of the features: texts, images (bytes, or pictures of PIL), vectors, columns of a table,
        or lists of words (of the task tokens).
        vector may be an array (N, D) that goes with the table. Of several kinds, as text="subject" and
        columns=["age", "city"], each is encoded by itself, and their vectors are joined.
    id : str, optional
        The column of ids; by default rows are named by file and position.
    target : table or str, optional
        An unlabelled window whose class mix may have moved.
    time : str, optional
        A column of times, carried through; what changed along it is looked at.
    task : {"classification", "multilabel", "regression", "tokens"}, default "classification"
        What a label is: one class, a list of classes, a number, a list of tags.
    name : str, default "frame", or the source's name
        The dataset's name in the store: under it versions are counted.
    store : str or Path, default "labelworks-store"
        Where runs, embeddings and versions are kept: a folder or s3://bucket/prefix.
    progress : bool, default True
        Say on stderr how far the run is.
    **sections
        Sections of a config as dictionaries: `encoder={"name": "sentence-transformers", …}`,
        `treat={"mode": "reweight"}`, `gates=…`, `compute=…`; `dataset=…` for other keys of the dataset.

    Returns
    -------
    Curation
        `.record`, `.to_pandas()` the published rows, `.issues`, `.report()`; `.published` is False where a
        gate refused, which is no error.

    Raises
    ------
    ConfigError
        A setting is unknown or out of range, no label or features are named: before any work.
    InputError
        The data can't be read or used; the message names the file, column or row.
    StoreError
        The store can't be reached or written.
    GateRefused
        The rows are too few, or can't be learned from, for any of the work to begin.

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 400)
    >>> given = np.where(rng.random(400) < 0.1, 1 - true, true)
    >>> frame = {"label": np.array(["cat", "dog"])[given]}
    >>> vectors = 9 * true[:, None] + rng.normal(size=(400, 4))
    >>> where = {"label": "label", "vector": vectors, "store": "store", "progress": False}
    >>> curation = lw.curate(frame, **where, validate={"publish_when": {"not_worse": 0.02}})
    >>> curation.record.status
    'published'
    >>> bool((curation.to_pandas()["label"] == np.array(["cat", "dog"])[true]).mean() > 0.97)
    True
    """
    features = {"text": text, "image": image, "vector": vector, "columns": columns, "tokens": tokens}
    dataset = {"label": label, "id": id, "target": target, "time": time, "name": name, "task": task}
    if is_config(data):
        config = given_config(data, {**features, **dataset, "store": store, **sections})
    else:
        config = config_of(data, features, dataset, store, sections)
    index = data.index if isinstance(data, pd.DataFrame) else None
    return Curation(_executed(config, progress), config, index)


def _executed(config: RunConfig, progress: bool) -> RunRecord:
    from labelworks.infra.process import imports

    with imports():
        from labelworks.flows.execute import execute_here
    if not progress:
        return execute_here(config)
    with shown() as display:
        return execute_here(config, progress=display)
