"""`labelworks init` on people's kinds of data: what it writes runs, what it can't take it says before."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.embed.stage import embed_group, fit_encoder, judge_embedding
from labelworks.tasks.ingest.stage import ingest
from labelworks.tasks.planning.open_run import plan_run

ROWS = 120
TOPICS = {
    "billing": ("invoice", "charge", "refund", "payment", "bill", "money"),
    "delivery": ("parcel", "late", "courier", "box", "shipped", "street"),
    "login": ("password", "account", "sign", "access", "locked", "user"),
}
Init = Callable[..., RunConfig]
RNG = np.random.default_rng(0)
LABELS = [list(TOPICS)[row % 3] for row in range(ROWS)]
TEXTS = [f"{' '.join(RNG.choice(TOPICS[label], 4))} number {row}" for row, label in enumerate(LABELS)]
VECTORS = (np.eye(3)[np.arange(ROWS) % 3] + RNG.normal(0, 0.1, (ROWS, 3))).astype("f4")
PROBS = np.eye(3)[np.arange(ROWS) % 3] * 0.7 + 0.1


@pytest.fixture
def init(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Init:
    """Runs `labelworks init` and gives the config it wrote."""
    monkeypatch.chdir(tmp_path)

    def init(*arguments: str) -> RunConfig:
        code, out, err = command("init", *arguments)
        assert (code, out) == (0, "labelworks.yaml\n"), err
        assert "labelworks run labelworks.yaml" in err
        assert not [line for line in err.splitlines() if line != line.rstrip()]
        return load_config("labelworks.yaml")

    return init


@pytest.fixture
def refused(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs it where it writes nothing, and gives its message."""
    monkeypatch.chdir(tmp_path)

    def refused(*arguments: str) -> str:
        code, out, err = command("init", *arguments)
        assert (code, out) == (2, "")
        assert not (tmp_path / "labelworks.yaml").exists()
        assert err.count("labelworks: ") == 1
        assert "Traceback" not in err
        return str(err)

    return refused


def begun(config: RunConfig) -> DatasetRef:
    """Ingest and embed as a run does, with their gates."""
    run, plans = plan_run(config, {})
    found = ingest(run, plans)
    assert found.gate.ok
    spec = fit_encoder(run, found.ref, "cpu", 1)
    done = embed_group.fn(found.ref.partitions, run.artifacts, run.source, spec, "1/1", {})
    judged = judge_embedding(run, found.ref, spec, done, perf_counter())
    assert judged.gate.ok
    assert judged.figures.rows > 0
    return found.ref


def parquet(name: str, /, **columns: Any) -> str:
    pq.write_table(pa.table(columns), name)
    return name


def png(row: int) -> bytes:
    sink = io.BytesIO()
    pixels = np.random.default_rng(row).integers(0, 255, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


def pets(folder: str, broken: int = 0) -> str:
    for row in range(60):
        path = Path(folder) / ("cat", "dog")[row % 2] / f"{row:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(row)[:40] if row < broken else png(row))
    return folder


def ballots() -> dict[str, list[str]]:
    answers = [(f"i{row:03d}", f"w{voter}", LABELS[row]) for row in range(ROWS) for voter in (row % 3, 3, 4)]
    return {"item_id": [answer[0] for answer in answers], "worker": [answer[1] for answer in answers],
            "answer": [answer[2] for answer in answers]}  # fmt: skip


def test_text_with_an_id_by_its_name_and_a_label_that_the_text_tells(
    init: Init, command: Any, tmp_path: Path
) -> None:
    parquet(
        "tickets.parquet", ticket_no=[f"T-{row}" for row in range(ROWS)], subject=TEXTS, queue=LABELS,
        channel=RNG.choice(["mail", "phone"], ROWS),
        created=[f"2026-01-01 00:{row // 60:02}:{row % 60:02}" for row in range(ROWS)],
    )  # fmt: skip
    config = init("tickets.parquet")
    data = config.dataset
    assert (data.id, data.label, data.time, data.features.text) == (
        "ticket_no",
        "queue",
        "created",
        "subject",
    )
    written = (tmp_path / "labelworks.yaml").read_text()
    assert "#   unsure: its name doesn't say so" in written
    assert "# label: channel    # 2 values in 120 rows; the features hardly tell it" in written
    err = command("init", "tickets.parquet", "--force")[2]
    assert "the features tell it: 100 % by class, 33 % by chance" in err
    assert "or      features" not in err  # ids and times are texts too, and taken
    assert "label channel: 2 values in 120 rows" in err
    assert begun(config).classes == tuple(TOPICS)


@pytest.mark.parametrize("name", ["no", "nr", "num", "key", "uuid", "code", "guid"])
def test_ids_are_known_by_how_their_names_end(init: Init, name: str) -> None:
    keys = [f"k{row}" for row in range(ROWS)]
    parquet("rows.parquet", **{f"order_{name}": keys}, text=TEXTS, label=LABELS)
    assert init("rows.parquet").dataset.id == f"order_{name}"


def test_lists_of_classes_are_multilabel(init: Init) -> None:
    topics = [list(RNG.choice(list(TOPICS), row % 3, replace=False)) for row in range(ROWS)]
    beside = parquet("beside.parquet", text=TEXTS, label=LABELS, tags=pa.array(topics, pa.list_(pa.string())))
    assert init(beside).dataset.label == "label"
    config = init(
        parquet("rows.parquet", text=TEXTS, topics=pa.array(topics, pa.list_(pa.string()))), "--force"
    )
    assert (config.dataset.task, config.dataset.label) == ("multilabel", "topics")
    assert begun(config).label_type == "list"
    assert "# label_kind: candidates" in Path("labelworks.yaml").read_text()


def test_numbers_are_regression(init: Init) -> None:
    config = init(parquet("rows.parquet", body=TEXTS, price=RNG.normal(100, 10, ROWS)))
    assert (config.dataset.task, config.dataset.label) == ("regression", "price")
    assert begun(config).label_type == "number"


def test_labels_that_pandas_made_floats_are_classes(init: Init) -> None:
    given = [None if row % 10 == 0 else float(row % 3) for row in range(ROWS)]
    config = init(parquet("rows.parquet", text=TEXTS, label=given))
    assert config.dataset.task == "classification"
    assert begun(config).classes == (0, 1, 2)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_rows_without_a_label_are_counted_and_let_be(init: Init, command: Any, form: str) -> None:
    frame = pd.DataFrame(
        {"text": TEXTS, "label": [None if row % 5 == 0 else LABELS[row] for row in range(ROWS)]}
    )
    frame.to_parquet("rows.parquet") if form == "parquet" else frame.to_csv("rows.csv", index=False)
    config = init(f"rows.{form}")
    assert config.gates.ingest.thresholds == {"max_rejected": 0.22}
    begun(config)
    assert "24 of 120 rows have no label" in command("init", f"rows.{form}", "--force")[2]
    assert "# label_kind: single" in Path("labelworks.yaml").read_text()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0)])
def test_probabilities_are_no_features_and_used_where_their_order_is_known(
    init: Init, command: Any, tmp_path: Path, order: tuple[int, ...]
) -> None:
    columns = {"text": TEXTS, "label": LABELS, "pred_probs": PROBS[:, order].tolist()}
    config = init(parquet("rows.parquet", **columns))
    assert config.dataset.features.text == "text"
    if order == (0, 1, 2):
        assert (config.dataset.pred_probs, config.dataset.classes) == ("pred_probs", tuple(TOPICS))
    else:
        assert (config.dataset.pred_probs, config.dataset.classes) == (None, None)
        assert (
            "pred_probs holds probabilities, and they are not used"
            in command("init", "rows.parquet", "--force")[2]
        )
    begun(config)


def test_the_order_of_a_classlabel_is_that_of_its_probabilities(init: Init) -> None:
    names = ["login", "billing", "delivery"]
    feature = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    given = [names.index(label) for label in LABELS]
    table = pa.table({"text": TEXTS, "label": given, "probs": np.eye(3)[given].tolist()})
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(feature)}), "rows.parquet")
    config = init("rows.parquet")
    assert (config.dataset.pred_probs, config.dataset.classes) == ("probs", tuple(names))
    begun(config)


def test_classes_are_listed_whole_or_not_at_all(init: Init, tmp_path: Path) -> None:
    for count, listed in ((20, True), (201, False)):
        given = [f"c{row % count:03d}" for row in range(count * 5)]
        parquet("rows.parquet", text=[f"a text {row}" for row in range(count * 5)], label=given)
        init("rows.parquet", "--force")
        text = (tmp_path / "labelworks.yaml").read_text()
        assert (f"# classes: [{', '.join(sorted(set(given)))}]" in text) == listed
        assert ("# classes:" in text) == listed
        assert "…" not in text


@pytest.mark.parametrize(
    ("name", "written", "csv"),
    [
        ("rows.csv", {"sep": ";"}, (";", "utf-8")),
        ("rows.tsv", {"sep": "\t"}, ("\t", "utf-8")),
        ("rows.csv", {"sep": "\t", "encoding": "utf-16"}, ("\t", "utf-16")),
        ("rows.csv", {"sep": ";", "encoding": "cp1252"}, (";", "cp1252")),
        ("rows.csv.gz", {"sep": "|"}, ("|", "utf-8")),
    ],
)
def test_delimiter_and_encoding_of_csv_are_seen(
    init: Init, name: str, written: dict[str, str], csv: tuple[str, str]
) -> None:
    texts = [f"{text}, in Größe" for text in TEXTS]
    pd.DataFrame({"Nr": range(ROWS), "Nachricht": texts, "Kategorie": LABELS}).to_csv(
        name, index=False, **written
    )
    config = init(name)
    assert (config.dataset.csv.delimiter, config.dataset.csv.encoding) == csv
    assert (config.dataset.id, config.dataset.label) == ("Nr", "Kategorie")
    begun(config)


def test_classes_of_csv_are_listed_as_a_run_reads_them(init: Init, tmp_path: Path) -> None:
    lines = "".join(f"{row:04d},{TEXTS[row]},{row % 3 + 1:02d}\n" for row in range(ROWS))
    (tmp_path / "rows.csv").write_text("id,text,label\n" + lines)
    config = init("rows.csv")
    assert '# classes: ["01", "02", "03"]' in (tmp_path / "labelworks.yaml").read_text()
    assert begun(config).classes == ("01", "02", "03")


def test_arrays_of_numpy_have_a_way_in(init: Init) -> None:
    np.savez("rows.npz", X=VECTORS, y=np.array(LABELS), names=np.array(list(TOPICS)))
    config = init("rows.npz")
    assert (config.dataset.features.vector, config.dataset.label) == ("X", "y")
    assert begun(config).classes == tuple(TOPICS)


def test_a_folder_of_arrays_that_one_stands_in_keeps_its_store_where_it_is_not_read(init: Init) -> None:
    np.save("X.npy", VECTORS)
    np.save("y.npy", np.array(LABELS))
    config = init(".")
    assert (config.dataset.features.vector, config.dataset.label) == ("X", "y")
    assert config.store.root.endswith("/_labelworks-store")
    assert begun(config).classes == tuple(TOPICS)


@pytest.mark.parametrize(
    ("vectors", "why"),
    [
        ([[np.nan, 1.0]] * ROWS, "every vector of v has a number that is missing, NaN or infinite"),
        ([None] * ROWS, "v is null in all rows"),
        ([[1.0] * (1 + row % 3) for row in range(ROWS)], "lists of v differ in length"),
    ],
)
@pytest.mark.parametrize("named", [(), ("--features", "v")])
def test_vectors_none_of_which_can_be_used_are_refused_with_the_reason(
    refused: Callable[..., str], vectors: list[Any], why: str, named: tuple[str, ...]
) -> None:
    source = parquet("rows.parquet", v=pa.array(vectors, pa.list_(pa.float64())), label=LABELS)
    assert why in refused(source, *named)


def test_columns_of_one_value_are_said_where_there_are_no_features(refused: Callable[..., str]) -> None:
    said = refused(parquet("rows.parquet", a=[1.5] * ROWS, b=[2.5] * ROWS, label=LABELS))
    assert "a has one value in all rows; b has one value in all rows; name them with" in said


@pytest.mark.parametrize("named", [(), ("--features", "v")])
def test_a_few_vectors_of_another_length_are_counted_as_put_aside(init: Init, named: tuple[str, ...]) -> None:
    vectors = [vector.tolist()[: 2 if row % 60 == 0 else 3] for row, vector in enumerate(VECTORS)]
    config = init(parquet("rows.parquet", v=vectors, label=LABELS), *named)
    assert config.dataset.features.vector == "v"
    assert config.gates.embed.thresholds == {"max_rejected": 0.03}
    begun(config)


def test_rows_of_which_none_has_both_a_label_and_features_are_refused(refused: Callable[..., str]) -> None:
    """As in a tar whose images all stand before its labels."""
    with tarfile.open("pets.tar", "w") as tar:
        for suffix in ("png", "cls"):
            for row in range(40):
                member = tarfile.TarInfo(f"{row:04d}.{suffix}")
                data = png(row) if suffix == "png" else b"01"[row % 2 :][:1]
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    said = refused("pets.tar")
    assert "no row of those seen has both image and cls" in said
    assert "write it in the order of their names" in said


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float16(), 3)])
def test_vectors_with_numbers_that_are_none_are_counted_as_put_aside(init: Init, kind: pa.DataType) -> None:
    vectors = VECTORS.astype("f2").copy()
    vectors[[1, 4], 2] = np.nan, np.inf
    table = pa.table({"label": LABELS, "vector": pa.array(list(vectors), kind)})
    pq.write_table(table, "rows.parquet")
    config = init("rows.parquet")
    assert config.dataset.features.vector == "vector"
    assert config.gates.embed.thresholds == {"max_rejected": np.ceil(2 / len(LABELS) * 100 + 1) / 100}


def test_arrays_named_by_splits_say_the_split_of_their_rows(init: Init) -> None:
    for part in ("train", "Test"):
        np.save(f"X_{part}.npy", VECTORS)
        np.save(f"y_{part}.npy", np.array(LABELS))
    config = init(".")
    data = config.dataset
    assert (data.features.vector, data.label, data.split, data.train_split) == ("X", "y", "split", "train")
    assert begun(config).classes == tuple(TOPICS)


def test_columns_of_numbers_are_one_vector_without_what_says_the_label(init: Init, tmp_path: Path) -> None:
    numbers = {f"x{place}": VECTORS[:, place % 3] + RNG.normal(0, 1, ROWS) for place in range(40)}
    numbers["x7"][::10] = np.nan
    code = [row % 3 for row in range(ROWS)]
    parquet("rows.parquet", sample_id=np.arange(ROWS), **numbers, label=LABELS, label_id=code)
    config = init("rows.parquet")
    assert config.dataset.features.columns == tuple(numbers)
    assert (config.dataset.id, config.dataset.label) == ("sample_id", "label")
    assert "label_id" in (tmp_path / "labelworks.yaml").read_text()
    begun(config)
    assert init("rows.parquet", "--force", "--features", "x1*").dataset.features.columns == (
        "x1", *(f"x1{digit}" for digit in range(10)),
    )  # fmt: skip


def test_without_text_image_or_vector_the_columns_of_a_table_are_features(init: Init) -> None:
    cities = [("Rome", "Oslo", None)[row % 7 % 3] for row in range(ROWS)]
    hired = [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)]
    ages = [18 + row % 40 for row in range(ROWS)]
    names = [f"n{row * 7919:x}" for row in range(ROWS)]
    at = {"seen_at": pd.date_range("2024-01-01", periods=ROWS)}
    pd.DataFrame({"person_id": range(ROWS), "age": ages, "city": cities, "hired": hired, "ref": names,
                  **at, "label": LABELS}).to_parquet("rows.parquet")  # fmt: skip
    config = init("rows.parquet")
    assert config.dataset.features.columns == ("age", "city", "hired")
    assert config.encoder.name == "table"
    assert (config.dataset.id, config.dataset.time, config.dataset.label) == ("person_id", "seen_at", "label")
    begun(config)
    named = init("rows.parquet", "--force", "--features", "city,age").dataset.features
    assert named.columns == ("city", "age")


def test_a_folder_of_images_is_a_source(init: Init) -> None:
    config = init(pets("pets"))
    assert (config.dataset.features.image, config.dataset.label, config.dataset.id) == (
        "image",
        "label",
        "path",
    )
    assert begun(config).classes == ("cat", "dog")
    assert init("pets/*/*.png", "--force").dataset.features.image == "image"


def test_arrays_of_pixels_are_images_and_other_arrays_are_vectors(init: Init) -> None:
    shades = np.array(LABELS) == "login"
    pixels = RNG.integers(0, 90, (ROWS, 8, 8, 3), np.uint8) + 90 * shades[:, None, None, None].astype("u1")
    np.savez("rows.npz", X=pixels, y=np.array(LABELS))
    config = init("rows.npz")
    assert (config.dataset.features.image, config.dataset.label) == ("X", "y")
    assert "images, as arrays of 192 bytes" in Path("labelworks.yaml").read_text()
    assert begun(config).classes == tuple(TOPICS)
    np.savez("rows.npz", X=pixels.astype("f4"), y=np.array(LABELS))
    assert init("rows.npz", "--force").dataset.features.vector == "X"


def images_in(*folders: str) -> None:
    for row in range(60):
        path = Path(folders[row % len(folders)]) / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(row))


def test_folders_of_splits_are_the_split_and_those_below_the_classes(init: Init) -> None:
    images_in("pets/Train/cat", "pets/Train/dog", "pets/val/cat", "pets/val/dog")
    data = init("pets").dataset
    assert (data.label, data.split, data.train_split) == ("label", "top", "Train")
    config = init("pets", "--label", "top", "--force")
    assert (config.dataset.label, config.dataset.split) == ("top", None)
    assert begun(config).classes == ("Train", "val")
    images_in("seen/cat/monday", "seen/cat/sunday", "seen/dog/monday", "seen/dog/sunday")
    data = init("seen", "--force").dataset
    assert (data.label, data.split) == ("label", None)
    assert "# label: top    # 2 values in 60 rows" in Path("labelworks.yaml").read_text()


def test_images_that_lie_directly_in_a_split_are_pointed_at(init: Init, command: Any) -> None:
    images_in("pets/train/cat", "pets/train/dog", "pets/test")
    assert init("pets").dataset.split == "top"
    _, _, err = command("init", "pets", "--force")
    assert "20 images lie directly in test/, and would be of a class 'test'" in " ".join(err.split())


def test_corrupt_images_are_counted_and_let_be(init: Init, command: Any) -> None:
    config = init(pets("pets", broken=2))
    assert config.gates.embed.thresholds == {"max_rejected": 0.05}
    begun(config)
    images = [png(row)[:40] if row < 2 else png(row) for row in range(60)]
    parquet("rows.parquet", image=images, label=[("cat", "dog")[row % 2] for row in range(60)])
    begun(init("rows.parquet", "--force"))
    assert "2 of 60 can't be decoded" in command("init", "rows.parquet", "--force")[2]


def test_what_counts_rows_or_is_a_models_is_no_feature(init: Init, command: Any) -> None:
    numbers = {"a": RNG.normal(size=ROWS), "b": RNG.integers(0, 9, ROWS)}
    probs = {f"prob_{name}": RNG.random(ROWS) for name in "xy"}
    pd.DataFrame({**numbers, **probs, "label": LABELS}).to_csv("rows.csv")
    assert init("rows.csv").dataset.features.columns == ("a", "b")
    assert "may be probabilities by class" in command("init", "rows.csv", "--force")[2]


def test_rows_without_a_text_are_let_be(init: Init) -> None:
    config = init(parquet("rows.parquet", text=[None, "", *TEXTS[2:]], label=LABELS))
    assert config.gates.embed.thresholds == {"max_rejected": 0.03}
    begun(config)


def test_paths_that_lead_to_no_image_are_counted_as_put_aside(init: Init) -> None:
    pets("data/pets")
    paths = sorted(str(path.relative_to("data")) for path in Path("data").rglob("*.png"))
    labels = [path.split("/")[1] for path in paths]
    paths[3] = "pets/cat/none.png"
    config = init(parquet("data/rows.parquet", file=paths, label=labels))
    assert config.gates.embed.thresholds == {"max_rejected": 0.07}  # one of the twenty looked for, and a bit
    begun(config)


@pytest.mark.parametrize("source", ["data", "data/meta.csv"])
def test_paths_of_images_beside_a_table_are_its_images(init: Init, source: str) -> None:
    Path("data").mkdir()
    pets("data/img")
    names = sorted(str(path.relative_to("data")) for path in Path("data/img").rglob("*.png"))
    labels = [name.split("/")[1] for name in names]
    pd.DataFrame({"file_name": names, "label": labels}).to_csv("data/meta.csv", index=False)
    config = init(source)
    assert config.dataset.features.image == "file_name"
    assert config.dataset.image_root == str(Path("data").absolute())
    begun(config)


def test_votes_beside_their_rows_are_found(init: Init) -> None:
    Path("data").mkdir()
    parquet("data/rows.parquet", item=[f"i{row:03d}" for row in range(ROWS)], text=TEXTS)
    parquet("data/votes.parquet", **ballots())
    for arguments in (("data",), ("data/rows.parquet", "--votes", "data/votes.parquet")):
        config = init(*arguments, "--force")
        assert (config.dataset.votes.columns, config.dataset.id) == (["item_id", "worker", "answer"], "item")
        assert config.dataset.label == ""
    assert begun(config).classes == tuple(TOPICS)


def test_votes_whose_items_have_gaps_are_joined_by_whole_numbers(init: Init) -> None:
    """As pandas keeps numbers in a column with gaps; in a CSV they stand otherwise than the ids."""
    answers = ballots()
    items = [float(item[1:]) for item in answers["item_id"]]
    items[7] = np.nan
    parquet("votes.parquet", item=items, annotator=answers["worker"], label=answers["answer"])
    pd.DataFrame({"id": range(ROWS), "text": TEXTS}).to_csv("rows.csv", index=False)
    config = init("rows.csv", "--votes", "votes.parquet")
    assert (config.dataset.id, config.dataset.votes.item) == ("id", "item")
    begun(config)


def test_votes_of_one_person_and_votes_given_twice_are_refused_with_the_reason(
    refused: Callable[..., str],
) -> None:
    items, answers = [item for item in range(ROWS) for _ in range(3)], [one for one in LABELS for _ in "123"]
    parquet("rows.parquet", id=list(range(ROWS)), text=TEXTS)
    parquet("one.parquet", item=items, annotator=["x"] * len(items), label=answers)
    said = refused("rows.parquet", "--votes", "one.parquet")
    assert "all votes are of one annotator (column 'annotator')" in said
    parquet("twice.parquet", item=items, annotator=["x", "y", "x"] * ROWS, label=answers)
    assert "an annotator answers an item once" in refused("rows.parquet", "--votes", "twice.parquet")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([f"{row / 7:.4f}" for row in range(ROWS - 1)] + ["N/A"], "numbers among which are a few texts"),
        ([f"class of row {row}" for row in range(ROWS)], "as many as an id has"),
    ],
)
def test_a_label_that_is_another_in_nearly_every_row_is_refused(
    refused: Callable[..., str], values: list[str], why: str
) -> None:
    assert why in refused(parquet("rows.parquet", v=VECTORS.tolist(), label=values))


def test_votes_whose_items_are_written_otherwise_than_ids_are_refused(refused: Callable[..., str]) -> None:
    answers = ballots()
    items = [float(item[1:]) for item in answers["item_id"]]
    votes = pd.DataFrame({"item": items, "annotator": answers["worker"], "label": answers["answer"]})
    votes.to_csv("votes.csv", index=False)
    pd.DataFrame({"id": range(ROWS), "text": TEXTS}).to_csv("rows.csv", index=False)
    said = refused("rows.csv", "--votes", "votes.csv")
    assert "written alike in both (7.0 or 007 is not 7): items are 0.0, 1.0, 10.0" in said


def test_votes_with_the_features_in_each_row_are_found(init: Init) -> None:
    votes = ballots()
    texts = [TEXTS[int(item[1:])] for item in votes["item_id"]]
    config = init(parquet("rows.parquet", **votes, text=texts))
    assert (config.dataset.votes.item, config.dataset.id) == ("item_id", "item_id")
    assert begun(config).classes == tuple(TOPICS)


def test_text_without_spaces_is_text(init: Init) -> None:
    words = ["价格账单退款", "快递包裹送货", "密码登录账户"]
    texts = ["".join(RNG.choice(list(words[row % 3]), 8)) for row in range(ROWS)]
    config = init(parquet("rows.parquet", 内容=texts, 类别=LABELS))
    assert (config.dataset.features.text, config.dataset.label) == ("内容", "类别")


def test_what_cannot_be_taken_is_said_before_anything_is_written(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    parquet("tags.parquet", text=TEXTS, tags=[["O", "B", "O"]] * ROWS)
    assert "tags holds lists with a class twice" in refused("tags.parquet")
    np.savez("objects.npz", X=VECTORS, y=np.array(LABELS, dtype=object))
    assert "array 'y' holds Python objects" in refused("objects.npz")
    np.save("x.npy", VECTORS)
    assert "save the labels beside it" in refused("x.npy")
    assert "without the features" in refused(parquet("votes.parquet", **ballots()))
    (tmp_path / "rows.json").write_text("[]")
    assert "one JSON object a line" in refused("rows.json")
    parquet("lost.parquet", path=[f"{row}.png" for row in range(ROWS)], label=LABELS)
    assert "none of which is found" in refused("lost.parquet")
    parquet("a.parquet", text=TEXTS, label=LABELS)
    assert "labels are a column or made of votes" in refused("a.parquet", "--label", "label", "--votes", "b")
    assert "one class only" in refused(parquet("one.parquet", text=TEXTS, label=["a"] * ROWS))
    empty = parquet("empty.parquet", text=TEXTS, label=pa.nulls(ROWS))
    assert "label is empty in all rows" in refused(empty)
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat/a.png").write_bytes(png(1))
    assert "the folder that an image is in is its label" in refused("flat")
    (tmp_path / "two").mkdir()
    parquet("two/a.parquet", text=TEXTS, label=LABELS)
    parquet("two/b.parquet", text=TEXTS)
    assert "file b.parquet has no column 'label'" in refused("two")
    parquet("two/b.parquet", price=[1.5], shop=["x"], town=["y"])
    assert "the files are of 2 tables" in refused("two")


def test_no_file_is_read_to_its_end(init: Init, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 30_000
    blobs = [RNG.bytes(2000) for _ in range(100)]
    table = pa.table({"blob": [blobs[row % 100] + row.to_bytes(4) for row in range(rows)],
                      "text": [f"{TEXTS[row % ROWS]} {row}" for row in range(rows)],
                      "label": [LABELS[row % ROWS] for row in range(rows)]})  # fmt: skip
    pq.write_table(table, "rows.parquet", row_group_size=rows, compression="none", use_dictionary=False)
    read = counted(monkeypatch)
    init("rows.parquet")
    assert read[0] < 0.4 * Path("rows.parquet").stat().st_size


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes that are read of source files from now on."""
    from labelworks.tasks.sources import files as source

    read, opened = [0], source.open_object

    class Counting(io.RawIOBase):
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def read(self, size: int = -1) -> bytes:
            data: bytes = self.inner.read(size)
            read[0] += len(data)
            return data

        def seek(self, *where: int) -> int:
            return int(self.inner.seek(*where))

        def tell(self) -> int:
            return int(self.inner.tell())

        def seekable(self) -> bool:
            return True

        def readable(self) -> bool:
            return True

    monkeypatch.setattr(source, "open_object", lambda *arguments: Counting(opened(*arguments)))
    return read
