"""Results of the noise methods on one small world, kept: a change of them is meant, or it is a mistake.

After a change that is meant: python tests/golden/test_noise_golden.py
"""

import json
from pathlib import Path

import numpy as np
import pytest

from tasks.methods.noise import detect

KEPT = Path(__file__).with_name("noise.json")
METHODS = (
    "auto",
    "noise-transition",
    "confident-learning",
    "self-confidence",
    "normalized-margin",
    "confidence-weighted-entropy",
    "small-loss",
    "neighbour-consistency",
    "neighbour-credibility",
    "label-propagation",
    "landmarks",
    "mahalanobis",
    "class-gaussians",
    "area-under-margin",
    "semd",
)


def world():
    rng = np.random.default_rng(11)
    true = rng.integers(0, 4, 800)
    means = rng.normal(size=(4, 6)) * 1.4
    features = (means[true] + rng.normal(size=(800, 6))).astype(np.float32)
    logits = -((features[:, None] - means) ** 2).sum(axis=2) / 3
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    labels = np.where(rng.random(800) < 0.15, (true + 1) % 4, true)
    return labels, (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32), features


def found(method):
    labels, probs, features = world()
    result = detect(labels, probs, features=features, method=method)
    return {
        "rate": round(result.noise_rate, 4),
        "flagged": int(result.flag.sum()),
        "first": np.flatnonzero(result.flag)[:12].tolist(),
        "suggested": result.suggestion[result.flag][:12].tolist(),
        "score": np.round(result.score[:8].astype(float), 4).tolist(),
        "error": np.round(result.error_probability[:8].astype(float), 4).tolist(),
    }


@pytest.mark.parametrize("method", METHODS)
def test_results_are_those_kept(method):
    kept, now = json.loads(KEPT.read_text())[method], found(method)
    assert now["first"] == kept["first"]
    assert now["suggested"] == kept["suggested"]
    assert now["flagged"] == pytest.approx(kept["flagged"], abs=1)
    assert now["rate"] == pytest.approx(kept["rate"], abs=2e-3)
    assert now["score"] == pytest.approx(kept["score"], abs=5e-3)
    assert now["error"] == pytest.approx(kept["error"], abs=5e-3)


if __name__ == "__main__":
    KEPT.write_text(json.dumps({method: found(method) for method in METHODS}, indent=1) + "\n")
