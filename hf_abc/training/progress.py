"""How far a run is: the numbers that it keeps over interruptions, and the line that it shows."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_EVERY = 5.0  # seconds between two lines


class Progress:
    """Steps, tokens, seconds and the loss curve of a run; a `state_dict` like the optimizer's keeps them in
    checkpoints.

    curve: one entry for each look, with step, tokens, seconds, train (nats a token since the last entry) and
    what was seen (`watch.Look`). Seconds count training and evaluation of all parts of an interrupted run,
    `stepping` those of the steps alone.
    """

    def __init__(self, steps: int, *, show: bool) -> None:
        self.steps = steps
        self.show = show
        self.step = 0
        self.tokens = 0
        self.stepping = 0.0
        self.curve: list[dict[str, float]] = []
        self._before = 0.0  # seconds of earlier parts
        self._since = time.monotonic()
        self._nats = 0.0
        self._targets = 0
        self._said = 0.0
        self._first: tuple[float, int] | None = (
            None  # when this part's first step was over, and the tokens by then
        )

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._since

    def state_dict(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "stepping": self.stepping,
            "nats": self._nats,
            "targets": self._targets,
            "curve": self.curve,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.step, self.tokens, self.curve = state["step"], state["tokens"], state["curve"]
        self._nats, self._targets = state["nats"], state["targets"]
        self._before, self._since = state["seconds"], time.monotonic()
        self.stepping = state["stepping"]

    def stepped(self, *, nats: float, targets: int, tokens: int, epoch: int, seconds: float) -> None:
        """Count a step (sums over its batch), and say so if nothing was said for some seconds."""
        self.step += 1
        self.tokens += tokens
        self.stepping += seconds
        self._nats += nats
        self._targets += targets
        if time.monotonic() - self._said < _EVERY and self.step < self.steps:
            return
        self._said = time.monotonic()
        text = f"step {self.step:,}/{self.steps:,}  epoch {epoch + 1}  {nats / targets:.3f} nats/token"
        if self._first is None:
            self._first = (self._said, self.tokens)  # the first step is slower: it prepares the epoch
        else:
            speed = (self.tokens - self._first[1]) / (self._said - self._first[0])
            left = (self.steps - self.step) * tokens / speed
            text += f"  {speed:,.0f} tokens/s  {_duration(left)} left"
        self._line(text, passing=True)

    def looked(self, seen: Mapping[str, float | None]) -> dict[str, float]:
        """Add a point to the curve, and return it; `seen` is a `watch.Look` as a mapping."""
        train = self._nats / self._targets if self._targets else float("nan")
        self._nats, self._targets = 0.0, 0
        point: dict[str, float] = {
            "step": self.step,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 1),
            "train": round(train, 5),
        }
        point |= {name: round(value, 5) for name, value in seen.items() if value is not None}
        self.curve.append(point)
        return point

    def say(self, text: str) -> None:
        """One line that stays."""
        self._line(text, passing=False)

    def _line(self, text: str, *, passing: bool) -> None:
        if not self.show:
            return
        if not sys.stdout.isatty():
            print(text, flush=True)
        elif passing:  # in a terminal the passing lines follow each other in one place, under a bar
            filled = round(30 * self.step / self.steps)
            print(f"\r\033[K[{'#' * filled}{'.' * (30 - filled)}] {text}", end="", flush=True)
        else:
            print(f"\r\033[K{text}", flush=True)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep the warnings and bars of transformers and accelerate out of the log of a run, whose user cannot
    act on them.

    They warn of padding (there is none: the end token inside a row is what they see) and of the tied output
    matrix.
    """
    from transformers.utils import logging as library

    level, bars = library.get_verbosity(), library.is_progress_bar_enabled()
    accelerate = logging.getLogger("accelerate")
    before = accelerate.level
    library.set_verbosity_error()
    library.disable_progress_bar()
    accelerate.setLevel(logging.ERROR)
    try:
        yield
    finally:
        library.set_verbosity(level)
        if bars:
            library.enable_progress_bar()
        accelerate.setLevel(before)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
