"""A GPT-2 that only decodes: one token for many tunes at once, on preallocated keys and values.

It computes what `GPT2LMHeadModel` computes, from the same tensors, without what decoding has no use for
(mask and cache objects, an activation in seven steps, a cache that is copied to grow by one token). Each
row has a length of its own, so that a finished tune can give its row to a new one while the others go on;
that, rather than the arithmetic, is what makes batches quick. Built from a live model or straight from a
saved folder: the latter needs no import of transformers' modelling code, which takes four seconds where
torch alone takes one (measured).

Plain GPT-2 only: no cross attention, no scaling by layer, float32.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hf_abc.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


Memory = list[tuple[Tensor, Tensor]]
"""Keys and values of each layer, each of the shape (rows, heads, length, width)."""


class Gpt2Decoder:
    """The weights of a GPT-2, cut for decoding. `positions` is the number of tokens that it can look
    back on.
    """

    def __init__(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """config: the entries of config.json; weights: the model's state, with or without the prefix
        `transformer.`.
        """
        there = next(iter(weights.values())).device
        # a second look needs double precision, which other accelerators lack
        self.device = there if there.type == "cuda" else torch.device("cpu")
        weights = {
            name.removeprefix("transformer."): tensor.detach().to(self.device, torch.float32)
            for name, tensor in weights.items()
        }
        self.heads: int = config["n_head"]
        self.epsilon: float = config["layer_norm_epsilon"]
        self.tokens = weights["wte.weight"]
        self.places = weights["wpe.weight"]
        # how a matrix lies decides how fast one row is multiplied with it (on a CPU 71 or 133 µs for
        # 1,024 x 256, 56 or 130 µs for 256 x 1,024), and hardly matters for many rows
        self.head = weights.get("lm_head.weight", self.tokens).t().contiguous()
        self.last = {name: weights[name] for name in ("ln_f.weight", "ln_f.bias")}
        self.layers = [
            {name: weights[f"h.{number}.{name}"] for name in _LAYER_WEIGHTS}
            for number in range(config["n_layer"])
        ]
        for layer in self.layers:
            layer["mlp.c_proj.weight"] = layer["mlp.c_proj.weight"].t().contiguous().t()

    @staticmethod
    def fits(config: dict[str, Any]) -> bool:
        """Whether a model of this config.json is a plain GPT-2."""
        return (
            config.get("model_type") == "gpt2"
            and config.get("activation_function", _GELU[0]) in _GELU
            and all(config.get(name, plain) == plain for name, plain in _PLAIN.items())
        )

    @classmethod
    def from_model(cls, model: PreTrainedModel) -> Gpt2Decoder:
        """The decoder of a live model; it shares the model's tensors where these are float32."""
        return cls(model.config.to_dict(), model.state_dict())

    @classmethod
    def from_folder(cls, folder: Path) -> Gpt2Decoder:
        """The decoder of a folder with config.json and model.safetensors. InputError where the two do
        not belong together.
        """
        from safetensors.torch import load_file

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        try:
            return cls(config, load_file(folder / "model.safetensors"))
        except KeyError as error:
            raise InputError(
                f"{folder / 'model.safetensors'} has no tensor {error}: it belongs to another config.json"
            ) from error

    @property
    def positions(self) -> int:
        return len(self.places)

    @property
    def vocab_size(self) -> int:
        return len(self.tokens)

    def memory(self, rows: int, length: int) -> Memory:
        """Room for the keys and values of `rows` tunes of `length` tokens: per layer two (rows, heads,
        length, width).
        """
        width = self.tokens.shape[1] // self.heads
        shape = (rows, self.heads, length, width)
        empty = partial(torch.zeros, shape, device=self.device)
        return [(empty(), empty()) for _ in self.layers]

    def prefill(self, ids: Tensor, memory: Memory, row: int) -> None:
        """Read the tokens `ids` (length,) into a row of the memory."""
        self._read(ids, torch.float32, memory, row)

    def copy(self, memory: Memory, source: int, target: int, length: int) -> None:
        """Give the row `target` what the row `source` knows of its first `length` tokens."""
        if source != target:
            for keys, values in memory:
                keys[target, :, :length] = keys[source, :, :length]
                values[target, :, :length] = values[source, :, :length]

    def back(self, ids: Tensor, memory: Memory, row: int) -> None:
        """Put a row back to where it had read `ids`: what it has read since will be overwritten."""

    def exact_logits(self, ids: Tensor) -> Tensor:
        """The logits (vocab,) of what follows the tokens `ids` (length,), in double precision throughout."""
        hidden = self._read(ids, torch.float64, None, 0)[-1:]
        return self._logits(hidden)[0]

    def all_logits(self, ids: Tensor) -> Tensor:
        """The logits (length, vocab) behind each of the tokens `ids` (length,)."""
        return self._logits(self._read(ids, torch.float32, None, 0))

    def _read(self, ids: Tensor, dtype: torch.dtype, memory: Memory | None, row: int) -> Tensor:
        """The hidden states (length, width) of a sequence from its start, kept in a row of the memory."""
        length = len(ids)
        hidden = self.tokens[ids].to(dtype) + self.places[:length].to(dtype)
        for number, layer in enumerate(self.layers):
            query, key, value = (part.transpose(0, 1)[None] for part in self._project(hidden, layer))
            if memory is not None:
                memory[number][0][row, :, :length] = key[0]
                memory[number][1][row, :, :length] = value[0]
            attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
            hidden = self._finish(hidden, attended[0].transpose(0, 1).flatten(1), layer)
        return hidden

    def step(self, ids: Tensor, at: Tensor, memory: Memory) -> Tensor:
        """Give each of the first n rows one token: `ids` (n,) at the places `at` (n,); the logits (n,
        vocab) of the next.
        """
        rows, reach = len(ids), int(at.max()) + 1
        hidden = self.tokens[ids] + self.places[at]
        unseen = torch.arange(reach, device=self.device) > at[:, None]
        mask = torch.where(unseen, -torch.inf, 0.0)[:, None, None]
        length = memory[0][0].shape[2]
        starts = torch.arange(rows * self.heads, device=self.device).view(rows, self.heads) * length
        slots = (starts + at[:, None]).flatten()  # where each head of each row keeps this token
        for layer, (keys, values) in zip(self.layers, memory, strict=True):
            query, key, value = self._project(hidden, layer)
            width = key.shape[-1]
            keys.view(-1, width).index_copy_(0, slots, key.reshape(-1, width))
            values.view(-1, width).index_copy_(0, slots, value.reshape(-1, width))
            attended = F.scaled_dot_product_attention(
                query[:, :, None], keys[:rows, :, :reach], values[:rows, :, :reach], attn_mask=mask
            )
            hidden = self._finish(hidden, attended.flatten(1), layer)
        return self._logits(hidden)

    def _project(self, hidden: Tensor, layer: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (tokens, heads, width)."""
        joint = _linear(self._norm(hidden, layer, "ln_1"), layer, "attn.c_attn")
        query, key, value = joint.view(len(hidden), 3, self.heads, -1).unbind(1)
        return query, key, value

    def _finish(self, hidden: Tensor, attended: Tensor, layer: dict[str, Tensor]) -> Tensor:
        """The layer behind the attention."""
        hidden = hidden + _linear(attended, layer, "attn.c_proj")
        inner = F.gelu(_linear(self._norm(hidden, layer, "ln_2"), layer, "mlp.c_fc"), approximate="tanh")
        return hidden + _linear(inner, layer, "mlp.c_proj")

    def _norm(self, hidden: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
        weight, bias = weights[f"{name}.weight"].to(hidden.dtype), weights[f"{name}.bias"].to(hidden.dtype)
        return F.layer_norm(hidden, hidden.shape[-1:], weight, bias, self.epsilon)

    def _logits(self, hidden: Tensor) -> Tensor:
        return self._norm(hidden, self.last, "ln_f") @ self.head.to(hidden.dtype)


def _linear(hidden: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    weight, bias = weights[f"{name}.weight"].to(hidden.dtype), weights[f"{name}.bias"].to(hidden.dtype)
    return torch.addmm(bias, hidden, weight)


_LAYER_WEIGHTS = [
    f"{part}.{kind}"
    for part in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj")
    for kind in ("weight", "bias")
]
_GELU = ("gelu_new", "gelu_pytorch_tanh")  # two names of one function
_PLAIN = {
    "add_cross_attention": False,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}
