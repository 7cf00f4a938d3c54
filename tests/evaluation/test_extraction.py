"""Extraction: a model that knows one tune by heart, and nothing else, is found out."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.evaluation.extraction import BARS, cut, extraction
from hf_abc.models.configuration_abc_lstm import AbcLSTMConfig
from hf_abc.models.modeling_abc_lstm import AbcLSTMForCausalLM
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.sampling.generator import generate_tunes

HEAD = "X:1\nM:2/4\nL:1/8\nK:G\n"
KNOWN = HEAD + "GABc|dBG2|ABcA|G4|\ngfed|cBA2|FGAF|G4|\nGABc|dBG2|ABcA|G4|]\n"
OTHER = HEAD + "BBBB|cccc|BBBB|cccc|\nBBBB|cccc|BBBB|cccc|\nBBBB|cccc|BBBB|B4|]\n"


def test_cut_behind_bars() -> None:
    assert cut(KNOWN, 0) == (HEAD, KNOWN[len(HEAD) :].rstrip("\n"))
    prompt, rest = cut(KNOWN, 2) or ("", "")
    assert prompt == HEAD + "GABc|dBG2|" and rest.startswith("ABcA|G4|\n")
    assert cut(KNOWN, 9) is None and cut(HEAD, 0) is None


@pytest.fixture(scope="module")
def parrot():
    tokenizer = train_tokenizer([KNOWN, OTHER], kind="char")
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_positions=128, n_embd=48, n_layer=2, n_head=2, bos_token_id=0,
                   eos_token_id=0, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
    )  # fmt: skip
    end = tokenizer.eos_token_id
    ids = torch.tensor([[end, *encode(tokenizer, [KNOWN])[0], end]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(120):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval(), tokenizer


def test_what_is_known_by_heart_comes_out(parrot) -> None:
    model, tokenizer = parrot
    found = extraction(model, tokenizer, [KNOWN], [OTHER])
    assert list(found) == [str(bars) for bars in BARS]
    for shares in found.values():
        assert (shares["train_next"].value, shares["train_whole"].value) == (1, 1)
        assert shares["held_out_whole"].value == 0


def test_nothing_to_ask(parrot) -> None:
    model, tokenizer = parrot
    found = extraction(model, tokenizer, [], [HEAD + "G4|]\n"])
    assert found["8"]["train_next"].value is None and found["0"]["held_out_next"].n == 0


def test_prompts_that_fill_the_context_are_not_asked(parrot) -> None:
    model, tokenizer = parrot
    long = KNOWN.replace("X:1\n", f"X:1\nT:{'a' * 140}\n")
    found = extraction(model, tokenizer, [KNOWN, long], [])
    assert found["0"]["train_next"].n == found["8"]["train_next"].n == 1


def test_a_model_without_a_longest_context_writes_on() -> None:
    tokenizer = train_tokenizer([KNOWN, OTHER], kind="char")
    model = AbcLSTMForCausalLM(
        AbcLSTMConfig(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, eos_token_id=0)
    )
    found = extraction(model.eval(), tokenizer, [KNOWN], [OTHER], max_new_tokens=40)
    assert found["0"]["train_next"].n == 1
    (tune,) = generate_tunes(model, tokenizer, [""], seed=1)
    assert tune.ended or tune.tokens == 2048
