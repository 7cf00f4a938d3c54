"""The LSTM as transformers sees it: causal, the same step by step as at once, searched, saved, loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, GPT2LMHeadModel

from hf_abc.models import AbcLSTMConfig, AbcLSTMForCausalLM
from hf_abc.models.sizes import Size, gpt2_config
from hf_abc.models.tokenizers import train_tokenizer

VOCAB = 50
TUNE = "X:1\nT:A\nM:2/4\nL:1/8\nK:G\nGABc|dBG2|ABcA|G4|]\n"


@pytest.fixture(scope="module", params=[None, 24], ids=["tied", "projected"])
def model(request: pytest.FixtureRequest) -> AbcLSTMForCausalLM:
    torch.manual_seed(0)
    config = AbcLSTMConfig(
        vocab_size=VOCAB, hidden_size=32, num_hidden_layers=3, embedding_size=request.param
    )
    made = AbcLSTMForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(3)  # a model with opinions
        made.model.start.normal_()  # a fresh one is 0 and would hide a mistake
    return made


@pytest.fixture(scope="module")
def ids() -> torch.Tensor:
    """Three rows of 20 tokens, each with an end token (0) somewhere, one with two in a row."""
    made = torch.randint(1, VOCAB, (3, 20), generator=torch.Generator().manual_seed(0))
    made[0, 5] = made[1, 0] = made[2, 10] = made[2, 11] = 0
    return made


def generate(model: AbcLSTMForCausalLM, ids: torch.Tensor, **changes) -> torch.Tensor:
    settings = {"max_new_tokens": 12, "do_sample": False, "eos_token_id": VOCAB - 1, "pad_token_id": 0}
    settings |= {"attention_mask": torch.ones_like(ids), **changes}
    return model.generate(ids, **settings)


@pytest.mark.parametrize("family", ["lstm", "gpt2"])
def test_causal_logits_do_not_know_later_tokens(family: str, ids: torch.Tensor) -> None:
    torch.manual_seed(0)
    if family == "lstm":
        made = AbcLSTMForCausalLM(AbcLSTMConfig(vocab_size=VOCAB, hidden_size=16)).eval()
    else:
        made = GPT2LMHeadModel(gpt2_config(Size(16, 2, 2), vocab_size=VOCAB, n_positions=20)).eval()
    for place in (1, 7, 19):
        for token in (3, 0):
            other = ids.clone()
            other[:, place] = token
            before, after = made(ids).logits, made(other).logits
            assert torch.equal(before[:, :place], after[:, :place])
            assert not torch.equal(before[:, place:], after[:, place:])


def test_incremental_logits_equal_those_of_the_whole(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    whole = model(ids).logits
    for steps in ([1] * 20, [7, 1, 12], [20]):
        cache, parts, start = None, [], 0
        for step in steps:
            output = model(ids[:, start : start + step], cache=cache, use_cache=True)
            cache, start = output.cache, start + step
            parts.append(output.logits)
        torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)
        assert cache.get_seq_length() == 20
    assert model(ids, use_cache=False).cache is None


def test_the_end_token_clears_the_state(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    whole = model(ids).logits
    torch.testing.assert_close(model(ids[:1, 5:]).logits, whole[:1, 5:], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model(ids[2:, 11:]).logits, whole[2:, 11:], atol=1e-5, rtol=1e-5)
    ends = whole[ids == 0]  # what begins a tune does not depend on what went before
    torch.testing.assert_close(ends, ends[:1].expand_as(ends))
    read = model(ids[1:2, :1], use_cache=True).cache
    assert all((state.keys == 0).all() and (state.values == 0).all() for state in read.states)
    in_bf16 = torch.nn.Module.to(AbcLSTMForCausalLM(model.config), torch.bfloat16)
    read = in_bf16(torch.cat([ids[:1], ids[1:2, :1]], dim=1), use_cache=True).cache
    assert all((state.keys == 0).all() and (state.values == 0).all() for state in read.states)


def test_padding_on_the_left_changes_nothing(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    for pad in (0, 7):  # the end token, and one that means something
        padded = torch.cat([torch.full((3, 4), pad), ids], dim=1)
        mask = torch.ones_like(padded)
        mask[:, :4] = 0
        torch.testing.assert_close(model(padded, attention_mask=mask).logits[:, 4:], model(ids).logits)
        written = generate(model, padded, attention_mask=mask)
        assert torch.equal(written[:, 24:], generate(model, ids)[:, 20:])
    uneven = torch.cat([torch.full((1, 6), 7), ids[:1, 6:]], dim=1)
    mask = torch.ones_like(uneven)
    mask[:, :6] = 0
    both = generate(
        model, torch.cat([uneven, ids[1:2]]), attention_mask=torch.cat([mask, torch.ones_like(mask)])
    )
    assert torch.equal(both[:1, 20:], generate(model, ids[:1, 6:])[:, 14:])


def test_generation_carries_the_state(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    batch = generate(model, ids)
    assert torch.equal(batch, generate(model, ids, use_cache=False))
    for row in range(3):
        alone = generate(model, ids[row : row + 1])[0]  # shorter where the others went on
        assert torch.equal(batch[row, : len(alone)], alone)
    assert batch.shape == (3, 32)


def test_beam_search_reorders_the_state(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    settings = {"num_beams": 4, "return_dict_in_generate": True, "output_scores": True}
    with_state = generate(model, ids, **settings)
    without = generate(model, ids, use_cache=False, **settings)
    assert torch.equal(with_state.sequences, without.sequences)
    torch.testing.assert_close(with_state.sequences_scores, without.sequences_scores)
    beams = with_state.beam_indices[:, :12]
    # a beam must have jumped to another one's row, or nothing was tested
    assert any((row[1:] != row[:-1]).any() for row in beams)


def test_a_prompt_is_read_once_for_many_samples(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    prompt = ids[:1]
    cache = model(prompt[:, :-1], use_cache=True).cache
    cache.batch_repeat_interleave(5)
    shared = generate(model, prompt.repeat(5, 1), cache=cache)
    assert torch.equal(shared, generate(model, prompt, num_return_sequences=1).repeat(5, 1))
    cache.batch_select_indices(torch.tensor([3, 1]))
    assert cache.states[0].keys.shape == (2, 32)
    many = generate(model, prompt, num_return_sequences=3, do_sample=True)
    assert many.shape == (3, 32) and not torch.equal(many[0], many[1])


def test_assisted_generation_is_refused(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="stateful"):
        generate(model, ids[:1], assistant_model=model)


def test_token_vectors_in_place_of_tokens(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    inside = ids.masked_fill(ids == 0, 1)
    vectors = model.get_input_embeddings()(inside)
    torch.testing.assert_close(model(inputs_embeds=vectors).logits, model(inside).logits)
    with pytest.raises(ValueError, match="either"):
        model()


def test_loss_hidden_states_and_kept_logits(model: AbcLSTMForCausalLM, ids: torch.Tensor) -> None:
    output = model(ids, labels=ids, output_hidden_states=True)
    wanted = torch.nn.functional.cross_entropy(output.logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    torch.testing.assert_close(output.loss, wanted)
    assert [state.shape[-1] for state in output.hidden_states] == [model.config.embedding_size, 32, 32, 32]
    torch.testing.assert_close(model(ids, logits_to_keep=1).logits, output.logits[:, -1:])


def test_every_parameter_learns_and_checkpointing_changes_no_gradient(ids: torch.Tensor) -> None:
    torch.manual_seed(0)
    made = AbcLSTMForCausalLM(AbcLSTMConfig(vocab_size=VOCAB, hidden_size=32, embedding_size=24)).train()
    made(ids, labels=ids).loss.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in made.named_parameters()}
    assert all(gradient.abs().max() > 0 for gradient in gradients.values())
    made.zero_grad()
    made.activation_checkpointing_enable()
    made(ids, labels=ids).loss.backward()
    assert all(torch.equal(gradients[name], p.grad) for name, p in made.named_parameters())


def test_fresh_weights(ids: torch.Tensor) -> None:
    made = AbcLSTMForCausalLM(AbcLSTMConfig(vocab_size=VOCAB, hidden_size=32))
    for layer in made.model.layers:
        biases = layer.lstm.bias_ih_l0.view(4, 32)
        assert (biases[1] == 1).all() and (biases[[0, 2, 3]] == 0).all()  # the forget gate remembers
        assert (layer.lstm.bias_hh_l0 == 0).all()
    assert made.lm_head.weight is made.model.embed.weight
    assert made(ids, labels=ids).loss.item() == pytest.approx(torch.tensor(50.0).log().item(), abs=0.2)


def test_dropout_is_only_for_training(ids: torch.Tensor) -> None:
    made = AbcLSTMForCausalLM(AbcLSTMConfig(vocab_size=VOCAB, hidden_size=16, dropout=0.5))
    assert not torch.equal(made.train()(ids).logits, made(ids).logits)
    assert torch.equal(made.eval()(ids).logits, made(ids).logits)


def test_saved_and_loaded_logits_are_the_same(
    model: AbcLSTMForCausalLM, ids: torch.Tensor, tmp_path: Path
) -> None:
    model.save_pretrained(tmp_path)
    assert isinstance(AutoConfig.from_pretrained(tmp_path), AbcLSTMConfig)
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert isinstance(again, AbcLSTMForCausalLM)
    assert torch.equal(again.eval()(ids).logits, model(ids).logits)
    base = AutoModel.from_pretrained(tmp_path).eval()
    assert torch.equal(base(ids).last_hidden_state, model.model(ids).last_hidden_state)
    larger = AbcLSTMForCausalLM.from_pretrained(tmp_path)
    larger.resize_token_embeddings(VOCAB + 3, mean_resizing=False)
    assert larger.lm_head.weight is larger.model.embed.weight
    assert torch.equal(larger.eval()(ids).logits[..., :VOCAB], model(ids).logits)


def test_a_folder_works_where_hf_abc_is_not_installed(tmp_path: Path) -> None:
    """pipeline("text-generation") in a process of its own that cannot import this package."""
    tokenizer = train_tokenizer([TUNE], kind="char")
    torch.manual_seed(0)
    model = AbcLSTMForCausalLM(AbcLSTMConfig(vocab_size=len(tokenizer), hidden_size=16)).eval()
    folder = tmp_path / "model"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    assert {"configuration_abc_lstm.py", "modeling_abc_lstm.py"} <= {path.name for path in folder.iterdir()}
    code = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hf_abc":
            raise ImportError("hf_abc is not here")
sys.meta_path.insert(0, Blocked())
import json, torch
from transformers import pipeline
write = pipeline("text-generation", model={str(folder)!r}, trust_remote_code=True)
texts = write(["X:1", "X:1\\nT:A"], max_new_tokens=9, do_sample=False, batch_size=2)
logits = write.model(torch.arange(30)[None]).logits
print(json.dumps([[t[0]["generated_text"] for t in texts], logits.double().sum().item(),
                  type(write.model).__module__, "hf_abc" in sys.modules]))
"""
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    texts, total, module, imported = json.loads(done.stdout.splitlines()[-1])
    assert texts[0].startswith("X:1") and texts[1].startswith("X:1\nT:A")
    assert total == pytest.approx(model(torch.arange(30)[None]).logits.double().sum().item(), rel=1e-5)
    assert module.startswith("transformers_modules.") and not imported
    alone = model.generate(
        torch.tensor([tokenizer("X:1")["input_ids"]]), max_new_tokens=9, do_sample=False, eos_token_id=0
    )
    assert texts[0] == tokenizer.decode(alone[0], skip_special_tokens=True)


def test_asking_for_a_class_registers_it_and_nothing_else_is_there() -> None:
    import hf_abc.models

    assert hf_abc.models.AbcLSTMConfig is AbcLSTMConfig
    assert isinstance(AutoModelForCausalLM.from_config(AbcLSTMConfig(hidden_size=8)), AbcLSTMForCausalLM)
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = hf_abc.models.Nonsense
