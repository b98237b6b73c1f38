"""What is installed is called labelworks and nothing else: a project may have tasks and flows of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("flows", "tasks", "schemas", "infra")
BUILD = "import sys; from setuptools import build_meta as b; print(getattr(b, sys.argv[1])(sys.argv[2]))"


def build(what: str, source: Path, into: Path) -> Path:
    """An sdist or a wheel of a source tree, in a process of its own: setuptools changes much of its own."""
    command = [sys.executable, "-W", "ignore", "-c", BUILD, f"build_{what}", str(into)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the sdist."""
    folder = tmp_path_factory.mktemp("build")
    tree = folder / "tree"
    tree.mkdir()
    for name in ("labelworks", *ROOMS):
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    with tarfile.open(build("sdist", tree, folder)) as sdist:
        sdist.extractall(folder, filter="data")
    (source,) = folder.glob("labelworks-*/")
    return build("wheel", source, folder)


def test_all_is_below_one_name_and_nothing_is_left_out(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0].split("-")[0] for name in held} == {"labelworks"}
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if "__pycache__" not in path.parts]
    own = [path for path in files if path.suffix == ".env" and not path.name.endswith(".example.env")]
    needed = [path for path in files if path.is_file() and path not in own]  # whose secrets are in no package
    endings = {".py", ".yaml", ".html", ".css", ".js", ".json", ".env", ".example", ""}
    assert {path.suffix for path in needed} == endings
    assert len(needed) > 400
    assert {f"labelworks/{path.relative_to(ROOT).as_posix()}" for path in needed} <= held
    assert {"labelworks/__init__.py", "labelworks/py.typed"} <= held


def test_runs_in_a_project_with_tasks_and_flows_of_its_own(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    for name in ROOMS:
        (tmp_path / f"{name}.py").write_text("raise ImportError('the project of somebody else')\n")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/__init__.py").write_text("raise ImportError('the project of somebody else')\n")
    code = "import labelworks; print(labelworks.__file__); from labelworks.flows.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "methods", "--stage", "detect"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f".{os.pathsep}site"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout
    assert "noise-transition" in done.stdout
