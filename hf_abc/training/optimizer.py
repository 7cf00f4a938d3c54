"""The optimizer: AdamW, or Muon for the matrices inside the blocks with AdamW for the rest.

Weight decay is for matrices; biases and gains of layer norms are left alone.

Muon makes each update of a matrix orthogonal (Jordan et al. 2024), scaled to the length that AdamW's have, so
that learning rates and decays carry over (Liu et al. 2025, arXiv 2502.16982). It is torch.optim.Muon's
arithmetic (a test compares), written again for two reasons: GPT-2 keeps queries, keys and values in one
matrix, an LSTM its four gates, and each of these must be made orthogonal by itself; and one optimizer that
holds all parameters is skipped, saved and loaded as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from transformers.pytorch_utils import Conv1D

if TYPE_CHECKING:
    from hf_abc.recipe import TrainingRecipe

BETA1 = 0.9
EPS = 1e-8
MOMENTUM = 0.95
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the iteration, by Jordan; 5 rounds
_ROUNDS = 5


def make_optimizer(module: nn.Module, recipe: TrainingRecipe) -> Optimizer:
    """The recipe's optimizer of all parameters of `module` (an `Objective`)."""
    betas = (BETA1, beta2(recipe))
    parameters = [p for p in module.parameters() if p.requires_grad]
    pieces = inner_matrices(module) if recipe.optimizer == "muon" else {}
    groups: list[dict[str, Any]] = [
        {
            "params": [p for p in parameters if p.dim() >= 2 and p not in pieces],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    if not pieces:
        return AdamW(groups, lr=recipe.learning_rate, betas=betas, eps=EPS)
    for split in sorted(set(pieces.values())):
        groups.append(
            {
                "params": [p for p in parameters if pieces.get(p) == split],
                "weight_decay": recipe.weight_decay,
                "split": split,
            }
        )
    return Muon([group for group in groups if group["params"]], lr=recipe.learning_rate, betas=betas)


def beta2(recipe: TrainingRecipe) -> float:
    """AdamW's beta2: as given, or such that a gradient counts half after `beta2_half_life` tokens (Marek et
    al. 2025, arXiv 2507.07101: that number carries over between batch sizes, beta2 does not).
    """
    if not recipe.beta2_half_life:
        return recipe.adam_beta2
    return float(0.5 ** (recipe.batch_tokens / recipe.beta2_half_life))


def inner_matrices(module: nn.Module) -> dict[Tensor, tuple[int, int]]:
    """The matrices between embedding and output, each with (axis, number) of the matrices it is made of.

    Those of Conv1D, Linear and LSTM; an embedding's or its tied output's is not among them.
    """
    embeddings = {id(m.weight) for m in module.modules() if isinstance(m, nn.Embedding)}
    found: dict[Tensor, tuple[int, int]] = {}
    for name, inner in module.named_modules():
        if isinstance(inner, Conv1D):  # (in, out)
            thirds = name.endswith("c_attn") and inner.nf == 3 * inner.nx
            found[inner.weight] = (1, 3 if thirds else 1)
        elif isinstance(inner, nn.Linear) and "head" not in name.rpartition(".")[2]:
            found[inner.weight] = (0, 1)
        elif isinstance(inner, nn.LSTM):
            found.update({p: (0, 4) for p in inner.parameters() if p.dim() == 2})
    return {p: split for p, split in found.items() if id(p) not in embeddings and p.requires_grad}


class Muon(Optimizer):
    """Muon for groups with a `split`, (axis, number of matrices along it); AdamW for groups without."""

    def __init__(self, groups: list[dict[str, Any]], *, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, "split": None})
        adam = [group for group in self.param_groups if group["split"] is None]
        self._adamw = AdamW([{**group} for group in adam], lr=lr, betas=betas, eps=EPS)
        for group, full in zip(adam, self._adamw.param_groups, strict=True):
            group.update({name: value for name, value in full.items() if name != "params"})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        self._adamw.param_groups = [group for group in self.param_groups if group["split"] is None]
        self._adamw.state = self.state
        self._adamw.step()
        for group in self.param_groups:
            if group["split"] is None:
                continue
            axis, number = group["split"]
            for parameters in _alike(group["params"]):
                updates = torch.stack([self._averaged(p) for p in parameters])
                parts = torch.cat(updates.chunk(number, axis + 1))  # (matrices, rows, columns)
                length = 0.2 * max(parts.shape[1:]) ** 0.5
                whole = torch.cat(orthogonal(parts).chunk(number), axis + 1)
                for parameter, update in zip(parameters, whole, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * length)

    def _averaged(self, parameter: Tensor) -> Tensor:
        """Nesterov's momentum of a parameter's gradients."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum"].lerp_(parameter.grad, 1 - MOMENTUM)
        return parameter.grad.lerp(momentum, MOMENTUM)


def _alike(parameters: list[Tensor]) -> Iterator[list[Tensor]]:
    """The parameters with a gradient by shape, to be worked on together."""
    shapes: dict[torch.Size, list[Tensor]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            shapes.setdefault(parameter.shape, []).append(parameter)
    yield from shapes.values()


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices with all singular values near 1, of matrices (number, rows, columns).

    Five rounds of Newton and Schulz in bf16; the singular values end between 0.7 and 1.2.
    """
    a, b, c = _COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.bfloat16()
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)
