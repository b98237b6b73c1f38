"""The list of methods: one name, one method; what is not in it is answered with what is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.encoders.tfidf import TfidfEncoder
from labelworks.tasks.methods.kinds import KINDS
from labelworks.tasks.methods.noise.self_confidence import SelfConfidence
from labelworks.tasks.methods.signatures import check_options


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    registry.forget("this test")


def weigh(rows: Any, facts: Any) -> None:
    """Weigh."""


def nothing() -> None:
    """Do nothing."""


def of_one(only: Any) -> None:
    """Take one thing."""


def of_two(one: Any, other: Any) -> None:
    """Take two things."""


class NoModel:
    """Has no method at all."""


class NoScore(SelfConfidence):
    """Scores without what it needs."""

    beside = ("votes",)

    def score(self, labels: Any, pred_probs: Any) -> Any:  # type: ignore[override]
        """Score."""


class NoFlags(SelfConfidence):
    """Offers to flag, of two results."""

    def flags(self, found: Any, other: Any) -> Any:  # type: ignore[override]
        """Flag."""


class NoOptions(SelfConfidence):
    """Can't be made without an argument."""

    def __init__(self, sample: int) -> None:
        super().__init__(sample=sample)


class NoEncode(TfidfEncoder):
    """Encodes nothing."""

    encode = None  # type: ignore[assignment]


WRONG: dict[str, tuple[dict[str, Any], Any, str]] = {
    "crowd": ({}, nothing, "too many positional arguments"),
    "rules": ({}, nothing, "too many positional arguments"),
    "weak_supervision": ({}, of_two, "too many positional arguments"),
    "encoders": ({"modality": ("text",)}, NoEncode, "encode: it can't be called"),
    "adapt": ({"needs": ("sums",)}, of_two, "missing a required argument: 'other'"),
    "probes": ({"needs": ("rows",)}, of_one, "too many positional arguments"),
    "noise": ({"needs": ("pred_probs",)}, NoModel, "it has no update"),
    "multilabel": ({"needs": ("labels",)}, NoModel, "it has no fit"),
    "regression": ({"needs": ("labels", "predictions")}, NoModel, "it has no fit"),
    "content": ({"modality": ("text",)}, NoModel, "it has no fit"),
    "duplicates": ({"needs": ("labels", "features")}, nothing, "it is called with nothing"),
    "pairs": ({"needs": ("left",)}, of_two, "it is called with one, other"),
    "open_set": ({"needs": ("features",)}, of_one, "it is called with only"),
    "propagation": ({"needs": ("labels",)}, of_one, "it is called with only"),
    "prior": ({}, of_two, "missing a required argument: 'other'"),
    "correction": ({"needs": ("prior",)}, of_two, "it is called with one, other"),
    "drift": ({"needs": ("features",)}, of_two, "too many positional arguments"),
    "shift_kind": ({"needs": ("labels",)}, nothing, "it is called with nothing"),
    "columns": ({"needs": ("reference", "current")}, of_two, "it is called with one, other"),
    "groups": ({"needs": ("groups",)}, of_one, "it is called with only"),
    "windows": ({"needs": ("windows",)}, of_one, "it is called with only"),
    "performance": ({"needs": ("labels",)}, nothing, "it is called with nothing"),
    "benchmarks": ({"needs": ("labels",)}, nothing, "it is called with nothing"),
    "label_kind": ({"needs": ("bags",)}, of_two, "too many positional arguments"),
    "relabel": ({}, of_one, "too many positional arguments"),
    "weights": ({}, of_one, "too many positional arguments"),
    "models": ({}, of_two, "too many positional arguments"),
}


def test_listing_all_methods_loads_no_library_that_few_of_them_use() -> None:
    heavy = ("sklearn", "torch", "openai", "rapidfuzz", "tenacity", "matplotlib", "great_expectations")
    script = (
        "import sys; from labelworks.tasks.methods.registry import methods; methods(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_is_taken_once() -> None:
    def another(rows: Any, facts: Any) -> None:
        """Weigh otherwise."""

    registry.register("weights", "taken", source="this test")(weigh)
    registry.register("weights", "taken", source="this test")(weigh)  # the same, imported again
    with pytest.raises(ConfigError, match="weights method 'taken' is registered twice"):
        registry.register("weights", "taken", source="this test")(another)
    assert registry.get("weights", "taken").target is weigh
    assert registry.get("weights", "taken").about == "Weigh."


def test_an_unknown_name_is_answered_with_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError) as caught:
        registry.get("probes", "ldaa")
    assert caught.value.what == "unknown probes method 'ldaa'"
    assert caught.value.fix.startswith("did you mean 'lda'? choices: ")


def test_an_unknown_kind_is_answered_with_all() -> None:
    with pytest.raises(ConfigError, match="choices: crowd, rules, weak_supervision, encoders"):
        registry.methods("probe")
    with pytest.raises(ConfigError, match="unknown kind of method 'x'"):
        registry.register("x", "y", source="this test")


def test_every_method_says_what_it_is_and_where_it_comes_from() -> None:
    for method in registry.methods():
        assert method.about.endswith((".", ")")), method.name
        assert method.source, method.name


def test_every_kind_has_a_method_and_one_that_is_refused() -> None:
    assert WRONG.keys() == KINDS.keys() == {method.kind for method in registry.methods()}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_not_what_its_kind_asks_for_is_refused(kind: str) -> None:
    declared, target, why = WRONG[kind]
    with pytest.raises(ConfigError) as caught:
        registry.register(kind, "wrong", source="this test", **declared)(target)
    assert why in caught.value.what
    assert f"{kind} method 'wrong'" in caught.value.where
    assert caught.value.fix.startswith(KINDS[kind].about)
    assert "wrong" not in [method.name for method in registry.methods(kind)]


@pytest.mark.parametrize(
    ("needs", "target", "why"),
    [
        (("pred_probs", "votes"), NoScore, "score: got an unexpected keyword argument 'votes'"),
        (("pred_probs", "features"), SelfConfidence, "its beside is (), and its needs give it ('features',)"),
        (("pred_probs",), NoFlags, "flags: missing a required argument: 'other'"),
        (("pred_probs",), NoOptions, "it can't be made: missing a required argument: 'sample'"),
        (("pred_probs", "class_names"), SelfConfidence, "unexpected keyword argument 'class_vectors'"),
        (("pred_probs",), weigh, "it is no class"),
    ],
)
def test_a_noise_method_takes_what_it_says_it_needs(needs: tuple[str, ...], target: Any, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        registry.register("noise", "wrong", needs=needs, source="this test")(target)
    assert why in caught.value.what


def test_a_method_that_uses_something_can_do_without() -> None:
    def always(votes: Any, pred_probs: Any) -> None:
        """Need both."""

    with pytest.raises(ConfigError, match="missing a required argument: 'pred_probs'"):
        registry.register("crowd", "wrong", uses=("pred_probs",), source="this test")(always)
    registry.register("crowd", "right", needs=("pred_probs",), source="this test")(always)


def test_inputs_and_modalities_are_those_of_the_kind() -> None:
    with pytest.raises(ConfigError, match="it needs 'colour', which no noise method is given") as caught:
        registry.register("noise", "wrong", needs=("colour",), source="this test")(SelfConfidence)
    assert "inputs: pred_probs, features, neighbours" in caught.value.fix
    with pytest.raises(ConfigError, match="doesn't say what features it reads"):
        registry.register("encoders", "wrong", source="this test")(TfidfEncoder)
    with pytest.raises(ConfigError, match="it reads no column"):
        registry.register("weights", "wrong", modality=("text",), source="this test")(weigh)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"sharp": 1.5}, ""),
        ({"sharp": "x"}, "is 'x'"),
        ({"max_weight": 2.0}, "unknown"),
        ({"y": 1}, "unknown"),
    ],
)
def test_options_are_what_is_not_given(options: dict[str, Any], why: str) -> None:
    def mine(label: Any, right: Any, class_weights: Any, *, max_weight: float, sharp: float = 1.0) -> None:
        """Weigh sharply."""

    check: Callable[[], None] = lambda: check_options(mine, options, ("max_weight",))  # noqa: E731
    if not why:
        check()
        return
    with pytest.raises(ConfigError, match=why):
        check()


def test_a_method_of_any_keyword_checks_its_options_itself() -> None:
    def any_option(label: Any, right: Any, class_weights: Any, *, max_weight: float, **options: Any) -> None:
        """Weigh somehow."""

    check_options(any_option, {"whatever": 1}, ("max_weight",))
    with pytest.raises(ConfigError, match="unknown option 'max_weight'"):
        check_options(any_option, {"max_weight": 1.0}, ("max_weight",))
