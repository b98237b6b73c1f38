"""Is this installation fit to run? Every check says what it saw, and how to mend what is wrong."""

from __future__ import annotations

import importlib
import os
import sys
import uuid
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labelworks.infra.doctor.check_result import CheckResult
from labelworks.infra.doctor.machine import examine_machine
from labelworks.schemas.errors import LabelworksError
from labelworks.tasks.storage.store import Store

PINS = {
    "fastapi": "newer ones crash the Prefect server on import",
    "sqlalchemy": "newer ones stop the Prefect scheduler silently",
}
PYTHON = (3, 11)
OFF = {
    "DO_NOT_TRACK": ("1", "true"),
    "PREFECT_SERVER_ANALYTICS_ENABLED": ("0", "false"),
    "GX_ANALYTICS_ENABLED": ("0", "false"),
}
REINSTALL = "pip install -c constraints.txt -e ."
API_TIMEOUT = 5.0


def examine(store: Store) -> Iterator[CheckResult]:
    """Check the installation, the machine, the Prefect API and the store, in that order; no check raises."""
    yield _python()
    yield from examine_requirements(requires("labelworks") or [])
    yield examine_module(Path(__file__).parents[2])
    yield _expectations()
    yield from examine_machine(store.root)
    yield examine_telemetry()
    yield _prefect()
    yield examine_store(store)


def _python() -> CheckResult:
    version_and_place = f"{sys.version.split()[0]} at {sys.prefix}"
    if sys.version_info < PYTHON:
        return CheckResult("python", "fail", version_and_place, "use Python 3.11 or newer")
    return CheckResult("python", "ok", version_and_place)


def examine_requirements(requirements: list[str]) -> Iterator[CheckResult]:
    """Check what is installed against the requirements; pins that fail silently get their own lines."""
    bad, good = [], []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "missing"
        met = installed != "missing" and requirement.specifier.contains(installed, prereleases=True)
        name = canonicalize_name(requirement.name)
        if name in PINS:
            why = "" if met else f"needs {requirement.specifier}, {PINS[name]}: {REINSTALL}"
            yield CheckResult(f"pin of {name}", "ok" if met else "fail", installed, why)
        elif met:
            good.append(f"{requirement.name} {installed}")
        else:
            bad.append(f"{requirement.name} {installed} (needs {requirement.specifier})")
    yield (
        CheckResult("packages", "fail", ", ".join(bad), REINSTALL)
        if bad
        else CheckResult("packages", "ok", ", ".join(good))
    )


def examine_module(root: Path) -> CheckResult:
    """Check that what `import labelworks` finds is this project, and not a folder of that name."""
    spec = find_spec("labelworks")
    place = Path(spec.origin).parent if spec and spec.origin else None
    if place != root:
        fix = f"it has to come from {root}: rename what is in its way, or use a fresh environment"
        return CheckResult("module", "fail", f"labelworks is {place or 'not found'}", fix)
    return CheckResult("module", "ok", f"labelworks from {root}")


def _expectations() -> CheckResult:
    try:
        module = importlib.import_module("great_expectations")
    except Exception as error:  # a half-installed package raises anything
        return CheckResult("great_expectations", "fail", f"can't be imported: {error}", REINSTALL)
    return CheckResult("great_expectations", "ok", f"{module.__version__} imports")


def examine_telemetry() -> CheckResult:
    """Check that no part of the stack calls home."""
    on = [name for name, off in OFF.items() if os.environ.get(name, "").lower() not in off]
    if on:
        fix = "export " + " ".join(f"{name}={OFF[name][-1] if '0' in OFF[name] else '1'}" for name in on)
        return CheckResult("telemetry", "warn", f"not switched off: {', '.join(on)}", fix)
    return CheckResult("telemetry", "ok", "off")


def _prefect() -> CheckResult:
    try:
        from prefect.settings import PREFECT_API_URL

        return examine_prefect(PREFECT_API_URL.value() or "")
    except Exception as error:  # profiles that can't be read, a half-installed package
        return CheckResult("Prefect API", "fail", f"Prefect can't be imported: {error}", REINSTALL)


def examine_prefect(url: str) -> CheckResult:
    """Check that the Prefect API answers, if one is named; without one a run brings its own."""
    if not url:
        return CheckResult(
            "Prefect API", "ok", "ephemeral: a run brings its own (PREFECT_API_URL is not set)"
        )
    import httpx

    fix = "start it (prefect server start), or unset PREFECT_API_URL"
    if not url.startswith(("http://", "https://")):
        return CheckResult("Prefect API", "fail", f"PREFECT_API_URL is no URL: {url}", fix)
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=API_TIMEOUT, follow_redirects=True)
        healthy = answer.raise_for_status().text.strip() == "true"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return CheckResult("Prefect API", "fail", f"{url} doesn't answer ({_reason(error)})", fix)
    if not healthy:
        return CheckResult("Prefect API", "fail", f"{url} answers, but not as a Prefect API", fix)
    return CheckResult("Prefect API", "ok", f"{url} answers")


def _reason(error: Exception) -> str:
    """Why nothing answered, in a few words."""
    while error.__cause__ or error.__context__:  # the words of the system lie within those of the client
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return str(getattr(error, "strerror", None) or type(error).__name__)


def examine_store(store: Store) -> CheckResult:
    """Write, read and remove a small object; a local root that isn't there yet is left so."""
    if "://" not in store.root and not Path(store.root).exists():
        return _store_to_be(Path(store.root))
    name, data = f".probe-{uuid.uuid4().hex}", b"labelworks doctor"
    try:
        store.write(name, data)
        same = store.read(name) == data
        store.delete(name)
    except LabelworksError as error:
        return CheckResult("store", "fail", f"{error.where}: {error.what}", error.fix)
    except OSError as error:  # the root is no folder
        return CheckResult("store", "fail", f"{store.root}: {error.strerror}", "choose another store.root")
    if not same:
        return CheckResult("store", "fail", f"{store.root} gives back other bytes than it was given")
    return CheckResult("store", "ok", f"{store.root} can be read and written")


def _store_to_be(root: Path) -> CheckResult:
    parent = next(path for path in root.absolute().parents if path.exists())
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return CheckResult("store", "ok", f"{root} will be made")
    return CheckResult("store", "fail", f"{root} can't be made in {parent}", "choose another store.root")
