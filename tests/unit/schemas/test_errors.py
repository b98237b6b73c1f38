"""Every error survives a pickle, since it may be raised in a worker."""

from __future__ import annotations

import pickle

import pytest

import labelworks.schemas.errors
from labelworks.schemas.errors import LabelworksError

KINDS = [
    kind
    for kind in vars(labelworks.schemas.errors).values()
    if isinstance(kind, type) and issubclass(kind, LabelworksError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_pickles_whole(kind: type[LabelworksError]) -> None:
    error = kind("what", where="file.csv", fix="do this")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error) == "file.csv: what\n  do this"
    assert copy.exit_code == error.exit_code


def test_exit_codes_are_those_of_the_help() -> None:
    assert {kind.__name__: kind.exit_code for kind in KINDS} == {
        "LabelworksError": 1,
        "ConfigError": 2,
        "InputError": 2,
        "StoreError": 2,
        "GateRefused": 3,
    }
