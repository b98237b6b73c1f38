"""Wrong labels: scores, error probabilities, flags and suggestions from out-of-sample probabilities."""

from tasks.methods.multilabel.detect import MultilabelResult, detect_multilabel
from tasks.methods.noise.core.result import NoiseModel, NoiseResult, joined
from tasks.methods.noise.detection import detect, make

__all__ = ["MultilabelResult", "NoiseModel", "NoiseResult", "detect", "detect_multilabel", "joined", "make"]
