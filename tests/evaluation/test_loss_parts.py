"""Where the bits go: every character in its part, every bit once."""

import math

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.evaluation.likelihood import token_losses, tune_losses
from hf_abc.evaluation.loss_parts import KINDS, PARTS, STRETCHES, loss_parts, parts_of
from hf_abc.models.tokenizers import train_tokenizer

HEAD = "X:1\nM:2/4\nL:1/8\nK:G\n"
TEXTS = [HEAD + "|:GABc|dBG2|GABc|dcBA:|\n|:g2ge|dBG2|cABG|G4:|\n", HEAD + "T:Né\nGABc|d4|]\n", HEAD]
ROWS = [{"id": str(i), "family": str(i), "text": text} for i, text in enumerate(TEXTS)]


@pytest.fixture(scope="module", params=["char", "bpe"])
def tokenizer(request):
    if request.param == "char":
        return train_tokenizer(TEXTS, kind="char")
    return train_tokenizer(TEXTS * 20, kind="bpe", vocab_size=280)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(0)
    size = dict(n_positions=128, n_embd=16, n_layer=2, n_head=2)
    return GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=0, **size))


def test_parts_of_a_tune() -> None:
    text = TEXTS[0]
    parts = parts_of(text)
    assert len(parts) == len(text)
    shown = "".join("hfFr"[part] for part in parts[len(HEAD) :])
    assert text[len(HEAD) :].replace("\n", "/") == "|:GABc|dBG2|GABc|dcBA:|/|:g2ge|dBG2|cABG|G4:|/"
    assert shown == "ffffffffffffrrrrrfffffffffFFFFFrrrrrFFFFFFFFFF"
    assert parts[: len(HEAD)] == [0] * len(HEAD)


@pytest.mark.parametrize("text", ["", "X:1\n", HEAD, "GAB|", HEAD + "|||||", HEAD + "GAB"])
def test_parts_of_scraps(text: str) -> None:
    assert len(parts_of(text)) == len(text)


def test_every_bit_once(model, tokenizer) -> None:
    found = loss_parts(tokenizer, TEXTS, token_losses(model, tokenizer, ROWS))
    total = sum(loss.nats for loss in tune_losses(model, tokenizer, ROWS)) / math.log(2)
    ends = sum(float(loss.nats[-1]) for loss in token_losses(model, tokenizer, ROWS)) / math.log(2)
    classes = [part for text in TEXTS for part in parts_of(text)]
    by_part = sum(found["by_part"][name].value * classes.count(i) for i, name in enumerate(PARTS[:-1]))
    assert by_part + ends == pytest.approx(total, rel=1e-5)
    assert found["by_part"]["end"].value == pytest.approx(ends / 3, rel=1e-5)
    places = [place for text in TEXTS for place in range(len(text))]
    by_place = 0.0
    for first, last in zip(STRETCHES, (*STRETCHES[1:], 10**9), strict=True):
        count = sum(first <= place < last for place in places)
        name = f"{first}-{last}" if last < 10**9 else f"{first}-"
        by_place += (found["by_place"][name].value or 0) * count
    assert by_place + ends == pytest.approx(total, rel=1e-5)
    assert found["by_place"]["512-1024"].value is None
    assert set(found["by_kind"]) == set(KINDS)


def test_what_a_uniform_model_pays(tokenizer) -> None:
    torch.manual_seed(0)
    size = dict(n_positions=128, n_embd=16, n_layer=2, n_head=2)
    uniform = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), bos_token_id=0, eos_token_id=0, **size))
    torch.nn.init.zeros_(uniform.transformer.ln_f.weight)
    found = loss_parts(tokenizer, TEXTS, token_losses(uniform, tokenizer, ROWS))["by_kind"]
    for name in ("header", "notes", "bar lines", "end"):
        assert found[name].value == pytest.approx(math.log2(len(tokenizer)), rel=1e-4)
