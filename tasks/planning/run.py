"""A run as its stages see it: what was asked for, where its parts lie, and what opens its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.planning.values import index_keys, source_of
from labelworks.tasks.sources.source import Source
from labelworks.tasks.storage.store import Store


@dataclass(frozen=True)
class Run:
    """What flows and stages are given; steps get its parts, and single values of its config. Pickles."""

    config: RunConfig
    artifacts: Artifacts
    source: Source
    newest: int | None = None  # version when the run was opened: who publishes a later one came in between
    decided: tuple[str, ...] = ()  # files of people's decisions there were when it was opened: it hears these
    undecided: str = ""  # id of the run that hears none, of the same data, config and code
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # of judges, by Secret block

    @classmethod
    def of(cls, config: RunConfig, store: Store, run_id: str, options: dict[str, Any] | None = None) -> Run:
        """The run of that id in a store; options: for fsspec, to open the source."""
        artifacts = Artifacts(store, config.dataset.key, run_id, index_keys(config))
        return cls(config, artifacts, source_of(config, options or {}))

    def with_keys(self, keys: Mapping[str, str]) -> Run:
        """The same that knows the keys in Secret blocks, which no config holds."""
        return replace(self, keys=keys)

    def with_arm(self, arm: str) -> Run:
        """The same that treats labels by another arm than the proposed one."""
        return replace(self, artifacts=replace(self.artifacts, arm=arm))

    def with_budget(self, budget: int, approved: str = "") -> Run:
        """The same that changes at most so many labels, the surest of those it would change.

        approved: the arm that the person who says so was shown; "": none that changes anything.
        """
        return replace(self, artifacts=replace(self.artifacts, budget=budget, approved=approved))


def identify(config: RunConfig, fingerprints: list[str]) -> str:
    """The run's id: the same input, configuration and code give the same one."""
    identity = json.dumps([config.identity, sorted(fingerprints), code_version()], sort_keys=True)
    return hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()
