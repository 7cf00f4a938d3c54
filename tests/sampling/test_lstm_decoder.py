"""The LSTM's decoder: the model's own numbers, in single and in double precision, and whole tunes."""

import pytest
import torch

from hf_abc.models.configuration_abc_lstm import AbcLSTMConfig
from hf_abc.models.modeling_abc_lstm import AbcLSTMForCausalLM
from hf_abc.models.tokenizers import train_tokenizer
from hf_abc.sampling.generator import decoder_of, generate_tunes
from hf_abc.sampling.guards import ALL_GUARDS
from hf_abc.sampling.lstm_decoder import LstmDecoder

JIG = "X:1\nT:The Test Jig\nM:6/8\nL:1/8\nK:G\nGAB gfe|dBG A3|GAB cde|dBA G3:|\n"


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([JIG], vocab_size=290)


@pytest.fixture(scope="module", params=[None, 12])
def model(request, tokenizer):
    torch.manual_seed(0)
    config = AbcLSTMConfig(
        vocab_size=len(tokenizer), hidden_size=20, num_hidden_layers=3, embedding_size=request.param
    )
    model = AbcLSTMForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2).add_(0.05 * torch.randn_like(parameter))
    return model


def test_logits_are_the_models(model, tokenizer):
    ids = torch.tensor([0, *tokenizer(JIG, add_special_tokens=False)["input_ids"]])[:30]
    with torch.inference_mode():
        wanted = model(ids[None]).logits[0]
        decoder = LstmDecoder.from_model(model)
        memory = decoder.memory(3, 30)
        starts = [12, 1, 5]
        for row, start in enumerate(starts):
            decoder.prefill(ids[:start], memory, row)
        for done in range(8):
            at = torch.tensor(starts) + done
            assert torch.allclose(decoder.step(ids[at], at, memory), wanted[at], atol=1e-5)
        assert torch.allclose(decoder.exact_logits(ids), model.double()(ids[None]).logits[0, -1], atol=1e-12)
        model.float()
        assert torch.allclose(decoder.all_logits(ids), wanted, atol=1e-5)


def test_same_tunes_whatever_the_batch(model, tokenizer):
    assert isinstance(decoder_of(model), LstmDecoder)
    prompts = ["", "X:1\nT:The", "X:1\n", ""] * 3
    settings = {"seed": 5, "max_new_tokens": 40}
    full = generate_tunes(model, tokenizer, prompts, batch_size=12, **settings)
    assert generate_tunes(model, tokenizer, prompts, batch_size=1, **settings) == full
    assert generate_tunes(model, tokenizer, prompts, batch_size=5, **settings) == full
    guarded = generate_tunes(model, tokenizer, prompts, batch_size=5, guards=ALL_GUARDS, **settings)
    assert generate_tunes(model, tokenizer, prompts, batch_size=2, guards=ALL_GUARDS, **settings) == guarded
