"""This project's expectations in Great Expectations' own hands, without a run."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labelworks as lw


@pytest.fixture(scope="module")
def batch():
    import great_expectations as gx

    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "label": ["a"] * 60 + ["b"] * 40,
            "error_probability": [0.0] * 90 + [1.0] * 10,
            "weight": rng.random(100),
        }
    )
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame}), frame


def test_priors(batch):
    found, _ = batch
    near = found.validate(lw.ExpectPriorsWithin(column="label", priors={"a": 0.55, "b": 0.45}))
    assert near.success and near.result["observed_value"].startswith("total variation 0.05;")
    far = lw.ExpectPriorsWithin(column="label", priors={"a": 0.5, "c": 0.5}, total_variation=0.45)
    assert not found.validate(far).success
    each = lw.ExpectPriorsWithin(column="label", priors={"a": 0.55, "b": 0.45}, each=0.04)
    assert not found.validate(each).success


@pytest.mark.parametrize(
    ("bounds", "ok"), [({"max_value": 0.1}, True), ({"min_value": 0.11}, False), ({}, True)]
)
def test_noise_rate(batch, bounds, ok):
    result = batch[0].validate(lw.ExpectNoiseRateBetween(column="error_probability", **bounds))
    assert result.success is ok
    assert result.result["observed_value"] == pytest.approx(0.1)


def test_effective_sample_size_is_kishs(batch):
    found, frame = batch
    kish = frame.weight.sum() ** 2 / (frame.weight**2).sum()
    result = found.validate(lw.ExpectEffectiveSampleSize(column="weight", min_value=kish - 0.01))
    assert result.success and result.result["observed_value"] == pytest.approx(kish)
    assert not found.validate(
        lw.ExpectEffectiveSampleSize(column="weight", min_share=kish / 100 + 0.01)
    ).success


def test_the_library_is_imported_when_a_class_is_used_and_not_before():
    code = (
        "import sys, labelworks as lw; assert 'great_expectations' not in sys.modules; "
        "lw.ExpectPriorsWithin; assert 'great_expectations' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
