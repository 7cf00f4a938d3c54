"""How likely a model finds the end of a text, given its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import torch

from hf_abc.models.tokenizers import encode_with_ends
from hf_abc.sampling.decoder import Gpt2Decoder
from hf_abc.sampling.generator import decoder_of
from hf_abc.sampling.lstm_decoder import LstmDecoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@torch.inference_mode()
def log_likelihoods(
    model: PreTrainedModel | Gpt2Decoder | LstmDecoder,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    starts: Sequence[int],
) -> list[float]:
    """The logarithm (nats) of the probability of each text from its character `starts` on, given what stands
    before. Of a text longer than the model's context the last part that fits is read.
    """
    decoder = decoder_of(model)
    positions = decoder.positions if decoder else cast("Any", model).config.max_position_embeddings
    found = []
    for (ids, ends), start in zip(encode_with_ends(tokenizer, texts), starts, strict=True):
        first = sum(end <= start for end in ends)  # tokens that lie before
        whole = [tokenizer.eos_token_id, *ids]
        if positions is not None and len(whole) > positions:
            first -= len(whole) - positions
            whole = whole[-positions:]
        read = torch.tensor(whole)
        if decoder is not None:
            logits = decoder.all_logits(read[:-1].to(decoder.device))
        else:
            logits = cast("Any", model)(read[None, :-1].to(cast("Any", model).device)).logits[0]
        chosen = logits.float().log_softmax(-1).cpu().gather(-1, read[1:, None])[:, 0]
        found.append(float(chosen[max(first, 0) :].sum()))
    return found
