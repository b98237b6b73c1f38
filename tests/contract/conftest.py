"""Small backbones with random weights, saved as their libraries save them, and a service on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

SMALL_CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


def bert(folder: Path) -> str:
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "of", "row", "cat", "rain", "money", "goal"]
    (folder / "vocab.txt").write_text("\n".join([*words, *"0123456789", *(f"##{n}" for n in range(10))]))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=40, max_position_embeddings=64, **small)).save_pretrained(folder)
    return str(folder)


def vit(folder: Path) -> str:
    from transformers import ViTConfig, ViTModel

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    ViTModel(ViTConfig(image_size=32, patch_size=8, **small)).save_pretrained(folder)
    look = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(look))
    return str(folder)


def resnet18(folder: Path) -> str:
    import torch
    from torchvision.models import resnet18

    torch.save(resnet18(num_classes=7).state_dict(), folder / "resnet18.pth")
    return str(folder / "resnet18.pth")


def resnet10t(folder: Path) -> str:
    import timm
    from safetensors.torch import save_file

    save_file(timm.create_model("resnet10t").state_dict(), folder / "resnet10t.safetensors")
    return str(folder / "resnet10t.safetensors")


def small_clip(folder: Path) -> str:
    import open_clip
    from safetensors.torch import save_file

    (folder / "small-clip.json").write_text(json.dumps(SMALL_CLIP))
    open_clip.add_model_config(folder / "small-clip.json")
    save_file(open_clip.create_model("small-clip").state_dict(), folder / "small-clip.safetensors")
    return str(folder / "small-clip.safetensors")


class Service(BaseHTTPRequestHandler):
    """Embeds a text as the hash of its letters; the order of an answer is not that of the question."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [
            {"index": place, "embedding": np.random.default_rng(list(text.encode())).normal(size=6).tolist()}
            for place, text in enumerate(asked["input"])
        ]
        body = json.dumps({"data": data[::-1], "model": asked["model"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


MAKERS: dict[str, Callable[[Path], str]] = {
    "bert": bert, "vit": vit, "resnet18": resnet18, "resnet10t": resnet10t, "small-clip": small_clip,
}  # fmt: skip


@pytest.fixture(scope="session")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Where something that an encoder opens was made, once a test run: a folder, a file or an address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = {"service": f"http://127.0.0.1:{server.server_port}/v1"}

    def backbones(name: str) -> str:
        if name not in found:
            import torch

            torch.manual_seed(0)
            found[name] = MAKERS[name](tmp_path_factory.mktemp(name))
        return found[name]

    yield backbones
    server.shutdown()
    server.server_close()


def published_rows(schema: pa.Schema, index: pa.Table, kind: pa.DataType, run: str) -> pa.Table:
    """What a run might publish of rows: every second one relabelled as the row before it, ordered by id."""
    rows, given = index.num_rows, index["label"].to_pylist()
    label = [given[max(row - 1, 0)] if row % 2 else given[row] for row in range(rows)]
    columns = {
        "id": index["id"],
        "label": pa.array(label, kind),
        "original_label": pa.array(given, kind),
        "action": ["relabel" if row % 2 else "keep" for row in range(rows)],
        "reason": ["ж"] * rows,
        "suggestion": pa.array([label[row] if row % 2 else None for row in range(rows)], kind),
        "weight": pa.array([0.5 + row / rows / 4 for row in range(rows)], pa.float32()),
        "soft_label": pa.array([[0.25, 0.75]] * rows, pa.list_(pa.float32())),
        "quality": pa.array([1.0] * rows, pa.float32()),
        "pair_mismatch": pa.nulls(rows, pa.float32()),
        "source_file": index["file"].cast(pa.string()),
        "source_row": index["file_row"],
        "run_id": [run] * rows,
    }
    return pa.table(columns, schema=schema).sort_by("id")


@pytest.fixture
def version_of() -> Callable[..., Any]:
    """Publishes the rows of a source by hand, without judging any."""
    from dataclasses import replace

    from labelworks.schemas.config.run import RunConfig
    from labelworks.schemas.findings import PublishFigures
    from labelworks.schemas.records import DatasetRef, GateResult, RunRecord
    from labelworks.schemas.stage_results import PublishResult
    from labelworks.schemas.tables import described, published_schema
    from labelworks.tasks.artifacts.index import LABEL_TYPES
    from labelworks.tasks.exports.base import Version
    from labelworks.tasks.ingest.scan import scan
    from labelworks.tasks.planning.open_run import plan_run

    def version_of(
        config: dict[str, Any], store: Any, number: int = 1, classes: Any = ("cat", "dog")
    ) -> Version:
        loaded = RunConfig.model_validate({"store": {"root": store.root}, **config})
        run, plans = plan_run(loaded, store.options)
        artifacts, plan = replace(run.artifacts.named(f"run-{number}"), store=store), plans["source"]
        task = loaded.dataset.task
        family = {"multilabel": "list", "regression": "number"}.get(task, plan.label_type)
        kind = LABEL_TYPES[family]
        schema = described(published_schema(kind), classes, task, artifacts.id)
        ref = DatasetRef(
            run_id=artifacts.id, dataset=artifacts.dataset, uri="", classes=classes, label_type=family,
            partitions=tuple(plan.partitions),
        )  # fmt: skip
        for partition in plan.partitions:
            table = published_rows(schema, scan(partition, run.source, family).rows, kind, artifacts.id)
            store.write_table(artifacts.part("publish", partition), table)
        names = [
            artifacts.part("publish", each).removeprefix(f"{artifacts.folder}/") for each in plan.partitions
        ]
        figures = PublishFigures(
            rows=0,
            rows_expected=0,
            parts=len(names),
            target_rows=0,
            target_rows_expected=0,
            names=tuple(names),
        )
        gate = GateResult(stage="publish", ok=True, checks=())
        artifacts.finish(PublishResult(ref=ref, figures=figures, gate=gate))
        record = RunRecord(
            run_id=artifacts.id, status="published", dataset=artifacts.dataset, version=number, rows=0,
            work={}, gates={}, report="", timings={}, parts=tuple(names), classes=classes,
            config=loaded.model_dump(mode="json", by_alias=True),
        )  # fmt: skip
        return Version(artifacts, run.source, record)

    return version_of
