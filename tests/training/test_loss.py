"""The loss of output layer and next token in pieces is the loss in one piece."""

import pytest
import torch

from hf_abc.training import loss
from hf_abc.training.loss import head_loss, summed
from hf_abc.training.packing import IGNORE


@pytest.mark.parametrize("piece", [50, 50 * 7, 2**20])
@pytest.mark.parametrize("dtype", [None, torch.bfloat16, torch.float16])
def test_value_and_gradients(piece: int, dtype: torch.dtype | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "_PIECE", piece)
    torch.manual_seed(0)
    labels = torch.randint(0, 50, (3, 11))
    labels[0, 4:] = labels[2, 0] = IGNORE
    hidden, weight = torch.randn(3, 11, 16), torch.randn(50, 16)
    found = []
    for whole in (True, False):
        inputs = [hidden.clone().requires_grad_(), weight.clone().requires_grad_()]
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            value = (
                summed(torch.nn.functional.linear(*inputs), labels) if whole else head_loss(*inputs, labels)
            )
        (value * 0.3).backward()
        assert value.dtype == torch.float32
        found.append([value.detach(), *(x.grad for x in inputs)])
    exact = {"rtol": 1e-5, "atol": 1e-5}
    for ours, theirs in zip(found[1], found[0], strict=True):
        assert ours.dtype == theirs.dtype
        torch.testing.assert_close(ours, theirs, **(exact if dtype is None else {"rtol": 0.05, "atol": 0.05}))


def test_without_gradients_there_is_only_the_value() -> None:
    hidden, weight, labels = (
        torch.randn(2, 5, 8),
        torch.randn(9, 8, requires_grad=True),
        torch.ones(2, 5).long(),
    )
    with torch.no_grad():
        value = head_loss(hidden, weight, labels)
    assert not value.requires_grad
    torch.testing.assert_close(value, summed(hidden @ weight.detach().T, labels))
