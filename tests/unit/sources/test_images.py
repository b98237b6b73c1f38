"""Image folders and columns of paths as sources: rows, classes and ids by names, bytes read when needed."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.vectors.embeddings import without_vector
from labelworks.tasks.detect.content.judge_content import judge_content
from labelworks.tasks.embed.stage import embed_group, fit_encoder
from labelworks.tasks.ingest.scan import scan
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import find_run, plan_run
from labelworks.tasks.planning.run import Run
from labelworks.tasks.sources import images
from labelworks.tasks.sources.changes import list_marks
from labelworks.tasks.sources.files import SourceReader, list_files
from labelworks.tasks.sources.formats.images import image_values
from labelworks.tasks.sources.values.image_paths import inside
from labelworks.tasks.storage.listing import objects

ROWS = 40


def png(shade: int) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (4, 4), shade).save(sink, "PNG")
    return sink.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for row in range(ROWS):
        path = tmp_path / "pets" / ("cat", "big dog")[row % 2] / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(row))
    (tmp_path / "pets/notes.txt").write_text("no image")
    return tmp_path / "pets"


def configured(store: Path, **dataset: Any) -> RunConfig:
    return RunConfig.model_validate({"dataset": dataset, "store": {"root": str(store)}})


def of_folder(folder: Path, **dataset: Any) -> RunConfig:
    columns = {"label": "label", "id": "path", "features": {"image": "image"}}
    return configured(folder.parent / "store", source=str(folder), **{**columns, **dataset})


def embedded(config: RunConfig) -> tuple[Run, DatasetRef, list[Any]]:
    run, plans = plan_run(config, {})
    ref = ingest(run, plans).ref
    spec = fit_encoder(run, ref, "cpu", 1)
    done = embed_group.fn(ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    return run, ref.model_copy(update={"encoder_key": spec.key}), done


def test_a_folder_of_images_is_ingested_and_embedded(folder: Path) -> None:
    run, ref, done = embedded(of_folder(folder))
    assert ref.classes == ("big dog", "cat")
    assert (sum(each.rows for each in done), sum(each.without for each in done)) == (ROWS, 0)
    index = [
        row
        for part in ref.partitions
        for row in run.artifacts.store.read_table(run.artifacts.index("string", part)).to_pylist()
    ]
    assert {row["id"] for row in index} == {f"{('cat', 'big dog')[row % 2]}/{row}.png" for row in range(ROWS)}
    assert all(row["file"] == row["id"] and row["file_row"] == 0 for row in index)
    assert all(row["label"] == row["id"].split("/")[0] for row in index)


def test_features_of_some_rows_are_the_bytes_of_their_files(folder: Path) -> None:
    run, plans = plan_run(of_folder(folder), {})
    (part, *_) = plans["source"].partitions
    first, last = part.pieces[0], part.pieces[-1]
    places = np.array([0, len(part.pieces) - 1])
    assert some_features(run.source, part, places).to_pylist() == [
        Path(piece.path).read_bytes() for piece in (first, last)
    ]
    assert run.source.reader(part).table(["label", "path", "none"]).to_pylist()[0] == {
        "label": first.file.split("/")[0], "path": first.file,
    }  # fmt: skip


def test_of_some_rows_no_other_image_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, plans = plan_run(of_folder(folder), {})
    part = max(plans["source"].partitions, key=lambda part: len(part.pieces))
    read: list[str] = []
    monkeypatch.setattr(images, "read_at_once", lambda _, path: read.append(path) or Path(path).read_bytes())
    assert len(some_features(run.source, part, 2)) == 2
    assert sorted(read) == sorted(part.pieces[place].path for place in (0, -1))


def test_a_changed_image_changes_its_partition_alone(folder: Path) -> None:
    keys = {part.key for part in plan_run(of_folder(folder), {})[1]["source"].partitions}
    (folder / "cat/0.png").write_bytes(png(200))
    changed = {part.key for part in plan_run(of_folder(folder), {})[1]["source"].partitions}
    assert len(keys - changed) == len(changed - keys) == 1


def test_of_a_folder_of_images_the_config_need_say_no_more(folder: Path) -> None:
    short = configured(folder.parent / "store", source=str(folder), format="images")
    assert short.dataset == of_folder(folder, format="images").dataset
    assert (
        plan_run(short, {})[0].artifacts.id
        == plan_run(of_folder(folder, format="images"), {})[0].artifacts.id
    )
    assert configured(folder, source=str(folder), format="images", label="top").dataset.label == "top"
    of_old = {"source": str(folder), "format": "images", "label": "label", "features": {"image": "image"}}
    assert configured(folder, **of_old).dataset.id is None


def test_images_are_planned_by_their_names_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: Any) -> None:
        pytest.fail("a file is opened")

    monkeypatch.setattr(SourceReader, "look", opened)
    (plan,) = plan_run(of_folder(folder), {})[1].values()
    assert sum(piece.rows or 0 for part in plan.partitions for piece in part.pieces) == ROWS
    with pytest.raises(InputError, match=r"no column 'species'[\s\S]*columns: image, path, label, top"):
        plan_run(of_folder(folder, label="species"), {})


def test_a_class_is_the_last_folder_or_the_first_as_the_config_says(folder: Path) -> None:
    for split in ("train", "val"):
        target = folder.parent / "apart" / split / "cat"
        target.mkdir(parents=True)
        for row in range(20):
            (target / f"{row}.png").write_bytes(png(row))
    apart = folder.parent / "apart"
    (apart / "loose.png").write_bytes(png(9))
    for label, classes in (("label", ("cat",)), ("top", ("train", "val"))):
        run, plans = plan_run(of_folder(apart, label=label), {})
        index = [scan(part, run.source, "string") for part in plans["source"].partitions]
        found = {name for part in index for name in part.rows["label"].to_pylist()}
        assert tuple(sorted(found)) == classes
        (aside,) = [row for part in index for row in part.rejected.to_pylist()]
        assert (aside["file"], aside["row"], aside["reason"]) == ("loose.png", 0, "null label")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.png", {"path": "a.png", "label": None, "top": None}),
        ("cat/a.png", {"path": "cat/a.png", "label": "cat", "top": "cat"}),
        ("train/cat/a.png", {"path": "train/cat/a.png", "label": "cat", "top": "train"}),
        ("label=cat/x/a.png", {"path": "label=cat/x/a.png", "label": "cat", "top": "label=cat"}),
    ],
)
def test_an_image_s_name_says_its_class(name: str, values: dict[str, str | None]) -> None:
    assert image_values(name) == values


def test_images_beside_tables_are_no_data_unless_they_are_named(folder: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), folder / "table.parquet")
    assert [file.name for file in list_files(str(folder), "auto", {})] == ["table.parquet"]
    assert len(list_files(str(folder), "images", {})) == ROWS
    assert len(list_marks(str(folder), "auto", {})) == 1
    assert len(list_marks(str(folder), "images", {})) == ROWS


def test_an_image_that_cannot_be_decoded_is_the_reason_of_its_row(folder: Path) -> None:
    (folder / "cat/0.png").write_bytes(png(0)[:40])
    run, ref, done = embedded(of_folder(folder))
    assert sum(each.without for each in done) == 1
    (partition,) = (each.partition for each in done if each.without)
    (row,) = without_vector(run.artifacts, ref, partition).to_pylist()
    assert row["id"] == "cat/0.png"
    assert "undecodable image" in row["reason"]


def test_what_is_odd_is_told_of_what_was_measured_when_images_were_decoded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "cat/0.png").write_bytes(png(0)[:40])
    run, ref, _ = embedded(of_folder(folder))
    store, kept = run.artifacts.store, f"{run.artifacts.embeddings(ref.encoder_key)}"
    names = [each.name for each in objects(store, kept) if each.name.endswith(".measures.parquet")]
    assert len(names) == len(ref.partitions)
    with monkeypatch.context() as patched:
        patched.setattr(images, "read_at_once", lambda *_: pytest.fail("an image is read again"))
        told = judge_content(run.artifacts, run.source, ref)
    assert told is not None and told.rows == ROWS
    for name in names:
        store.delete(name)
    for part in ref.partitions:
        for each in objects(store, run.artifacts.index("string", part).rpartition("/")[0]):
            if "content-" in each.name:
                store.delete(each.name)
    assert judge_content(run.artifacts, run.source, ref) == told


def beside(folder: Path, paths: list[str | None], **dataset: Any) -> RunConfig:
    labels = [f"c{row % 2}" for row in range(len(paths))]
    pq.write_table(pa.table({"file": paths, "label": labels}), folder.parent / "rows.parquet")
    columns = {"label": "label", "features": {"image": "file"}, "image_root": str(folder)}
    source = {"source": str(folder.parent / "rows.parquet")}
    return configured(folder.parent / "store", **{**source, **columns, **dataset})


def test_a_column_of_paths_is_read_as_the_images_it_names(folder: Path) -> None:
    good = [f"cat/{row}.png" for row in range(0, ROWS, 2)]
    (folder.parent / "secret.png").write_bytes(png(1))
    odd = [
        None,
        "none.png",
        "../secret.png",
        str(folder.parent / "secret.png"),
        f"{folder}/cat/0.png",
        "./cat/2.png",
    ]
    run, ref, (done,) = embedded(beside(folder, [*good, *odd]))
    assert (done.rows, done.without) == (len(good) + len(odd), 4)
    reasons = without_vector(run.artifacts, ref, done.partition)["reason"].to_pylist()
    assert reasons[:2] == ["null image", "there is no image none.png"]
    assert all("leads out of dataset.image_root" in reason for reason in reasons[2:])


def test_a_changed_image_is_another_run_though_its_table_is_the_same(folder: Path) -> None:
    config = beside(folder, [f"cat/{row}.png" for row in range(0, ROWS, 2)])
    before = find_run(config, {}).artifacts.id
    assert find_run(config, {}).artifacts.id == before
    (folder / "cat/0.png").write_bytes(png(99))
    assert find_run(config, {}).artifacts.id != before


def test_a_changed_image_changes_the_partition_whose_rows_name_it_alone(folder: Path) -> None:
    for part in range(3):
        names = [f"cat/{row}.png" for row in range(0, ROWS, 2) if row % 3 == part]
        table = pa.table({"file": names, "label": [f"c{row % 2}" for row in range(len(names))]})
        (folder.parent / "rows").mkdir(exist_ok=True)
        pq.write_table(table, folder.parent / f"rows/{part}.parquet")
    config = beside(folder, [], source=str(folder.parent / "rows"))

    def keys() -> list[str]:
        return [part.key for part in plan_run(config, {})[1]["source"].partitions]

    before = keys()
    assert keys() == before
    (folder / "cat/4.png").write_bytes(png(99))
    assert [old == new for old, new in zip(before, keys(), strict=True)] == [True, False, True]
    (folder / "cat/4.png").unlink()
    (folder / "big dog/1.png").write_bytes(png(7))  # no row names it
    gone = keys()
    assert [old == new for old, new in zip(before, gone, strict=True)] == [True, False, True]
    (folder / "cat/4.png").write_bytes(png(4))
    assert keys() == before


def test_paths_without_a_root_and_a_root_without_paths_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"image needs image bytes[\s\S]*dataset\.image_root"):
        plan_run(beside(folder, ["cat/0.png"], image_root=None), {})
    with pytest.raises(InputError, match="needs paths of images"):
        plan_run(beside(folder, ["cat/0.png"], features={"image": "blob"}, source=str(blobs(folder))), {})
    with pytest.raises(ValueError, match="image_root goes with features"):
        beside(folder, ["a"], features={"text": "file"})


def blobs(folder: Path) -> Path:
    path = folder.parent / "blobs.parquet"
    pq.write_table(pa.table({"blob": [b"x"], "label": ["c"]}), path)
    return path


def test_a_relative_root_is_relative_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(
        "dataset: {source: t.csv, label: y, image_root: img, features: {image: p}}\n"
    )
    data = load_config("c.yaml").dataset
    assert data.image_root == os.path.join(tmp_path, "img")
    assert data.places[data.image_root] == "images"
    with pytest.raises(ConfigError, match="image_root goes with"):
        load_config("c.yaml", ["dataset.features={text: p}"])


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b.png", "a/b.png"), ("./a//b.png", "a//b.png"), ("s3://bucket/pets/a.png", "a.png"),
        ("bucket/pets/a.png", "a.png"), ("/etc/a.png", None), ("a/../../b.png", None),
        ("s3://other/a.png", None), ("http://host/a.png", None),
    ],
)  # fmt: skip
def test_paths_lead_into_the_folder_or_nowhere(name: str, path: str | None) -> None:
    assert inside(name, "s3://bucket/pets", "bucket/pets") == path
