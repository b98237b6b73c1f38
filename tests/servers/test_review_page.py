"""The page on which people look at rows: two browsers, by keyboard, a reload; and the run that hears it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labelworks as lw
from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.decisions import of_table
from labelworks.schemas.stage_results import TreatResult
from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.artifacts.shown.flagged_rows import flagged
from labelworks.tasks.catalog.served_page import served_page
from labelworks.tasks.review.record import newest_judged
from labelworks.tasks.storage.store import Store
from tests.support.page import Page, opened_browser
from tests.support.stages import run_stages
from tests.support.waiting import wait_for

WORDS = [["lovely", "wonderful", "superb"], ["awful", "broken", "horrid"], ["okay", "average", "fine"]]
NAMES = np.array(["<b>great</b>", "terrible", "keep"])
HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script> \u202e =cmd()"
SHOWN = "document.querySelector('#row') && !document.querySelector('#row').hidden"
OPEN = f"{SHOWN} && document.querySelector('#answered').hidden"
SAVED = "document.querySelector('#state').textContent.endsWith('all answers saved')"
ALIKE = "!document.querySelector('#alike').hidden"
ROW = "document.querySelector('#shown').textContent.split(' ')[0]"
HALF = 100


def texts(rows: int = 1500) -> pa.Table:
    """Texts of three classes that would do harm in a page; a fifth of the labels is wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, rows)
    given = np.where(rng.random(rows) < 0.2, (true + 1) % 3, true)
    said = [" ".join([f"t{row}", *rng.choice(WORDS[code], 8), HOSTILE]) for row, code in enumerate(true)]
    return pa.table({"id": [f"t{row}" for row in range(rows)], "text": said, "label": NAMES[given].tolist()})


@contextmanager
def served(store: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The page, and a link for each of two people."""
    command = [
        sys.executable,
        "-m",
        "labelworks.flows.cli.app",
        "review",
        "serve",
        "made",
        "--store",
        str(store),
    ]
    people = ("ann", "bob")
    names = [word for name in people for word in ("--annotator", name)]
    process = subprocess.Popen([*command, *names, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, dict(process.stdout.readline().strip().split(": ") for _ in people)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def answer(page: Page, keys: str) -> None:
    """Press keys, one for each row; the last classes by typing."""
    for key in keys:
        page.wait(OPEN)
        suggested = page.value("!document.querySelector('#accept').disabled")
        page.press({"a": "Enter" if suggested else "k"}.get(key, key))
        if key == "/":
            page.write("terr")
            page.press("Enter")
        if page.value(ALIKE):  # is the answer true of those too? not by itself
            page.press("ArrowRight")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """A run's config; its store has the run."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "source").mkdir()
    pq.write_table(texts(), folder / "source/texts.parquet")
    data = {"name": "made", "source": str(folder / "source"), "id": "id", "label": "label"}
    config = {
        "dataset": {**data, "features": {"text": "text"}},
        "encoder": {"name": "tfidf"},
        "store": {"root": str(folder / "store")},
    }
    run_stages(RunConfig.model_validate(config))
    return RunConfig.model_validate(config)


@pytest.fixture
def config(first: RunConfig, tmp_path: Path) -> RunConfig:
    """The same with a store of its own."""
    shutil.copytree(first.store.root, tmp_path / "store")
    return first.model_copy(
        update={"store": first.store.model_copy(update={"root": str(tmp_path / "store")})}
    )


def test_two_people_lose_nothing_and_the_next_run_hears_all(config: RunConfig, tmp_path: Path) -> None:
    root = tmp_path / "store"
    store, keys = Store(str(root)), "aaaaakun/1" * (HALF // 20)
    with served(root) as (process, links), opened_browser(tmp_path) as new, new() as ann, new() as bob:
        for name, page in (("ann", ann), ("bob", bob)):
            page.open(links[name])
            page.wait(SHOWN)
        looks(ann)
        assert ann.value(ROW) != bob.value(ROW)
        answer(ann, keys)
        ann.open(links["ann"])  # again, whatever of it was saved by now
        answer(bob, keys)
        ann.wait(SHOWN)
        answer(ann, keys)
        undone = ann.value(ROW)
        answer(ann, "k")
        ann.press("z")
        ann.wait(f"{ROW} === '{undone}'")
        bob.open(links["bob"])
        bob.wait(SHOWN)
        answer(bob, keys)
        for page in (ann, bob):
            page.wait(SAVED)
            assert page.value("document.querySelector('#note').classList.contains('bad')") is False
            assert "put right: about" in page.value("document.querySelector('#said').textContent")
            assert page.value("window.hacked") is None
            assert all(url.startswith((links["ann"].partition("?")[0], "data:")) for url in page.asked)
        strangers(links["ann"])
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    made = of_table(read_decisions(store, decisions_files(store, "made")))
    assert sum(each.answer == "undone" for each in made) == 1
    held = [each for each in made if each.id != undone]
    assert Counter(each.annotator for each in held) == {"ann": HALF, "bob": HALF}
    assert len({each.id for each in held}) == 2 * HALF
    assert {each.classes for each in held if each.answer == "class"} == {(name,) for name in NAMES}
    second = run_stages(config)
    heard = second.treatment.decisions
    assert (heard.answers + heard.unsure, heard.stale, heard.gone) == (2 * HALF, 0, 0)
    assert second.work["embedded_rows"] == second.work["scored_rows"] == 0
    with served(root) as (_, links):
        asked = rows(links["ann"])
    assert undone in asked
    assert not asked & {each.id for each in held}


def test_the_sample_of_an_audit_is_answered_on_the_page(config: RunConfig, tmp_path: Path) -> None:
    root, options = tmp_path / "store", ("--by", "audit", "--rows", "30", "--seed", "3")
    store = Store(str(root))
    drawn = {row.id: row for row in lw.review_queue("made", 30, by="audit", seed=3, store=root).queue.rows}
    with opened_browser(tmp_path) as new, new() as ann:
        for count in (13, 17):  # with the page ended in between
            with served(root, *options) as (process, links):
                assert served_page(store, "made") == links["ann"].partition("?")[0]
                ann.open(links["ann"])
                ann.wait(SHOWN)
                assert "by chance" in ann.value("document.querySelector('#why').textContent")
                answer(ann, "k" * count)
                ann.wait(SAVED)
                said = ann.value("document.querySelector('#said').textContent")
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == 0
            assert served_page(store, "made") == ""
        assert said.startswith("Of all rows, labels that are wrong: ")
        assert said.endswith("by 30 looks")
    made = of_table(read_decisions(store, decisions_files(store, "made")))
    assert len(made) == len(drawn) == 30
    facts = ("why", "sample", "stratum", "stratum_rows", "stratum_likely", "probability", "content")
    for each in made:
        assert {name: getattr(each, name) for name in facts} == {
            name: getattr(drawn[each.id], name) for name in facts
        }
    (audit,) = run_stages(config).treatment.decisions.audits
    assert (audit.looks, audit.sample) == (30, made[0].sample)


def looks(page: Page) -> None:
    """It is as good in light as in dark, wide as narrow."""
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            page.looks(scheme, width)
            assert page.faults() == []
            assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value("document.querySelector('#shown img')") is None


def strangers(link: str) -> None:
    """Nobody else is let in, and nothing that has no end."""
    place, _, token = link.partition("?token=")
    known = {"authorization": f"Bearer {token}"}
    assert httpx.get(link).status_code == 200
    assert httpx.get(f"{link}x").status_code == httpx.get(place).status_code == 401
    assert (
        httpx.get(f"{place}api/answered", headers={**known, "origin": "http://evil.example"}).status_code
        == 403
    )
    assert httpx.get(f"{place}api/answered", headers={**known, "host": "evil.example"}).status_code == 421
    try:
        large = httpx.post(f"{place}api/answers", headers=known, content=b"x" * 100_000_000)
        assert large.status_code == 413
    except httpx.TransportError:  # it hung up meanwhile
        pass
    assert httpx.get(f"{place}api/answered", headers=known).status_code == 200


def rows(link: str) -> set[str]:
    """Ids of the rows that are asked about, but those that are shown again for a reason."""
    place, _, token = link.partition("?token=")
    asked, found = {"holder": "h", "most": 50}, set[str]()
    with httpx.Client(base_url=place, headers={"authorization": f"Bearer {token}"}) as client:
        for number in range(20):
            handed = client.post("api/rows", json={**asked, "holder": f"h{number}"}).json()["rows"]
            found |= {row["id"] for row in handed if not row["sample"]}
    return found


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1])
def test_killed_while_answers_are_stored_all_of_them_are_there_or_none(
    config: RunConfig, tmp_path: Path, after: float
) -> None:
    root = tmp_path / "store"
    artifacts, _ = newest_judged(Store(str(root)), "made")
    treated = artifacts.result(TreatResult)
    assert treated is not None
    names = [row.id for row in flagged(artifacts, treated.ref, treated=True)[0]][:100]
    said: list[int] = []
    with served(root) as (process, links):
        place, _, token = links["ann"].partition("?token=")

        def send() -> None:
            body = {"holder": "h", "answers": [{"id": name, "answer": "(keep)"} for name in names]}
            headers = {"authorization": f"Bearer {token}"}
            try:
                said.append(httpx.post(f"{place}api/answers", headers=headers, json=body).status_code)
            except httpx.TransportError:
                said.append(0)

        thread = threading.Thread(target=send)
        thread.start()
        thread.join(after)
        process.kill()
        thread.join()
    store = artifacts.store
    kept = read_decisions(store, decisions_files(store, "made")).num_rows
    assert kept in (0, len(names))
    assert said == [200] or said == [0]
    assert kept or said == [0]
    with served(root) as (_, links):
        asked = wait_for(lambda: rows(links["ann"]))
    assert bool(asked & set(names)) is not bool(kept)
