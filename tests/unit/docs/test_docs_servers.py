"""docs/servers.md is true: files, services, ports, targets and variables that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/servers.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())


def test_files_and_links_are_there() -> None:
    named = set(re.findall(r"\binfra/[\w./-]+\w", PAGE)) - {"infra/.env"}
    assert len(named) >= 6
    for each in named - {"infra/k8s/"}:
        if each.startswith("infra/k8s/") and each.endswith(".env"):
            continue  # made by the commands
        assert (ROOT / each).exists(), each
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    for page in ("README.md", "docs/operations.md"):
        assert "servers.md)" in (ROOT / page).read_text()


def test_every_port_that_compose_opens_is_in_the_table_and_no_other() -> None:
    listed = set(re.findall(r"^\| http://127\.0\.0\.1:(\d+) \|", PAGE, re.MULTILINE))
    opened = {port.split(":")[1] for each in COMPOSE["services"].values() for port in each.get("ports", [])}
    assert listed == opened


def test_services_targets_and_variables_are_what_they_are_called() -> None:
    ours = re.findall(r"(?:The service|;) `(\w+)` (?:makes|registers|tells)", PAGE.replace("\n", " "))
    assert set(ours) == {"bucket", "deploy", "watch"} <= COMPOSE["services"].keys()
    targets = re.findall(r"--target (\w+)", PAGE)
    dockerfile = (ROOT / "infra/Dockerfile").read_text()
    assert all(re.search(rf"^FROM \S+ AS {target}$", dockerfile, re.MULTILINE) for target in targets)
    text = (ROOT / "infra/compose.yaml").read_text()
    for name in ("PREFECT_AUTH", "EVENTS_TOKEN", "GRAFANA_PASSWORD", "S3_ENDPOINT", "S3_REGION"):
        assert name in PAGE
        assert f"${{{name}:" in text
    secrets = yaml.safe_load((ROOT / "infra/k8s/kustomization.yaml").read_text())["secretGenerator"]
    assert re.findall(r"^\| `(\w+)\.env` \|", PAGE, re.MULTILINE) == [secret["name"] for secret in secrets]
