"""docs/embedding.md is true: its commands run, it names every encoder and figure."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from labelworks.schemas.config.run import GateConfig
from labelworks.schemas.suites import suites
from labelworks.tasks.methods.encoders.backbone import ImageBackbone
from labelworks.tasks.methods.encoders.transformers import IMAGE_COST
from labelworks.tasks.methods.registry import methods

PAGE = (Path(__file__).parents[3] / "docs/embedding.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block.splitlines()])
def test_commands_run(line: str, command: Any) -> None:
    code, out, _ = command(*shlex.split(line)[1:])
    assert code == 0
    assert out


def test_names_every_encoder_and_every_expectation_about_quality() -> None:
    assert all(f"`{method.name}`" in PAGE for method in methods("encoders"))
    assert all(f"`{method.name}`" in PAGE or method.name == "none" for method in methods("adapt"))
    names = {each.name for each in suites("embed", GateConfig()).figures.expect}
    told = set(re.findall(r"`(m(?:in|ax)_\w+)`", PAGE.split("## Is the embedding any good")[1]))
    assert told
    assert told <= names


@pytest.mark.parametrize("method", methods("encoders"), ids=lambda each: each.name)
def test_options_and_their_defaults_are_those_of_the_encoder(method: Any) -> None:
    told = re.findall(rf"^\| `{method.name}` \| (`\w+: .*)\|$", PAGE, re.MULTILINE)
    found = [yaml.safe_load(each) for row in told for each in re.findall(r"`([^`]+)`", row)]
    assert {name: value for each in found for name, value in each.items()} == method.target.options


def test_batches_are_of_the_sizes_that_it_says() -> None:
    sizes = re.search(r"is ([\d,]+) tokens or (\d+) images, on a GPU ([\d,]+) tokens or (\d+) images", PAGE)
    assert sizes is not None
    told = [int(size.replace(",", "")) for size in sizes.groups()]
    encoders = [method.target for method in methods("encoders") if method.target.uses_device]
    for reads, sizes_of in (("images", told[1::2]), ("tokens", told[::2])):
        found = [each for each in encoders if issubclass(each, ImageBackbone) == (reads == "images")]
        assert {(each.cost, each.cost * each.on_gpu) for each in found} == {tuple(sizes_of)}
    assert f"counts as {IMAGE_COST} tokens" in PAGE.replace("\n", " ")


def test_every_option_is_explained_and_no_other() -> None:
    table = PAGE.split("| option | |")[1].split("\n\n")[0]
    explained = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    options = {name for method in methods("encoders") for name in method.target.options}
    assert sorted(explained) == sorted(options)
