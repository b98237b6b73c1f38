"""Records of earlier versions of this project, brought to the keys of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labelworks.schemas.errors import StoreError

SCHEMA_VERSION = 2
STAGES = ("crowd", "noise", "shift", "drift", "treatment", "validation", "approval")
OVER_CLASSES = ("prior", "source_prior", "weights", "interval")


def upgraded(record: Mapping[str, Any]) -> dict[str, Any]:
    """A run's record with the keys of today; raise StoreError of one that a later version wrote.

    Version 1 had no number: what was not reached was an empty object, and arrays over classes were objects
    whose keys were the classes' names.
    """
    version = record.get("schema_version", 1)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise StoreError(
            f"the record is of schema version {version}, this labelworks knows up to {SCHEMA_VERSION}",
            where=f"run {record.get('run_id', '')}",
            fix="read it with the version of labelworks that wrote it, or a later one",
        )
    return _of_version_1(record) if version == 1 else dict(record)


def _of_version_1(record: Mapping[str, Any]) -> dict[str, Any]:
    upgraded = {**record, "schema_version": SCHEMA_VERSION}
    upgraded |= {name: None for name in STAGES if upgraded.get(name) == {}}
    if isinstance(shift := upgraded.get("shift"), Mapping):
        classes = upgraded.get("classes") or [*shift.get("weights", ())]
        upgraded |= {"classes": classes, "shift": _shift(shift, classes)}
    if isinstance(drift := upgraded.get("drift"), Mapping):
        upgraded["drift"] = _drift(drift)
    return upgraded


def _shift(shift: Mapping[str, Any], classes: Sequence[Any]) -> dict[str, Any]:
    arrays = {name: _in_order(shift[name], classes) for name in OVER_CLASSES if name in shift}
    return {**shift, **arrays, "unknown": shift.get("unknown") or None}


def _drift(drift: Mapping[str, Any]) -> dict[str, Any]:
    upgraded = dict(drift)
    if "groups" in drift:
        upgraded["groups"] = {name: _groups(value) for name, value in drift["groups"].items()}
    if "slices" in drift:
        upgraded["slices"] = _groups(drift["slices"])
    return upgraded


def _groups(found: Mapping[str, Any]) -> dict[str, Any]:
    """Groups had an object of shares each, and regions called their largest classes `classes`."""
    classes = list(found["prior"])
    groups = []
    for older in found["groups"]:
        group = {**older, "prior": _in_order(older["prior"], classes)}
        if "classes" in group:
            group["main_classes"] = group.pop("classes")
        groups.append(group)
    return {**found, "classes": classes, "prior": _in_order(found["prior"], classes), "groups": groups}


def _in_order(values: Any, classes: Sequence[Any]) -> Any:
    """Values by the names of classes as an array in their order."""
    return [values[str(name)] for name in classes] if isinstance(values, Mapping) else values
