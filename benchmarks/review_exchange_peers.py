"""What Label Studio's and Argilla's own code makes of the files of a review, each in its own environment.

PYTHON_OF_SDK benchmarks/review_exchange_peers.py label-studio FOLDER
PYTHON_OF_SDK benchmarks/review_exchange_peers.py label-studio-server FOLDER URL TOKEN
PYTHON_OF_ARGILLA benchmarks/review_exchange_peers.py argilla FOLDER

FOLDER holds what `review export` wrote (a.json with a.xml, a.argilla), and answers.json: one a row, or null.
"""

import json
import sys
from pathlib import Path
from uuid import UUID


def results(kind, answer):
    """An answer as the controls of the labelling config give it."""
    word = answer.startswith("(")
    if kind == "number" and not word:
        return [
            {"from_name": "answer", "to_name": "shown", "type": "number", "value": {"number": float(answer)}}
        ]
    names = answer.split("; ") if kind == "classes" else [answer]
    control = "word" if kind == "number" else "answer"
    return [{"from_name": control, "to_name": "shown", "type": "choices", "value": {"choices": names}}]


def label_studio(folder):
    """By its SDK: the config and the predictions are validated by it, and it converts what was annotated."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    tasks, asked = (
        json.loads((folder / "a.json").read_text()),
        json.loads((folder / "answers.json").read_text()),
    )
    config = LabelInterface((folder / "a.xml").read_text())
    config.validate()
    bad = [task for task in tasks if not config.validate_task({"data": task["data"]})]
    wrong = [each for task in tasks for each in task["predictions"] if not config.validate_prediction(each)]
    print(f"tasks refused: {len(bad)}, predictions refused: {len(wrong)}")
    for number, (task, answer) in enumerate(zip(tasks, asked["answers"], strict=True), 1):
        made = [] if answer is None else [annotation(number, results(asked["kind"], answer))]
        task |= {"id": number, "annotations": made}
    (folder / "tasks.json").write_text(json.dumps(tasks))
    converter = Converter(str(folder / "a.xml"), str(folder), download_resources=False)
    for form in ("JSON", "JSON_MIN"):
        converter.convert(str(folder / "tasks.json"), str(folder / f"sdk-{form}"), form, is_dir=False)


def annotation(number, found):
    return {"id": number, "completed_by": {"email": "ann@example.org", "id": 1}, "result": found,
            "was_cancelled": False, "lead_time": 1.5, "created_at": "2026-11-29T01:00:00.000000Z",
            "updated_at": "2026-11-29T01:02:03.000000Z"}  # fmt: skip


def label_studio_server(folder, url, token):
    """By a server: the tasks are imported, annotated and exported by its API."""
    import requests

    session = requests.Session()
    session.headers["Authorization"] = f"Token {token}"

    def call(method, path, **given):
        answer = session.request(method, f"{url}/api/{path}", timeout=300, **given)
        if not answer.ok:
            sys.exit(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer

    asked = json.loads((folder / "answers.json").read_text())
    config = {"title": "review", "label_config": (folder / "a.xml").read_text()}
    project = call("POST", "projects/", json=config).json()["id"]
    sent = json.loads((folder / "a.json").read_text())
    print("imported:", call("POST", f"projects/{project}/import?return_task_ids=true", json=sent).json())
    page = call("GET", f"tasks?project={project}&page_size=1000&fields=all").json()
    by_row = {task["data"]["labelworks"]["id"]: task["id"] for task in page["tasks"]}
    for row, answer in zip(sent, asked["answers"], strict=True):
        if answer is not None:
            task = by_row[row["data"]["labelworks"]["id"]]
            made = {"result": results(asked["kind"], answer), "lead_time": 1.5}
            call("POST", f"tasks/{task}/annotations/", json=made)
    for form in ("JSON", "JSON_MIN"):
        options = f"exportType={form}&download_all_tasks=true"
        found = call("GET", f"projects/{project}/export?{options}")
        (folder / f"server-{form}.json").write_bytes(found.content)
    call("DELETE", f"projects/{project}/")


def argilla(folder):
    """By its SDK, without a server: settings and records are read by it, answered, and written by it."""
    from unittest.mock import MagicMock

    from argilla import Response, Settings
    from argilla._models import DatasetModel
    from argilla.client import Argilla
    from argilla.records._io import GenericIO, JsonIO

    Argilla._get_default = classmethod(lambda cls: MagicMock())  # it asks for a server to make a question
    held = folder / "a.argilla"
    asked = json.loads((folder / "answers.json").read_text())
    settings = Settings.from_json(held / ".argilla/settings.json")
    settings.validate()
    dataset = DatasetModel(**json.loads((held / ".argilla/dataset.json").read_text()))
    records = JsonIO._records_from_json(held / "records.json")
    print(f"dataset {dataset.name}: {len(records)} records, {[each.name for each in settings.questions]}")
    for record, answer in zip(records, asked["answers"], strict=True):
        record.api_model()  # what it would send to a server
        if answer is not None:
            value = answer.split("; ") if asked["kind"] == "classes" else answer
            record.responses.add(Response("answer", value, user_id=UUID(int=7), status="submitted"))
    JsonIO.to_json(records, folder / "argilla.json")
    (folder / "argilla-flat.json").write_text(json.dumps(GenericIO.to_list(records, flatten=True)))


if __name__ == "__main__":
    do = {"label-studio": label_studio, "label-studio-server": label_studio_server, "argilla": argilla}
    do[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
