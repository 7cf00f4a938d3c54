"""The loss of a next token, summed over rows of tokens; and the output layer with it, in pieces.

The logits of a batch are the largest thing that training holds, four times over (in bf16, in fp32, as
probabilities, as gradients). `head_loss` goes through the tokens in pieces and turns the logits of each into
gradients at once, so that no more than a piece is ever there; the arithmetic is the same. Measured on a CPU,
4,096 tokens, vocabulary 1,024: some 50 MB less at the peak, which all activations share.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from hf_abc.training.packing import IGNORE

_PIECE = 2**20  # logits


def summed(logits: Tensor, labels: Tensor) -> Tensor:
    """The nats of all labels, IGNORE left out; logits are (rows, length, vocabulary)."""
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORE, reduction="sum"
    )


def head_loss(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    """`summed(hidden @ weight.T, labels)`; hidden is (rows, length, width), weight (vocabulary, width).

    In fp16 it is done in one piece, as its gradients need a scale that is not known before the backward
    pass.
    """
    kind = hidden.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
    if dtype == torch.float16:
        return summed(functional.linear(hidden, weight), labels)
    loss: Tensor = _HeadLoss.apply(hidden.flatten(0, 1), weight, labels.flatten(), dtype)
    return loss


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, labels: Tensor, dtype: torch.dtype) -> Tensor:
        learns = ctx.needs_input_grad[0]
        with torch.autocast(hidden.device.type, enabled=False):
            inner, outer = hidden.to(dtype), weight.to(dtype)
            total = torch.zeros((), device=hidden.device)
            grad_hidden = torch.empty_like(inner) if learns else None
            grad_weight = torch.zeros_like(weight) if learns else None
            size = max(1, _PIECE // len(weight))
            for start in range(0, len(labels), size):
                piece = inner[start : start + size]
                wanted = labels[start : start + size, None]
                ignored = wanted == IGNORE
                wanted = wanted.masked_fill(ignored, 0)
                scores = (piece @ outer.T).float().log_softmax(-1)
                total -= scores.gather(1, wanted).masked_fill(ignored, 0.0).sum()
                if grad_hidden is not None and grad_weight is not None:
                    gradient = scores.exp_().scatter_add_(
                        1, wanted, torch.full_like(wanted, -1.0, dtype=torch.float32)
                    )
                    gradient = gradient.masked_fill_(ignored, 0.0).to(dtype)
                    torch.mm(gradient, outer, out=grad_hidden[start : start + size])
                    grad_weight += gradient.T @ piece
        if learns:
            ctx.save_for_backward(grad_hidden, grad_weight)
            ctx.dtype = hidden.dtype
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        return (grad_hidden * grad).to(ctx.dtype), grad_weight * grad, None, None
