"""The losses."""

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.recipe import TrainingRecipe
from hf_abc.training.bar_clock import SIZES
from hf_abc.training.objective import PackedObjective, tensors
from hf_abc.training.optimizer import make_optimizer
from hf_abc.training.packing import DIALS, IGNORE, Document, pack

CPU = torch.device("cpu")


@pytest.fixture
def model() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    return GPT2LMHeadModel(gpt2_config(Size(32, 2, 2), vocab_size=50, n_positions=16))


def _blocks(clock: bool = True):
    draw = np.random.default_rng(0)
    documents = []
    for length in (5, 9, 14, 3):
        classes = draw.integers(0, SIZES, size=(length, DIALS)) if clock else None
        documents.append(Document(draw.integers(1, 50, size=length), classes))
    return pack(documents, block_size=16, end_id=0)


def test_causal_a_future_token_changes_no_earlier_logit(model: GPT2LMHeadModel) -> None:
    model.eval()
    ids = torch.randint(1, 50, (2, 16))
    positions = torch.arange(16).expand(2, -1)
    for at in (1, 7, 15):
        changed = ids.clone()
        changed[:, at] = (changed[:, at] + 7) % 50
        with torch.no_grad():
            before = model(ids, position_ids=positions, use_cache=False).logits
            after = model(changed, position_ids=positions, use_cache=False).logits
        assert torch.equal(before[:, :at], after[:, :at])
        assert (before[:, at] != after[:, at]).any()


def test_loss_at_the_start_is_that_of_a_fair_die(model: GPT2LMHeadModel) -> None:
    blocks = _blocks()
    nats = PackedObjective(model, clock=True)(*tensors(blocks, CPU))
    assert float(nats.tokens.detach()) / blocks.targets == pytest.approx(np.log(50), rel=0.02)
    told = (blocks.clock[..., 0] != IGNORE).sum()
    assert float(nats.clock.detach()) / told == pytest.approx(np.log(SIZES).sum(), rel=0.05)


def test_every_parameter_moves_in_one_step(model: GPT2LMHeadModel) -> None:
    objective = PackedObjective(model, clock=True)
    before = {name: p.detach().clone() for name, p in objective.named_parameters()}
    optimizer = make_optimizer(objective, TrainingRecipe())
    nats = objective(*tensors(_blocks(), CPU))
    (nats.tokens + nats.clock).backward()
    optimizer.step()
    still = [name for name, p in objective.named_parameters() if torch.equal(p, before[name])]
    assert still == []


def test_the_clock_teaches_the_model_and_leaves_the_tokens_loss_alone(model: GPT2LMHeadModel) -> None:
    objective = PackedObjective(model, clock=True)
    arguments = tensors(_blocks(), CPU)
    assert torch.equal(objective(*arguments).tokens, PackedObjective(model)(*arguments).tokens)
    objective(*arguments).clock.backward()
    assert model.transformer.h[0].attn.c_attn.weight.grad.abs().max() > 0
    without = PackedObjective(model)(*tensors(_blocks(clock=False), CPU))
    assert without.clock == 0


def test_rows_without_a_single_label_cost_nothing(model: GPT2LMHeadModel) -> None:
    input_ids, positions, labels, clock = tensors(_blocks(), CPU)
    nats = PackedObjective(model, clock=True)(input_ids, positions, labels.fill_(IGNORE), clock.fill_(IGNORE))
    assert nats.tokens == 0 and nats.clock == 0
