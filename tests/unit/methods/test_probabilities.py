"""Whatever takes probabilities by class accepts and refuses the same rows."""

import numpy as np
import pyarrow as pa
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.row_extras import read_pred_probs
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.label_shift import estimate_prior, estimate_prior_over
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.probabilities import unusable

ESTIMATORS = [method.name for method in registry.methods("prior")]
BAD = {
    "sums to 1.06": [0.53, 0.53],
    "negative": [1.02, -0.02],
    "nan": [np.nan, 1.0],
    "infinite": [np.inf, 0.0],
}


def data(factor=1.0):
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([0.4, 0.4], 300)
    return (probs[:, 1] > rng.random(300)).astype(int), (factor * probs).astype(np.float32)


def taken(probs, labels):
    """What each door says of the last row; None where it is let in."""
    prior = estimate_prior(*data(), data()[1], method="bbse-soft")
    doors = {
        "detect": lambda: detect(labels, probs, method="noise-transition"),
        "source": lambda: estimate_prior(labels, probs, data()[1], method="bbse-soft"),
        "target": lambda: estimate_prior(*data(), probs, method="bbse-soft"),
        "parts": lambda: estimate_prior_over(lambda: [data()], lambda: [probs]),
        "correct": lambda: correct(probs, prior),
    }
    said = {}
    for name, door in doors.items():
        try:
            door()
        except InputError as error:
            said[name] = error.where
    _, reasons = read_pred_probs(pa.array(probs.tolist(), pa.list_(pa.float32())), 2)
    return said | ({} if reasons[-1].as_py() is None else {"column": "row 299"})


@pytest.mark.parametrize("factor", [1.0, 1.03, 0.96])
def test_what_rounding_makes_of_a_row_is_let_in_everywhere(factor):
    labels, probs = data(factor)
    assert taken(probs, labels) == {}


@pytest.mark.parametrize("row", BAD.values(), ids=BAD)
def test_what_is_no_distribution_is_refused_everywhere(row):
    labels, probs = data()
    probs[-1] = row
    assert taken(probs, labels) == dict.fromkeys(
        ("detect", "source", "target", "parts", "correct", "column"), "row 299"
    )


@pytest.mark.parametrize("method", ESTIMATORS)
def test_rounded_rows_change_no_estimate(method):
    labels, probs = data()
    plain = estimate_prior(labels, probs, probs[:100], method=method)
    found = estimate_prior(labels, 1.03 * probs, 0.98 * probs[:100], method=method)
    assert found.prior == pytest.approx(plain.prior, abs=1e-3)


def test_the_check_is_the_one_by_hand():
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(5), 200) * rng.uniform(0.9, 1.1, (200, 1))
    probs[::7, 0] -= 0.1
    bad, total = unusable(probs)
    assert total == pytest.approx(probs.sum(axis=1))
    assert bad.tolist() == [abs(sum(row) - 1) > 0.05 or min(row) < 0 for row in probs.tolist()]
