"""Spikes."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hf_abc.errors import HfAbcError
from hf_abc.recipe import Recipe
from hf_abc.training.checkpoint import last_checkpoint
from hf_abc.training.loop import fit
from hf_abc.training.spikes import LASTING, WINDOW, Spikes


def _fed(losses: list[float]) -> int | None:
    """The number of the loss that is called a spike."""
    spikes = Spikes()
    return next((i for i, loss in enumerate(losses) if spikes.spike(loss)), None)


def test_an_ordinary_noisy_run_has_no_spike() -> None:
    draw = random.Random(1)
    losses = [1.2 + 5.5 * 0.98**i + draw.gauss(0, 0.08) for i in range(2000)]
    assert _fed(losses) is None


def test_a_jump_that_stays_is_a_spike_after_some_steps() -> None:
    draw = random.Random(2)
    losses = [1.2 + draw.gauss(0, 0.05) for _ in range(200)]
    assert _fed(losses + [2.5] * 20) == 200 + LASTING - 1


def test_odd_batches_are_no_spike() -> None:
    losses = ([1.2, 1.25] * 10 + [9.0] * (LASTING - 1)) * 20
    assert _fed(losses) is None


def test_small_losses_may_double() -> None:
    assert _fed([0.05, 0.06] * 50 + [0.2] * 50) is None


def test_nothing_is_usual_before_there_is_enough_to_compare_with() -> None:
    assert _fed([1.0] * (WINDOW - 1) + [5.0] * 3) is None


def test_the_state_goes_on_where_it_was() -> None:
    through, before, after = Spikes(), Spikes(), Spikes()
    losses = [1.0 + 0.01 * (i % 7) for i in range(80)] + [3.0] * LASTING
    expected = [through.spike(loss) for loss in losses]
    assert expected.index(True) == len(losses) - 1
    found = [before.spike(loss) for loss in losses[:82]]
    after.load_state_dict(before.state_dict())
    assert found + [after.spike(loss) for loss in losses[82:]] == expected


def test_a_spike_stops_the_run_and_no_checkpoint_is_made_of_it(
    tmp_path: Path, recipe_with: Callable[..., Recipe], tunes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spike(self: Spikes, loss: float) -> bool:
        self.seen = getattr(self, "seen", 0) + 1
        self.high = max(0, self.seen - 3)
        return self.high == LASTING

    monkeypatch.setattr(Spikes, "spike", spike)
    with pytest.raises(
        HfAbcError, match="jumped up and stayed there until step 8: try a learning rate below"
    ):
        fit(recipe_with(steps=20, checkpoint_every=1), tunes[2:], tunes[:2], tmp_path / "run")
    kept = last_checkpoint(tmp_path / "run")
    assert kept is not None and kept.name == "step-00000003"
