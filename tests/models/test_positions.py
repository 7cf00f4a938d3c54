"""Position embeddings: a start that knows an order, and trained ones made more or fewer."""

import pytest
import torch
from transformers import GPT2LMHeadModel

from hf_abc.models.positions import resize_positions, sinusoidal_positions
from hf_abc.models.sizes import Size, gpt2_config


@pytest.mark.parametrize(("width", "positions"), [(48, 512), (33, 64), (2, 8)])
def test_sinusoidal_positions_make_a_shift_a_linear_map(width: int, positions: int) -> None:
    config = gpt2_config(Size(width, 1, 1), vocab_size=20, n_positions=positions)
    model = GPT2LMHeadModel(config)
    others = {name: p.clone() for name, p in model.named_parameters() if "wpe" not in name}
    sinusoidal_positions(model)
    weight = model.transformer.wpe.weight.detach().double()
    assert float(weight.std()) == pytest.approx(config.initializer_range, rel=1e-4)
    assert all(torch.equal(p, others[name]) for name, p in model.named_parameters() if "wpe" not in name)
    assert model.transformer.wpe.weight.requires_grad
    even = weight[:, : width - width % 2]
    shift = 3
    # the least-squares map from each position to the one three later is exact
    found = torch.linalg.lstsq(even[:-shift], even[shift:], driver="gelsd").solution
    torch.testing.assert_close(even[:-shift] @ found, even[shift:], atol=1e-5, rtol=0)
    assert torch.unique(weight, dim=0).shape[0] == positions


def test_more_positions_lie_between_those_there_were(tmp_path) -> None:
    model = GPT2LMHeadModel(gpt2_config(Size(16, 1, 1), vocab_size=20, n_positions=9))
    old = model.transformer.wpe.weight.detach().clone()
    resize_positions(model, 33)
    new = model.transformer.wpe.weight
    assert model.config.n_positions == 33 and new.shape == (33, 16) and new.requires_grad
    torch.testing.assert_close(new[::4], old)  # every fourth is one of the old ones
    torch.testing.assert_close(new[2::4], (old[:-1] + old[1:]) / 2)
    model.save_pretrained(tmp_path)
    again = GPT2LMHeadModel.from_pretrained(tmp_path).eval()
    ids = torch.randint(0, 20, (2, 33))
    assert torch.equal(again(ids).logits, model.eval()(ids).logits)


def test_fewer_positions_are_the_first_ones() -> None:
    model = GPT2LMHeadModel(gpt2_config(Size(16, 1, 1), vocab_size=20, n_positions=9)).eval()
    ids = torch.randint(0, 20, (2, 5))
    before = model(ids).logits
    resize_positions(model, 5)
    assert torch.equal(model(ids).logits, before) and model.transformer.wpe.weight.shape == (5, 16)
