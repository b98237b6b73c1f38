"""What there is to choose from: `methods`."""

from __future__ import annotations

import pandas as pd

from labelworks.tasks.methods import registry

COLUMNS = ("kind", "name", "needs", "uses", "modality", "extra", "about", "source", "function")
LISTS = ("needs", "uses", "modality")


def methods(kind: str | None = None) -> pd.DataFrame:
    """List the registered methods, those of plug-ins too.

    Parameters
    ----------
    kind : str, optional
        Only those of a kind, such as `noise` (`find_label_errors`) or `crowd` (`aggregate_votes`).

    Returns
    -------
    DataFrame
        By method: its kind and name, what it needs and what it uses where it is there, the kinds of features
        that it reads, what pip installs for it, what it does, its source, and where its function lies.

    Raises
    ------
    ConfigError
        There is no such kind; the message names those that there are.

    Examples
    --------
    >>> import labelworks as lw
    >>> table = lw.methods("noise")
    >>> table.loc[table["name"] == "confident-learning", "source"].item()
    'Northcutt, Jiang & Chuang 2021'
    """
    table = [{name: getattr(method, name) for name in COLUMNS} for method in registry.methods(kind)]
    return pd.DataFrame(table, columns=list(COLUMNS)).assign(
        **{name: [", ".join(row[name]) for row in table] for name in LISTS}
    )
