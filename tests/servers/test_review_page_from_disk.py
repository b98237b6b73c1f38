"""The page of a queue in a browser, from disk: answered by keys, reloaded in the middle, saved, imported."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labelworks.schemas.review import ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.decisions.log import decisions_files, read_decisions
from labelworks.tasks.review.exchange.carried import Picture
from labelworks.tasks.review.exchange.formats import write_queue
from labelworks.tasks.storage.store import Store
from tests.support.page import Page, opened_browser
from tests.support.pets import run_on_pets
from tests.support.stages import run_stages
from tests.support.waiting import wait_for

EVIL = "<img src=x onerror=document.title='run'> </script><script>document.title='run'</script> \u202egnp"
ANSWERED = "document.getElementById('count')?.textContent.startsWith('{} of')"
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A page whose downloads lie in a folder."""
    with opened_browser(tmp_path) as pages, pages() as page:
        page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "saved"))
        yield page


def hostile(rows: int = 6) -> ReviewQueue:
    made = [
        ReviewRow(
            id=f"{number} {EVIL}", content=number, partition="p", row=number, shown=f"{number} {EVIL} " * 40,
            given=EVIL, suggestion="cat" if number != 1 else None, probabilities=(("cat", 0.7), (EVIL, 0.3)),
            like=f"2 {EVIL}" if number in (3, 4) else None,
        )
        for number in range(rows)
    ]  # fmt: skip
    classes = ("cat", EVIL, "dormouse", "dog")
    return ReviewQueue(dataset=EVIL, run="r", label="class", classes=classes, kind="text", rows=tuple(made))


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.press(key)


def saved(page: Page, folder: Path) -> Any:
    page.value("document.getElementById('save').click()")
    file = wait_for(lambda: next(folder.glob("*.json"), None), 30)
    wait_for(lambda: file.stat().st_size > 2, 30)
    return json.loads(file.read_text(encoding="utf-8"))


def test_200_answers_by_keyboard_with_a_reload_in_the_middle_are_imported_each_once(
    page: Page, made: Any, write: Any, raw_config: Callable[..., Any], command: Any, tmp_path: Path
) -> None:
    from labelworks.schemas.config.run import RunConfig

    run_stages(RunConfig.model_validate(raw_config(write(made(rows=2400).table))))
    at = ("--store", str(tmp_path / "store"))
    command("review", "export", "--rows", "200", "--to", str(tmp_path / "a.html"), *at)
    page.open((tmp_path / "a.html").as_uri())
    page.wait(ANSWERED.format(0))
    page.value("document.getElementById('who').focus()")
    page.write("ann")
    keys(page, "Enter")
    page.value(
        "document.getElementById('who').dispatchEvent(new Event('change')); document.activeElement.blur()"
    )
    total = page.value("JSON.parse(document.getElementById('queue').textContent).rows.length")
    for number in range(total):
        if number == total // 2:
            page.open((tmp_path / "a.html").as_uri())
            page.wait(ANSWERED.format(number))
        keys(page, ("k", "u", "n", "1")[number % 4])
        if page.value("!document.getElementById('alike').hidden"):
            keys(page, "ArrowRight")
    page.wait("!document.getElementById('end').hidden")
    decisions = saved(page, tmp_path / "saved")
    assert len({row["id"] for row in decisions["answers"]}) == total == len(decisions["answers"])
    shutil.copy(next((tmp_path / "saved").glob("*.json")), tmp_path / "back.json")
    code, out, err = command("review", "import", str(tmp_path / "back.json"), *at, "--json")
    assert (code, json.loads(out)["taken"], json.loads(out)["aside"]) == (0, total, []), err
    store = Store(str(tmp_path / "store"))
    kept = read_decisions(store, decisions_files(store, "made")).to_pylist()
    assert {row["annotator"] for row in kept} == {"ann"}
    assert [row["answer"] for row in kept] == [
        ("keep", "unsure", "none", "class")[n % 4] for n in range(total)
    ]
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    code, _, err = command("review", "export", "--to", str(tmp_path / "b.csv"), *at)
    with (tmp_path / "b.csv").open(newline="") as cells:
        again = {row["id"] for row in csv.DictReader(cells) if not row["sample"]}
    assert not again & {row["id"] for row in kept}


def test_every_key_does_what_it_says_and_what_is_in_rows_stays_text(page: Page, tmp_path: Path) -> None:
    write_queue(hostile(), str(tmp_path / "a.html"), {})
    page.open((tmp_path / "a.html").as_uri())
    page.wait(ANSWERED.format(0))
    keys(page, "Enter")  # accepted
    page.wait(ANSWERED.format(1))
    keys(page, "Enter")  # there is no suggestion: nothing is accepted
    keys(page, "/")
    page.write("do")
    assert page.value("[...document.querySelectorAll('#matches li')].map(each => each.textContent)") == [
        "dormouse",
        "dog",
        EVIL,
    ]
    keys(page, "ArrowDown", "Enter")
    page.wait(ANSWERED.format(2))
    keys(page, "n")
    page.wait("!document.getElementById('alike').hidden")
    keys(page, "l")  # the same of the two that are like it
    page.wait(ANSWERED.format(5))
    keys(page, "z")
    page.wait(ANSWERED.format(3))
    page.open((tmp_path / "a.html").as_uri())
    page.wait(ANSWERED.format(3))
    keys(page, "u", "z")
    page.wait(ANSWERED.format(3))
    keys(page, "ArrowLeft", "l")
    page.wait(ANSWERED.format(5))
    found = saved(page, tmp_path / "saved")
    assert [row["answer"] for row in found["answers"]] == ["cat", "dog", *["(none)"] * 3]
    assert [row["why"] for row in found["answers"]] == [*["queue"] * 3, "like", "like"]
    assert not {"shown", "picture", "probabilities", "marks"} & set().union(*found["answers"])
    assert [row["id"] for row in found["answers"]] == [f"{number} {EVIL}" for number in range(5)]
    assert page.value("document.title") == f"Review of {EVIL}".replace("  ", " ")
    assert page.value("document.querySelectorAll('#shown *, #given *, #likely img').length") == 0
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_images_are_in_it_as_in_tasks_and_records(
    page: Page, raw_config: Callable[..., Any], command: Any, tmp_path: Path
) -> None:
    run_on_pets(raw_config, tmp_path / "pets", 160, 400, 300, "JPEG")
    for name in ("a.html", "b.json", "c.argilla"):
        code, _, err = command(
            "review",
            "export",
            "--rows",
            "3",
            "--to",
            str(tmp_path / name),
            "--store",
            str(tmp_path / "store"),
        )
        assert (code, "3 with their image" in err) == (0, True), err
    page.open((tmp_path / "a.html").as_uri())
    page.wait("document.querySelector('#picture img')?.naturalWidth === 320")
    page.picture(tmp_path / "image.png")
    tasks = json.loads((tmp_path / "b.json").read_text())
    records = json.loads((tmp_path / "c.argilla/records.json").read_text())
    shown = [*(task["data"]["image"] for task in tasks), *(each["fields"]["image"] for each in records)]
    assert {address[:23] for address in shown} == {"data:image/jpeg;base64,"}


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)
def test_it_is_legible_and_fits_in_light_and_dark_wide_and_narrow(
    page: Page, scheme: str, width: int, tmp_path: Path
) -> None:
    write_queue(hostile(), str(tmp_path / "a.html"), {("p", 0): Picture(DOT, True)})
    page.looks(scheme, width)
    page.open((tmp_path / "a.html").as_uri())
    page.wait(ANSWERED.format(0))
    for pressed in ("", "k", "/"):
        keys(page, *pressed)
        if pressed == "/":
            page.write("do")
        assert page.faults() == []
        assert page.value("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.picture(tmp_path / f"{scheme}-{width}.png")
    for label in ("classes", "number"):  # their likeliest values are lines, without keys
        rows = [row.model_copy(update={"probabilities": (("12.345678901", 0.7),)}) for row in hostile().rows]
        asked = hostile().model_copy(update={"label": label, "rows": tuple(rows)})
        write_queue(asked, str(tmp_path / "a.html"), {})
        page.open((tmp_path / "a.html").as_uri())
        page.wait(ANSWERED.format(0))
        assert page.value("document.querySelector('#likely .line').offsetHeight") < 50
        assert "the given label is right" in page.value("document.querySelector('#likely .line').textContent")
        assert page.faults() == []
