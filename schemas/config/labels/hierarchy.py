"""`dataset.hierarchy`: which class lies below which, so that some wrong labels are worse than others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelworks.schemas.config.labels.class_mapping import as_label

Hierarchy = str | dict[str, str | None]
LONGEST = 3  # characters of a separator


def read_hierarchy(given: Any) -> Any:
    """A hierarchy with its names as text: a separator, or by name the one above it, None at the top."""
    if not isinstance(given, Mapping):
        return given
    return {as_label(name): None if above is None else as_label(above) for name, above in given.items()}


def check_hierarchy(hierarchy: str | Mapping[str, str | None]) -> None:
    """Raise ValueError where a separator is none, or something lies below itself."""
    if isinstance(hierarchy, str):
        if not 0 < len(hierarchy) <= LONGEST:
            raise ValueError(
                f"hierarchy {hierarchy!r} is no separator of class names, such as '/': give one, or lines of "
                "`class: the one above it`"
            )
        return
    for name in hierarchy:
        path = [name]
        while (above := hierarchy.get(path[-1])) is not None:
            if above in path:
                raise ValueError(f"hierarchy: {above!r} lies below itself: {' < '.join([*path, above])}")
            path.append(above)
