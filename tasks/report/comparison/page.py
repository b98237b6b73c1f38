"""Two runs beside each other as one HTML page, in the style of the report, and as tables in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelworks.schemas.records import RunRecord
from labelworks.tasks.artifacts.shown.contents import Content
from labelworks.tasks.report import html
from labelworks.tasks.report.comparison.figures import FigureOfBoth, figures, gates, settings
from labelworks.tasks.report.comparison.rows import RowChanges
from labelworks.tasks.report.texts import wording

if TYPE_CHECKING:
    from rich.console import Group

PAIRS, CLASSES = 20, 40


@dataclass(frozen=True)
class RunComparison:
    """Two runs, the earlier one first. rows: None where one of them published none."""

    before: RunRecord
    after: RunRecord
    rows: RowChanges | None
    contents: Mapping[str, Content]
    """What is in the rows shown, by id, as far as the source still tells."""

    @property
    def figures(self) -> list[FigureOfBoth]:
        """Figures side by side."""
        return figures(self.before, self.after)

    @property
    def sentence(self) -> str:
        """What moved, in a sentence or two."""
        moved = [figure for figure in self.figures if figure.change == "intervals apart"]
        changes = [f"{figure.name}: {figure.before} → {figure.after}" for figure in moved]
        about = "; ".join(changes) or "No figure moved further than its interval"
        return f"{self._of_rows()} {about[:1].upper()}{about[1:]}."

    @property
    def why_no_rows(self) -> str:
        """Why rows are not compared; empty where they are."""
        without = [run for run in (self.before, self.after) if run.status != "published"]
        return " ".join(f"Run {run.run_id} is {run.status}: there are no rows to compare." for run in without)

    def _of_rows(self) -> str:
        if self.rows is None:
            return self.why_no_rows
        return (
            f"Of {wording.plural(self.rows.both, 'row')} in both, {wording.count(self.rows.label)} bear "
            f"another label and {wording.count(self.rows.action)} another action."
        )


def page(found: RunComparison) -> str:
    """The comparison as one HTML page: no scripts, no other hosts, everything escaped."""
    examples = found.rows.examples if found.rows else []
    cards = [found.contents.get(example.id) for example in examples]
    return html.rendered(
        "compare.html",
        before=found.before,
        after=found.after,
        sentence=found.sentence,
        figures=found.figures,
        rows=found.rows,
        why_no_rows=found.why_no_rows,
        pairs=PAIRS,
        classes=_classes(found.rows) if found.rows else [],
        examples=[(html.card(card, small=True) if card else None, example)
                  for card, example in zip(cards, examples, strict=True)],
        gates=gates(found.before, found.after),
        settings=settings(found.before, found.after),
    )  # fmt: skip


def _classes(rows: RowChanges) -> Sequence[tuple[str, int, int]]:
    """Labels whose rows are more or fewer, the largest changes first."""
    first, second = rows.classes
    changed = [
        (name, first[name], second[name]) for name in {**first, **second} if first[name] != second[name]
    ]
    return sorted(changed, key=lambda line: -abs(line[2] - line[1]))[:CLASSES]


def terminal(found: RunComparison) -> Group:
    """The comparison for a terminal: the sentence, the figures, gates and settings that differ."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "before", "after", "moved by", ""):
        table.add_column(name, justify="right" if name else "left")
    for figure in found.figures:
        style = "bold" if figure.moved else "dim"
        table.add_row(
            *(
                Text(text, style)
                for text in (figure.name, figure.before, figure.after, figure.by, figure.change)
            )
        )
    differing = [
        *(
            f"{name}: {first} → {second} ({seen})"
            for name, first, second, seen in gates(found.before, found.after)
        ),
        *(f"{key}: {first} → {second}" for key, first, second in settings(found.before, found.after)),
    ]
    return Group(Text(found.sentence, "bold"), Text(), table, *map(Text, differing))
