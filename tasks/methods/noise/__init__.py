"""Wrong labels: scores, error probabilities, flags and suggestions from out-of-sample probabilities."""

from labelworks.tasks.methods.noise.core.result import NoiseModel, NoiseResult, joined
from labelworks.tasks.methods.noise.detection import detect, make

__all__ = ["NoiseModel", "NoiseResult", "detect", "joined", "make"]
