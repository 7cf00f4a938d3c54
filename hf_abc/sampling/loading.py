"""Models by name: a folder, a Hub id, or none for the small model that ships with the package.

For sampling a GPT-2 is read as a bare decoder, which spares the start of transformers' modelling code: four
of the seven seconds that a cold start took with it (measured). Code that a model brings along is never run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hf_abc.errors import InputError
from hf_abc.sampling.decoder import Gpt2Decoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "model"
"""Folder of the model that ships with the package."""


def find_model(model: Path | str | None) -> Path:
    """The folder of a model: the folder itself, the download of a Hub id, or the shipped model for None.

    Raises InputError where there is no such folder, where it holds no model, or where the Hub does not give
    it.
    """
    if model is None:
        if not SHIPPED.is_dir():
            raise InputError("this installation ships no model: name a run folder or a Hub id")
        return SHIPPED
    folder = Path(model)
    if not folder.exists() and isinstance(model, str) and re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        folder = _download(model)
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{model} is no model: there is no {folder / 'config.json'}; name a run folder or a Hub id"
        )
    return folder


def load_for_sampling(folder: Path) -> tuple[PreTrainedModel | Gpt2Decoder, PreTrainedTokenizerFast]:
    """The model of a folder, ready for `generate_tunes`, and its tokenizer."""
    tokenizer = load_tokenizer(folder)
    if Gpt2Decoder.fits(_config(folder)) and (folder / "model.safetensors").is_file():
        return Gpt2Decoder.from_folder(folder), tokenizer
    return load_model(folder), tokenizer


def load_model(folder: Path) -> PreTrainedModel:
    """The model of a folder as transformers knows it, for evaluation. InputError where it is no causal
    language model.
    """
    from transformers import AutoModelForCausalLM

    from hf_abc.models import AbcLSTMForCausalLM  # noqa: F401  asking for it makes it known
    from hf_abc.training.progress import quiet_libraries

    kind = _config(folder).get("model_type")
    made = _config(folder).get("architectures") or ["CausalLM"]
    if kind != "gpt2" and not re.search("CausalLM|LMHead|Generation", " ".join(map(str, made))):
        raise InputError(
            f"{folder} is a {made[0]}, no causal language model: name a GPT-2, an LSTM of this package or "
            "another ...ForCausalLM"
        )
    try:
        with quiet_libraries():
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"{folder} holds no causal language model that can be loaded ({kind}): {reason}"
        ) from error
    return model.eval()


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a folder. InputError where there is none."""
    from transformers import PreTrainedTokenizerFast

    if not (folder / "tokenizer.json").is_file():
        raise InputError(
            f"{folder} has no tokenizer.json: a model is of use only with the tokenizer it was trained with"
        )
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    if tokenizer.eos_token_id is None:
        raise InputError(f"the tokenizer in {folder} has no end token: it cannot tell where a tune ends")
    return tokenizer


def sampler_of(folder: Path) -> dict[str, float]:
    """`temperature` and `min_p` as the model's generation_config.json has them: what `pipeline` would use.
    Where it says nothing, the model's own distribution: 1 and 0.
    """
    file = folder / "generation_config.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise InputError(f"{file} is not JSON ({error}): copy the model again") from error
    return {"temperature": said.get("temperature") or 1.0, "min_p": said.get("min_p") or 0.0}


def _config(folder: Path) -> dict:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{folder / 'config.json'} is not JSON ({error}): copy the model again") from error
    return config if isinstance(config, dict) else {}


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors"]))
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(
            f"{name} is neither a folder here nor a model that the Hub gives: {reason}"
        ) from error
