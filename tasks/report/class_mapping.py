"""What the audit of the classes proposes, as YAML that a person edits and `dataset.class_mapping` takes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from labelworks.schemas.findings import Class
from labelworks.tasks.methods.label_space import ClassFinding, Proposal
from labelworks.tasks.report.starter_config import printable, scalar
from labelworks.tasks.report.texts.wording import plural

WIDTH = 110
OTHERS = {
    "name within": "A name within others: perhaps classes within a class",
    "within": "Labels that go with another: perhaps classes within a class",
    "exclusive": "Labels that exclude each other",
    "empty": "Classes of no row",
}


def mapping_yaml(
    about: str,
    findings: Sequence[ClassFinding],
    proposed: Sequence[Proposal],
    given: Mapping[str, Class | None],
) -> str:
    """The mapping as commented YAML. about: what was looked at; given: the mapping that there is."""
    sure = [entry for entry in proposed if entry.sure]
    doubtful = [entry for entry in proposed if not entry.sure]
    lines = [*_head(about, len(sure), len(doubtful)), *_given(given), *_lines(sure)]
    if doubtful:
        lines += ["", "# To look at: these may be one class. Take the # off a line to make them one."]
        lines += _lines(doubtful, "# ")
    for kind, title in OTHERS.items():
        of_kind = [finding for finding in findings if finding.kind == kind]
        if of_kind:
            lines += ["", f"# {title}", *(f"#   {printable(str(finding))}" for finding in of_kind)]
    return "\n".join(lines) + "\n"


def _head(about: str, sure: int, doubtful: int) -> Iterator[str]:
    yield f"# {printable(about)}"
    yield f"# {plural(sure, 'class')} proposed to become another, {doubtful:,} more to look at."
    text = (
        "A line `name: other` makes a class another one, `name: null` puts its rows aside. Remove the lines "
        "that are wrong, add your own, then name this file in the config: dataset: {class_mapping: FILE}"
    )
    yield from textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _given(mapping: Mapping[str, Class | None]) -> list[str]:
    """The lines that there are already."""
    lines = [_line(name, become) for name, become in mapping.items()]
    return ["", "# As dataset.class_mapping has it", *lines] if lines else []


def _lines(proposed: Sequence[Proposal], mark: str = "") -> Iterator[str]:
    """Lines under the finding that each is of."""
    last: ClassFinding | None = None
    for entry in proposed:
        if entry.finding is not last:
            yield ""
            yield f"# {printable(str(entry.finding))}"
        last = entry.finding
        yield f"{mark}{_line(entry.name, entry.become)}"


def _line(name: Class, become: Class | None) -> str:
    return f"{scalar(name)}: {'null' if become is None else scalar(become)}"
