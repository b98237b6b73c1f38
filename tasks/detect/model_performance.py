"""How good a model of the user's is on the target window, by what it says of rows of both windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.row_extras import read_pred_probs
from labelworks.tasks.detect.row_context import ANSWER, MODEL, answer_codes
from labelworks.tasks.methods.findings.performance import ModelAnswers, PerformanceOptions


def model_answers(
    samples: Sequence[pa.Table], ref: DatasetRef, asked: PerformanceOptions
) -> tuple[ModelAnswers, ModelAnswers]:
    """What the model says of the sampled rows of source and target."""
    first, second = (_answers(sample, ref, asked) for sample in samples)
    return first, second


def _answers(sample: pa.Table, ref: DatasetRef, asked: PerformanceOptions) -> ModelAnswers:
    codes = None
    if asked.predictions is not None:
        codes = answer_codes(sample[f"{ANSWER}{asked.predictions}"], ref.classes)
    return ModelAnswers(_probs(sample, len(ref.classes)) if asked.probabilities else None, codes)


def _probs(sample: pa.Table, classes: int) -> NDArray[np.float32]:
    """Probabilities (n, K), zeros where they are unusable, or the file has no such column."""
    return read_pred_probs(sample[MODEL].combine_chunks(), classes)[0]
