"""A folder of the product has at most fifteen files at one level; lists of methods and commands aside."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST = 15
#: lists of one method, or of one command, a file (decision 0017)
LISTS = ("tasks/methods/", "flows/cli/commands/")


def files_by_folder() -> dict[str, int]:
    tops = ("flows", "tasks", "schemas", "infra", "labelworks")
    folders = {file.parent for top in tops for file in (ROOT / top).rglob("*.py")}
    names = {folder: f"{folder.relative_to(ROOT).as_posix()}/" for folder in folders}
    return {
        name: sum(file.name != "__init__.py" for file in folder.glob("*.py"))
        for folder, name in names.items()
        if not name.startswith(LISTS)
    }


def test_no_folder_is_longer_than_a_sitting() -> None:
    counted = files_by_folder()

    assert len(counted) > 40, "the folders weren't looked at"
    assert {name: n for name, n in counted.items() if n > MOST} == {}
