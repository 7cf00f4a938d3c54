"""Spikes: a loss that jumps up and stays there, which no later step repairs."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Any

WINDOW = 50  # steps that say what is usual
LASTING = 5  # steps in a row that make an odd batch a spike
_SHARE = 0.5
_NATS = 0.25
_DEVIATIONS = 10.0


class Spikes:
    """Watches the loss of each step, in nats a token.

    A loss is high when it is above the median of the last 50 by a quarter of a nat, by half of the median
    and by ten times the median deviation, whichever is most. Five high ones in a row are a spike; high ones
    do not become what is usual. A `state_dict` keeps it over interruptions.
    """

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=WINDOW)
        self.high = 0  # high losses in a row, just now

    def spike(self, loss: float) -> bool:
        """Count a step's loss; whether the run should stop."""
        if len(self._usual) == WINDOW:
            middle = median(self._usual)
            spread = median(abs(value - middle) for value in self._usual)
            if loss > middle + max(_NATS, _SHARE * middle, _DEVIATIONS * spread):
                self.high += 1
                return self.high >= LASTING
        self.high = 0
        self._usual.append(loss)
        return False

    def state_dict(self) -> dict[str, Any]:
        return {"usual": list(self._usual), "high": self.high}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._usual = deque(state["usual"], maxlen=WINDOW)
        self.high = state["high"]
