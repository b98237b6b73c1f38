"""What moved, in sentences and tables: windows of time, groups, slices, columns, batches."""

from __future__ import annotations

from collections.abc import Sequence

from labelworks.schemas.findings import (
    DriftFindings,
    FeatureDrift,
    GroupFindings,
    LabelSetFindings,
    MonitorFindings,
    PseudoLabelFindings,
    ShiftFindings,
    UnknownFindings,
    WindowAlarm,
    WindowFindings,
)
from labelworks.schemas.percentages import percent
from labelworks.tasks.report.texts.wording import decimal, plural

ENOUGH = 8  # windows, of which some order is rare enough to be a change
LEVEL = 0.05
ERRORS = 4.0  # standard errors from which a group's rate of wrong labels is told
RINGS = 20  # evidence from which an alarm is said to ring, at a level of .05


def sentences(drift: DriftFindings | None, shift: ShiftFindings | None) -> list[str]:
    """The findings of a run in a few sentences; those of what was not looked at are left out."""
    return _inside(drift or DriftFindings()) + (_of_target(shift) if shift else [])


def _inside(drift: DriftFindings) -> list[str]:
    sentences = [_stream(title, stream) for title, stream in streams(drift)]
    for name, group in drift.groups.items():
        sentences += [_groups(f"By {name}", group), *_noisy(f"By {name}", group)]
    if drift.slices:
        title = f"In {drift.slices.number} regions of the embeddings"
        sentences += [_groups(title, drift.slices, "region "), *_noisy(title, drift.slices, "region ")]
    if drift.labels:
        sentences.append(_label_sets(drift.labels))
    if drift.columns:
        name, most = max(drift.columns.items(), key=lambda pair: pair[1].effect or 0.0)
        sentences.append(f"Column {name} moved most: Cramér's V {decimal(most.effect)} of 1.")
    if drift.watch:
        sentences.append(_watch(drift.watch))
    return sentences


def _of_target(shift: ShiftFindings) -> list[str]:
    sentences = [_features(shift.drift.features)] if shift.drift.features else []
    sentences += [unknown(shift.unknown)] if shift.unknown else []
    return sentences + ([pseudo_labels(shift.pseudo_labels)] if shift.pseudo_labels else [])


def streams(drift: DriftFindings | None) -> list[tuple[str, WindowFindings]]:
    """What there is of more than one window of time, with its title."""
    there = [("Labelled rows", drift.time), ("Target window", drift.target_time)] if drift else []
    return [(title, stream) for title, stream in there if stream and len(stream.windows) > 1]


def unknown(found: UnknownFindings) -> str:
    """What is told of rows of no known class; rows of known classes that moved look alike."""
    low, high = found.interval
    text = f"Unlike every known class: {percent(found.share)} of the target, "
    text += f"{percent(low)} to {percent(high)}."
    if found.reading == "moved or unknown":
        text += " Moved or unknown: the other rows moved as well, so these may be known classes that look"
        text += " different now. Labels of some of them would tell."
    if found.new_classes:
        text += f" Put together by likeness they make {plural(found.new_classes, 'group')}."
    return text


def pseudo_labels(found: PseudoLabelFindings) -> str:
    """How many rows of the target were labelled, and how surely rightly; or why none was."""
    if found.why_none or not found.rows:
        why = found.why_none or f"none is surely enough right to have {percent(found.asked)} of them so"
        return f"No row of the target was given a pseudo-label: {why}."
    low, high = found.interval or (None, None)
    given = sum(rows > 0 for rows in found.by_class)
    return (
        f"{plural(found.rows, 'row')} of the target got a pseudo-label, of {given} of "
        f"{plural(len(found.by_class), 'class')}: {percent(found.claimed)} of them are claimed to be right. "
        f"Of labelled rows whose labels were hidden {percent(found.precision)} would be labelled rightly, "
        f"{percent(low)} to {percent(high)}. Both hold if classes look in the target as they do here; nobody "
        "gave these labels."
    )


def _features(worst: Sequence[FeatureDrift]) -> str:
    """The features of the embedding that moved most between source and target."""
    columns = ", ".join(f"{column.feature} ({decimal(column.effect)})" for column in worst)
    return f"Dimensions of the features that moved most in the target (how far, of 1): {columns}."


def _stream(title: str, found: WindowFindings) -> str:
    changes = ", ".join(change.window for change in found.change_points)
    by = "" if found.by == "number" else f" by {found.by}"
    few = "too few to tell when the class mix changed"
    none = few if len(found.windows) < ENOUGH else "no change of the class mix was found"
    text = f"{title}, {plural(len(found.windows), 'window')}{by}: "
    text += f"the class mix changed at {changes}" if changes else none
    effects = [effect for effect in found.drift_effect if effect is not None]
    if effects:
        most = max(effects)
        where = found.windows[found.drift_effect.index(most)]
        text += f"; the features drifted most at {where} (effect {decimal(most)} of 1)"
    if found.watch:
        text += f"; {_evidence(found.watch)}"
    return text + "."


def _evidence(watch: WindowAlarm) -> str:
    if watch.alarm is not None:
        return f"looked at after each, the alarm rang at {watch.alarm}"
    return f"looked at after each, no alarm (evidence {decimal(watch.e_value, 1)}, it rings at {RINGS})"


def _label_sets(found: LabelSetFindings) -> str:
    """Windows whose labels go together differently, at a level that holds over all of them (Bonferroni)."""
    tested = [p_value for p_value in found.p_value if p_value is not None]
    text = f"Rows with several labels, {plural(len(found.windows), 'window')} by {found.by}: "
    if not tested:
        return text + "too few rows to tell whether labels go together as before."
    rang = [
        f"{window} (most {' and '.join(changed.labels)}, correlation {changed.by:+.2f})"
        for window, p_value, changed in zip(found.windows, found.p_value, found.changed, strict=True)
        if p_value is not None and changed is not None and p_value <= LEVEL / len(tested)
    ]
    if not rang:
        return text + "labels go together as they did before."
    return text + f"labels go together differently in {', '.join(rang)}."


def _noisy(title: str, found: GroupFindings, kind: str = "") -> list[str]:
    """Where labels are wrong more often than in the other groups told, if it is more than chance brings."""
    told = [(group.noise, group) for group in found.groups if group.noise is not None]
    if len(told) < 2:
        return []
    most, worst = max(told, key=lambda pair: pair[0])
    others = [(noise, group.rows) for noise, group in told if group is not worst]
    rest = sum(noise * rows for noise, rows in others) / max(sum(rows for _, rows in others), 1)
    if most - rest <= ERRORS * (rest * (1 - rest) / max(worst.rows, 1)) ** 0.5:
        return []
    return [
        f"{title}: labels look wrong most often in {kind}{worst.name}, {percent(most)} of "
        f"{plural(worst.rows, 'row')}, against {percent(rest)} elsewhere."
    ]


def _groups(title: str, found: GroupFindings, kind: str = "") -> str:
    if found.evenly:
        return f"{title}: predictions are wrong as often in each, {percent(found.error)}."
    return (
        f"{title}: predictions are wrong most often in {kind}{found.worst}, "
        f"{percent(found.worst_error)} against {percent(found.error)} on the whole."
    )


def _watch(found: MonitorFindings) -> str:
    what = "target" if found.window == "target" else "source's new files"
    rang = f"; the alarm rang at look {found.alarm}" if found.alarm is not None else ""
    return (
        f"Over all versions, {plural(found.looks, 'look')} at the {what}: evidence of drift "
        f"{decimal(found.e_value, 1)}, an alarm rings at {RINGS}{rang}."
    )
