"""AdamW and Muon."""

import pytest
import torch
from torch import nn
from transformers import GPT2LMHeadModel

from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.recipe import TrainingRecipe
from hf_abc.training.objective import PackedObjective
from hf_abc.training.optimizer import Muon, beta2, inner_matrices, make_optimizer, orthogonal

RECIPE = TrainingRecipe(learning_rate=2e-3, weight_decay=0.3)
MUON = TrainingRecipe(learning_rate=2e-3, weight_decay=0.3, optimizer="muon")


@pytest.fixture
def objective() -> PackedObjective:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(gpt2_config(Size(32, 2, 2), vocab_size=50, n_positions=16))
    return PackedObjective(model, clock=True)


def test_optimizer_decays_matrices_only_and_holds_each_parameter_once(objective: PackedObjective) -> None:
    model = objective.model
    decayed, free = make_optimizer(objective, RECIPE).param_groups
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.3, 0.0)
    assert all(p.dim() == 2 for p in decayed["params"]) and all(p.dim() == 1 for p in free["params"])
    assert any(p is model.transformer.wte.weight for p in decayed["params"])
    held = [id(p) for p in [*decayed["params"], *free["params"]]]
    assert len(held) == len(set(held)) == len(list(model.parameters())) + 2  # the clock's weight and bias


def test_beta2_by_half_life_forgets_half_in_so_many_tokens() -> None:
    assert beta2(TrainingRecipe(adam_beta2=0.97)) == 0.97
    for batch in (1024, 4096, 65536):
        value = beta2(TrainingRecipe(batch_tokens=batch, beta2_half_life=65536))
        assert value ** (65536 / batch) == pytest.approx(0.5)


def test_orthogonal_matrices_have_singular_values_near_1() -> None:
    torch.manual_seed(0)
    for shape in ((3, 24, 96), (2, 16, 64), (2, 64, 16)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert float(values.min()) > 0.5 and float(values.max()) < 1.3


def test_muon_does_on_a_plain_matrix_what_torch_does() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(24, 48, bias=False), nn.Linear(24, 48, bias=False)
    theirs.load_state_dict(ours.state_dict())
    optimizers = [
        make_optimizer(nn.ModuleList([ours, nn.LayerNorm(4)]), MUON),
        torch.optim.Muon(theirs.parameters(), lr=2e-3, weight_decay=0.3, adjust_lr_fn="match_rms_adamw"),
    ]
    assert isinstance(optimizers[0], Muon)
    for _ in range(3):
        gradient = torch.randn(48, 24)
        for layer, optimizer in zip((ours, theirs), optimizers, strict=True):
            layer.weight.grad = gradient.clone()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=1e-4)  # bf16 in another order
    assert float((ours.weight - theirs.weight).abs().max()) < 0.01 * 2e-3 * 3


def test_muon_makes_queries_keys_and_values_orthogonal_each_by_itself(objective: PackedObjective) -> None:
    fused = objective.model.transformer.h[0].attn.c_attn.weight  # (32, 96)
    optimizer = make_optimizer(objective, MUON)
    before = fused.detach().clone()
    torch.manual_seed(1)
    fused.grad = torch.randn_like(fused)
    fused.grad[:, 32:64] *= 1e-3  # small gradients of the keys would vanish beside the others
    optimizer.step()
    update = (before * (1 - 2e-3 * 0.3) - fused.detach()) / (2e-3 * 0.2 * 32**0.5)
    for part in update.chunk(3, dim=1):
        values = torch.linalg.svdvals(part)
        assert float(values.min()) > 0.3 and float(values.max()) < 1.3


def test_muon_has_the_matrices_of_the_blocks_and_adamw_the_rest(objective: PackedObjective) -> None:
    pieces = inner_matrices(objective)
    names = {name for name, p in objective.named_parameters() if p in pieces}
    assert names == {
        f"model.transformer.h.{i}.{part}.weight"
        for i in range(2)
        for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    }
    groups = make_optimizer(objective, MUON).param_groups
    held = [id(p) for group in groups for p in group["params"]]
    assert len(held) == len(set(held)) == len(list(objective.parameters()))
    assert {id(p) for group in groups if group["split"] for p in group["params"]} == set(map(id, pieces))


def test_muon_moves_every_parameter_and_goes_on_from_its_state(objective: PackedObjective) -> None:
    optimizer = make_optimizer(objective, MUON)
    torch.manual_seed(2)
    gradients = [[torch.randn_like(p) for p in objective.parameters()] for _ in range(4)]

    def step(optimizer: torch.optim.Optimizer, number: int) -> None:
        for p, gradient in zip(objective.parameters(), gradients[number], strict=True):
            p.grad = gradient.clone()
        optimizer.step()

    start = [p.detach().clone() for p in objective.parameters()]
    step(optimizer, 0)
    assert all((p != before).any() for p, before in zip(objective.parameters(), start, strict=True))
    step(optimizer, 1)
    halfway = [p.detach().clone() for p in objective.parameters()], optimizer.state_dict()
    halfway = torch.load(_saved(halfway), weights_only=True)
    for number in (2, 3):
        step(optimizer, number)
    through = [p.detach().clone() for p in objective.parameters()]
    again = make_optimizer(objective, MUON)
    with torch.no_grad():
        for p, value in zip(objective.parameters(), halfway[0], strict=True):
            p.copy_(value)
    again.load_state_dict(halfway[1])
    for number in (2, 3):
        step(again, number)
    assert all(torch.equal(p, value) for p, value in zip(objective.parameters(), through, strict=True))


def _saved(value: object) -> object:
    import io

    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return file


def test_muon_splits_the_four_gates_of_an_lstm() -> None:
    lstm = nn.LSTM(8, 8, num_layers=2)
    assert set(inner_matrices(nn.ModuleList([lstm])).values()) == {(0, 4)}
