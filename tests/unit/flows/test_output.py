"""What commands print where nobody looks at a terminal."""

import pytest
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup
from typer.main import get_command

from labelworks.flows.cli.app import app
from labelworks.flows.cli.output import print_rich


def test_in_a_pipe_no_sentence_is_wrapped_and_no_line_ends_in_blanks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(box=None, show_header=False)
    table.add_row("rows", "9")
    table.add_row("features", "x" * 80)
    sentence = "word " * 150
    print_rich(Text(sentence.strip()), table)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == sentence.strip()
    assert len(lines) == 3 and all(line == line.rstrip() for line in lines)


def test_help_is_broken_into_lines_by_the_screen_alone() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    groups = [command, *(some for some in command.commands.values() if isinstance(some, TyperGroup))]
    texts = [some.help or "" for group in groups for some in (group, *group.commands.values())]
    assert len(texts) > 30
    assert not [text for text in texts if "\n" in text.replace("\n\n", "")]


def test_choices_are_named_in_sentences_as_their_column_cuts_them() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    groups = [command, *(some for some in command.commands.values() if isinstance(some, TyperGroup))]
    options = [option for group in groups for some in group.commands.values() for option in some.params]
    chosen = [option for option in options if option.type_descriptor.is_choice]
    assert len(chosen) > 4
    assert not [option.name for option in chosen if not option.metavar]
