import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.noise import detect, make

METHODS = ["auto", "noise-transition", "confident-learning"]


def world(rows=3000, classes=5, noise=0.2, seed=0, similar=True):
    """Probabilities of a good but unsure model, labels flipped towards the next class."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), true] += 4
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    step = 1 if similar else rng.integers(1, classes, rows)
    labels = np.where(rng.random(rows) < noise, (true + step) % classes, true)
    return labels, probs.astype(np.float32), true


@pytest.mark.parametrize("method", METHODS)
def test_finds_flipped_labels(method):
    labels, probs, true = world()
    result = detect(labels, probs, method=method)
    wrong = labels != true
    precision = wrong[result.flag].mean()
    assert precision > 0.8
    assert result.flag[wrong].mean() > 0.8
    assert (result.suggestion[result.flag] == true[result.flag]).mean() > 0.75
    assert abs(result.noise_rate - wrong.mean()) < 0.05
    assert result.noise_rate_interval[0] <= result.noise_rate <= result.noise_rate_interval[1]
    assert result.score[wrong].mean() < result.score[~wrong].mean()
    assert abs(result.error_probability.mean() - wrong.mean()) < 0.05
    np.testing.assert_allclose(result.transition.sum(axis=1), 1)
    assert np.abs(result.transition[np.arange(5), (np.arange(5) + 1) % 5] - 0.2).max() < 0.08


def test_parts_give_what_the_whole_gives():
    labels, probs, _ = world()
    for method in METHODS:
        whole = detect(labels, probs, method=method)
        model = registry.get("noise", method).target()
        for part in np.array_split(np.arange(len(labels)), 7):
            model.update(labels[part], probs[part])
        model.finish()
        parts = [model.score(labels[part], probs[part]) for part in np.array_split(np.arange(len(labels)), 3)]
        np.testing.assert_allclose(np.concatenate([part.score for part in parts]), whole.score, atol=1e-6)
        np.testing.assert_array_equal(np.concatenate([part.flag for part in parts]), whole.flag)


def test_a_memory_map_gives_what_the_array_gives(tmp_path):
    labels, probs, _ = world(rows=70_000)
    np.save(tmp_path / "probs.npy", probs)
    mapped = np.load(tmp_path / "probs.npy", mmap_mode="r")
    for method in METHODS:
        expected, found = detect(labels, probs, method=method), detect(labels, mapped, method=method)
        np.testing.assert_array_equal(found.score, expected.score)
        np.testing.assert_array_equal(found.flag, expected.flag)
        assert found.posterior is None


def test_the_posterior_comes_when_asked_for():
    labels, probs, _ = world(rows=500)
    posterior = detect(labels, probs, method="noise-transition", posterior=True).posterior
    assert posterior.shape == probs.shape
    np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("labels", "probs", "says"),
    [
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "row 1"),
        ([0, -1], [[0.5, 0.5], [0.5, 0.5]], "row 1"),
        ([0.0, np.nan], [[0.5, 0.5], [0.5, 0.5]], "row 1"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.5]], "row 1"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.6]], "row 1"),
        ([0, 1], [[0.5, 0.5], [1.2, -0.2]], "row 1"),
        ([0], [[0.5, 0.5], [0.5, 0.5]], "fit"),
        ([0, 0], [[1.0], [1.0]], "K of 2"),
        ([], np.zeros((0, 2)), "no rows"),
    ],
)
def test_bad_rows_are_refused_by_index(labels, probs, says):
    for method in METHODS:
        with pytest.raises(InputError, match=says):
            detect(labels, probs, method=method)


def test_the_row_refused_is_counted_from_the_first_part():
    labels, probs, _ = world(rows=100)
    probs[57, 2] = np.nan
    for method in METHODS:
        model = registry.get("noise", method).target()
        model.update(labels[:50], probs[:50])
        with pytest.raises(InputError, match="row 57"):
            model.update(labels[50:], probs[50:])


def test_unknown_methods_and_options_are_refused():
    labels, probs, _ = world(rows=50)
    with pytest.raises(ConfigError, match="noise-transition"):
        detect(labels, probs, method="noise-transitoin")
    with pytest.raises(ConfigError, match="thresh"):
        detect(labels, probs, method="noise-transition", thresh=1)
    for name in METHODS:
        with pytest.raises(ConfigError, match=f"{name}.*sample is 1"):
            detect(labels, probs, method=name, sample=1)
    with pytest.raises(ConfigError, match="both"):
        detect(labels, probs, method="confident-learning", prune_by="all")


def test_parts_of_other_width_are_refused():
    labels, probs, _ = world(rows=50)
    model = registry.get("noise", "noise-transition").target()
    model.update(labels, probs)
    with pytest.raises(InputError, match="3 columns"):
        model.update([0], [[0.2, 0.3, 0.5]])


def test_votes_are_seen_by_the_method_that_needs_them():
    labels, probs, true = world(rows=600, noise=0.3)
    with pytest.raises(ConfigError, match="crowd-posterior needs votes"):
        detect(labels, probs, method="crowd-posterior")
    votes = 0.4 * np.eye(5)[labels] + 0.6 * np.eye(5)[true]
    result = detect(labels, probs, votes=votes, method="crowd-posterior", posterior=True)
    assert (result.posterior.argmax(axis=1) == true).mean() > 0.98


@pytest.mark.parametrize("method", [each.name for each in registry.methods("noise")])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"features": np.zeros((49, 3))}, "features has the shape"),
        ({"features": np.zeros(50)}, "features has the shape"),
        ({"neighbours": np.zeros((49, 3), int)}, "neighbours has the shape"),
        ({"neighbours": np.zeros((50, 3))}, "row numbers"),
        ({"neighbours": np.where(np.arange(50) == 4, 50, 0)[:, None]}, "row 4"),
        ({"votes": np.zeros((50, 4))}, "votes has the shape"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_whether_used_or_not(method, given, says):
    labels, probs, _ = world(rows=50)
    with pytest.raises(InputError, match=says):
        detect(labels, probs, method=method, **given)


@pytest.mark.parametrize("method", ["landmarks", "label-propagation"])
def test_neighbours_that_a_method_cannot_use_are_refused(method):
    labels, probs, _ = world(rows=50)
    near = np.zeros((50, 3), int)
    with pytest.raises(ConfigError, match="can't use neighbours"):
        detect(labels, probs, features=np.zeros((50, 3)), neighbours=near, method=method)


@pytest.mark.parametrize("method", ["auto", "noise-transition", "confident-learning", "self-confidence"])
def test_memory_of_a_model_does_not_grow_with_the_parts(method):
    labels, probs, _ = world(rows=200)
    model, sizes = make(method, {"sample": 100}), []
    for part in range(1000):
        model.update(labels, probs)
        if part in (9, 99, 999):
            sizes.append(held(vars(model)))
    rows, arrays = np.array(sizes).T
    row = probs.itemsize * 5 + 4 + 4 + 8  # probabilities, label, vote, key
    assert rows.max() <= 125 * row
    assert arrays.max() <= 125 * 4
    model.finish()
    assert held(vars(model))[0] <= 125 * row + 20_000


def held(values):
    """Bytes of the arrays among some values, and how many arrays there are."""
    found = np.zeros(2, int)
    for each in values.values() if isinstance(values, dict) else values:
        if isinstance(each, np.ndarray):
            found += [each.nbytes, 1]
        elif isinstance(each, list | tuple | dict):
            found += held(each)
        elif hasattr(each, "__dict__"):
            found += held(vars(each))
    return found


@pytest.mark.parametrize("method", ["auto", "noise-transition"])
def test_error_probabilities_are_calibrated_bin_by_bin(method):
    labels, probs, true = world(rows=20_000, noise=0.25, seed=2)
    error, wrong = detect(labels, probs, method=method).error_probability, labels != true
    for rows in bins(error):
        assert abs(wrong[rows].mean() - error[rows].mean()) < 0.1


@pytest.mark.parametrize(
    ("method", "gap"),
    [
        ("auto", 0.01), ("noise-transition", 0.01), ("confident-learning", 0.05), ("self-confidence", 0.05),
        ("normalized-margin", 0.06), ("confidence-weighted-entropy", 0.1), ("small-loss", 0.03),
    ],
)  # fmt: skip
def test_error_probabilities_are_calibrated_on_average(method, gap):
    labels, probs, true = world(rows=20_000, noise=0.25, seed=2)
    error, wrong = detect(labels, probs, method=method).error_probability, labels != true
    gaps = [rows.mean() * abs(wrong[rows].mean() - error[rows].mean()) for rows in bins(error, 10, 0)]
    assert sum(gaps) < gap
    assert abs(error.mean() - wrong.mean()) < 0.02


def bins(error, count=6, least=100):
    """Masks (N,) of rows with about the same error probability, of bins with more than `least` rows."""
    of = np.minimum((error * count).astype(int), count - 1)
    return [of == each for each in range(count) if (of == each).sum() > least]


def test_auto_hears_the_vote_of_neighbours_where_some_are_known() -> None:
    """Probabilities alone leave open whether rows are hard or labels wrong; neighbours say more of it."""
    rng = np.random.default_rng(5)
    true = rng.integers(0, 2, 3000)
    given = np.where(rng.random(3000) < 0.25, 1 - true, true)
    sure = np.where(rng.random(3000) < 0.5, 0.75, 0.6)
    probs = np.where(true[:, None] == np.arange(2), sure[:, None], 1 - sure[:, None])
    unknown = np.full(3000, -1, np.int32)
    alone = detect(given, probs)
    np.testing.assert_array_equal(
        detect(given, probs, neighbour_vote=unknown).error_probability, alone.error_probability
    )
    told = detect(given, probs, neighbour_vote=true.astype(np.int32))
    assert "neighbours" in alone.reason and told.reason != alone.reason
    other = detect(given, probs, method="confident-learning", neighbour_vote=true.astype(np.int32))
    np.testing.assert_array_equal(other.flag, detect(given, probs, method="confident-learning").flag)
