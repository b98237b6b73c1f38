"""`import labelworks as lw` costs nothing, shows what there is, and hints at what was meant."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

import labelworks as lw

HEAVY = ("numpy", "pandas", "pyarrow", "scipy", "sklearn", "pydantic", "prefect", "dask", "torch")


def test_the_import_loads_nothing_heavy() -> None:
    script = f"import sys, labelworks; print([name for name in {HEAVY} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("name", lw.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    assert getattr(lw, name).__doc__
    assert name in dir(lw)


def test_the_names_for_type_checkers_are_the_names() -> None:
    """They are written thrice: for mypy, for `import *`, and where each lies."""
    from pathlib import Path

    tree = ast.parse(Path(str(lw.__file__)).read_text())
    checked = next(
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    )
    imported = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(imported) == lw.__all__
    for name, home in imported.items():
        assert getattr(lw, name) is getattr(import_module(str(home)), name)


def test_a_name_misspelt_is_suggested() -> None:
    with pytest.raises(AttributeError, match="did you mean 'find_label_errors'"):
        lw.find_label_error  # noqa: B018
    with pytest.raises(AttributeError, match=r"labelworks has no 'xyz'$"):
        lw.xyz  # noqa: B018


def test_the_folders_are_still_imported() -> None:
    import labelworks.tasks.methods.arrays

    assert labelworks.tasks.methods.arrays.numbers([1], "labels").tolist() == [1]


@pytest.mark.parametrize("name", [name for name in lw.__all__ if name.islower()])
def test_every_argument_is_explained_by_its_default(name: str) -> None:
    """Where a default of None stands for another one, the docstring alone says which."""
    function = getattr(lw, name)
    arguments = inspect.signature(function).parameters.values()
    told = re.search(r"^Parameters\n-+\n(.*?)^\w+\n-+\n", inspect.getdoc(function) or "", re.M | re.S)
    lines = re.findall(r"^(\*{0,2}\w[\w, ]*?)(?: : (.*))?$", told[1] if told else "", re.M)
    about = {part.strip("* "): kind for names, kind in lines for part in names.split(",")}
    assert [argument.name for argument in arguments if argument.name not in about] == []
    for argument in arguments:
        said = re.search(r"default (.+)$", about[argument.name])
        if said and argument.default is not None:
            assert ast.literal_eval(said[1]) == argument.default, argument.name
