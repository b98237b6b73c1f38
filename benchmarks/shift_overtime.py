"""Real drift over time through the pipeline: gas sensors over 36 months, employment in Massachusetts by year.

    LABELWORKS_DATA=… python benchmarks/shift_overtime.py gas employment [--keep FOLDER] [--images FOLDER]

The first windows are labelled, the later ones a target whose labels only the comparison sees. The report
with the plots is left in the first FOLDER, a plot of the estimated beside the true priors in the second.
Column 0 of the gas data, the concentration, is no feature; the file has no batch 7 and no batch 10.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from shift_data import data

from labelworks.infra import settings

LABELLED = {"gas": 2, "employment": 2015}  # batches 1 and 2, ten months; the first year
GROUPS, COLUMNS = ("SEX", "RAC1P"), ("AGEP", "SCHL", "MAR", "RELP", "DIS")


def gas() -> tuple[pd.DataFrame, np.ndarray, dict[str, Any]]:
    """Rows with time and true label, features (N, 128) in units of the labelled rows, what to look at."""
    file = np.load(data() / "shift/gas_drift.npz", allow_pickle=True)
    frame = pd.DataFrame({"time": file["batch"], "label": file["names"][file["y"]]})
    return frame, file["X"][:, 1:].astype(np.float64), {}


def employment() -> tuple[pd.DataFrame, np.ndarray, dict[str, Any]]:
    """The same; categories as ones and zeros, age and schooling as numbers."""
    folder = data() / "shift"
    reference = pd.read_parquet(folder / "employment_MA_reference.pq")
    later = pd.read_parquet(folder / "employment_MA_analysis.pq")
    later = later.merge(pd.read_parquet(folder / "employment_MA_analysis_target.pq"), on="id")
    both = pd.concat([reference, later], ignore_index=True)
    kinds = [name for name in both if both[name].dtype == "category" or both[name].nunique() < 20]
    kinds = [name for name in kinds if name not in ("employed", "year", "prediction", "SCHL")]
    ones = pd.get_dummies(both[kinds].astype(str), dtype=float).to_numpy()
    numbers = both[["AGEP", "SCHL"]].astype(float).fillna(0).to_numpy()
    features = np.concatenate([numbers, numbers**2, ones], axis=1)
    frame = both[list(GROUPS + COLUMNS)].astype(str).assign(time=both["year"])
    frame["AGEP"] = both["AGEP"]
    frame["label"] = np.where(both["employed"] == 1, "employed", "not employed")
    return frame, features, {"groups": GROUPS, "columns": COLUMNS}


def write(folder: Path, frame: pd.DataFrame, features: np.ndarray, labelled: np.ndarray) -> None:
    """Both windows as parquet, features scaled by the labelled rows."""
    scale = features[labelled].std(axis=0)
    scaled = (features - features[labelled].mean(axis=0)) / np.where(scale > 0, scale, 1)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    vector = pa.FixedSizeListArray.from_arrays(pa.array(scaled.astype(np.float32).ravel()), scaled.shape[1])
    table = table.append_column("vector", vector.cast(pa.list_(pa.float32())))
    table = table.append_column("id", pa.array([f"row-{row:06d}" for row in range(len(frame))]))
    for name, rows in (("labelled", labelled), ("target", ~labelled)):
        (folder / name).mkdir(parents=True)
        part = table.filter(pa.array(rows))
        pq.write_table(
            part if name == "labelled" else part.drop_columns("label"), folder / name / "rows.parquet"
        )


def run(folder: Path, name: str, looked_at: dict[str, Any], compute: Any) -> Any:
    """The record of the pipeline's run."""
    from labelworks.flows.execute import execute
    from labelworks.schemas.config.run import RunConfig

    dataset = {
        "name": name, "source": str(folder / "labelled"), "target": str(folder / "target"), "id": "id",
        "label": "label", "features": {"vector": "vector"}, "time": "time",
    }  # fmt: skip
    gates = {"ingest": {"thresholds": {"max_rejected": 0.01}}}
    return execute(
        RunConfig.model_validate(
            {
                "dataset": dataset, "store": {"root": str(folder / "store")}, "detect": looked_at,
                "treat": {"mode": "reweight"}, "gates": gates, "compute": compute,
            }
        )
    )  # fmt: skip


def true_priors(found: dict[str, Any], rows: pd.DataFrame) -> np.ndarray:
    """Shares of the recorded labels in each window, of the classes that are told, (W, classes)."""
    labels = [rows["label"][rows["time"].astype(str) == window].astype(str) for window in found.windows]
    return np.array([[(here == str(name)).mean() for name in found.classes] for here in labels])


def picture(found: dict[str, Any], true: np.ndarray, where: Path) -> None:
    """The report's plot of the estimated class mix, with the true one dashed."""
    from labelworks.tasks.report import plots, time_plots

    figure = time_plots.mix_over_time(found)
    (axes,), names = figure.axes, [plots.name_of(each) for each in found.classes]
    for line in axes.get_lines():
        if line.get_label() in names:
            shares = true[:, names.index(line.get_label())]
            axes.plot(np.arange(len(shares)), shares, "x--", color=line.get_color(), markersize=5)
    axes.set_xlabel("window; solid: estimated, dashed: true")
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(plots.png(figure))


def compare(record: Any, frame: pd.DataFrame, labelled: np.ndarray, folder: Path) -> None:
    """Estimated beside true priors of each window, and accuracy before and after the correction."""
    found, unknown = record.drift.target_time, record.shift.unknown
    rows = frame[~labelled]
    print(f"{record.status}; kind {record.shift.kind}; unknown {unknown.share if unknown else 0:.3f}")
    order, shares = [str(each) for each in found.classes], true_priors(found, rows)
    adapted = published(record, folder).set_index("id")
    truth = frame["label"].rename(index=lambda row: f"row-{row:06d}").loc[adapted.index]
    print(f"{'window':8} {'rows':>7} {'drift':>6} {'TV from source':>14} {'prior MAE':>9} "
          f"{'as recorded':>11} {'as source':>9}  "
          f"{'accuracy':>8} {'corrected':>9} {'kept':>5} {'of these':>8}")  # fmt: skip
    transition = np.array(evidence(record, folder)["transition"])
    source = np.array([(frame[labelled]["label"] == name).mean() for name in order])
    for place, window in enumerate(found.windows):
        here = rows[rows["time"].astype(str) == window]
        true = shares[place]
        ids = [f"row-{row:06d}" for row in here.index]
        told, right = adapted.loc[ids], truth.loc[ids]
        kept = told["label"].notna()
        prior = np.array(found.prior[place])
        error, recorded = (np.abs(each - true).mean() for each in (prior, prior @ transition))
        accuracy = [(told[column] == right).mean() for column in ("source_prediction", "predicted")]
        print(f"{window:8} {len(here):7} {found.drift_effect[place]:6.2f} "
              f"{found.total_variation[place]:14.3f} {error:9.4f} {recorded:11.4f} "
              f"{np.abs(source - true).mean():9.4f}  "
              f"{accuracy[0]:8.3f} {accuracy[1]:9.3f} {kept.mean():5.2f} "
              f"{(told['label'] == right)[kept].mean():8.3f}")  # fmt: skip
    print("changes:", found.change_points, "watch:", found.watch)
    for name, group in record.drift.groups.items():
        print(f"{name}: worst {group.worst} ({group.worst_error:.3f} against {group.error:.3f})")
    for name, each in record.drift.columns.items():
        print(f"{name}: Cramér's V {each.effect:.3f}, PSI {each.psi:.4f}, p {each.p_value:.2g}")
    print("report:", record.report)


def evidence(record: Any, folder: Path) -> dict[str, Any]:
    """What the detect stage found besides the record: of it the noise transition, true by given label."""
    result = folder / "store" / record.dataset / "runs" / record.run_id / "detect/result.json"
    return dict(json.loads(result.read_text())["figures"]["evidence"])


def published(record: Any, folder: Path) -> pd.DataFrame:
    """The published rows of the target."""
    run_folder = folder / "store" / record.dataset / "runs" / record.run_id
    return pd.concat([pd.read_parquet(run_folder / name) for name in record.target_parts])


def main() -> None:
    """Run the sets named, on one API and one cluster."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["gas", "employment"])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--images", type=Path)
    asked = parser.parse_args()
    settings.apply()
    from labelworks.infra.cluster.cluster import cluster
    from labelworks.infra.prefect_server.server import prefect_api
    from labelworks.schemas.config.run import ComputeConfig

    with tempfile.TemporaryDirectory() as made, prefect_api(), cluster(ComputeConfig()) as client:
        compute = {"scheduler": client.scheduler.address}
        for name in asked.names:
            folder = (asked.keep or Path(made)) / name
            frame, features, looked_at = {"gas": gas, "employment": employment}[name]()
            labelled = (frame["time"] <= LABELLED[name]).to_numpy()
            write(folder, frame, features, labelled)
            print(f"{name}: {labelled.sum():,} labelled rows, {(~labelled).sum():,} of the target")
            record = run(folder, name, looked_at, compute)
            compare(record, frame, labelled, folder)
            if asked.images:
                found = record.drift.target_time
                picture(found, true_priors(found, frame[~labelled]), asked.images / f"shift-{name}.png")


if __name__ == "__main__":
    main()
