"""What a treatment may rest on: how labels go wrong, and whether the claims of the noise method hold."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import expit, logit

NAMED = 3  # classes
ERRS_ITSELF = "where the model is surest, labels contradict it no oftener than it may err itself"


@dataclass(frozen=True)
class Trust:
    """Facts of the noise, as the method that judged the labels found them.

    undominated: given classes that come of another true class at least as often as of their own, by name.
    unproven: classes of which no wrong label is claimed, by name, of label sets. doubt: by how much in
    log-odds claims may be too large.
    """

    undominated: tuple[str | int, ...] = ()
    unproven: tuple[str | int, ...] = ()
    doubt: float = 0.0

    def claim_for(self, share: float) -> float:
        """The claim of changes of which surely, by three chances of four, a share in (0, 1) is right."""
        return float(expit(logit(share) + self.doubt))

    @property
    def dominated(self) -> bool:
        """Whether each given class is mostly of its own true class."""
        return not self.undominated

    @property
    def why(self) -> str:
        """Why which label is right can't be told, where it can't, in a clause."""
        return (
            f"by the estimated noise, labels {_named(self.undominated)} come of another class as often as of "
            "their own, and then which label is right can't be told from these labels"
        )

    @property
    def note(self) -> str:
        """Of which classes nothing is claimed and why, in a sentence; "" where there are none."""
        if not self.unproven:
            return ""
        return f"no label of {_named(self.unproven)} was changed: {ERRS_ITSELF}"


def _named(classes: tuple[str | int, ...]) -> str:
    more = len(classes) - NAMED
    return ", ".join(map(str, classes[:NAMED])) + (f" and {more} more" if more > 0 else "")
