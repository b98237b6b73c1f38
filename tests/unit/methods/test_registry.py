"""The list of methods: one name, one method; what is not in it is answered with what is."""

from __future__ import annotations

import pytest

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods import registry


def test_a_name_is_taken_once() -> None:
    @registry.register("weights", "taken", source="this test")
    def first() -> None:
        """Weigh."""

    try:
        registry.register("weights", "taken", source="this test")(first)  # the same, imported again
        with pytest.raises(ConfigError, match="weights method 'taken' is registered twice"):

            @registry.register("weights", "taken", source="this test")
            def second() -> None:
                """Weigh otherwise."""

        assert registry.get("weights", "taken").target is first
        assert registry.get("weights", "taken").about == "Weigh."
    finally:
        del registry._methods["weights", "taken"]


def test_an_unknown_name_is_answered_with_the_nearest_and_all() -> None:
    with pytest.raises(ConfigError) as caught:
        registry.get("probes", "ldaa")
    assert caught.value.what == "unknown probes method 'ldaa'"
    assert caught.value.fix.startswith("did you mean 'lda'? choices: lda, ")


def test_an_unknown_kind_is_answered_with_all() -> None:
    with pytest.raises(ConfigError, match="choices: encoders, probes"):
        registry.methods("probe")
    with pytest.raises(ConfigError, match="unknown kind of method 'x'"):
        registry.register("x", "y", source="this test")


def test_every_method_says_what_it_is_and_where_it_comes_from() -> None:
    for method in registry.methods():
        assert method.about.endswith((".", ")")), method.name
        assert method.source, method.name
