"""Methods of other packages, found by their entry points: they get what the built-in ones get."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import labelworks
from labelworks.flows.preflight import check_methods
from labelworks.schemas.config.detect import DetectConfig, NoiseConfig
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.encoders import base
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.treat_rows import cut_of, treat_rows
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation import out_of_fold
from labelworks.tasks.planning.values import judge_options, policy_of

Install = Callable[..., Any]
PACKAGE = '''
from dataclasses import replace

import numpy as np

from labelworks.tasks.methods.encoders.base import Encoded, Encoder
from labelworks.tasks.methods.label_shift.confusion import IllPosed
from labelworks.tasks.methods.noise import make
from labelworks.tasks.methods.label_shift.result import finish
from labelworks.tasks.methods.registry import register

TOLD = []


@register(
    "noise", "wrapped", source="a test", needs=("pred_probs", "features", "neighbours", "neighbour_weights")
)
class Wrapped:
    """Noise transition, by delegation: no class of ours among its bases."""

    chooses_rows = False

    def __init__(self, *, sample: int = 1000) -> None:
        self.inner = make("noise-transition", {"sample": sample})

    def update(self, labels, pred_probs, *, features, neighbour_labels, neighbour_weights):
        TOLD.append((features.shape[1], neighbour_labels.shape[1], float(neighbour_weights.max())))
        self.inner.update(labels, pred_probs)

    def sampled_from(self, rows):
        TOLD.append(("rows", rows))
        self.inner.sampled_from(rows)

    def finish(self):
        self.inner.finish()

    @property
    def threshold(self):
        return self.inner.threshold

    def score(self, labels, pred_probs, *, features, neighbour_labels, neighbour_weights):
        return self.inner.score(labels, pred_probs)

    def judge(self, given, probs, *, posterior, features, neighbour_labels, neighbour_weights):
        TOLD.append(("posterior", posterior, given.dtype.name))
        return self.inner.judge(given, probs, posterior=posterior)

    def flags(self, found):
        flag = np.zeros(len(found.flag), bool)
        flag[np.argsort(found.score)[:7]] = True
        return flag


@register("encoders", "lengths", modality=("text", "audio"), source="a test")
class Lengths(Encoder):
    """Lengths of texts."""

    kind = "text"

    def encode(self, values):
        vectors = [[len(each or ""), 1.0] for each in values.to_pylist()]
        return Encoded(np.array(vectors, np.float32), [None] * len(values))


@register("prior", "shares", needs=("labels", "probs", "target_probs"), source="a test")
def shares(windows):
    """Mean probabilities of the target; or none can be told."""
    TOLD.append(("classes", windows.classes))
    if len(windows.target) == 7:
        raise IllPosed("a window of seven rows")
    prior = windows.target.mean(axis=0, dtype=float)
    return finish(windows, "shares", prior, np.stack([prior, prior], axis=1), windows.given_prior)


@register("relabel", "never", source="a test")
def never(claims, trust, *, doubt: float = 1.0):
    """Relabel nothing below a doubt."""
    from labelworks.tasks.methods.treatment.cut import even

    return even(doubt, len(claims.rows))


@register("weights", "far", needs=("features",), source="a test")
def far(rows, facts):
    """Weigh rows by what they look like."""
    return np.linalg.norm(rows.features, axis=1)


@register("weights", "rare", needs=("counts",), source="a test")
def rare(rows, facts):
    """Weigh rows by their class."""
    return 1 / facts.rows_by_class[rows.label]


@register("weights", "even", source="a test")
def even(rows, facts, *, all: float = 1.0):
    """Weigh all rows alike, but those of class 0."""
    return np.where(rows.label == 0, 1.0, all)
'''
ENTRIES = (
    "noise.wrapped = {0}:Wrapped\nencoders.lengths = {0}:Lengths\nprior.shares = {0}:shares\n"
    "relabel.never = {0}:never\nweights.even = {0}:even\n"
    "weights.far = {0}:far\nweights.rare = {0}:rare\n"
)
RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 3, 600)
GIVEN = np.where(RNG.random(600) < 0.1, (TRUE + 1) % 3, TRUE).astype(np.int32)
FEATURES = (3 * np.eye(3, 4)[TRUE] + RNG.normal(size=(600, 4))).astype(np.float32)
PROBS = np.exp(FEATURES[:, :3]) / np.exp(FEATURES[:, :3]).sum(axis=1, keepdims=True)
CONFIG = {"dataset": {"source": "data", "label": "label", "features": {"text": "text"}}}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package as pip leaves it: a module, and the entry points that name its methods."""

    def installed(code: str = PACKAGE, entries: str = ENTRIES) -> Any:
        name = f"plugged_{len(list(tmp_path.iterdir()))}_{tmp_path.name}"
        (tmp_path / f"{name}-1.0.dist-info").mkdir()
        (tmp_path / f"{name}.py").write_text(code)
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        (tmp_path / f"{name}-1.0.dist-info/METADATA").write_text(about)
        text = f"[labelworks.methods]\n{entries.format(name)}\n"
        (tmp_path / f"{name}-1.0.dist-info/entry_points.txt").write_text(text)
        registry.forget("a test")
        return lambda: importlib.import_module(name)

    monkeypatch.syspath_prepend(tmp_path)
    yield installed
    registry.forget("a test")


def test_a_noise_method_gets_what_it_declares_on_arrays(install: Install) -> None:
    package = install()
    plain = detect(GIVEN, PROBS, method="noise-transition", posterior=True)
    found = detect(GIVEN, PROBS, features=FEATURES, method="wrapped", posterior=True)
    np.testing.assert_array_equal(found.posterior, plain.posterior)
    np.testing.assert_array_equal(found.error_probability, plain.error_probability)
    assert found.flag.sum() == 7, "its cut is placed on all rows"
    told = package().TOLD
    assert told[0][:2] == (4, 10)
    assert 0 < told[0][2] <= 1
    assert detect(GIVEN, PROBS, features=FEATURES, method="wrapped").posterior is None
    asked = [each for each in told if each[0] == "posterior"]
    assert asked[-1] == ("posterior", False, "int32")
    assert set(asked[:-1]) == {("posterior", True, "int32")}


def test_a_noise_method_gets_what_it_declares_in_a_run(install: Install) -> None:
    package = install()
    config = DetectConfig(noise=NoiseConfig(method="wrapped", options={"sample": 500}))
    sample = Sample(FEATURES, GIVEN, np.arange(600) % 5)
    sums = FoldSums.of(sample.features, sample.given, sample.folds, 5, 3)
    judged = NoiseJudge.fit(sums, sample, judge_options(config)).judge(sample)
    assert judged.flag[GIVEN != TRUE].mean() > 0.8
    told = package().TOLD
    assert told[0][:2] == (4, 10)
    assert ("rows", 600) in told


def test_an_encoder_reads_the_kinds_of_features_that_it_says(install: Install) -> None:
    install()
    assert base.make("lengths", "audio", {}).kind == "audio"
    encoded = base.make("lengths", "text", {}).encode(pa.array(["a", "bcd"]))
    assert encoded.vectors[:, 0].tolist() == [1, 3]
    with pytest.raises(ConfigError, match="'lengths' reads text or audio, but the features are image"):
        base.make("lengths", "image", {})


def test_a_prior_is_estimated_of_classes_with_labelled_rows_and_another_answers_where_it_can_t(
    install: Install,
) -> None:
    package = install()
    rows = GIVEN != 1
    found = estimate_prior(GIVEN[rows], PROBS[rows], PROBS, method="shares")
    assert package().TOLD == [("classes", 2)]
    assert found.prior[1] == 0
    assert found.interval[1].tolist() == [0, 1]
    assert (found.interval[0, 1] - found.interval[0, 0]) > 0.02, "no narrower than so many rows allow"
    instead = estimate_prior(GIVEN, PROBS, PROBS[:7], method="shares")
    assert instead.method == "shares"
    assert "estimated by em-bcts instead" in instead.notes[-1]


def test_a_config_names_it_with_its_options_before_work_begins(install: Install) -> None:
    install()
    chosen = {
        "encoder": {"name": "lengths"},
        "detect": {"noise": {"method": "wrapped"}, "shift": {"method": "shares"}},
        "treat": {"objective": {"never": {"doubt": 0.5}}, "weights": {"factors": ["even"]}},
    }
    check_methods(RunConfig.model_validate(CONFIG | chosen))
    for section, key, why in (
        ({"objective": "nevr"}, "treat.objective", "unknown relabel method 'nevr'"),
        ({"objective": {"accuracy": {"doubt": 1.0}}}, "treat.objective", "unknown option 'doubt'"),
        (
            {"objective": {"never": {"doubt": "x"}}},
            "treat.objective",
            "'doubt' is 'x'",
        ),
        ({"weights": {"factors": ["odd"]}}, "treat.weights.factors", "unknown weights method 'odd'"),
        (
            {"weights": {"factors": [{"even": {"none": 2.0}}]}},
            "treat.weights.factors",
            "unknown option 'none'",
        ),
        ({"weights": {"factors": ["group-balance"]}}, "treat.weights.factors", "names no column"),
    ):
        with pytest.raises(ConfigError, match=why) as caught:
            check_methods(RunConfig.model_validate(CONFIG | {"treat": section}))
        assert caught.value.where == key


def test_rows_are_treated_as_the_chosen_methods_say(install: Install) -> None:
    install()
    sections = {"weights": {"factors": [{"even": {"all": 3.0}}]}}
    flag, error = GIVEN != TRUE, np.full(600, 0.9, np.float32)
    rows = JudgedLabels(GIVEN, flag, TRUE.astype(np.int32), error, error, error)
    for doubt, labels in ((1.0, GIVEN), (0.5, TRUE)):
        config = TreatConfig.model_validate({"objective": {"never": {"doubt": doubt}}, **sections})
        policy = policy_of(config)
        decided, weight = treat_rows(rows, cut_of(rows, policy, Trust(), 3), policy, None)
        np.testing.assert_array_equal(decided.label, labels)
        assert weight.max() == pytest.approx(3 * weight.min())


def test_a_factor_is_given_what_it_declares(install: Install) -> None:
    install()
    asked = {"far": ("features",), "rare": ("counts",), "even": ()}
    for name, needed in asked.items():
        policy = policy_of(TreatConfig.model_validate({"weights": {"factors": [name]}}))
        assert [each for each in ("features", "counts", "target") if policy.needs(each)] == list(needed)
        assert policy.needs("features", without="target") == (name == "far")
    density = policy_of(TreatConfig.model_validate({"weights": {"factors": ["covariates"]}}))
    assert density.needs("features") and not density.needs("features", without="target")


def test_a_factor_of_features_is_made_of_them(install: Install) -> None:
    install()
    lengths = np.linalg.norm(FEATURES, axis=1)
    found = labelworks.find_label_errors(GIVEN, features=FEATURES)
    treated = labelworks.treat(GIVEN, found, weights=["far"], features=FEATURES)
    np.testing.assert_allclose(treated.factors["far"], lengths)
    sample = Sample(FEATURES, GIVEN, np.arange(600) % 5)
    sums = FoldSums.of(sample.features, sample.given, sample.folds, 5, 3)
    judged = NoiseJudge.fit(sums, sample, judge_options(DetectConfig())).judge(sample)
    policy = policy_of(TreatConfig.model_validate({"weights": {"factors": ["far"]}}))
    _, weight = out_of_fold.treated(sample, judged, policy, None, np.bincount(GIVEN).astype(float))
    np.testing.assert_allclose(weight, lengths / lengths.mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("code", "entry", "why"),
    [
        ("", "shift.mine = {0}:mine", "a plug-in of no kind of method"),
        (
            "import nothing_of_the_kind",
            "prior.mine = {0}:mine",
            "the plug-in can't be loaded: ModuleNotFoundError",
        ),
        ("mine = 1", "prior.mine = {0}:mine", "the plug-in registers no prior method 'mine'"),
        (
            "from labelworks.tasks.methods.registry import register\n"
            "@register('prior', 'mine', source='a test')\ndef mine(labels, probs): pass\n",
            "prior.mine = {0}:mine",
            "missing a required argument: 'probs'",
        ),
    ],
    ids=["of no kind", "broken", "not registered", "of a wrong signature"],
)
def test_a_plug_in_that_is_none_is_refused_by_name(install: Install, code: str, entry: str, why: str) -> None:
    install(code, entry)
    with pytest.raises(ConfigError) as caught:
        registry.methods("prior")
    assert why in caught.value.what
    assert "mine" in caught.value.where
    assert caught.value.fix
