"""What a treatment may rest on: how labels go wrong, and whether the claims of the noise method hold."""

from __future__ import annotations

from dataclasses import dataclass

NAMED = 3  # classes
UNCHECKED = (
    "nothing bears out how sure the suspicions of label sets are, so no share of right changes can be "
    "promised; a threshold, a budget or accuracy changes them as they are"
)


@dataclass(frozen=True)
class Trust:
    """Facts of the noise, as the method that judged the labels found them.

    undominated: given classes that come of another true class at least as often as of their own, by name.
    borne_out: whether claims are what is left of them when flips, sure rows and neighbours were heard.
    """

    undominated: tuple[str | int, ...] = ()
    borne_out: bool = True

    @property
    def dominated(self) -> bool:
        """Whether each given class is mostly of its own true class."""
        return not self.undominated

    @property
    def why(self) -> str:
        """Why which label is right can't be told, where it can't, in a clause."""
        if not self.undominated:
            return UNCHECKED
        more = len(self.undominated) - NAMED
        named = ", ".join(map(str, self.undominated[:NAMED])) + (f" and {more} more" if more > 0 else "")
        return (
            f"by the estimated noise, labels {named} come of another class as often as of their own, and "
            "then which label is right can't be told from these labels"
        )


OF_LABEL_SETS = Trust(borne_out=False)
