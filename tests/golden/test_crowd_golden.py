"""What each method says of one small crowd, kept: a change of the numerics must be meant.

Written anew by `PYTHONPATH=. python tests/golden/test_crowd_golden.py`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.crowd import Votes, aggregate

GOLDEN = Path(__file__).with_name("crowd.json")
NAMES = [method.name for method in registry.methods("crowd")]


def votes():
    """24 items, 5 annotators of whom the last one always answers 0, 3 classes; no chance in it."""
    item, who = np.divmod(np.arange(24 * 5), 5)
    truth = item * 7 % 3
    slip = (item * 5 + who * 11) % 13 < who + 1
    answer = np.where(who == 4, 0, np.where(slip, (truth + 1 + item % 2) % 3, truth))
    return Votes.from_arrays(item, who, answer)


def posteriors():
    probs = np.full((24, 3), 0.2)
    probs[np.arange(24), (np.arange(24) * 7 + (np.arange(24) % 5 == 0)) % 3] = 0.6
    results = {name: aggregate(votes(), pred_probs=probs, method=name) for name in NAMES}
    return {name: result.posterior.astype(float).round(4).tolist() for name, result in results.items()}


@pytest.mark.parametrize("method", NAMES)
def test_posteriors_are_those_kept(method):
    kept = json.loads(GOLDEN.read_text())
    np.testing.assert_allclose(posteriors()[method], kept[method], atol=2e-4)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(posteriors()) + "\n")
