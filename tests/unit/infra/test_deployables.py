"""The Dockerfile, the compose file, the manifests and the dashboard, checked without an engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from labelworks.flows.cli.app import app
from labelworks.infra.observability.metrics import BY_STAGE, FIGURES, RUNS
from labelworks.infra.prefect_server.concurrency_leases import IN_FILES
from labelworks.schemas.config.load import load_config
from labelworks.schemas.config.run import RunConfig

ROOT = Path(__file__).parents[3]
INFRA = ROOT / "infra"
WIDE = {**os.environ, "COLUMNS": "200", "TERM": "dumb"}
BIN = Path(sys.executable).parent
COMPOSE = yaml.safe_load((INFRA / "compose.yaml").read_text())
MANIFESTS = sorted(path for path in (INFRA / "k8s").glob("*.yaml") if path.name != "kustomization.yaml")
DOCUMENTS = [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text())]
CORE = [path for path in MANIFESTS if path.name != "dask.yaml"]  # its kinds are the Dask operator's


def checked(*command: str) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def containers(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [found for each in document for found in containers(each)]
    if not isinstance(document, dict):
        return []
    here = document.get("containers", [])
    return [*here, *containers([value for key, value in document.items() if key != "containers"])]


CONTAINERS = [each for document in DOCUMENTS for each in containers(document)]


def test_hadolint_finds_nothing() -> None:
    checked("hadolint", str(INFRA / "Dockerfile"))


def test_the_image_runs_as_nobody_special_and_pins_what_it_installs() -> None:
    text = (INFRA / "Dockerfile").read_text()
    assert {"cpu", "cuda"} <= set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    installs = re.findall(r"pip install .*", text)
    assert installs
    assert all("-c constraints.txt" in line for line in installs)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


def test_the_compose_file_is_one() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(INFRA / "compose.yaml"))


def test_every_service_has_what_it_mounts_and_waits_for() -> None:
    for name, service in COMPOSE["services"].items():
        for needed in service.get("depends_on", []):
            assert needed in COMPOSE["services"]
            waits = isinstance(service["depends_on"], dict)
            healthy = waits and service["depends_on"][needed]["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in COMPOSE["services"][needed], f"{name} waits for {needed}"
        for volume in service.get("volumes", []):
            place = volume.split(":")[0]
            assert (INFRA / place).exists() if place.startswith(".") else place in COMPOSE["volumes"]


def test_no_port_of_compose_is_open_to_the_network_and_no_password_has_a_default() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    text = (INFRA / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    named = set(re.findall(r"^(\w+)=$", (INFRA / "env.example").read_text(), re.MULTILINE))
    assert asked == named
    for secret in named:
        assert f"${{{secret}:-" not in text


BUCKET = COMPOSE["services"]["bucket"]
OURS = [each for each in COMPOSE["services"].values() if "labelworks" in each["image"]]
COMMANDS = [
    *((*each.get("entrypoint", ["labelworks"]), *each["command"]) for each in OURS if each is not BUCKET),
    *(tuple(each["command"]) for each in CONTAINERS if "labelworks" in each["image"]),
]


@pytest.mark.parametrize("command", sorted(set(COMMANDS)), ids=" ".join)
def test_every_command_and_option_exists(command: tuple[str, ...]) -> None:
    program, *words = command
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    if program == "labelworks":
        group: Any = get_command(app)
        known = {option for param in group.commands[words[0]].params for option in param.opts}
    else:
        verbs = words[: 2 if program == "prefect" else 1]
        asked = [str(BIN / program), *verbs, "--help"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True, env=WIDE)
        known = set(re.findall(r"--[\w-]+", said.stdout))
    assert options <= known


def test_the_bucket_that_the_config_names_is_made_and_found_the_next_time(moto: str) -> None:
    import s3fs

    config = RunConfig.model_validate(yaml.safe_load((INFRA / "compose-config.yaml").read_text()))
    bucket = config.store.root.removeprefix("s3://").split("/")[0]
    environment = {**os.environ, "AWS_ENDPOINT_URL": moto}
    command = [sys.executable, *BUCKET["command"]]
    for _ in range(2):
        subprocess.run(command, env=environment, check=True)
    assert s3fs.S3FileSystem(endpoint_url=moto, use_listings_cache=False).exists(bucket)
    assert config.dataset.source.startswith(f"s3://{bucket}/")


def test_the_servers_keep_leases_on_a_disk_that_outlives_them() -> None:
    (pod,) = [container for container in CONTAINERS if container["name"] == "server"]
    here, there = COMPOSE["services"]["server"], {each["name"]: each.get("value") for each in pod["env"]}
    assert here["environment"]["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] == IN_FILES
    assert there["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] == IN_FILES
    assert here["volumes"] == [f"leases:{here['environment']['PREFECT_HOME']}"]
    assert pod["volumeMounts"] == [{"name": "leases", "mountPath": there["PREFECT_HOME"]}]


@pytest.mark.parametrize("file", CORE, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifest(file: Path) -> None:
    checked("kubernetes-validate", "--strict", "--quiet", str(file))


PODS = {
    f"{each['kind']} {role}": each["spec"][role]["spec"]
    for each in yaml.safe_load_all((INFRA / "k8s/dask.yaml").read_text())
    for role in ("worker", "scheduler")
    if role in each["spec"]
}


@pytest.mark.parametrize("name", PODS)
def test_kubernetes_takes_the_pods_of_the_dask_operator(name: str, tmp_path: Path) -> None:
    assert len(PODS) == 3
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dask"}, "spec": PODS[name]}
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod))
    checked("kubernetes-validate", "--strict", "--quiet", str(tmp_path / "pod.yaml"))


def test_what_runs_on_the_cluster_is_a_config(tmp_path: Path) -> None:
    for file in (INFRA / "compose-config.yaml", INFRA / "k8s/config/labelworks.yaml"):
        assert load_config(file).compute.scheduler is not None


def test_who_works_with_the_data_has_no_key_of_the_database() -> None:
    named = {
        name: set(re.findall(r"^(\w+)=$", (INFRA / f"k8s/{name}.example.env").read_text(), re.MULTILINE))
        for name in ("server", "client", "events")
    }
    assert {"POSTGRES_PASSWORD", "PREFECT_API_DATABASE_CONNECTION_URL"} <= named["server"]
    whole = [each["secretRef"]["name"] for pod in CONTAINERS for each in pod.get("envFrom", [])]
    assert set(whole) == {"client", "events"}
    assert whole.count("events") == 1
    for pod in CONTAINERS:
        for each in pod.get("env", []):
            if wanted := each.get("valueFrom", {}).get("secretKeyRef"):
                assert wanted["key"] in named[wanted["name"]]


def test_kustomize_has_all_files_and_no_secret() -> None:
    kustomization = yaml.safe_load((INFRA / "k8s/kustomization.yaml").read_text())
    assert sorted(kustomization["resources"]) == [path.name for path in MANIFESTS]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "infra/.env" in ignored
    for each in kustomization["secretGenerator"]:
        assert each["envs"] == [f"{each['name']}.env"]
        assert f"infra/k8s/{each['name']}.env" in ignored
        example = (INFRA / f"k8s/{each['name']}.example.env").read_text()
        assert re.fullmatch(r"(\w+=\n)+", example)
    for each in kustomization["configMapGenerator"]:
        assert all((INFRA / "k8s" / file).exists() for file in each["files"])


def test_every_container_is_confined_and_bounded() -> None:
    assert len(CONTAINERS) == 8
    for container in CONTAINERS:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert "memory" in container["resources"]["limits"]
        for probe in ("readinessProbe", "livenessProbe"):
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            assert port is None or port in [named["name"] for named in container["ports"]]


def test_services_reach_the_ports_of_their_pods() -> None:
    ports = {
        named["name"]: named["containerPort"]
        for container in CONTAINERS
        for named in container.get("ports", [])
    }
    services = [each["spec"] for each in DOCUMENTS if each["kind"] == "Service"]
    dask = next(each for each in DOCUMENTS if each["kind"] == "DaskCluster")
    for service in (*services, dask["spec"]["scheduler"]["service"]):
        for port in service["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_gpu_workers_declare_what_tasks_ask_for() -> None:
    group = next(each for each in DOCUMENTS if each["kind"] == "DaskWorkerGroup")
    (container,) = containers(group)
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert "GPU=1" in container["command"]


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    text = (INFRA / "grafana/dashboards/labelworks.json").read_text()
    asked = set(re.findall(r"labelworks_\w+", text))
    assert asked == {*FIGURES, *BY_STAGE, RUNS}
    assert {panel["datasource"]["uid"] for panel in json.loads(text)["panels"]} == {"prometheus"}
    scraped = yaml.safe_load((INFRA / "prometheus.yaml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"][0]["targets"] == ["metrics:9464"]
    assert "0.0.0.0:9464" in COMPOSE["services"]["metrics"]["command"]
