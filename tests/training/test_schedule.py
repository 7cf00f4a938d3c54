"""The schedule and the optimizer it drives."""

import math

import pytest
import torch
from accelerate import Accelerator

from hf_abc.recipe import TrainingRecipe
from hf_abc.training.optimizer import make_optimizer
from hf_abc.training.schedule import make_schedule, rate

RECIPE = TrainingRecipe(
    steps=100, learning_rate=2e-3, warmup=0.1, decay=0.4, weight_decay=0.3, precision="fp32"
)


def test_scheduler_rises_stays_and_falls() -> None:
    rates = [rate(step, RECIPE) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert set(rates[10:61]) == {1.0}
    assert rates[70] == pytest.approx(1 - math.sqrt(10 / 40)) == 0.5
    assert all(a > b for a, b in zip(rates[60:], rates[61:], strict=False))
    assert 0 < rates[99] < 0.02


@pytest.mark.parametrize(
    ("steps", "warmup", "decay"), [(1, 0.02, 0.3), (2, 0.0, 0.0), (3, 0.5, 0.5), (7, 1.0, 0.0)]
)
def test_scheduler_never_stands_still_however_short_the_run(steps: int, warmup: float, decay: float) -> None:
    for schedule in ("wsd", "cosine"):
        recipe = TrainingRecipe(steps=steps, warmup=warmup, decay=decay, schedule=schedule)
        assert all(0 < rate(step, recipe) <= 1 for step in range(steps))


def test_scheduler_cosine_falls_from_the_warm_up_to_the_end() -> None:
    recipe = TrainingRecipe(steps=100, schedule="cosine", warmup_steps=20, decay=0.9)
    rates = [rate(step, recipe) for step in range(100)]
    assert rates[:20] == pytest.approx([(i + 1) / 20 for i in range(20)])
    assert rates[20] == 1 and rates[60] == pytest.approx(0.5)
    assert all(a > b for a, b in zip(rates[20:], rates[21:], strict=False))
    assert 0 < rates[99] < 0.001


def test_scheduler_moves_the_rate_of_the_optimizer_that_steps() -> None:
    model = torch.nn.Linear(4, 4)
    inner = make_optimizer(model, RECIPE)
    schedule = make_schedule(inner, RECIPE)
    model, optimizer = Accelerator(mixed_precision="no").prepare(model, inner)
    rates = []
    for _ in range(20):
        model(torch.ones(1, 4)).sum().backward()
        rates.append([group["lr"] for group in optimizer.optimizer.param_groups])
        before = model.weight.detach().clone()
        optimizer.step()
        # Adam's first steps are as long as the rate: the live optimizer works with what the schedule says
        if len(rates) == 1:
            assert float((model.weight.detach() - before).abs().max()) == pytest.approx(rates[0][0], rel=0.15)
        schedule.step()
        optimizer.zero_grad()
    assert rates == [pytest.approx([2e-3 * rate(step, RECIPE)] * 2) for step in range(20)]
