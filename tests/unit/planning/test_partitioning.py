"""Files become partitions: large ones cut, small ones together, one more moves only its own bucket."""

import pytest

from labelworks.schemas.records import Partition
from labelworks.tasks.planning.partitioning import FEW, WORTH, group
from labelworks.tasks.sources.files import SourceFile

MB = 1 << 20


def file(name: str, size: int = 1000, fingerprint: str = "x", kind: str = "parquet") -> SourceFile:
    return SourceFile(f"/data/{name}", name, size, fingerprint, kind)


def small(count: int) -> list[tuple[SourceFile, tuple[tuple[int, int], ...]]]:
    return [(file(f"part-{number}.parquet"), ((10, 1000),)) for number in range(count)]


def names(partition: Partition) -> set[str]:
    return {piece.file for piece in partition.pieces}


def test_a_large_file_is_cut_at_row_groups_of_at_most_the_target() -> None:
    groups = tuple((400, MB) for _ in range(5))
    partitions = group([(file("big.parquet", 5 * MB), groups)], "source", 1000, 64 * MB)
    assert [part.pieces[0].row_groups for part in partitions] == [(0, 1), (2, 3), (4,)]
    assert [part.pieces[0].first_row for part in partitions] == [0, 800, 1600]
    assert [part.pieces[0].rows for part in partitions] == [800, 800, 400]


def test_bytes_cut_too_and_a_row_group_is_never_split() -> None:
    groups = ((10, 3 * MB), (10, 3 * MB), (5000, 9 * MB))
    partitions = group([(file("wide.parquet", 15 * MB), groups)], "source", 1000, 4 * MB)
    assert [part.pieces[0].row_groups for part in partitions] == [(0,), (1,), (2,)]


def test_few_files_stay_apart() -> None:
    assert len(group(small(FEW), "source", 1000, MB)) == FEW


def test_many_small_files_share_partitions_and_none_is_lost() -> None:
    partitions = group(small(500), "source", 100_000, 64 * MB)
    assert len(partitions) <= FEW
    held = [piece.file for part in partitions for piece in part.pieces]
    assert sorted(held) == sorted(f"part-{number}.parquet" for number in range(500))


def test_one_more_file_changes_one_partition_and_order_changes_none() -> None:
    before = {part.key for part in group(small(500), "source", 100_000, 64 * MB)}
    after = group(small(501), "source", 100_000, 64 * MB)
    moved = [part for part in after if part.key not in before]
    assert len(moved) == 1
    assert "part-500.parquet" in names(moved[0])


def test_a_changed_file_gives_another_key() -> None:
    (one,) = group([(file("a.parquet", fingerprint="1"), ((5, 10),))], "source", 10, 10)
    (two,) = group([(file("a.parquet", fingerprint="2"), ((5, 10),))], "source", 10, 10)
    (window,) = group([(file("a.parquet", fingerprint="1"), ((5, 10),))], "target", 10, 10)
    assert len({one.key, two.key, window.key}) == 3


def test_the_number_of_buckets_follows_the_bytes() -> None:
    files = [(file(f"{number}.csv", MB), None) for number in range(640)]
    partitions = group(files, "source", 1000, 4 * MB)
    assert 160 <= len(partitions) <= 256
    assert sum(len(part.pieces) for part in partitions) == 640


def images(count: int, changed: int = 0) -> list[tuple[SourceFile, tuple[tuple[int, int], ...] | None]]:
    """Small images in a folder, the first of them changed; most were not looked at."""
    prints = ("y" if number < changed else "x" for number in range(count))
    files = [file(f"{number}.png", 700, print_, "images") for number, print_ in enumerate(prints)]
    return [(image, ((1, 700),) if number < 64 else None) for number, image in enumerate(files)]


@pytest.mark.parametrize(("rows", "partitions"), [(100, 1), (601, 4), (1800, 8), (2048, FEW), (50_000, FEW)])
def test_small_images_come_in_as_many_partitions_as_they_are_worth(rows: int, partitions: int) -> None:
    assert len(group(images(rows), "source", 50_000, 64 * MB)) == partitions


def test_files_that_may_have_more_rows_are_not_put_together_further() -> None:
    assert len(group(small(20), "source", 50_000, 64 * MB)) > FEW / 2
    assert len(group([*small(601), *images(1)], "source", 50_000, 64 * MB)) == FEW


@pytest.mark.parametrize("rows", [601, 1800, 5000])
def test_few_changed_files_bring_few_rows_to_be_embedded_again(rows: int) -> None:
    before = {part.key for part in group(images(rows), "source", 50_000, 64 * MB)}
    after = group(images(rows, changed=1), "source", 50_000, 64 * MB)
    again = [part for part in after if part.key not in before]
    assert len(again) == 1
    assert len(again[0].pieces) < max(2 * WORTH, rows / FEW * 1.2)
