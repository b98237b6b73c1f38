"""Results of the noise methods on one small world, kept: a change of them is meant, or it is a mistake.

After a change that is meant: python tests/golden/test_noise_golden.py
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.duplicates.conflicts import duplicate_conflicts
from labelworks.tasks.methods.multilabel import detect_multilabel
from labelworks.tasks.methods.neighbours.cosine import nearest
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.label_propagation import propagate
from labelworks.tasks.methods.noise.pairs import pair_mismatch
from labelworks.tasks.methods.open_set.out_of_scope import out_of_scope
from labelworks.tasks.methods.open_set.separation import linear_separation
from labelworks.tasks.methods.regression.detect import detect_regression
from labelworks.tasks.methods.validation.benchmark_stability import stability

KEPT = Path(__file__).with_name("noise.json")
METHODS = (
    "auto",
    "auto-neighbours",
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
    "label-text",
    "crowd-posterior",
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
    options = {"class_vectors": features[:4]} if method == "label-text" else {}
    votes = 0.6 * np.eye(4)[labels] + 0.1
    beside = {} if registry.get("noise", method).needs == ("pred_probs",) else {"features": features}
    result = detect(labels, probs, votes=votes, method=method, **beside, **options)
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


def functions() -> dict[str, Any]:
    """What the other functions say of that world, by name and field."""
    labels, probs, features = world()
    strange = features.copy()
    strange[::40] = 6 * np.sin(np.arange(20)[:, None] + np.arange(6))
    strange[1::50] = strange[2::50]
    scope = out_of_scope(labels, probs, strange)
    several = (probs > 0.3).astype(int)
    several[::7] = np.roll(several[::7], 1, axis=1)
    heights = features[:, 0].astype(float)
    heights[::19] = np.roll(heights[::19], 1)
    other = features + 0.3 * np.sin(np.arange(4800)).reshape(800, 6)
    other[::11] = np.roll(other[::11], 1, axis=0)
    best = probs.argmax(axis=1)
    return {
        "scope": shown(scope),
        "separation": shown(linear_separation(scope.score, strange)),
        "duplicates": shown(duplicate_conflicts(labels, strange)),
        "pairs": shown(pair_mismatch(features, other)),
        "propagate": shown(propagate(labels, nearest(features), classes=4)),
        "stability": shown(
            stability(labels, best, {"one": np.where(np.arange(800) % 3, best, 0), "two": labels})
        ),
        "multilabel": shown(detect_multilabel(several, probs)),
        "regression": shown(detect_regression(heights, features[:, 0] + 0.2 * features[:, 1])),
    }


def shown(result: Any) -> Any:
    """Some of the numbers of an array, a sparse matrix, or of each field of a result; sums of all."""
    if hasattr(result, "__dataclass_fields__"):
        return {each.name: shown(getattr(result, each.name)) for each in fields(result)}
    if hasattr(result, "toarray"):
        result = result.toarray()
    if isinstance(result, np.ndarray):
        numbers = result.astype(float).ravel()
        return {"first": np.round(numbers[:12], 4).tolist(), "sum": round(float(numbers.sum()), 2)}
    return json.loads(json.dumps(result))


def alike(now: Any, kept: Any) -> None:
    """Compare the leaves."""
    if isinstance(kept, dict):
        assert now.keys() == kept.keys()
        for name in kept:
            alike(now[name], kept[name])
    elif isinstance(kept, list) and kept and isinstance(kept[0], list):
        for one, other in zip(now, kept, strict=True):
            assert one[:2] == other[:2]
            assert one[2:] == pytest.approx(other[2:], abs=2e-3)
    elif isinstance(kept, float) or (isinstance(kept, list) and kept and isinstance(kept[0], float)):
        assert now == pytest.approx(kept, rel=2e-3, abs=5e-3)
    else:
        assert now == kept


def test_what_other_functions_say_is_what_is_kept():
    alike(functions(), json.loads(KEPT.read_text())["functions"])


if __name__ == "__main__":
    kept = {method: found(method) for method in METHODS} | {"functions": functions()}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
