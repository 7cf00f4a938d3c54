"""What is minimised: the next token's nats over rows of tokens, and the bar clock's beside it.

A module that holds the model, so that data parallel wrappers see one forward pass. It sums instead of
averaging: the caller divides by the number of labels of the whole batch, over all processes, and bits per
character need the sum too.

`Objective` is what the loop asks of a family of models; `PackedObjective` is GPT-2's, `RecurrentObjective`
the LSTM's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from hf_abc.training.attention import NAME, find_documents
from hf_abc.training.bar_clock import DEPTH, SIZES
from hf_abc.training.loss import head_loss, summed
from hf_abc.training.packing import Blocks

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Nats:
    """Sums over a batch, as scalar tensors: of the next tokens and of all dials of the bar clock (0
    without a clock).
    """

    tokens: Tensor
    clock: Tensor


class Objective(nn.Module):
    """What turns rows of tokens into nats: the seam between the loop and a family of models.

    carried: what a model remembers from one step to the next, for each part of a batch (a recurrent model's
    states; nothing for GPT-2). It is saved with each checkpoint, for each process its own, so its values are
    tensors or tuples, lists and dicts of tensors. Nothing is carried in evaluation mode. `clock` adds the
    head that reads the bar clock.
    """

    def __init__(self, model: PreTrainedModel, *, clock: bool = False) -> None:
        super().__init__()
        self.model = model
        self.clock_head = nn.Linear(model.config.hidden_size, sum(SIZES)) if clock else None
        self.carried: dict[int, Any] = {}

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, labels: Tensor, clock: Tensor, part: int = 0
    ) -> Nats:
        """The losses of rows of tokens, whose arrays are those of `packing.Blocks`.

        `part` counts the forward passes of one step on one process: the same rows of a stream's batches
        always come with the same part.
        """
        raise NotImplementedError

    def _nats(self, tokens: Tensor, output: Any, clock: Tensor) -> Nats:
        """The losses, given that of the tokens and the model's output, which has hidden states where there
        is a clock.
        """
        if self.clock_head is None:
            return Nats(tokens, torch.zeros_like(tokens))
        layers = len(output.hidden_states) - 1
        read = self.clock_head(output.hidden_states[max(1, round(DEPTH * layers))])
        dials = zip(read.split(SIZES, dim=-1), clock.unbind(dim=-1), strict=True)
        return Nats(tokens, torch.stack([summed(logits, classes) for logits, classes in dials]).sum())

    @contextmanager
    def usual_model(self) -> Iterator[PreTrainedModel]:
        """The model as its library knows it, to generate with or to be saved, for the length of a block."""
        yield self.model


class PackedObjective(Objective):
    """A model with attention on packed rows.

    While it lives the model attends by `attention.NAME`; `usual_model` gives it back for other work.
    """

    def __init__(self, model: PreTrainedModel, *, clock: bool = False) -> None:
        super().__init__(model, clock=clock)
        model.set_attn_implementation(NAME)

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, labels: Tensor, clock: Tensor, part: int = 0
    ) -> Nats:
        plain = self.model.config.model_type == "gpt2"  # others may do more than multiply at their end
        output = (self.model.base_model if plain else self.model)(
            input_ids=input_ids,
            position_ids=position_ids,
            documents=find_documents(position_ids),
            use_cache=False,
            output_hidden_states=self.clock_head is not None,
        )
        if plain:
            weight = self.model.get_output_embeddings().weight
            return self._nats(head_loss(output.last_hidden_state, weight, labels), output, clock)
        return self._nats(summed(output.logits, labels), output, clock)

    @contextmanager
    def usual_model(self) -> Iterator[PreTrainedModel]:
        self.model.set_attn_implementation("sdpa")
        try:
            yield self.model
        finally:
            self.model.set_attn_implementation(NAME)


class RecurrentObjective(Objective):
    """An LSTM on the rows of `lanes.Lanes`: in training the state of each row goes on from batch to batch,
    cut off from the gradient of the batch before.
    """

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, labels: Tensor, clock: Tensor, part: int = 0
    ) -> Nats:
        model: Any = self.model
        output = model.base_model(
            input_ids=input_ids,
            cache=model.state_from(self.carried.get(part)) if self.training else None,
            use_cache=self.training,
            output_hidden_states=self.clock_head is not None,
        )
        if self.training:
            self.carried[part] = output.cache.numbers()
        weight = model.get_output_embeddings().weight
        return self._nats(head_loss(output.last_hidden_state, weight, labels), output, clock)


def tensors(blocks: Blocks, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The arrays of blocks as the arguments of `Objective.forward`."""
    arrays = (blocks.input_ids, blocks.position_ids, blocks.labels, blocks.clock)
    input_ids, position_ids, labels, clock = (torch.from_numpy(a).to(device, torch.long) for a in arrays)
    return input_ids, position_ids, labels, clock
