"""The folder of a served pipeline: its configs, its queue, its database. Private to its user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labelworks.schemas.config.run import RunConfig
from labelworks.schemas.errors import ConfigError, LabelworksError


def user_state_folder() -> Path:
    """`$XDG_STATE_HOME/labelworks`, by default in `~/.local/state`; on macOS as well."""
    from platformdirs.unix import Unix

    return Unix("labelworks").user_state_path


def state_folder(chosen: Path | None, command: str) -> Path:
    """The folder that was chosen, or that of the command in `$XDG_STATE_HOME/labelworks`; made if missing."""
    folder = (chosen or user_state_folder() / command).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "configs").mkdir(exist_ok=True)
    except OSError as error:
        raise LabelworksError(
            f"can't be made: {error.strerror}", where=str(folder), fix="choose another with --state"
        ) from error
    return folder


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the folder, so that no second command serves from it; raise LabelworksError if one does."""
    from filelock import FileLock, Timeout

    try:
        held = FileLock(folder / "lock", timeout=0).acquire()
    except Timeout as error:
        raise LabelworksError(
            "another `labelworks serve` or `watch` works in it",
            where=str(folder),
            fix="stop it, or use --state",
        ) from error
    with held:
        yield


def keep_configs(folder: Path, configs: Sequence[RunConfig]) -> list[Path]:
    """Write the configs where the processes of the tree read them, and remove those of other datasets.

    Raises ConfigError if two are of one dataset.
    """
    names = [config.dataset.name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two configs name it {name}", where="dataset.name", fix="rename one")
    for old in (folder / "configs").iterdir():
        old.unlink()
    files = [folder / "configs" / f"{name}.json" for name in names]
    for file, config in zip(files, configs, strict=True):
        file.write_text(config.model_dump_json(by_alias=True, indent=1))
    return files


def configs(folder: Path) -> list[RunConfig]:
    """The configs that are served."""
    files = sorted((folder / "configs").glob("*.json"))
    return [RunConfig.model_validate_json(file.read_text()) for file in files]
