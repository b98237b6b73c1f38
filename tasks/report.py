"""Report: what a run found, as one HTML file in the store and as artifacts in the Prefect UI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from schemas.records import DatasetRef, Partition, RunRecord, StageResult
from schemas.telling import discreet
from tasks.io.features import some_features
from tasks.io.run import Run
from tasks.methods.encoders.values import image_bytes
from tasks.reports import html, markdown, moved, overtime, plots
from tasks.reports.evidence import ActionCount, Evidence, ScoreHistogram, WorstRow

SHOWN_TEXT = 400
STRANGEST = 12
PACKAGES = ("labelworks", "prefect", "dask", "pyarrow", "great-expectations", "scikit-learn", "numpy")


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
@discreet()
def write_report(run: Run, results: Sequence[StageResult], record: RunRecord) -> str:
    """Write the HTML report of a run, published or refused; return its address."""
    name = run.file("report", "report.html")
    page = html.render(record, gather(run, results))
    run.store.write(name, page.encode())
    return run.store.url(name)


def post_stage(result: StageResult) -> None:
    """Show a stage in the Prefect UI: its gate as a table, its figures and plots as a page."""
    create_table_artifact(
        markdown.gate_rows(result.gate),
        key=_key(result.ref.dataset, f"gate-{result.stage}"),
        description=f"The gate after {result.stage}",
    )
    pictures = _pictures(result)
    create_markdown_artifact(
        markdown.stage(_plain(result), pictures), key=_key(result.ref.dataset, f"stage-{result.stage}")
    )
    if result.stage == "detect":
        create_table_artifact(
            _queue(result),
            key=_key(result.ref.dataset, "review-queue"),
            description="The likeliest wrong labels, worst first; the report shows the rows themselves",
        )


def post_run(record: RunRecord) -> None:
    """Show the end of a run in the Prefect UI: the verdict, and a link to the report."""
    create_markdown_artifact(markdown.summary(record), key=_key(record.dataset, "verdict"))
    link = record.report if "://" in record.report else f"file://{record.report}"
    about = f"Report of run {record.run_id}"
    create_link_artifact(link, link_text="report", key=_key(record.dataset, "report"), description=about)


def _key(dataset: str, what: str) -> str:
    """Key of an artifact: each dataset, and each window of it, has its own history."""
    return f"{re.sub('[^a-z0-9]+', '-', dataset.lower()).strip('-')}-{what}"


def _queue(result: StageResult) -> list[dict[str, str]]:
    return [
        {
            "id": str(row["id"]),
            "label": str(_named(result.ref, row["given"])),
            "likelier": str(_named(result.ref, row["suggestion"])),
            "P(wrong)": f"{row['error_probability']:.1%}",
        }
        for row in result.figures["evidence"]["worst"]
    ]


def _named(ref: DatasetRef, label: int | str) -> int | str:
    """The class of a code; a label that is no single class is written out already."""
    return label if isinstance(label, str) else ref.classes[label]


def gather(run: Run, results: Sequence[StageResult]) -> Evidence:
    """Collect what the report shows from the stages that were reached."""
    found = {result.stage: result for result in results}
    detected = found["detect"].figures if "detect" in found else {}
    treated = found["treat"].figures if "treat" in found else {}
    ref = results[-1].ref
    seen, done = detected.get("evidence", {}), treated.get("evidence", {})
    return Evidence(
        classes=ref.classes,
        transition=_array(seen.get("transition")),
        scores=_histogram(seen),
        counts_before=_array(done.get("before")),
        counts_after=_array(done.get("after")),
        worst=_shown(run, ref, seen.get("worst", []), treated=bool(treated)),
        strangest=_shown(run, ref, seen.get("strangest", [])[:STRANGEST], treated=bool(treated)),
        actions=tuple(ActionCount(*entry) for entry in done.get("actions", [])),
        versions={name: version(name) for name in PACKAGES},
        **_priors(ref, detected.get("shift", {})),
    )


def _plain(result: StageResult) -> StageResult:
    """Without the evidence, which is drawn and not listed."""
    figures: dict[str, Any] = {}
    for name, value in result.figures.items():
        if name in ("noise", "shift", "treatment", "validation"):
            plain = {key: each for key, each in value.items() if not isinstance(each, dict | list)}
            figures |= {f"{name}: {key}": each for key, each in plain.items()}
        elif name == "drift":
            told = moved.sentences(value, result.figures["shift"])
            figures |= {f"moved, {number}": text for number, text in enumerate(told, 1)}
        elif name not in ("evidence", "names", "target_names"):
            figures[name] = value
    return result.model_copy(update={"figures": figures})


def _pictures(result: StageResult) -> dict[str, bytes]:
    if result.stage == "detect":
        seen = result.figures["evidence"]
        evidence = Evidence(
            classes=result.ref.classes,
            transition=_array(seen["transition"]),
            scores=_histogram(seen),
            **_priors(result.ref, result.figures["shift"]),
        )
        drawn = {
            "Scores": plots.score_histogram(evidence),
            "Wrong labels": plots.confusions(evidence),
            "Class mix": plots.priors(evidence),
            **_over_time(result.figures["drift"]),
        }
    elif result.stage == "validate":
        drawn = {"Treated against raw": plots.difference(result.figures["validation"])}
    else:
        drawn = {}
    return {title: plots.png(figure) for title, figure in drawn.items() if figure is not None}


def _over_time(drift: dict[str, Any]) -> dict[str, Any]:
    drawn = {}
    for name, title in moved.STREAMS.items():
        drawn[f"{title}: class mix over time"] = overtime.mix_over_time(drift.get(name, {}))
        drawn[f"{title}: drift over time"] = overtime.drift_over_time(drift.get(name, {}))
    return drawn


def _array(values: Any) -> Any:
    return None if values is None else np.asarray(values)


def _histogram(seen: dict[str, Any]) -> ScoreHistogram | None:
    if not seen:
        return None
    counts, flagged = np.asarray(seen["histogram"]), np.asarray(seen["flagged_histogram"])
    return ScoreHistogram(np.linspace(0.0, 1.0, len(counts) + 1), counts, flagged)


def _priors(ref: DatasetRef, shift: dict[str, Any]) -> dict[str, Any]:
    if not shift:
        return {}
    columns = {"prior_source": "source_prior", "prior_target": "prior", "prior_interval": "interval"}
    return {
        argument: np.array([shift[name][str(each)] for each in ref.classes])
        for argument, name in columns.items()
    }


def _shown(run: Run, ref: DatasetRef, rows: list[dict[str, Any]], *, treated: bool) -> tuple[WorstRow, ...]:
    """Rows in their order, with what a person needs to judge them."""
    partitions = {each.key: each for each in ref.partitions}
    shown: dict[tuple[str, int], WorstRow] = {}
    for key in dict.fromkeys(row["partition"] for row in rows):
        here = [row for row in rows if row["partition"] == key]
        decided = _decisions(run, partitions[key], here) if treated else {}
        for row, content in zip(here, _content(run, ref, partitions[key], here), strict=True):
            action, reason = decided.get(row["row"], ("", ""))
            shown[key, row["row"]] = WorstRow(
                id=row["id"],
                given=_named(ref, row["given"]),
                suggested=_named(ref, row["suggestion"]),
                probability=row["error_probability"],
                action=action,
                reason=reason,
                **content,
            )
    return tuple(shown[row["partition"], row["row"]] for row in rows)


def _decisions(run: Run, partition: Partition, rows: list[dict[str, Any]]) -> dict[int, tuple[str, str]]:
    table = run.store.read_table(run.part("treat", partition), ["row", "action", "reason"])
    wanted = {row["row"] for row in rows}
    return {row["row"]: (row["action"], row["reason"]) for row in table.to_pylist() if row["row"] in wanted}


def _content(
    run: Run, ref: DatasetRef, partition: Partition, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    features = run.config.dataset.features
    if features.kind not in ("text", "image"):
        return [{"vector": place} for place in _places(run, ref, partition, rows)]
    values = some_features(run, partition, np.array([row["row"] for row in rows], np.int32))
    if features.kind == "image":
        return [{"image": data} for data in image_bytes(values)]
    return [{"text": str(text)[:SHOWN_TEXT]} for text in values.to_pylist()]


def _places(run: Run, ref: DatasetRef, partition: Partition, rows: list[dict[str, Any]]) -> list[str]:
    """Where rows are from: of a vector or a recording there is nothing to look at."""
    index = run.store.read_table(run.index(ref.label_type, partition), ["row", "file", "file_row"])
    places = np.searchsorted(index["row"].to_numpy(), [row["row"] for row in rows])
    found = index.take(pa.array(places))
    pairs = zip(found["file"].to_pylist(), found["file_row"].to_pylist(), strict=True)
    return [f"{file}, row {row}" for file, row in pairs]
