"""The fitted model of a run: its own, or an earlier one that the data have not moved away from."""

from __future__ import annotations

import hashlib
import io
import json
from functools import partial
from typing import Any

import numpy as np

from labelworks.schemas.findings import TreeFindings
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.artifacts.vectors.class_vectors import class_vectors
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.execution import progress
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.probes.ensemble import ProbeEnsemble
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.storage.versions import read_version, versions


def choose_model(
    artifacts: Artifacts, ref: DatasetRef, sums: FoldSums, sample: Sample, options: DetectOptions
) -> tuple[NoiseJudge, str]:
    """The model to score by, and its key, under which scores are kept.

    With `detect.tolerance`, the model of the newest version stays while its error probabilities differ from
    those of a new one by no more than that, on average, in every class: then its scores stay too.
    """
    named = class_vectors(artifacts) if options.named else None
    fit = partial(NoiseJudge.fit, options=options.judge, class_vectors=named)
    model, basis = fit(sums, sample), (sums, sample)
    about = _about(ref, options.said)
    if options.tolerance:
        earlier = _earlier(artifacts, about)
        if earlier is not None:
            known = fit(*earlier)
            moved = known.difference(model, sample)
            stays = moved <= options.tolerance
            verb = "stays" if stays else "is fitted anew"
            progress.current().note(f"the model {verb}: error probabilities moved by {moved:.2g}")
            model, basis = (known, earlier) if stays else (model, basis)
        _keep(artifacts, about, *basis)
    return model.with_pairs(basis[1]), model_key(ref, *basis, options.said)


def judging_trees(probes: ProbeEnsemble, rows: int) -> TreeFindings | None:
    """The trees that judge labels of so many rows beside the other probes; said aloud. None: no trees do."""
    if not probes.trees:
        return None
    trees = probes.trees[0]
    progress.current().note(f"trees ({trees.name}) judge too: fitted on {trees.rows:,} of {rows:,} rows each")
    return TreeFindings(
        probe=trees.name, fitted_rows=trees.rows, rows=rows, share=trees.share, others=probes.beside_trees
    )


def model_key(ref: DatasetRef, sums: FoldSums | TargetSums, sample: Sample, said: list[Any]) -> str:
    """Name of the model fitted on these sums and this sample, by what was said and by this code."""
    digest = hashlib.blake2b(json.dumps(_about(ref, said), sort_keys=True).encode(), digest_size=8)
    for array in (*sums.arrays.values(), *sample.arrays.values()):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _about(ref: DatasetRef, said: list[Any]) -> list[Any]:
    """What a model depends on besides its data."""
    return [*said, ref.encoder_key, ref.label_type, list(ref.classes), code_version()]


def _keep(artifacts: Artifacts, about: list[Any], sums: FoldSums, sample: Sample) -> None:
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **sums.arrays, **sample.arrays)
    artifacts.store.write(artifacts.file("detect", "model.npz"), sink.getvalue())
    artifacts.store.write_json(artifacts.file("detect", "model.json"), about)


def _earlier(artifacts: Artifacts, about: list[Any]) -> tuple[FoldSums, Sample] | None:
    """What the model of the newest version was fitted on, if it is of the same kind."""
    newest = max(versions(artifacts.store, artifacts.dataset), default=None)
    if newest is None:
        return None
    earlier = artifacts.named(read_version(artifacts.store, artifacts.dataset, newest)["run_id"])
    name = earlier.file("detect", "model.json")
    if not artifacts.store.exists(name) or artifacts.store.read_json(name) != about:
        return None
    with np.load(
        io.BytesIO(artifacts.store.read(earlier.file("detect", "model.npz"))), allow_pickle=False
    ) as arrays:
        return (
            FoldSums.of_arrays(arrays),
            Sample.of_arrays(arrays),
        )
