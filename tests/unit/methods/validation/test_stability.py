import numpy as np
import pytest

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.validation.benchmark_stability import stability


def benchmark(seed=0, rows=1000):
    """`learner` repeats the given labels' errors, `honest` answers the truth where both know it."""
    rng = np.random.default_rng(seed)
    corrected = rng.integers(0, 5, rows)
    wrong = rng.random(rows) < 0.06
    given = np.where(wrong, (corrected + 1) % 5, corrected)
    guess = rng.integers(0, 5, rows)
    learner = np.where(rng.random(rows) < 0.85, given, guess)
    honest = np.where(rng.random(rows) < 0.83, corrected, guess)
    return given, corrected, {"learner": learner, "honest": honest}


def test_accuracy_at_the_benchmarks_own_prevalence_is_the_plain_one():
    given, corrected, models = benchmark()
    result = stability(given, corrected, models)
    assert result.prevalence[0] == pytest.approx((given != corrected).mean())
    for place, guess in enumerate(models.values()):
        assert result.given_accuracy[0, place] == pytest.approx((guess == given).mean())
        assert result.corrected_accuracy[0, place] == pytest.approx((guess == corrected).mean())
        wrong = given != corrected
        assert result.corrected_accuracy[-1, place] == pytest.approx((guess == corrected)[wrong].mean())


def test_expected_accuracy_is_that_of_taking_rows_out_at_random():
    given, corrected, models = benchmark()
    result = stability(given, corrected, models, steps=3)
    rng = np.random.default_rng(2)
    wrong, right = np.flatnonzero(given != corrected), np.flatnonzero(given == corrected)
    kept = round(len(wrong) * (1 - result.prevalence[1]) / result.prevalence[1])
    drawn = [
        (models["honest"] == corrected)[np.append(wrong, rng.permutation(right)[:kept])].mean()
        for _ in range(2000)
    ]
    assert result.corrected_accuracy[1, 1] == pytest.approx(np.mean(drawn), abs=0.005)


def test_models_change_places_where_the_flip_says():
    given, corrected, models = benchmark()
    result = stability(given, corrected, models, steps=2001)
    assert result.given_rank[0].tolist() == [1, 2]
    assert result.corrected_rank[-1].tolist() == [2, 1]
    ((preferred, rival, prevalence),) = result.flips
    assert (preferred, rival) == ("learner", "honest")
    changed = result.prevalence[result.corrected_rank[:, 1] < result.corrected_rank[:, 0]][0]
    assert prevalence == pytest.approx(changed, abs=1e-3)


def test_equal_models_share_a_rank_and_never_flip():
    given, corrected, models = benchmark()
    result = stability(given, corrected, {"a": models["honest"], "b": models["honest"]})
    assert (result.corrected_rank == 1.5).all()
    assert result.flips == ()


def test_unusable_input_is_refused():
    given, corrected, models = benchmark(rows=50)
    with pytest.raises(InputError, match="corrected"):
        stability(given, given, models)
    with pytest.raises(InputError, match="shapes"):
        stability(given, corrected[:9], models)
    with pytest.raises(InputError, match="one model"):
        stability(given, corrected, {})
    with pytest.raises(ConfigError, match="steps"):
        stability(given, corrected, models, steps=1)
