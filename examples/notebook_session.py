"""A session on arrays, as in a notebook: wrong labels, a new window, labels and weights to train on.

    python examples/notebook_session.py

Nothing is written and nothing is started. Each `print` stands for the last line of a cell.
"""

from __future__ import annotations

import numpy as np

import labelworks as lw

# %% Two windows of made vectors: the first with labels, of which a tenth are wrong; the second without
rng = np.random.default_rng(0)
CLASSES = np.array(["cat", "dog", "owl"])
codes = rng.choice(3, 900)
vectors = 3.0 * np.eye(3, 8)[codes] + rng.normal(size=(900, 8))
true = CLASSES[codes]
wrong = rng.random(900) < 0.1
labels = np.where(wrong, CLASSES[(codes + rng.integers(1, 3, 900)) % 3], true)
new_codes = rng.choice(3, 600, p=[0.15, 0.25, 0.6])
new = 3.0 * np.eye(3, 8)[new_codes] + rng.normal(size=(600, 8))

# %% Which labels are wrong
found = lw.find_label_errors(labels, features=vectors)
print(found.issues.head())
flags = found.to_pandas()["flag"].to_numpy()
print(f"flagged: {flags.sum()}, of them wrong: {(flags & wrong).sum()} of {wrong.sum()}")

# %% Has the new window moved, and how frequent are its classes
print(lw.test_drift(vectors, new))
prior = lw.estimate_prior(labels, features=vectors, target_features=new, noise=found)
print(prior.to_pandas())
print(
    f"largest error of a share: {np.abs(prior.to_pandas()['prior'] - np.bincount(new_codes) / 600).max():.3f}"
)

# %% What to train on: as many right labels as can be; the default changes few where rows are few
treated = lw.treat(labels, found, prior=prior, objective="accuracy")
print(treated.to_pandas()["action"].value_counts())
print(f"right labels: {(labels == true).mean():.1%} before, {(treated.labels == true).mean():.1%} after")

# %% What else there is
print(lw.methods().groupby("kind").size())
