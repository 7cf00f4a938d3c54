"""Bits per character: by hand for a uniform model, whatever the batch, and never beyond the trained
length.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.errors import InputError
from hf_abc.evaluation.likelihood import TuneLoss, _windows, bits_per_character, paired, tune_losses
from hf_abc.models.tokenizers import encode, train_tokenizer

TEXTS = [
    "X:1\nT:A\nM:2/4\nL:1/8\nK:G\nGABc|dBG2|ABcA|G4|]\n",
    "X:1\nK:D\nfed|A3|]\n",
    "X:1\nT:Émile's\nM:6/8\nL:1/8\nK:G\nGAB gfe|dBG A3|GAB cde|dBA G3:|\n" + "GAB gfe|dBG A3|\n" * 4,
    "X:1\n",
]
ROWS = [{"id": str(i), "family": "ab"[i % 2], "text": text} for i, text in enumerate(TEXTS)]
LENGTH = 88


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, kind="char")


def make(tokenizer, seed=0, positions=LENGTH):
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=positions,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)
    return model


@pytest.fixture(scope="module")
def model(tokenizer):
    return make(tokenizer)


def test_uniform_model_needs_log2_of_the_vocabulary_for_a_token(tokenizer):
    uniform = make(tokenizer)
    torch.nn.init.zeros_(uniform.transformer.ln_f.weight)
    losses = tune_losses(uniform, tokenizer, ROWS)
    for loss, ids, text in zip(losses, encode(tokenizer, TEXTS), TEXTS, strict=True):
        assert loss.tokens == len(ids) + 1  # the end is a token, but no character
        assert loss.chars == len(text)
        assert loss.nats == pytest.approx((len(ids) + 1) * math.log(len(tokenizer)), rel=1e-6)
    tokens, chars = sum(loss.tokens for loss in losses), sum(map(len, TEXTS))
    assert bits_per_character(losses).value == pytest.approx(
        math.log2(len(tokenizer)) * tokens / chars, rel=1e-6
    )


def test_each_tune_stands_alone_and_its_end_counts(model, tokenizer):
    for row, loss in zip(ROWS, tune_losses(model, tokenizer, ROWS), strict=True):
        ids = encode(tokenizer, [row["text"]])[0]
        if len(ids) >= LENGTH:
            continue
        with torch.no_grad():
            logits = model.eval()(torch.tensor([[0, *ids]])).logits[0]
        assert loss.nats == pytest.approx(
            F.cross_entropy(logits, torch.tensor([*ids, 0]), reduction="sum").item(), rel=1e-5
        )
        assert (loss.id, loss.family, loss.windowed) == (row["id"], row["family"], False)


def test_batches_change_nothing(model, tokenizer):
    rows = [{"id": str(i), "family": str(i), "text": TEXTS[i % 4] * (1 + i % 2)} for i in range(20)]
    one = tune_losses(model, tokenizer, rows, batch_tokens=1)
    for batch_tokens in (None, 100, 1000):
        other = tune_losses(model, tokenizer, rows, batch_tokens=batch_tokens)
        assert [loss.id for loss in other] == [row["id"] for row in rows]
        for a, b in zip(one, other, strict=True):
            assert abs(a.nats - b.nats) / math.log(2) / a.chars < 1e-5


def test_long_tunes_go_through_a_window_and_say_so(model, tokenizer):
    text = TEXTS[2]
    ids = encode(tokenizer, [text])[0]
    assert LENGTH < len(ids) + 1 < 2 * LENGTH
    loss = tune_losses(model, tokenizer, ROWS)[2]
    assert loss.windowed
    inputs, targets = torch.tensor([0, *ids]), torch.tensor([*ids, 0])
    with torch.no_grad():
        first = model(inputs[None, :LENGTH]).logits[0]
        half = LENGTH // 2
        second = model(inputs[None, half : half + LENGTH]).logits[0]
    wanted = F.cross_entropy(first, targets[:LENGTH], reduction="sum")
    done = LENGTH - half  # what the second window has in common with the first
    wanted += F.cross_entropy(second[done:], targets[LENGTH : half + LENGTH], reduction="sum")
    assert half + LENGTH >= len(targets)
    assert loss.nats == pytest.approx(wanted.item(), rel=1e-5)


def test_trained_length_below_the_positions_is_kept(tokenizer):
    """The trap: positions that training never saw are noise, and a model gives them without a word."""
    wide = make(tokenizer, positions=256)
    narrow = make(tokenizer, positions=256)
    with torch.no_grad():
        narrow.load_state_dict(wide.state_dict())
        narrow.transformer.wpe.weight[LENGTH:] = 1e3
    a = tune_losses(wide, tokenizer, ROWS, length=LENGTH)
    assert a == tune_losses(narrow, tokenizer, ROWS, length=LENGTH)
    assert [loss.windowed for loss in a] == [False, False, True, False]
    assert not any(loss.windowed for loss in tune_losses(wide, tokenizer, ROWS))


@pytest.mark.parametrize("length", [1, 2, 3, 7, 10, 100])
@pytest.mark.parametrize("tokens", [0, 1, 5, 9, 10, 11, 40])
def test_windows_score_each_target_once(length, tokens):
    ids = list(range(1, tokens + 1))
    scored = []
    for window in _windows(3, ids, 0, length):
        assert 1 <= len(window.inputs) <= length
        assert len(window.inputs) == len(window.targets)
        assert window.inputs[1:] == window.targets[:-1]
        scored += window.targets[window.scored :]
    assert scored == [*ids, 0]


def test_training_mode_is_left_as_it_was(tokenizer):
    model = make(tokenizer)
    model.config.embd_pdrop = 0.5
    model.transformer.drop.p = 0.5
    model.train()
    assert tune_losses(model, tokenizer, ROWS) == tune_losses(model, tokenizer, ROWS)  # no dropout
    assert model.training


def test_what_does_not_belong_together_is_refused(model, tokenizer):
    with pytest.raises(InputError, match="does not belong"):
        tune_losses(model, train_tokenizer(TEXTS * 2, vocab_size=280), ROWS)
    broken = make(tokenizer)
    with torch.no_grad():
        broken.transformer.ln_f.weight.fill_(float("nan"))
    with pytest.raises(InputError, match="on tune 0 is nan"):
        tune_losses(broken, tokenizer, ROWS)


def loss(id, family, nats, chars=10):
    return TuneLoss(id, family, nats, chars, chars)


def test_paired_difference_by_hand():
    first = [loss("1", "a", 7), loss("2", "a", 5), loss("3", "b", 9)]
    second = [loss("3", "b", 10), loss("1", "a", 8), loss("2", "a", 6)]  # in another order
    found = paired(first, second)
    assert found.value == pytest.approx(-3 / math.log(2) / 30)
    assert found.low == pytest.approx(found.value) and found.high == pytest.approx(
        found.value
    )  # each family the same
    assert found.n == 2


def test_pairing_takes_out_what_is_hard_for_both():
    torch.manual_seed(0)
    hard = torch.randn(100).mul(5).add(20).tolist()
    first = [loss(str(i), str(i), nats) for i, nats in enumerate(hard)]
    second = [loss(str(i), str(i), nats + 0.2 + 0.01 * (i % 3)) for i, nats in enumerate(hard)]
    found = paired(first, second)
    assert found.high < 0
    assert bits_per_character(first).high > bits_per_character(second).low


def test_different_tunes_are_not_paired():
    with pytest.raises(InputError, match="same tunes"):
        paired([loss("1", "a", 7)], [loss("2", "a", 7)])
    with pytest.raises(InputError, match="same tunes"):
        paired([loss("1", "a", 7)], [loss("1", "a", 7)] * 2)
    with pytest.raises(InputError, match="different texts"):
        paired([loss("1", "a", 7)], [loss("1", "a", 7, chars=11)])
