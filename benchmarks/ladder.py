"""The table of sizes in docs/models.md, counted from the models themselves (no weights are made).

`python benchmarks/ladder.py` writes it anew.
"""

from pathlib import Path

import torch
from pages import write_table
from transformers import GPT2LMHeadModel, PreTrainedModel

from hf_abc.models import AbcLSTMForCausalLM
from hf_abc.models.sizes import (
    LSTM_SIZES,
    SIZES,
    flops_per_token,
    gpt2_config,
    lstm_config,
    parameter_counts,
)

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models.md"
VOCABULARY, CONTEXT = 1024, 512


def markdown() -> str:
    """All sizes, with 1,024 tokens and 512 positions."""
    lines = [
        "| size | GPT-2: width, layers, heads | total | without embeddings | matrices | MFLOP a token "
        "| LSTM: width, layers | total | without embeddings | matrices | MFLOP a token |",
        "|" + "---|" * 11,
    ]
    for name in dict.fromkeys([*SIZES, *LSTM_SIZES]):
        cells = [name]
        with torch.device("meta"):
            if name in SIZES:
                size = SIZES[name]
                cells.append(f"{size.n_embd}, {size.n_layer}, {size.n_head}")
                config = gpt2_config(name, vocab_size=VOCABULARY, n_positions=CONTEXT)
                cells += counted(GPT2LMHeadModel(config))
            else:
                cells += [""] * 5
            if name in LSTM_SIZES:
                lstm = LSTM_SIZES[name]
                cells.append(f"{lstm.hidden_size}, {lstm.num_hidden_layers}")
                cells += counted(AbcLSTMForCausalLM(lstm_config(name, vocab_size=VOCABULARY)))
            else:
                cells += [""] * 5
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def counted(model: PreTrainedModel) -> list[str]:
    counts = parameter_counts(model)
    numbers = [f"{n:,}" for n in (counts.total, counts.non_embedding, counts.matmul)]
    return [*numbers, f"{flops_per_token(model, CONTEXT) / 1e6:.1f}"]


if __name__ == "__main__":
    write_table(PAGE, markdown())
