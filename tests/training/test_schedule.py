"""The schedule and the optimizer it drives."""

import math

import pytest
import torch
from accelerate import Accelerator
from transformers import GPT2LMHeadModel

from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.recipe import TrainingRecipe
from hf_abc.training.objective import Objective
from hf_abc.training.schedule import make_optimizer, make_schedule, rate

RECIPE = TrainingRecipe(
    steps=100, learning_rate=2e-3, warmup=0.1, decay=0.4, weight_decay=0.3, precision="fp32"
)


def test_scheduler_rises_stays_and_falls() -> None:
    rates = [rate(step, steps=100, warmup=0.1, decay=0.4) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert set(rates[10:61]) == {1.0}
    assert rates[70] == pytest.approx(1 - math.sqrt(10 / 40)) == 0.5
    assert all(a > b for a, b in zip(rates[60:], rates[61:], strict=False))
    assert 0 < rates[99] < 0.02


@pytest.mark.parametrize(
    ("steps", "warmup", "decay"), [(1, 0.02, 0.3), (2, 0.0, 0.0), (3, 0.5, 0.5), (7, 1.0, 0.0)]
)
def test_scheduler_never_stands_still_however_short_the_run(steps: int, warmup: float, decay: float) -> None:
    rates = [rate(step, steps=steps, warmup=warmup, decay=decay) for step in range(steps)]
    assert all(0 < value <= 1 for value in rates)


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
    assert rates == [
        pytest.approx([2e-3 * rate(step, steps=100, warmup=0.1, decay=0.4)] * 2) for step in range(20)
    ]


def test_optimizer_decays_matrices_only_and_holds_each_parameter_once() -> None:
    model = GPT2LMHeadModel(gpt2_config(Size(32, 2, 2), vocab_size=50, n_positions=16))
    decayed, free = make_optimizer(Objective(model, clock=True), RECIPE).param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.3, 0.0)
    assert all(p.dim() == 2 for p in decayed["params"]) and all(p.dim() == 1 for p in free["params"])
    assert any(p is model.transformer.wte.weight for p in decayed["params"])
    held = [id(p) for p in [*decayed["params"], *free["params"]]]
    assert len(held) == len(set(held)) == len(list(model.parameters())) + 2  # the clock's weight and bias
