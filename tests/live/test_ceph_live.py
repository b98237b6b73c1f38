"""Live: a put to Ceph's gateway notifies the receiver, and nobody has to list the bucket for it."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.ceph import gateway, missing
from tests.support.waiting import wait_for

KEY = "labelworks"
PUTS = 3
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}"),
]


def put(s3: Any, name: str, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    s3.put_object(Bucket="bucket", Key=f"data/{name}.parquet", Body=sink.getvalue().to_pybytes())


def test_a_put_to_ceph_is_a_version(
    served: Any,
    versions: Any,
    made: Any,
    split: Any,
    raw_config: Any,
    token: str,
    tmp_path: Path,
    capsys: Any,
) -> None:
    table = made(rows=100 * (PUTS + 2)).table
    parts = [table.slice(100 * number, 100) for number in range(PUTS + 2)]
    with gateway(tmp_path / "ceph", KEY, KEY) as url:
        reached = {"endpoint_url": url, "aws_access_key_id": KEY, "aws_secret_access_key": KEY}
        s3, sns = (boto3.client(name, region_name="us-east-1", **reached) for name in ("s3", "sns"))
        s3.create_bucket(Bucket="bucket")
        for number in range(2):
            put(s3, f"part-{number}", parts[number])
        dataset = {"name": "ceph", "source": "s3://bucket/data/", "storage_options": {"endpoint_url": url}}
        config = raw_config("", dataset=dataset, compute={"workers": 1}, reprocess={"poll": "1h"})
        live = served(config, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=KEY)
        live.start()
        address = f"http://127.0.0.1:{live.events}/api/notifications/{token}"
        topic = sns.create_topic(Name="labelworks", Attributes={"push-endpoint": address})["TopicArn"]
        wanted = {"Id": "all", "TopicArn": topic, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
        s3.put_bucket_notification_configuration(
            Bucket="bucket", NotificationConfiguration={"TopicConfigurations": [wanted]}
        )
        chain = versions("ceph")
        chain.wait(1, 300)
        took = []
        for number in range(2, PUTS + 2):
            began = time.time()
            put(s3, f"part-{number}", parts[number])
            took.append(chain.wait(number) - began)
            wait_for(lambda: live.at_rest("ceph"))
        changes = [run["parameters"]["change"] for run in live.flow_runs()][1:]
        assert [(change["cause"], change["added"]) for change in changes] == [
            ("notification", [f"s3://bucket/data/part-{number}.parquet"]) for number in range(2, PUTS + 2)
        ], json.dumps(changes)
        assert sorted(chain.ids(PUTS + 1)) == sorted(pa.concat_tables(parts)["id"].to_pylist())
        with capsys.disabled():
            print(f"\nput to Ceph to published: median {statistics.median(took):.1f} s, of {PUTS}")
        assert live.stop() == 0
