"""Wrong labels: scores, error probabilities, flags and suggestions from out-of-sample probabilities."""

from labelworks.tasks.methods.noise.core.result import NoiseResult, joined
from labelworks.tasks.methods.noise.detection import detect, make
from labelworks.tasks.methods.protocols.noise import NoiseModel

__all__ = ["NoiseModel", "NoiseResult", "detect", "joined", "make"]
