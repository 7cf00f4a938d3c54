"""An LSTM that only decodes: one token for many tunes at once, outside of oneDNN.

It computes what `AbcLSTMForCausalLM` computes, from the same tensors. What a token gives to the gates of
the first layer is a row of a table, made once; the upper layers have input and state side by side, so that
each costs one product of matrices. (Measured at width 512: oneDNN, the normal way of an LSTM on a CPU,
takes 887 us for a single step of one row, plain products 195 us.)

The end token clears the state, as in the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

State = list[tuple[Tensor, Tensor]]
"""Output h and cell c of each layer, each (rows, hidden)."""
_SPACING = 16
"""Tokens from one kept state of a row to the next: going back reads fewer than these again. (Without them, in
a run in which a weak model lost its way every hundred tokens, more than half of the time was reading again.)
"""


@dataclass(slots=True)
class Memory:
    """The states of all rows, and of each row those behind every `_SPACING` tokens, by how many they are."""

    state: State
    kept: list[dict[int, State]]


class LstmDecoder:
    """The weights of an LSTM, cut for decoding."""

    positions: int | None = None

    def __init__(self, config: dict[str, Any], weights: dict[str, Tensor]) -> None:
        """config: the entries of config.json; weights: the model's state."""
        there = next(iter(weights.values())).device
        self.device = there if there.type == "cuda" else torch.device("cpu")
        self.weights = {
            name.removeprefix("model."): tensor.detach().to(self.device, torch.float32)
            for name, tensor in weights.items()
        }
        self.count: int = config["num_hidden_layers"]
        self.hidden: int = config["hidden_size"]
        self.end_id: int = config["eos_token_id"]
        self.single = _Layers(self.weights, self.count, torch.float32)
        self.double: _Layers | None = None

    @staticmethod
    def fits(config: dict[str, Any]) -> bool:
        """Whether a model of this config.json is our LSTM."""
        return config.get("model_type") == "abc_lstm"

    @classmethod
    def from_model(cls, model: PreTrainedModel) -> LstmDecoder:
        """The decoder of a live model."""
        return cls(model.config.to_dict(), model.state_dict())

    @property
    def vocab_size(self) -> int:
        return len(self.single.first)

    def memory(self, rows: int, length: int) -> Memory:
        """The states of `rows` tunes, cleared; an LSTM needs no `length`."""
        return Memory(self._cleared(rows, torch.float32), [{} for _ in range(rows)])

    def _cleared(self, rows: int, dtype: torch.dtype) -> State:
        def nothing() -> Tensor:
            return torch.zeros(rows, self.hidden, device=self.device, dtype=dtype)

        return [(nothing(), nothing()) for _ in range(self.count)]

    def prefill(self, ids: Tensor, memory: Memory, row: int) -> None:
        """Read the tokens `ids` (length,) from a cleared state into a row of the memory."""
        memory.kept[row] = {}
        self.back(ids, memory, row)

    def back(self, ids: Tensor, memory: Memory, row: int) -> None:
        """Put a row back to the state behind the tokens `ids`, with which what it has read begins."""
        kept = {length: state for length, state in memory.kept[row].items() if length <= len(ids)}
        start = max(kept, default=0)
        state = [(h.clone(), c.clone()) for h, c in kept[start]] if kept else self._cleared(1, torch.float32)
        for length, token in enumerate(ids[start:], start + 1):
            self._step(self.single, token[None], state)
            if length % _SPACING == 0:
                kept[length] = [(h.clone(), c.clone()) for h, c in state]
        memory.kept[row] = kept
        for (h, c), (own_h, own_c) in zip(memory.state, state, strict=True):
            h[row], c[row] = own_h[0], own_c[0]

    def copy(self, memory: Memory, source: int, target: int, length: int) -> None:
        """Give the row `target` what the row `source` has read."""
        for h, c in memory.state:
            h[target], c[target] = h[source], c[source]
        memory.kept[target] = dict(memory.kept[source])

    def step(self, ids: Tensor, at: Tensor, memory: Memory) -> Tensor:
        """Give each of the first n rows one token `ids` (n,), its `at`-th (n,); the logits (n, vocab)."""
        logits = self._step(self.single, ids, memory.state)
        for row, place in enumerate(at.tolist()):
            if (place + 1) % _SPACING == 0:
                state = [(h[row : row + 1].clone(), c[row : row + 1].clone()) for h, c in memory.state]
                memory.kept[row][place + 1] = state
        return logits

    def exact_logits(self, ids: Tensor) -> Tensor:
        """The logits (vocab,) of what follows the tokens `ids` (length,), in double precision throughout."""
        self.double = self.double or _Layers(self.weights, self.count, torch.float64)
        state = self._cleared(1, torch.float64)
        logits = torch.empty(0)
        for token in ids:
            logits = self._step(self.double, token[None], state)
        return logits[0]

    def all_logits(self, ids: Tensor) -> Tensor:
        """The logits (length, vocab) behind each of the tokens `ids` (length,)."""
        state = self._cleared(1, torch.float32)
        return torch.cat([self._step(self.single, token[None], state) for token in ids])

    def _step(self, layers: _Layers, ids: Tensor, state: State) -> Tensor:
        rows = len(ids)
        ended = ids == self.end_id
        any_ended = bool(ended.any())
        below = layers.first[ids]
        hidden = below
        for number, (h, c) in enumerate(state):
            if number == 0:
                gates = torch.addmm(below, h[:rows], layers.recurrent)
            else:
                gates = torch.addmm(
                    layers.biases[number], torch.cat([hidden, h[:rows]], 1), layers.joint[number]
                )
            into, forget, cell, out = gates.chunk(4, 1)
            kept = c[:rows] * forget.sigmoid_() + into.sigmoid_() * cell.tanh_()
            hidden = out.sigmoid_() * kept.tanh()
            if any_ended:
                kept = kept.masked_fill(ended[:, None], 0)
                hidden = hidden.masked_fill(ended[:, None], 0)
            h[:rows], c[:rows] = hidden, kept
        if layers.project is not None:
            hidden = hidden @ layers.project
        if any_ended:
            hidden = hidden + ended[:, None].to(hidden.dtype) * layers.start
        return hidden @ layers.output


class _Layers:
    """The matrices of all layers in one precision."""

    def __init__(self, weights: dict[str, Tensor], count: int, dtype: torch.dtype) -> None:
        def of(number: int, name: str) -> Tensor:
            return weights[f"layers.{number}.lstm.{name}_l0"].to(dtype)

        embedding = weights["embed.weight"].to(dtype)
        biases = [of(n, "bias_ih") + of(n, "bias_hh") for n in range(count)]
        self.first = embedding * embedding.shape[1] ** 0.5 @ of(0, "weight_ih").t() + biases[0]
        self.recurrent = of(0, "weight_hh").t().contiguous()
        self.joint = [
            torch.cat([of(n, "weight_ih"), of(n, "weight_hh")], 1).t().contiguous() for n in range(count)
        ]
        self.biases = biases
        self.start = weights["start"].to(dtype)
        self.project = weights["project.weight"].to(dtype).t() if "project.weight" in weights else None
        self.output = weights.get("lm_head.weight", weights["embed.weight"]).to(dtype).t()
