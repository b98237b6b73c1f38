"""Judges in a run, of a real service: they order the review, and change labels as far as audits allow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from labelworks.schemas.errors import ConfigError
from tests.support.completions import Asked, Completions
from tests.support.stages import run_stages

NAMES = [f"v{place}" for place in range(6)]


@dataclass(frozen=True)
class Rows:
    """Rows of numbers that tell the classes badly; the true class of each (N,), and what the judge says."""

    table: pa.Table
    true: list[str]
    judge: list[str]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        return np.array(self.true) != np.array(self.table["label"].to_pylist())

    def says(self, asked: Asked) -> str:
        known = dict(zip(self.table["v0"].to_pylist(), self.judge, strict=True))
        return known[float(asked.shown.split("\n")[0].removeprefix("v0: "))]


@pytest.fixture(scope="module")
def data() -> Rows:
    """Nine hundred rows, a tenth of whose labels are wrong; the judge errs on three in a thousand."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 900)
    numbers = (1.6 * np.eye(3, 6)[true] + rng.normal(size=(900, 6))).astype(np.float32)

    def spoiled(share: float) -> list[str]:
        other = np.where(rng.random(900) < share, (true + rng.integers(1, 3, 900)) % 3, true)
        return [f"class-{code}" for code in other]

    columns = {"id": [f"row-{row:03d}" for row in range(900)], "label": spoiled(0.1)}
    columns |= {name: pa.array(numbers[:, place]) for place, name in enumerate(NAMES)}
    return Rows(pa.table(columns), [f"class-{code}" for code in true], spoiled(0.003))


@pytest.fixture
def service(data: Rows) -> Iterator[Completions]:
    with Completions(data.says) as made:
        yield made


@pytest.fixture
def judged(run_config: Any, write: Any, service: Completions, data: Rows) -> Callable[..., Any]:
    source: list[Path] = []

    def judged(**judges: Any) -> Any:
        if not source:
            source.append(write(data.table))
        model = {"model": "small", "base_url": service.url, "price_in": 1.0, "price_out": 1.0}
        chosen = {"models": [model], "rows": 60, **judges}
        return run_config(
            source[0],
            dataset={"features": {"vector": None, "columns": NAMES}},
            treat={"judges": chosen},
        )

    return judged


def test_judges_order_the_review_and_change_no_label(
    judged: Any, service: Completions, published: Any, data: Rows, tmp_path: Path
) -> None:
    record = run_stages(judged())
    rows, found = published(judged()), record.treatment.judges
    assert found.rows == len(service.asked) == 60
    assert found.changed == 0
    assert "no audited row" in found.note
    assert found.cost == pytest.approx(60 * 110 / 1e6)
    assert found.by_judge[0].tokens_in == 6000
    asked = rows.filter(pc.is_valid(rows["judge_score"]))
    assert asked.num_rows == 60
    wrong = dict(zip(data.table["id"].to_pylist(), data.wrong, strict=True))
    queue = pq.read_table(tmp_path / "store/made/runs" / record.run_id / "treat/judged.parquet")
    assert set(queue["id"].to_pylist()) == set(asked["id"].to_pylist())
    assert queue["judge_score"].to_pylist() == sorted(queue["judge_score"].to_pylist())
    first = [wrong[each] for each in queue["id"].to_pylist()[:20]]
    assert np.mean(first) >= 0.8
    against = asked.filter(pc.not_equal(asked["judge_answer"], asked["original_label"]))
    assert against.num_rows > 20
    assert set(against["action"].to_pylist()) == {"review"}
    assert asked["label"].equals(asked["original_label"])
    assert (tmp_path / "store/made/judges").is_dir()
    assert rows.schema.field("judge_score").metadata[b"about"]


def test_the_same_answers_serve_another_run(judged: Any, service: Completions) -> None:
    run_stages(judged())
    asked = len(service.asked)
    more = run_stages(judged(rows=80, concurrency=2))
    assert len(service.asked) == asked + 20
    assert (more.treatment.judges.rows, more.treatment.judges.by_judge[0].kept) == (80, 60)


def test_audited_rows_let_judges_change_labels(
    judged: Any, published: Any, data: Rows, tmp_path: Path
) -> None:
    ids = data.table["id"].to_pylist()
    looked = np.flatnonzero(np.array(data.judge) != np.array(data.table["label"].to_pylist()))[:60:2]
    audited = tmp_path / "audited.csv"
    audited.write_text("id,label\n" + "".join(f"{ids[row]},{data.true[row]}\n" for row in looked))
    config = judged(rows=200, audited=str(audited))
    record = run_stages(config)
    found = record.treatment.judges
    assert found.audited >= found.audited_right >= 29
    assert found.precision_bound >= 0.9
    rows = published(config)
    by_judges = rows.filter(pc.match_substring(rows["reason"], "audited rows have shown them right"))
    assert by_judges.num_rows == found.changed > 0
    assert by_judges["label"].equals(by_judges["judge_answer"])
    truth = dict(zip(ids, data.true, strict=True))
    right = [truth[row["id"]] == row["label"] for row in by_judges.to_pylist()]
    assert np.mean(right) >= 0.9


def test_the_budget_is_kept_and_what_was_left_is_said(judged: Any, service: Completions) -> None:
    config = judged(budget=0.004, concurrency=1)
    record = run_stages(config)
    found = record.treatment.judges
    assert found.cost <= 0.004
    assert 0 < found.rows < 60
    assert found.not_asked == 60 - found.rows
    assert len(service.asked) == found.rows
    page = Path(record.report).read_text()
    assert f"{found.not_asked} rows" in page


def test_the_budget_is_for_all_treatments_of_a_run(judged: Any, service: Completions, tmp_path: Path) -> None:
    config = judged(budget=0.004, concurrency=1)
    proof = config.validation.model_validate({"publish_when": {"not_worse": 0}})
    treat = config.treat.model_copy(update={"objective": None, "relabel_over": 0.5})
    record = run_stages(config.model_copy(update={"validation": proof, "treat": treat}))
    assert record.validation.published == "given"
    folder = tmp_path / "store/made/runs" / record.run_id
    assert {path.name for path in folder.glob("treat*")} == {"treat", "treat-given"}
    assert record.treatment.judges.cost == pytest.approx(len(service.asked) * 110 / 1e6)
    assert record.treatment.judges.cost <= 0.004


def test_the_key_is_nowhere_in_what_a_run_keeps(
    judged: Any, service: Completions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("LABELWORKS_KEY_OPENAI", "open-sesame")
    record = run_stages(judged())
    assert {asked.key for asked in service.asked} == {"Bearer open-sesame"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert b"open-sesame" not in kept
    assert "open-sesame" not in json.dumps(record.model_dump(mode="json")) + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("sections", "match"),
    [
        ({"dataset": {"features": {"vector": "vector"}}}, "can't be shown a vector"),
        ({"dataset": {"task": "multilabel"}}, "one class a row"),
        ({"treat": {"judges": {"models": [{"base_url": "ftp://x"}]}}}, "no address of a service"),
        ({"treat": {"judges": {"models": [{"key_env": "HOME"}]}}}, "no variable that may be sent"),
    ],
)
def test_judges_that_can_t_be_asked_are_refused_before_any_work(
    raw_config: Any, tmp_path: Path, sections: dict[str, Any], match: str
) -> None:
    from labelworks.flows.preflight import check_judges
    from labelworks.schemas.config.run import RunConfig
    from tests.conftest import merged

    model = {"model": "m", "price_in": 0, "price_out": 0}
    given = sections.get("treat", {}).get("judges", {}).get("models", [{}])[0]
    treat = {"judges": {"models": [{**model, **given}]}}
    base = raw_config(tmp_path, dataset={"features": {"vector": None, "text": "text"}}, treat=treat)
    dataset = sections.get("dataset", {})
    if "features" in dataset:
        base["dataset"]["features"] = dataset["features"]
    else:
        base = merged(base, {"dataset": dataset})
    with pytest.raises(ConfigError, match=match):
        check_judges(RunConfig.model_validate(base))
