"""Attention within documents equals masked attention over rows."""

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.training.attention import NAME, _anywhere, _OnCpu, find_documents
from hf_abc.training.packing import Document, pack

LENGTHS = [1, 2, 3, 5, 8, 13, 21, 30, 31, 22, 14, 40, 31]


@pytest.fixture(scope="module")
def packed() -> tuple[torch.Tensor, torch.Tensor]:
    draw = np.random.default_rng(0)
    blocks = pack([Document(draw.integers(1, 50, size=n)) for n in LENGTHS], block_size=32, end_id=0)
    return torch.from_numpy(blocks.input_ids).long(), torch.from_numpy(blocks.position_ids).long()


def _model(dropout: float = 0.0) -> GPT2LMHeadModel:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(gpt2_config(Size(32, 3, 4), vocab_size=50, n_positions=32, dropout=dropout))
    for parameter in model.parameters():  # far from the flat start, so that a leak would show
        parameter.data.mul_(4)
    return model


def test_logits_and_gradients_are_those_of_masked_attention(packed) -> None:
    input_ids, position_ids = packed
    found = []
    for name in ("sdpa", NAME):
        model = _model()
        model.set_attn_implementation(name)
        extra = {"documents": find_documents(position_ids)} if name == NAME else {}
        logits = model(input_ids, position_ids=position_ids, use_cache=False, **extra).logits
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), input_ids.flatten()).backward()
        found.append((logits.detach(), {n: p.grad for n, p in model.named_parameters()}))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=1e-4, atol=1e-4)
    for name, gradient in found[0][1].items():
        torch.testing.assert_close(gradient, found[1][1][name], rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize("bf16", [False, True])
def test_the_passes_for_a_cpu_are_those_of_torch(packed, bf16: bool) -> None:
    documents = find_documents(packed[1])
    torch.manual_seed(1)
    found = []
    states = [torch.randn(packed[1].numel(), 24, dtype=torch.bfloat16 if bf16 else None) for _ in range(4)]
    for attend in (_OnCpu.apply, lambda q, k, v, *x: _anywhere([q, k, v], *x, dropout=0.0)):
        inputs = [state.clone().requires_grad_() for state in states[:3]]
        result = attend(*inputs, documents, 3, None)
        result.backward(states[3].to(result.dtype))
        found.append([result.detach(), *(x.grad for x in inputs)])
    for ours, theirs in zip(*found, strict=True):
        close = {"rtol": 0.02, "atol": 0.02} if bf16 else {"rtol": 1e-5, "atol": 1e-5}
        torch.testing.assert_close(ours.float(), theirs.float(), **close)


def test_every_token_is_in_one_place_of_a_group_of_its_document(packed) -> None:
    _, position_ids = packed
    documents = find_documents(position_ids)
    assert len(documents.shapes) > 2
    assert torch.equal(documents.index[documents.back], torch.arange(position_ids.numel()))
    sizes = [count * longest for count, longest in documents.shapes]
    for shape, group in zip(documents.shapes, documents.index.split(sizes), strict=True):
        positions = position_ids.flatten()[group].view(shape)
        assert (positions[:, 0] == 0).all()
        steps = positions.diff(dim=1)
        assert ((steps == 1) | (steps == 0)).all()  # 0: the last token again, behind the end of its document


def test_dropout_draws_and_a_missing_argument_is_said(packed) -> None:
    input_ids, position_ids = packed
    model = _model(dropout=0.5).train()
    model.set_attn_implementation(NAME)
    documents = find_documents(position_ids)
    twice = [
        model(input_ids, position_ids=position_ids, use_cache=False, documents=documents) for _ in range(2)
    ]
    assert not torch.equal(twice[0].logits, twice[1].logits)
    with pytest.raises(ValueError, match="for training"):
        model(input_ids, use_cache=False)
