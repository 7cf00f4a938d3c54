"""Models of others: a folder in GPT-2's published layout, its tokens or ours, more positions, controls."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, pipeline

from hf_abc.errors import InputError, RecipeError
from hf_abc.evaluation.likelihood import bits_per_character, tune_losses
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.recipe import Recipe, TokenizerRecipe, load_recipe
from hf_abc.record import Record
from hf_abc.sampling.generator import generate_tunes
from hf_abc.sampling.loading import load_for_sampling, load_model, load_tokenizer
from hf_abc.training.loop import fit
from hf_abc.training.objective import tensors
from hf_abc.training.setup import make_model, make_start, make_tokenizer

Recipes = Callable[..., Recipe]
END = "<|endoftext|>"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory, tunes: list[str]) -> Path:
    """A small folder as openai-community/gpt2 has it: keys without a prefix, causal masks among the weights,
    vocab.json and merges.txt, the end token as the last one.
    """
    folder = tmp_path_factory.mktemp("theirs")
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator(["It was the best of times, it was the worst of times."] * 5, trainer)
    said = json.loads(backend.to_str())["model"]
    vocabulary = {**said["vocab"], END: len(said["vocab"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in said["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 64}')
    config = GPT2Config(
        vocab_size=len(vocabulary),
        n_positions=64,
        n_embd=32,
        n_layer=2,
        n_head=2,
        bos_token_id=len(vocabulary) - 1,
        eos_token_id=len(vocabulary) - 1,
    )
    config.architectures = ["GPT2LMHeadModel"]
    config.save_pretrained(folder)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(config)
    weights = {
        name.removeprefix("transformer."): value.contiguous()
        for name, value in model.state_dict().items()
        if name != "lm_head.weight"
    }
    for layer in range(2):
        weights[f"h.{layer}.attn.bias"] = torch.ones(64, 64).tril().view(1, 1, 64, 64)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def recipe(recipe_with: Recipes, theirs: Path) -> Recipe:
    made = recipe_with(steps=4)
    return replace(
        made,
        model=replace(made.model, pretrained=str(theirs)),
        tokenizer=TokenizerRecipe(kind="pretrained"),
        training=replace(made.training, gradient_checkpointing=True, learning_rate=1e-4),
    )


def test_the_seeds_settings_are_a_recipe() -> None:
    seed = load_recipe("gpt2/pretrained")
    assert (seed.model.pretrained, seed.tokenizer.kind) == ("openai-community/gpt2", "pretrained")
    assert seed.training.learning_rate == 1e-4 and seed.training.gradient_checkpointing
    assert seed.training.batch_tokens == 11 * seed.model.n_positions == 11 * 1024


def test_a_folder_in_the_published_layout_is_trained_further(
    recipe: Recipe, theirs: Path, tunes: list[str], tmp_path: Path
) -> None:
    run = fit(recipe, tunes[2:], tunes[:2], tmp_path / "run")
    curve = Record(run).get("training")["curve"]
    assert curve[-1]["train"] > 3  # a few steps at a small rate
    model, tokenizer = load_model(run), load_tokenizer(run)
    assert model.config.n_positions == 96 and model.config.resid_pdrop == 0
    assert tokenizer.eos_token_id == model.config.eos_token_id == len(tokenizer) - 1
    rows = [{"id": str(i), "family": str(i), "text": text} for i, text in enumerate(tunes[:2])]
    assert bits_per_character(tune_losses(model, tokenizer, rows)).value > 0
    for tune in tunes:
        ids = tokenizer(tune)["input_ids"]
        assert ids[0] == tokenizer.eos_token_id
        assert tokenizer.decode(ids, skip_special_tokens=True) == tune
    wanted = generate_tunes(*load_for_sampling(run), ["X:1\n"], seed=1, max_new_tokens=20)
    assert wanted[0].text.startswith("X:1\n")
    written = pipeline("text-generation", model=str(run))("X:1\n", max_new_tokens=5)[0]["generated_text"]
    assert written.startswith("X:1\n")


def test_the_weights_are_theirs_and_positions_are_interpolated(
    recipe: Recipe, theirs: Path, tunes: list[str]
) -> None:
    tokenizer = make_tokenizer(recipe, tunes)
    model = make_model(recipe, tokenizer)
    original = GPT2LMHeadModel.from_pretrained(theirs)
    for (name, mine), (_, own) in zip(model.named_parameters(), original.named_parameters(), strict=True):
        if "wpe" not in name:
            assert torch.equal(mine, own), name
    assert model.transformer.wpe.weight.shape == (96, 32)
    assert torch.equal(model.transformer.wpe.weight[[0, -1]], original.transformer.wpe.weight[[0, -1]])


def test_our_tokens_get_new_vectors_and_keep_the_blocks(
    recipe: Recipe, theirs: Path, tunes: list[str]
) -> None:
    ours = replace(recipe, tokenizer=TokenizerRecipe(vocab_size=290))
    start = make_start(ours, tunes, tunes[:2])
    original = GPT2LMHeadModel.from_pretrained(theirs)
    model = start.model
    assert torch.equal(model.transformer.h[1].mlp.c_fc.weight, original.transformer.h[1].mlp.c_fc.weight)
    vectors = model.transformer.wte.weight
    assert vectors.shape == (len(start.tokenizer), 32) and model.lm_head.weight is vectors
    assert vectors.std().item() == pytest.approx(0.02, rel=0.05)
    shared = min(len(vectors), len(original.transformer.wte.weight))
    assert not torch.equal(vectors[:shared], original.transformer.wte.weight[:shared])
    assert (model.config.bos_token_id, model.config.eos_token_id, model.config.pad_token_id) == (0, 0, 0)
    nats = start.objective.eval()(*tensors(start.held_out, torch.device("cpu")))
    assert nats.tokens.item() / start.held_out.targets == pytest.approx(
        torch.tensor(290.0).log().item(), rel=0.05
    )


def test_the_control_has_the_shape_and_not_the_weights(
    recipe: Recipe, theirs: Path, tunes: list[str]
) -> None:
    control = replace(recipe, model=replace(recipe.model, random_weights=True))
    first, second = (make_start(control, tunes, tunes[:2]).model for _ in range(2))
    original = GPT2LMHeadModel.from_pretrained(theirs)
    assert first.num_parameters() == original.num_parameters() + 32 * 32  # the positions
    weights = "transformer.h.0.attn.c_attn.weight"
    assert not torch.equal(first.get_parameter(weights), original.get_parameter(weights))
    assert torch.equal(first.get_parameter(weights), second.get_parameter(weights))  # by the seed


def test_any_causal_language_model(recipe: Recipe, tunes: list[str], tmp_path: Path) -> None:
    """A Llama with fewer heads for keys than for queries, whose positions are rotations."""
    tokenizer = train_tokenizer(tunes, vocab_size=300)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=96,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    llama = LlamaForCausalLM(config).eval()
    llama.save_pretrained(tmp_path / "llama")
    tokenizer.save_pretrained(tmp_path / "llama")
    other = replace(recipe, model=replace(recipe.model, pretrained=str(tmp_path / "llama")))
    start = make_start(other, tunes, tunes[:2])
    packed = start.objective.eval()(*tensors(start.held_out, torch.device("cpu")))
    alone = 0.0
    for ids in encode(tokenizer, tunes[:2]):
        logits = llama(torch.tensor([[0, *ids]]), use_cache=False).logits[0]
        alone += torch.nn.functional.cross_entropy(logits, torch.tensor([*ids, 0]), reduction="sum").item()
    assert packed.tokens.item() == pytest.approx(alone, rel=1e-4)
    run = fit(other, tunes[2:], tunes[:2], tmp_path / "run")
    assert load_model(run).config.model_type == "llama"
    long = replace(
        other,
        model=replace(other.model, n_positions=192),
        training=replace(other.training, block_size=192),
    )
    with pytest.raises(InputError, match="has 96 positions and cannot be given 192"):
        fit(long, tunes[2:], tunes[:2], tmp_path / "long")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pretrained": "nobody/nothing"}, "model.pretrained: nobody/nothing cannot be used"),
        ({"pretrained": "/nonexistent/folder"}, "model.pretrained: /nonexistent/folder cannot be used"),
    ],
)
def test_what_is_not_there_is_named(
    recipe: Recipe, tunes: list[str], tmp_path: Path, changes, sentence
) -> None:
    for kind in ("pretrained", "char"):
        asked = replace(recipe, model=replace(recipe.model, **changes), tokenizer=TokenizerRecipe(kind=kind))
        with pytest.raises(InputError, match=sentence):
            fit(asked, tunes[2:], tunes[:2], tmp_path / kind)


def test_a_wrong_tokenizer_for_a_checkpoint_is_refused(
    recipe: Recipe, theirs: Path, tunes: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    GPT2LMHeadModel.from_pretrained(theirs).save_pretrained(folder)
    train_tokenizer(tunes, vocab_size=400).save_pretrained(folder)
    mixed = replace(recipe, model=replace(recipe.model, pretrained=str(folder)))
    with pytest.raises(InputError, match=r"a tokenizer of \d+ tokens does not belong to a model of \d+"):
        fit(mixed, tunes[2:], tunes[:2], tmp_path / "run")


def test_a_tokenizer_that_loses_something_is_refused(
    recipe: Recipe, theirs: Path, tunes: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "lossy"
    GPT2LMHeadModel.from_pretrained(theirs).save_pretrained(folder)
    tokenizer = train_tokenizer(tunes, vocab_size=280)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.save_pretrained(folder)
    lossy = replace(recipe, model=replace(recipe.model, pretrained=str(folder)))
    with pytest.raises(InputError, match="does not give ABC back as it was"):
        fit(lossy, tunes[2:], tunes[:2], tmp_path / "run")


def test_impossible_recipes_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"tokenizer.kind: 'pretrained' is not possible: name in model"):
        load_recipe(None, ["--tokenizer.kind", "pretrained"])
    with pytest.raises(RecipeError, match=r"model.random_weights: True is not possible"):
        load_recipe(None, ["--model.random_weights", "true"])
