"""What the audit proposes: which class becomes which other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelworks.schemas.findings import Class
from labelworks.tasks.methods.label_space.findings import ClassFinding


@dataclass(frozen=True)
class Proposal:
    """A class that may be another, and the finding that says so; sure: names alone say it."""

    name: Class
    become: Class
    sure: bool
    finding: ClassFinding


def proposal(findings: Sequence[ClassFinding], given: Mapping[str, Class | None]) -> list[Proposal]:
    """What a mapping could say beside what it says already; each class at most once, no class by two steps.

    given: the mapping that there is. Sure ones come first: a class that is likely several others' goes to
    that of most rows, and where that one becomes another too, to that.
    """
    become: dict[Class, Class] = {}
    why: dict[Class, ClassFinding] = {}
    for finding in findings:
        for name in finding.names[1:] if finding.likely else ():
            if str(name) not in given and name not in become:
                become[name], why[name] = finding.names[0], finding
    sure = [Proposal(name, _end(name, become, given), True, value) for name, value in why.items()]
    likely = [change for change in sure if change.become != change.name and str(change.become) not in given]
    seen = {frozenset((change.name, change.become)) for change in likely}
    doubtful = [
        Proposal(name, finding.names[0], False, finding)
        for finding in findings
        if finding.one and not finding.likely
        for name in finding.names[1:]
        if str(name) not in given and frozenset((name, finding.names[0])) not in seen
    ]
    return likely + doubtful


def _end(name: Class, become: Mapping[Class, Class], given: Mapping[str, Class | None]) -> Class:
    """Where a class ends, all steps taken; what is put aside or leads back is no end."""
    end, passed = name, {name}
    while (following := become.get(end, given.get(str(end)))) is not None and following not in passed:
        passed.add(following)
        end = following
    return end
