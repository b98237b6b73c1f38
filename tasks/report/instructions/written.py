"""Labelling instructions by example, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labelworks.schemas.percentages import MISSING, percent
from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.exports.described.markdown import escape
from labelworks.tasks.report import html
from labelworks.tasks.report.instructions.choose import ClassExamples, Example
from labelworks.tasks.report.texts.wording import chance, plural, shorten

CELLS = 12  # columns of a row that are shown
Contents = Mapping[tuple[str, int], Content]


def markdown(record: RunRecord, found: Sequence[ClassExamples], contents: Contents) -> str:
    """The instructions as Markdown: texts of the data are text, images stand in it."""
    return "\n".join(_lines(record, found, contents)) + "\n"


def _lines(record: RunRecord, found: Sequence[ClassExamples], contents: Contents) -> Iterator[str]:
    yield f"# Labels of {escape(record.dataset)}, by example\n"
    yield (
        "Rows whose label a model agrees with that never saw them. Typical ones were chosen so that each row "
        "of the class is like one of them; borderline ones are almost of another class. They show how labels "
        "are used, not how they should be: look through them before others label by them.\n"
    )
    for of in found:
        yield f"## {escape(str(of.name))}\n"
        yield f"{' '.join(_about(record, of))}\n"
        yield from _shown("Typical", of.typical, contents, "")
        yield from _shown("Borderline", of.borderline, contents, str(of.name))


def _about(record: RunRecord, of: ClassExamples) -> Iterator[str]:
    yield f"Chosen among {plural(of.rows, 'row')}."
    confused = record.noise.top_confusions if record.noise else ()
    for pair in confused:
        if str(pair.true) == str(of.name):
            yield f"Sometimes given instead: {escape(str(pair.given))} ({percent(pair.probability)})."


def _shown(title: str, rows: Sequence[Example], contents: Contents, label: str) -> Iterator[str]:
    if not rows:
        return
    yield f"**{title}**\n"
    for row in rows:
        content = contents[row.place]
        yield f"> {_content(content)}\n"
        almost = (
            f"{escape(label)}, though {escape(str(row.other))} is {chance(row.chance)} likely; "
            if label
            else ""
        )
        yield f"{almost}row {escape(row.id)}\n"


def _content(content: Content) -> str:
    picture = html.card(content)["picture"]
    if content.text is not None or content.cells:
        text = " · ".join(filter(None, (escape(content.text or ""), *_cells(content)))) or "(empty)"
        return f"{text} ![the row's image]({picture[0]})" if picture else text
    return (
        f"![the row's image]({picture[0]})"
        if picture
        else escape(content.vector or "the image can't be decoded")
    )


def _cells(content: Content) -> Iterator[str]:
    """The first columns of a row of a table, and how many more there are."""
    for cell in content.cells[:CELLS]:
        yield f"{escape(cell.name)}: {escape(shorten(cell.value, html.CELL_TEXT)) or MISSING}"
    if (more := content.columns - CELLS) > 0:
        yield plural(more, "more column")
