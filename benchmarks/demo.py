"""The demo over ten seeds: is a model trained on treated labels ever worse than one trained on raw ones?

python benchmarks/demo.py [--seeds 10]
"""

from __future__ import annotations

import argparse
import tempfile

import numpy as np

from labelworks.infra import settings


def main() -> None:
    """Run the demo for each seed on one API and one cluster, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    settings.apply()
    from labelworks.flows.demo import run_demo
    from labelworks.infra.cluster.cluster import cluster
    from labelworks.infra.prefect_server.server import prefect_api
    from labelworks.schemas.config.run import ComputeConfig

    rows = []
    with (
        tempfile.TemporaryDirectory() as store,
        prefect_api(),
        cluster(ComputeConfig()) as client,
    ):
        compute = ComputeConfig(scheduler=client.scheduler.address)
        print("seed  precision  recall  rate (true)      prior MAE  raw    treated  clean  recovered")
        for seed in range(seeds):
            _, found = run_demo(store, seed=seed, compute=compute)
            noise, accuracy = found["noise"], found["accuracy"]
            raw, treated, clean = (accuracy[name] for name in ("raw", "treated", "clean"))
            recovered = (treated - raw) / (clean - raw)
            rows.append((treated - raw, recovered, noise["precision"], noise["recall"], found["prior_mae"]))
            print(
                f"{seed:4}  {noise['precision']:9.3f}  {noise['recall']:6.3f}  {noise['rate']:.3f} "
                f"({noise['true_rate']:.3f})  {found['prior_mae']:12.4f}  {raw:.3f}  {treated:7.3f}  "
                f"{clean:.3f}  {recovered:9.2f}",
                flush=True,
            )
    gain, recovered, precision, recall, mae = np.array(rows).T
    print(
        f"mean: precision {precision.mean():.3f}, recall {recall.mean():.3f}, prior MAE {mae.mean():.4f}, "
        f"recovered {recovered.mean():.2f} (least {recovered.min():.2f}); "
        f"treated worse than raw in {np.count_nonzero(gain < 0)} of {seeds} seeds"
    )


if __name__ == "__main__":
    main()
