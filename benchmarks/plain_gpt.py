"""The peer of the training benchmarks: nanoGPT's architecture and its loop, in as few lines as it takes.

Written after the structure of github.com/karpathy/nanoGPT (model.py, train.py): pre-norm blocks, one matrix
for queries, keys and values, fused causal attention over the whole row, tied output, batches of random crops
out of one long stream of tokens. Without dropout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class PlainConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int
    bias: bool = True
    activation: str = "exact"  # nanoGPT's nn.GELU(); "tanh" is GPT-2's

    @property
    def max_position_embeddings(self) -> int:
        return self.block_size


class Block(nn.Module):
    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        width, bias = config.n_embd, config.bias
        self.heads = config.n_head
        self.ln_1 = nn.LayerNorm(width, bias=bias)
        self.c_attn = nn.Linear(width, 3 * width, bias=bias)
        self.c_proj = nn.Linear(width, width, bias=bias)
        self.ln_2 = nn.LayerNorm(width, bias=bias)
        self.c_fc = nn.Linear(width, 4 * width, bias=bias)
        self.mlp_proj = nn.Linear(4 * width, width, bias=bias)
        self.act = nn.GELU(approximate="tanh" if config.activation == "tanh" else "none")

    def forward(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        q, k, v = (
            part.view(rows, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.c_attn(self.ln_1(x)).split(width, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(rows, length, width))
        return x + self.mlp_proj(self.act(self.c_fc(self.ln_2(x))))


class PlainGPT(nn.Module):
    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, bias=config.bias)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.wte.weight = self.lm_head.weight
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith(("c_proj.weight", "mlp_proj.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * config.n_layer) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


def optimizer(model: nn.Module, rate: float, beta2: float = 0.99) -> torch.optim.AdamW:
    """nanoGPT's: decay 0.1 on matrices."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, beta2), fused=torch.cuda.is_available())


def crops(stream: np.ndarray, rows: int, length: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """nanoGPT's get_batch: `rows` random crops and the same one token later."""
    starts = torch.randint(len(stream) - length, (rows,), generator=draw).tolist()
    x = torch.stack([torch.from_numpy(stream[i : i + length].astype(np.int64)) for i in starts])
    y = torch.stack([torch.from_numpy(stream[i + 1 : i + 1 + length].astype(np.int64)) for i in starts])
    return x, y


def cosine(step: int, steps: int, warmup: int = 100, least: float = 0.1) -> float:
    """nanoGPT's learning rate, as a share: a warm-up, then a cosine to a tenth."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    share = (step - warmup) / (steps - warmup)
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * share))


def train_step(
    model: nn.Module, adamw: torch.optim.Optimizer, x: Tensor, y: Tensor, *, bf16: bool, clip: float = 1.0
) -> float:
    """One step as in nanoGPT's train.py."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        _, loss = model(x, y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    adamw.step()
    adamw.zero_grad(set_to_none=True)
    return float(loss.detach())
