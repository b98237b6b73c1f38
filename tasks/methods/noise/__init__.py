"""Wrong labels: scores, error probabilities, flags and suggestions from out-of-sample probabilities."""

from tasks.methods.noise.detection import detect, make
from tasks.methods.noise.multilabel import MultilabelResult, detect_multilabel
from tasks.methods.noise.result import NoiseModel, NoiseResult, joined

__all__ = ["MultilabelResult", "NoiseModel", "NoiseResult", "detect", "detect_multilabel", "joined", "make"]
