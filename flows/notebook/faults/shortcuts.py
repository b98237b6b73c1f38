"""What tells the label without being what it is about: `find_shortcuts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.classes import coded, plain
from labelworks.flows.notebook.inputs.columns import column, frame, instances, length
from labelworks.flows.notebook.results.shown import Shown
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.findings import ShortcutFindings
from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.arrays import hashes
from labelworks.tasks.methods.shortcuts import properties as seen
from labelworks.tasks.methods.shortcuts.find import find_shortcuts as tested


@dataclass(frozen=True, eq=False, repr=False)
class Shortcuts(Shown):
    """Properties of rows and what they tell of the label, given by `find_shortcuts`.

    Attributes
    ----------
    findings : ShortcutFindings
        `.properties`, what tells most first: each with `.tells`, `.p_value`, `.gain`, `.accuracy`, `.chance`,
        and where it does most: `.low` to `.high`, `.label`, `.share`, `.examples`.
    """

    findings: ShortcutFindings

    def to_pandas(self) -> pd.DataFrame:
        """A row a property."""
        rows = [prop.model_dump(exclude={"name"}) for prop in self.findings.properties]
        return pd.DataFrame(rows, pd.Index([prop.name for prop in self.findings.properties], name="property"))

    @property
    def summary(self) -> str:
        """What tells the label, in a line."""
        telling = [prop for prop in self.findings.properties if prop.tells]
        said = ", ".join(
            f"{prop.name} ({percent(prop.accuracy or 0)} right by it, {percent(prop.chance or 0)} by chance)"
            for prop in telling
        )
        return said or f"none of {len(self.findings.properties)} properties tells the label"


def find_shortcuts(
    labels: Any, properties: Any = None, *, texts: Any = None, images: Any = None
) -> Shortcuts:
    """Test which properties of rows tell the label by themselves: what a model may learn instead.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Classes.
    properties : table of N rows, optional
        Numbers that should not tell the label, a column each, such as the hour or the camera.
    texts : array-like of shape (N,), optional
        Texts: their length, words, and shares of capitals, digits and punctuation are looked at.
    images : sequence of bytes, optional
        Encoded images: their bytes, width, height, brightness and contrast are looked at.

    Returns
    -------
    Shortcuts
        `.to_pandas()` has a row a property, those that tell most first.

    Raises
    ------
    InputError
        Lengths differ, a label is missing, or a property is no number: `where` names it.
    ConfigError
        There is nothing to look at.

    Notes
    -----
    A property that tells the label may be a part of what it is about: a complaint is longer than a thank-you.
    Whether it is a shortcut only you can say. Sources of the p-values: exact to three moments
    (Hoeffding, 1951), adjusted for the number of properties (Holm, 1979).

    Examples
    --------
    >>> import numpy as np
    >>> import labelworks as lw
    >>> labels = np.arange(400) % 2
    >>> texts = ["please help me now" + "!" * int(label) for label in labels]
    >>> found = lw.find_shortcuts(labels, texts=texts)
    >>> sorted(found.to_pandas().query("tells").index)
    ['characters', 'share of punctuation']
    """
    given = coded(labels)
    values = dict[str, NDArray[np.float64]]()
    if properties is not None:
        values |= _numbers(frame(properties, "properties"), len(given.codes))
    if texts is not None:
        values |= seen.of_texts(pa.array(_held(texts, "texts", str, len(given.codes)), pa.string()))
    if images is not None:
        values |= seen.of_images(pa.array(_held(images, "images", bytes, len(given.codes)), pa.binary()))
    if not values:
        fix = "give properties, texts or images"
        raise ConfigError("there is nothing to look at", where="find_shortcuts", fix=fix)
    rows = np.arange(len(given.codes), dtype=np.uint64)
    half = (hashes(rows) >> np.uint64(17)) & np.uint64(1)
    ids = [str(name) for name in column(labels, "labels").index]
    return Shortcuts(tested(values, given.codes, half.astype(np.int64), ids, plain(given.classes)))


def _numbers(table: pd.DataFrame, rows: int) -> dict[str, NDArray[np.float64]]:
    length("properties", len(table), rows)
    numbers = {}
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            fix = "give numbers; of categories a column of 0 and 1 each"
            raise InputError(f"property {name!r} holds {table[name].dtype}", where="properties", fix=fix)
        numbers[str(name)] = table[name].to_numpy(np.float64, na_value=np.nan)
    return numbers


def _held(values: Any, name: str, kind: type, rows: int) -> list[Any]:
    held = column(values, name)
    length(name, len(held), rows)
    return instances(held, name, kind)
