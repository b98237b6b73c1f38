"""The fitted model of a run: its own, or an earlier one that the data have not moved away from."""

from __future__ import annotations

import hashlib
import io
import json
from functools import partial
from typing import Any

import numpy as np

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.class_vectors import class_vectors
from labelworks.tasks.artifacts.run import Run, code_version
from labelworks.tasks.execution import progress
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.sums import FoldSums
from labelworks.tasks.storage.versions import read_version, versions

BESIDE_THE_MODEL = {"tolerance", "shift", "windows", "groups", "slices", "columns"}  # of detect


def choose_model(run: Run, ref: DatasetRef, sums: FoldSums, sample: Sample) -> tuple[NoiseJudge, str]:
    """The model to score by, and its key, under which scores are kept.

    With `detect.tolerance`, the model of the newest version stays while its error probabilities differ from
    those of a new one by no more than that, on average, in every class: then its scores stay too.
    """
    fit = partial(NoiseJudge.fit, config=run.config.detect, class_vectors=class_vectors(run))
    model, basis = fit(sums, sample), (sums, sample)
    tolerance = run.config.detect.tolerance
    if tolerance:
        earlier = _earlier(run, ref)
        if earlier is not None:
            known = fit(*earlier)
            moved = known.difference(model, sample)
            stays = moved <= tolerance
            verb = "stays" if stays else "is fitted anew"
            progress.current().note(f"the model {verb}: error probabilities moved by {moved:.2g}")
            model, basis = (known, earlier) if stays else (model, basis)
        _keep(run, ref, *basis)
    return model.with_pairs(basis[1]), model_key(run, ref, *basis)


def model_key(run: Run, ref: DatasetRef, sums: FoldSums | TargetSums, sample: Sample) -> str:
    """Name of the model fitted on these sums and this sample, by this configuration and code."""
    digest = hashlib.blake2b(json.dumps(_about(run, ref), sort_keys=True).encode(), digest_size=8)
    for array in (*sums.arrays.values(), *sample.arrays.values()):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _about(run: Run, ref: DatasetRef) -> list[Any]:
    """What a model depends on besides its data."""
    detect = run.config.detect.model_dump(mode="json", exclude=BESIDE_THE_MODEL)
    data = json.loads(run.config.dataset.model_dump_json(include={"class_names", "pred_probs", "pair"}))
    return [detect, data, ref.encoder_key, ref.label_type, list(ref.classes), code_version()]


def _keep(run: Run, ref: DatasetRef, sums: FoldSums, sample: Sample) -> None:
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, **vars(sums), **sample.arrays)
    run.store.write(run.file("detect", "model.npz"), sink.getvalue())
    run.store.write_json(run.file("detect", "model.json"), _about(run, ref))


def _earlier(run: Run, ref: DatasetRef) -> tuple[FoldSums, Sample] | None:
    """What the model of the newest version was fitted on, if it is of the same kind."""
    newest = max(versions(run.store, run.dataset), default=None)
    if newest is None:
        return None
    earlier = run.named(read_version(run.store, run.dataset, newest)["run_id"])
    about = earlier.file("detect", "model.json")
    if not run.store.exists(about) or run.store.read_json(about) != _about(run, ref):
        return None
    with np.load(
        io.BytesIO(run.store.read(earlier.file("detect", "model.npz"))), allow_pickle=False
    ) as found:
        return (
            FoldSums(found["count"], found["total"], found["gram"]),
            Sample.of_arrays(found),
        )
