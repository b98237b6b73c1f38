"""Marks of a source: whatever changes a data file changes its mark, and nothing else does."""

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from labelworks.infra.events.queue import EventQueue
from labelworks.infra.events.source_watcher import WatchedSource, changed, rest
from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.sources.changes import Difference, difference, list_marks
from labelworks.tasks.sources.files import list_files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data/deep").mkdir(parents=True)
    for name in ("a.parquet", "deep/b.csv", "_SUCCESS", ".hidden.csv", "notes.txt"):
        (tmp_path / "data" / name).write_text(name)
    return tmp_path / "data"


def names(source: Any, form: str = "auto") -> set[str]:
    return {Path(path).name for path in list_marks(str(source), form, {})}


def test_only_data_files_are_marked(data: Path) -> None:
    assert names(data) == {"a.parquet", "b.csv"}
    assert names(f"{data}/") == {"a.parquet", "b.csv"}
    assert names(f"{data}/*.parquet") == {"a.parquet"}
    assert names(data / "a.parquet") == {"a.parquet"}
    assert names(data, "csv") == {"a.parquet", "b.csv", "notes.txt"}
    assert names(data / "nowhere") == set()


def test_each_way_to_change_a_file_changes_its_mark(data: Path) -> None:
    file = data / "a.parquet"
    seen = [list_marks(str(data), "auto", {})]
    stat = file.stat()
    file.write_text("A.parquet")  # the same size
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    seen.append(list_marks(str(data), "auto", {}))
    (data / "new").write_text("B.parquet")  # the same size and time, in another inode
    os.utime(data / "new", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    (data / "new").rename(file)
    seen.append(list_marks(str(data), "auto", {}))
    for before, after in itertools.pairwise(seen):
        assert difference(before, after) == Difference((), (str(file),), ())
    assert not difference(seen[-1], list_marks(str(data), "auto", {}))


def test_a_broken_link_hides_nothing_and_a_link_to_a_folder_is_not_followed(
    data: Path, tmp_path: Path
) -> None:
    (data / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (data / "deep/gone.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/c.csv").write_text("c")
    (tmp_path / "d.csv").write_text("d")
    (data / "linked").symlink_to(tmp_path / "outside", target_is_directory=True)
    (data / "linked.csv").symlink_to(tmp_path / "d.csv")
    assert names(data) == {"a.parquet", "b.csv", "linked.csv"}
    (data / "gone.csv").unlink()
    (data / "deep/gone.csv").unlink()
    assert names(data) == {Path(file.path).name for file in list_files(str(data), "auto", {})}
    assert names(tmp_path / "data/linked") == {"c.csv"}  # the root itself may be a link


def test_what_came_and_went_is_named(data: Path) -> None:
    before = list_marks(str(data), "auto", {})
    (data / "deep/b.csv").unlink()
    (data / "c.csv").write_text("c")
    found = difference(before, list_marks(str(data), "auto", {}))
    assert found == Difference((f"{data}/c.csv",), (), (f"{data}/deep/b.csv",))


def test_a_bucket_is_listed_in_one_go(bucket: tuple[str, dict[str, Any]]) -> None:
    import fsspec

    url, options = bucket
    fs = fsspec.filesystem("s3", **options)
    for name in ("d/a.csv", "d/x/b.csv", "d/_tmp/c.csv", "other/d.csv"):
        fs.pipe_file(f"{url}/{name}", b"1")
    before = list_marks(f"{url}/d/", "auto", options)
    assert {path.split("/", 1)[1] for path in before} == {"d/a.csv", "d/x/b.csv"}
    fs.pipe_file(f"{url}/d/a.csv", b"2")
    found = difference(before, list_marks(f"{url}/d/", "auto", options))
    assert [path.split("/", 1)[1] for path in found.changed] == ["d/a.csv"]


def test_the_watcher_tells_first_that_it_knows_nothing_then_what_changed(data: Path, tmp_path: Path) -> None:
    dataset = {"name": "x", "source": str(data), "label": "l", "features": {"text": "t"}}
    queue = EventQueue(tmp_path / "events.db")
    watch = WatchedSource(RunConfig.model_validate({"dataset": dataset}), queue)
    first = watch.look()
    assert first is not None
    assert (first.cause, first.unknown) == ("start", True)
    assert watch.look() is None
    (data / "c.csv").write_text("c")
    second = watch.look()
    assert second is not None
    assert (second.cause, second.added) == ("watcher", (f"{data}/c.csv",))
    assert watch.look() is None
    assert getattr(queue.waiting("x"), "count", 0) == 2


def test_votes_are_watched_as_the_source_is(data: Path, tmp_path: Path) -> None:
    (tmp_path / "votes").mkdir()
    votes = {"source": str(tmp_path / "votes"), "format": "csv"}
    dataset = {"name": "x", "source": str(data), "id": "id", "votes": votes, "features": {"text": "t"}}
    watch = WatchedSource(RunConfig.model_validate({"dataset": dataset}), EventQueue(tmp_path / "events.db"))
    watch.look()
    (tmp_path / "votes/more.txt").write_text("item,annotator,label")
    event = watch.look()
    assert event is not None
    assert event.added == (f"{tmp_path}/votes/more.txt",)


def test_a_long_listing_is_made_less_often_and_one_that_was_held_up_counts_for_nothing() -> None:
    assert rest(1.0, [0.05], 0) == 1.0
    assert rest(1.0, [2.0, 2.0, 2.0], 0) == pytest.approx(18.0)
    assert rest(1.0, [0.1, 30.0, 0.1], 0) == 1.0
    assert rest(1.0, [0.1], 3) == 8.0
    assert rest(5.0, [0.1], 50) == 60.0


def test_too_many_objects_are_not_named() -> None:
    many = Difference(tuple(f"{n}.csv" for n in range(1001)), (), ())
    assert (changed("x", "s", many).added, changed("x", "s", many).unknown) == ((), True)
