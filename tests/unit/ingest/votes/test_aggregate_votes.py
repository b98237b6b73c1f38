"""Votes in parts: what comes of them is what comes of all of them, and no more than two parts are held."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.votes.vote_files import RANGES, VoteSource, ranges_of, read_votes
from labelworks.tasks.execution.progress import Silent, telling
from labelworks.tasks.ingest.votes import aggregate_votes, annotators, votes_on_items
from labelworks.tasks.ingest.votes.aggregate_votes import divided, voted
from labelworks.tasks.methods.crowd import aggregate
from labelworks.tasks.sources.columns import Columns
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.source import Source
from labelworks.tasks.storage.store import Store

ITEMS, ANNOTATORS, RIGHT = 900, 40, (0.55, 0.95)


@pytest.fixture
def votes(tmp_path):
    """A table of votes in three files, five on each item, and the truth."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, ITEMS)
    item = np.repeat(np.arange(ITEMS), 5)
    who = np.concatenate([rng.choice(ANNOTATORS, 5, replace=False) for _ in range(ITEMS)])
    right = rng.random(len(item)) < np.linspace(*RIGHT, ANNOTATORS)[who]
    answer = np.where(right, truth[item], (truth[item] + rng.integers(1, 3, len(item))) % 3)
    columns = [[f"i{each:04d}" for each in item], [f"w{each:02d}" for each in who], [f"c{a}" for a in answer]]
    table = pa.table(columns, names=["item", "annotator", "label"]).take(rng.permutation(len(item)))
    (tmp_path / "votes").mkdir()
    for number in range(3):
        pq.write_table(table.slice(number * 1500, 1500), tmp_path / f"votes/{number}.parquet")
    return table, truth


def source_of(folder: Path, method: str = "majority") -> VoteSource:
    said = {"method": method}
    return VoteSource(
        "votes", f"{folder}/votes", "auto", ReadAs(), "item", "annotator", "label", method, said
    )


def aggregated(folder: Path, method: str, name: str = "run"):
    """What `voted` gives, and the run it left its tables in."""
    asked = source_of(folder, method)
    artifacts = Artifacts(Store(f"{folder}/store", {}), "made", name)
    columns = Columns("vector", ("vector",), id="id")
    return (*voted(artifacts, Source({"source": f"{folder}/rows"}, columns), asked, 1.0), artifacts)


def posteriors(found, items=ITEMS):
    """Labels and posterior as the rows get them."""
    index = pa.table({"id": [f"i{each:04d}" for each in range(items)], "label": pa.nulls(items)})
    joined = found.join(index, pa.string())
    width = len(found.classes)
    flat = np.frombuffer(b"".join(joined["votes"].to_pylist()), np.float32)
    return joined["label"].to_pylist(), flat.reshape(-1, width)


def test_rows_without_an_item_an_annotator_or_an_answer_are_no_votes(votes, tmp_path):
    expected, told, _ = aggregated(tmp_path, "majority")
    blank = [
        ("i0001", "w00", None),
        ("i0001", "w00", ""),
        (None, "w00", "c1"),
        ("", "w00", "c1"),
        ("i0001", None, "c1"),
    ]
    table = pa.table(
        [pa.array(column, pa.string()) for column in zip(*blank, strict=True)],
        names=["item", "annotator", "label"],
    )
    pq.write_table(table, tmp_path / "votes/blank.parquet")
    notes = []

    class Noting(Silent):
        def note(self, text):
            notes.append(text)

    with telling(Noting()):
        found, counted, _ = aggregated(tmp_path, "majority", "again")
    assert (counted.not_given, counted.votes, counted.annotators) == (5, told.votes, told.annotators)
    assert "5 of 4,505 rows have no item, annotator or answer" in notes[0]
    assert found.classes == expected.classes == ("c0", "c1", "c2")
    for file in tmp_path.glob("votes/[0-9].parquet"):
        file.unlink()
    with pytest.raises(InputError, match="no row has an item, an annotator and an answer"):
        aggregated(tmp_path, "majority", "none")


def test_blank_files_among_votes_hold_none_and_columns_are_named_by_their_role(votes, tmp_path):
    _, told, _ = aggregated(tmp_path, "majority")
    (tmp_path / "votes/blank.csv").write_text("")
    assert aggregated(tmp_path, "majority", "again")[1].votes == told.votes
    pq.write_table(
        pa.table({"item": ["a"], "annotator": [[1]], "label": ["x"]}), tmp_path / "votes/f.parquet"
    )
    with pytest.raises(InputError, match=r"'annotator' is list<.*>, but votes\.annotator needs"):
        aggregated(tmp_path, "majority", "floats")


def test_a_broken_row_of_votes_is_named(tmp_path):
    lines = [f'{{"item": "i{row}", "annotator": "w", "label": "c"}}\n' for row in range(5)]
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes/a.jsonl").write_text("".join([*lines, '{"item": "i5", \n', *lines]))
    with pytest.raises(InputError, match="row 5 of the votes can't be read: the line is no JSON") as said:
        aggregated(tmp_path, "majority")
    assert said.value.where.endswith("votes/a.jsonl")


@pytest.mark.parametrize("method", ["auto", "glad"])
def test_where_all_votes_fit_they_are_aggregated_as_arrays_are(votes, tmp_path, method):
    table, _ = votes
    found, told, _ = aggregated(tmp_path, method)
    whole = aggregate(table, method=method)
    labels, posterior = posteriors(found)
    assert len(found.parts) == 1
    assert labels == whole.labels.tolist()
    np.testing.assert_array_equal(posterior, whole.posterior / whole.posterior.sum(axis=1, keepdims=True))
    assert (told.items, told.votes, told.annotators) == (ITEMS, 5 * ITEMS, ANNOTATORS)
    assert told.alpha == pytest.approx(whole.alpha)
    assert told.kappa == pytest.approx(whole.kappa)
    worst = np.argsort(whole.quality, kind="stable")[:20]
    assert [each.annotator for each in told.lowest] == whole.annotators[worst].tolist()
    np.testing.assert_allclose([each.quality for each in told.lowest], whole.quality[worst], atol=1e-6)


@pytest.mark.parametrize("method", ["majority", "auto", "dawid-skene", "glad", "top-two"])
def test_in_parts_the_twin_is_the_whole_or_close(votes, tmp_path, monkeypatch, method):
    table, truth = votes
    held, read = [], votes_on_items.read_votes

    def spied(*given):
        out = read(*given)
        held.append(out[0].num_rows)
        return out

    monkeypatch.setattr(aggregate_votes, "HELD_VOTES", 1000)
    monkeypatch.setattr(votes_on_items, "read_votes", spied)
    monkeypatch.setattr(annotators, "HELD_ANNOTATORS", 60)
    found, told, artifacts = aggregated(tmp_path, method)
    proven = method != "majority"  # a part of the votes was read for that too
    assert len(found.parts) == len(held) - proven > 4
    assert (told.proof is not None) == proven
    assert max(held) <= 2000
    whole = aggregate(table, method=method)
    labels, posterior = posteriors(found)
    if method == "majority":
        np.testing.assert_allclose(posterior, whole.posterior, atol=1e-6)
        clear = whole.posterior.max(axis=1) > 0.9  # ties go to the class that is commoner in the part
        assert (np.array(labels) == whole.labels)[clear].all()
    assert np.mean(np.array(labels) == whole.labels) > 0.95
    right = np.array([f"c{each}" for each in truth])
    assert np.mean(np.array(labels) == right) > np.mean(whole.labels == right) - 0.02
    assert (told.items, told.votes, told.annotators) == (ITEMS, 5 * ITEMS, ANNOTATORS)
    assert told.alpha == pytest.approx(whole.alpha)
    assert told.kappa == pytest.approx(whole.kappa)
    folder = Path(artifacts.store.base) / artifacts.folder / "ingest"
    groups = sorted((folder / "annotators").iterdir())
    assert len(groups) > 1
    kept = pa.concat_tables([pq.read_table(group) for group in groups]).sort_by("annotator")
    assert kept["annotator"].to_pylist() == whole.annotators.tolist()
    np.testing.assert_allclose(kept["quality"], whole.quality, atol=0.06)
    assert told.lowest[0].quality == pytest.approx(min(kept["quality"].to_pylist()))


def test_classes_that_no_item_is_of_are_left_out_whatever_the_part(votes, tmp_path, monkeypatch):
    odd = pa.table({"item": ["i0000"], "annotator": ["w00"], "label": ["zz"]})
    pq.write_table(odd, tmp_path / "votes/3.parquet")
    monkeypatch.setattr(aggregate_votes, "HELD_VOTES", 1000)
    found, _, _ = aggregated(tmp_path, "majority")
    assert found.classes == ("c0", "c1", "c2")
    _, posterior = posteriors(found, ITEMS + 1)
    np.testing.assert_allclose(posterior[:ITEMS].sum(axis=1), 1, atol=1e-6)
    assert (posterior[ITEMS] == 0).all()


def test_ranges_follow_each_other_and_hold_at_most_so_many_votes():
    by_range = np.bincount(ranges_of(pa.array([f"i{n}" for n in range(5000)])), minlength=RANGES)
    parts = divided(by_range, 700)
    assert [first for first, _ in parts[1:]] == [end for _, end in parts[:-1]]
    assert (parts[0][0], parts[-1][1]) == (0, RANGES)
    assert max(by_range[first:end].sum() for first, end in parts) <= 700
    assert len(divided(by_range, 5000)) == 1


def test_items_and_annotators_that_are_floats_are_whole_numbers(tmp_path):
    """As pandas keeps columns with gaps; such gaps are no votes."""
    (tmp_path / "votes").mkdir()
    item, who = [1.0, 1.0, 2.0, np.nan], [7.0, 8.0, 7.0, 8.0]
    rows = pa.table({"item": item, "annotator": who, "label": ["a", "a", "b", "b"]})
    pq.write_table(rows, tmp_path / "votes/0.parquet")
    read, _ = read_votes(source_of(tmp_path), {})
    assert read.select(["item", "annotator"]).to_pylist() == [
        {"item": "1", "annotator": "7"}, {"item": "1", "annotator": "8"}, {"item": "2", "annotator": "7"},
    ]  # fmt: skip
    pq.write_table(rows.set_column(1, "annotator", pa.array([7.5, 8, 7, 8])), tmp_path / "votes/0.parquet")
    with pytest.raises(InputError, match=r"the annotator 7\.5 can't be read: it has a fraction"):
        read_votes(source_of(tmp_path), {})
