"""The stream of batches."""

import re
from collections import Counter

import pytest

from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.training.packing import IGNORE
from hf_abc.training.stream import Epochs, Stream


@pytest.fixture(scope="module")
def tokenizer(tunes: list[str]):
    return train_tokenizer(tunes, vocab_size=300)


def _stream(
    tunes: list[str], tokenizer, *, rows: int = 2, seed: int = 1, transpose: bool = False, clock: bool = False
) -> Stream:
    epochs = Epochs(tunes, tokenizer, seed=seed, transpose=transpose, clock=clock)
    return Stream(epochs, rows=rows, block_size=96)


def test_packing_an_epoch_gives_each_token_once(tunes: list[str], tokenizer) -> None:
    expected = Counter(token for ids in encode(tokenizer, tunes) for token in [*ids, tokenizer.eos_token_id])
    for epoch in range(3):
        blocks = _stream(tunes, tokenizer).blocks_of(epoch)
        assert Counter(blocks.labels[blocks.labels != IGNORE].tolist()) == expected


def test_batches_are_whole_and_cross_epochs_without_losing_a_row(tunes: list[str], tokenizer) -> None:
    stream = _stream(tunes, tokenizer, rows=5)
    epochs = [stream.blocks_of(epoch) for epoch in range(3)]
    rows = [row.tolist() for blocks in epochs for row in blocks.input_ids]
    given = [row.tolist() for _ in range(len(rows) // 5) for row in stream.next().input_ids]
    assert given == rows[: len(given)]
    assert stream.epoch == 2 and len(epochs[0]) % 5


def test_a_stream_goes_on_from_its_state(tunes: list[str], tokenizer) -> None:
    whole = _stream(tunes, tokenizer, transpose=True, clock=True)
    batches = [whole.next() for _ in range(12)]
    first = _stream(tunes, tokenizer, transpose=True, clock=True)
    for _ in range(7):
        first.next()
    second = _stream(tunes, tokenizer, transpose=True, clock=True)
    second.load_state_dict(first.state_dict())
    for batch in batches[7:]:
        again = second.next()
        assert (again.input_ids == batch.input_ids).all() and (again.labels == batch.labels).all()
        assert (again.position_ids == batch.position_ids).all() and (again.clock == batch.clock).all()


def test_the_order_depends_on_seed_and_epoch(tunes: list[str], tokenizer) -> None:
    first = _stream(tunes, tokenizer).blocks_of(0).input_ids
    assert (first == _stream(tunes, tokenizer).blocks_of(0).input_ids).all()
    others = [_stream(tunes, tokenizer, seed=2).blocks_of(0), _stream(tunes, tokenizer).blocks_of(1)]
    assert all(other.input_ids.shape != first.shape or (other.input_ids != first).any() for other in others)


def test_transposition_changes_the_keys_between_epochs_and_keeps_the_tunes(
    tunes: list[str], tokenizer
) -> None:
    def keys(stream: Stream, epoch: int) -> dict[str, str]:
        blocks = stream.blocks_of(epoch)
        # every tune fits a row here, and the end token decodes to nothing
        ends = (blocks.position_ids == 0).nonzero()
        text = "".join(
            "\0" + tokenizer.decode(row[start:].tolist())
            for row, start in zip(blocks.input_ids[ends[0]], ends[1], strict=True)
        )
        return dict(re.findall(r"\0X:(\d+)\n(?s:.*?)K:(\w+)", text))

    own = {tune.split("\n")[0][2:]: tune.split("K:")[1].split("\n")[0] for tune in tunes}
    assert keys(_stream(tunes, tokenizer), 0) == own
    moved = _stream(tunes, tokenizer, transpose=True)
    first, second = keys(moved, 0), keys(moved, 1)
    assert first.keys() == second.keys() == own.keys()
    assert first != second and first != own
