"""Money that may be spent: what a question may cost is set aside before it is asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MILLION = 1_000_000
AROUND = 200  # tokens that a server may put around messages


@dataclass(frozen=True)
class Price:
    """Per million tokens of questions and of answers."""

    asked: float
    answered: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (self.asked * tokens_in + self.answered * tokens_out) / MILLION


class Purse:
    """A cap on what is spent, by several threads at once: who is told that no money is left asks no more."""

    def __init__(self, cap: float) -> None:
        self.cap, self.spent = cap, 0.0
        self._aside: list[float] = []
        self._changed = threading.Condition()

    def set_aside(self, most: float) -> bool:
        """Keep what a question may cost; False where that would pass the cap.

        Waits while questions that are under way may turn out to cost less.
        """
        with self._changed:
            while self._aside and self.spent + sum(self._aside) + most > self.cap:
                self._changed.wait()
            if self.spent + most > self.cap:
                return False
            self._aside.append(most)
            return True

    def settle(self, most: float, cost: float) -> None:
        """Give back what was kept, and note what the question did cost."""
        with self._changed:
            self._aside.remove(most)
            self.spent += cost
            self._changed.notify_all()

    def count(self, cost: float) -> None:
        """Note what an answer cost that was bought before: the cap is for all answers that are used."""
        with self._changed:
            self.spent += cost

    def lose(self, cost: float) -> bool:
        """Note what may have been spent for nothing; whether what is set aside still keeps to the cap."""
        with self._changed:
            self.spent += cost
            return self.spent + sum(self._aside) <= self.cap
