"""A folder that a sweep removes while it is empty is made again by whoever writes into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelworks.tasks.storage.store import FOLDER_TRIES, Store


@pytest.mark.parametrize(("removed", "written"), [(FOLDER_TRIES - 1, True), (FOLDER_TRIES, False)])
def test_a_folder_that_goes_between_its_making_and_the_write_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: int, written: bool
) -> None:
    store, left, write = Store(str(tmp_path)), [removed], Path.write_bytes

    def swept(path: Path, data: bytes) -> int:
        if left[0]:
            left[0] -= 1
            path.parent.rmdir()
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", swept)
    if written:
        store.write("runs/a/record.json", b"{}")
        assert store.read("runs/a/record.json") == b"{}"
    else:
        with pytest.raises(Exception, match="no such file"):
            store.write("runs/a/record.json", b"{}")
