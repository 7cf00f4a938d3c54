"""Lanes and the LSTM's objective: every token once, the state carried along a lane and never over an end."""

from collections import Counter

import numpy as np
import pytest
import torch

from hf_abc.errors import InputError
from hf_abc.models import AbcLSTMForCausalLM
from hf_abc.models.sizes import LSTMSize, lstm_config
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.training.lanes import Lanes
from hf_abc.training.objective import RecurrentObjective, tensors
from hf_abc.training.packing import IGNORE, pack
from hf_abc.training.stream import Epochs, documents

LENGTH = 32


@pytest.fixture(scope="module")
def tokenizer(tunes: list[str]):
    return train_tokenizer(tunes, vocab_size=300)


def lanes(
    tunes: list[str], tokenizer, *, rows: int = 3, transpose: bool = False, clock: bool = False
) -> Lanes:
    epochs = Epochs(tunes, tokenizer, seed=1, transpose=transpose, clock=clock)
    return Lanes(epochs, rows=rows, block_size=LENGTH)


def objective_of(tokenizer, *, clock: bool = False) -> RecurrentObjective:
    torch.manual_seed(0)
    model = AbcLSTMForCausalLM(lstm_config(LSTMSize(16, 2), vocab_size=len(tokenizer)))
    torch.nn.init.normal_(model.model.start)
    return RecurrentObjective(model, clock=clock)


def test_lanes_give_each_token_once_an_epoch_and_no_empty_place(tunes: list[str], tokenizer) -> None:
    stream = lanes(tunes, tokenizer)
    expected = [[0, *ids] for ids in encode(tokenizer, tunes)]
    wanted = sum(map(len, expected))
    reads: list[list[int]] = [[] for _ in range(3)]
    for _ in range(2 * wanted // (3 * LENGTH) + 1):
        batch = stream.next()
        assert batch.input_ids.shape == (3, LENGTH) and (batch.labels != IGNORE).all()
        for row in range(3):
            reads[row] += batch.input_ids[row].tolist()
            # a label is the next token; behind the last one that is the end token, which begins a tune
            assert batch.labels[row, :-1].tolist() == batch.input_ids[row, 1:].tolist()
            assert (batch.position_ids[row] == 0).tolist() == (batch.input_ids[row] == 0).tolist()
    begun = Counter()
    for row in reads:
        ends = [i for i, token in enumerate(row) if token == 0]
        assert ends[0] == 0
        for start, stop in zip(ends, [*ends[1:], len(row)], strict=True):
            tune = row[start:stop]
            whole = [
                ids for ids in expected if ids == tune or (stop == len(row) and ids[: len(tune)] == tune)
            ]
            assert whole, "a piece of a tune"
            begun[tuple(whole[0])] += len(tune) > 30  # else it may be the beginning of several
    assert stream.epoch == 2
    assert len(begun) == len(tunes) and max(begun.values()) - min(begun.values()) <= 1


def test_a_text_of_two_epochs_comes_in_the_order_of_each(tunes: list[str], tokenizer) -> None:
    stream = lanes(tunes, tokenizer, rows=1)
    read: list[int] = []
    wanted = [
        token for epoch in (0, 1) for made in [stream.epochs.documents(epoch)[0]] for d in made
        for token in [0, *d.tokens.tolist()]
    ]  # fmt: skip
    while len(read) < len(wanted):
        read += stream.next().input_ids[0].tolist()
    assert read[: len(wanted)] == wanted


def test_lanes_go_on_from_their_state(tunes: list[str], tokenizer) -> None:
    whole, first = (lanes(tunes, tokenizer, transpose=True, clock=True) for _ in range(2))
    batches = [whole.next() for _ in range(40)]
    assert whole.epoch >= 2
    for _ in range(17):
        first.next()
    second = lanes(tunes, tokenizer, transpose=True, clock=True)
    second.load_state_dict(first.state_dict())
    for batch in batches[17:]:
        again = second.next()
        for name in ("input_ids", "position_ids", "labels", "clock"):
            assert np.array_equal(getattr(again, name), getattr(batch, name))
    assert (batches[0].clock != IGNORE).any()


def test_the_state_of_a_lane_is_carried_and_an_end_clears_it(tunes: list[str], tokenizer) -> None:
    """Short rows one after the other must cost what whole tunes cost, each alone."""
    stream, objective = lanes(tunes, tokenizer, rows=1), objective_of(tokenizer)
    ids = [document.tokens.tolist() for document in stream.epochs.documents(0)[0]]
    rows = sum(len(x) + 1 for x in ids) // LENGTH
    nats = [objective(*tensors(stream.next(), torch.device("cpu"))).tokens.item() for _ in range(rows)]
    alone = []
    for tune in ids:
        inputs, labels = torch.tensor([[0, *tune]]), torch.tensor([*tune, 0])
        logits = objective.model.eval()(inputs).logits[0]
        alone += torch.nn.functional.cross_entropy(logits, labels, reduction="none").tolist()
    for row, found in enumerate(nats):
        assert found == pytest.approx(sum(alone[row * LENGTH : (row + 1) * LENGTH]), rel=1e-5)


def test_gradients_stop_at_the_edge_of_a_batch_and_parts_keep_apart(tunes: list[str], tokenizer) -> None:
    stream, objective = lanes(tunes, tokenizer, rows=2), objective_of(tokenizer)
    for _ in range(3):
        batch = stream.next()
        for part in range(2):
            rows = tensors(batch.take(slice(part, None, 2)), torch.device("cpu"))
            objective(
                *rows, part=part
            ).tokens.backward()  # a second backward through a freed graph would raise
    assert sorted(objective.carried) == [0, 1]
    states = [h for part in (0, 1) for h, _ in objective.carried[part]]
    assert not any(state.requires_grad for state in states)
    together = objective_of(tokenizer)
    again = lanes(tunes, tokenizer, rows=2)
    for _ in range(3):
        together(*tensors(again.next(), torch.device("cpu")))
    for layer in range(2):
        both = torch.cat([objective.carried[part][layer][0] for part in (0, 1)])
        torch.testing.assert_close(both, together.carried[0][layer][0])


def test_measuring_neither_uses_nor_changes_what_is_carried(tunes: list[str], tokenizer) -> None:
    objective = objective_of(tokenizer, clock=True)
    made = documents(tokenizer, tunes, clock=True)
    blocks = pack(made, block_size=128, end_id=0)
    fresh = objective.eval()(*tensors(blocks, torch.device("cpu")))
    assert objective.carried == {} and fresh.clock.item() > 0
    objective.train()(*tensors(lanes(tunes, tokenizer).next(), torch.device("cpu")))
    before = [h.clone() for h, _ in objective.carried[0]]
    assert objective.eval()(*tensors(blocks, torch.device("cpu"))).tokens == fresh.tokens
    assert all(map(torch.equal, before, [h for h, _ in objective.carried[0]]))


def test_an_empty_corpus_has_no_lanes(tokenizer) -> None:
    with pytest.raises(InputError, match="corpus is empty"):
        lanes([], tokenizer)
