"""Models that others have trained, by Hub id or folder, to be trained further.

Any causal language model that transformers loads without code of its own, with its own tokenizer or with
ours. With ours the token vectors are drawn anew, as they stand for other tokens. `random_weights` draws
everything anew: the same shape without the training, which is what says whether the training was of use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from hf_abc.models.positions import resize_positions

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load_tokenizer(name: str) -> PreTrainedTokenizerFast:
    """The tokenizer of a model, made to work as ours do: its end token begins, ends and pads a tune, and is
    only text inside of one.

    Raises OSError when there is none, ValueError when it has no end token or no fast form.
    """
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    if not theirs.is_fast or theirs.eos_token is None:
        raise ValueError(f"the tokenizer of {name} cannot tell where a tune ends: it has no end token")
    end, end_id = theirs.eos_token, theirs.eos_token_id
    backend = theirs.backend_tokenizer
    backend.post_processor = processors.TemplateProcessing(single=f"{end} $A", special_tokens=[(end, end_id)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=end,
        eos_token=end,
        pad_token=end,
        split_special_tokens=True,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def load_pretrained(
    name: str, *, positions: int, dropout: float = 0.0, random_weights: bool = False
) -> PreTrainedModel:
    """A model by Hub id or folder, in fp32, with `positions` positions and that dropout.

    A GPT-2 is given just so many positions (`positions.resize_positions`); a model of another kind must have
    them. Raises OSError when there is no such model, ValueError when it cannot be as asked.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from hf_abc.models import AbcLSTMForCausalLM  # noqa: F401  it registers itself

    config = AutoConfig.from_pretrained(name, trust_remote_code=False)
    knobs = {"gpt2": ("embd_pdrop", "attn_pdrop", "resid_pdrop"), "abc_lstm": ("dropout",)}
    if dropout and config.model_type not in knobs:
        raise ValueError(f"the dropout of a {config.model_type} cannot be set: use 0, its own")
    for knob in knobs.get(config.model_type, ()):
        setattr(config, knob, dropout)
    has = getattr(config, "max_position_embeddings", None)
    if config.model_type != "gpt2" and has is not None and positions > has:
        raise ValueError(f"{name} has {has} positions and cannot be given {positions}: only a GPT-2's grow")
    model: Any
    if random_weights:
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    else:
        model = AutoModelForCausalLM.from_pretrained(
            name, config=config, dtype=torch.float32, trust_remote_code=False
        )
    if config.model_type == "gpt2" and positions != has:
        resize_positions(model, positions)
    loaded: PreTrainedModel = model
    return loaded


def fit_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, *, new: bool) -> None:
    """Make a model's first and last layer those of this tokenizer, in place.

    `new` says that the tokens are not those that the model knows: there are as many token vectors as tokens
    then, drawn from torch's generator.
    """
    import torch

    if new:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        layers: tuple[Any, Any] = (model.get_input_embeddings(), model.get_output_embeddings())
        with torch.no_grad():
            for weight in {id(layer.weight): layer.weight for layer in layers}.values():
                weight.normal_(0.0, getattr(model.config, "initializer_range", weight.shape[1] ** -0.5))
    for config in (model.config, model.generation_config):
        config.bos_token_id = tokenizer.bos_token_id
        config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id
