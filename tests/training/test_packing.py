"""Packing: every token once, and no tune sees its neighbour."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2LMHeadModel

from hf_abc.errors import InputError
from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.training.objective import PackedObjective, tensors
from hf_abc.training.packing import DIALS, IGNORE, Document, pack

END = 0
BLOCK = 16
DOCUMENTS = st.lists(st.lists(st.integers(1, 40), max_size=50), min_size=1, max_size=12)


def _pack(documents: list[list[int]], block_size: int = BLOCK):
    return pack([Document(np.array(d, dtype=np.int32)) for d in documents], block_size=block_size, end_id=END)


@given(DOCUMENTS)
@settings(deadline=None)
def test_packing_makes_each_token_a_label_exactly_once_and_an_end_for_each_tune(
    documents: list[list[int]],
) -> None:
    blocks = _pack(documents)
    labels = Counter(blocks.labels[blocks.labels != IGNORE].tolist())
    expected = Counter(token for document in documents for token in document)
    expected[END] += len(documents)
    assert labels == expected
    assert blocks.targets == sum(len(document) + 1 for document in documents)


@given(DOCUMENTS)
@settings(deadline=None)
def test_packing_labels_are_the_next_inputs_of_the_same_document(documents: list[list[int]]) -> None:
    blocks = _pack(documents)
    found = []
    for ids, positions, labels in zip(blocks.input_ids, blocks.position_ids, blocks.labels, strict=True):
        starts = [*np.flatnonzero(positions == 0).tolist(), BLOCK]
        for start, stop in zip(starts, starts[1:], strict=False):
            assert positions[start:stop].tolist() == list(range(stop - start))
            if labels[start] == IGNORE:
                assert set(labels[start:].tolist()) == {IGNORE} and stop == BLOCK, (
                    "only the rest of a row is empty"
                )
                continue
            assert labels[start : stop - 1].tolist() == ids[start + 1 : stop].tolist()
            found.append((ids[start:stop].tolist(), int(labels[stop - 1])))
    pieces = []
    for document in documents:
        whole = [END, *document, END]
        for start in range(0, len(whole) - 1, BLOCK):
            piece = whole[start : start + BLOCK + 1]
            pieces.append((piece[:-1], piece[-1]))
    assert sorted(found) == sorted(pieces)


@given(DOCUMENTS)
@settings(deadline=None)
def test_packing_never_cuts_a_document_that_fits(documents: list[list[int]]) -> None:
    blocks = _pack(documents)
    starts = int(((blocks.position_ids == 0) & (blocks.labels != IGNORE)).sum())
    assert starts == sum(len(document) // BLOCK + 1 for document in documents)


def test_packing_of_lengths_like_those_of_tunes_wastes_little() -> None:
    lengths = np.random.default_rng(0).gamma(4.0, 35.0, size=2000).astype(int).clip(10, 500)
    blocks = _pack([[1] * int(n) for n in lengths], block_size=512)
    assert blocks.targets / blocks.labels.size > 0.99


def _dials(classes: list[int]) -> np.ndarray:
    """The same class on every dial."""
    return np.repeat(np.array(classes)[:, None], DIALS, axis=1)


def test_packing_keeps_the_clock_with_its_tokens() -> None:
    documents = [
        Document(np.array([5, 6, 7]), _dials([IGNORE, 12, 24])),
        Document(np.array([8]), _dials([3])),
    ]
    blocks = pack(documents, block_size=8, end_id=END)
    assert (blocks.clock == blocks.clock[..., :1]).all()
    row = list(zip(blocks.input_ids[0].tolist(), blocks.clock[0, :, 0].tolist(), strict=True))
    assert row[:6] == [(END, IGNORE), (5, IGNORE), (6, 12), (7, 24), (END, IGNORE), (8, 3)]
    with pytest.raises(ValueError, match="clock classes"):
        pack([Document(np.array([5, 6]), _dials([1]))], block_size=8, end_id=END)


def test_packing_nothing_is_an_input_error() -> None:
    with pytest.raises(InputError, match="empty"):
        _pack([])


def test_packing_gives_each_document_the_loss_it_has_alone() -> None:
    torch.manual_seed(0)
    config = gpt2_config(Size(32, 2, 2), vocab_size=41, n_positions=BLOCK)
    model = GPT2LMHeadModel(config).eval()
    for parameter in model.parameters():  # far from the flat start, so that a leak would show
        parameter.data.mul_(4)
    objective = PackedObjective(model)
    draw = np.random.default_rng(1)
    documents = [draw.integers(1, 41, size=n).tolist() for n in (3, 5, 4, 9, 2, 7, 14, 1)]
    blocks = _pack(documents)
    assert len(blocks) < len(documents)
    with torch.no_grad():
        packed = objective(*tensors(blocks, torch.device("cpu"))).tokens
    alone = torch.zeros(())
    with torch.no_grad(), objective.usual_model():
        for document in documents:
            ids = torch.tensor([[END, *document]])
            logits = model(ids, use_cache=False).logits[0]
            alone += torch.nn.functional.cross_entropy(
                logits, torch.tensor([*document, END]), reduction="sum"
            )
    torch.testing.assert_close(packed, alone, rtol=1e-5, atol=1e-4)
