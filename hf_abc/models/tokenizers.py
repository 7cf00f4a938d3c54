"""Tokenizers: text to ids and back, for every way of cutting ABC that the studies compare.

One byte-level BPE, trained on the train split, serves them all; what differs is its *boundary*, the places
that no token may reach across:

* ``newline``  a token stays within a line (the default: fewest tokens)
* ``bar``      and ends at a bar line
* ``beat``     and ends at a space of a music line, so it stays within a beam group
* ``note``     a note with its accidental, octave and length is a unit of its own: durations are never hidden
  in a merge

Two kinds have no boundary, as none of their tokens is learned:

* ``char``      every character is a token; a character of several bytes that was seen is one too
* ``folk-rnn``  the tokens of folk-RNN: a field M:, K: or L:, a bar line, a note without its length, a length,
a
  tuplet, each with the space or line end behind it, be it in that project's text, which puts a space
  behind every token, or in ordinary ABC. Titles and whatever else it did not have are written in bytes.

GPT-2's own vocabulary, or any other model's, is loaded by `pretrained.load_tokenizer`.

All 256 bytes are always in the vocabulary, so every text can be written and read back exactly, seen or not.
The price is about 150 ids that music never uses. GPT-2's own pattern is not among the boundaries: it cuts
digits from letters, and measured on 12,762 tunes it makes a vocabulary of 1,024 write 1.59 characters a token
where ``newline`` writes 2.37.

``<|endoftext|>`` (id 0) is the one special token: it begins a tune, ends a tune and pads. Encoding puts it in
front, as training does, so that a plain ``pipeline("text-generation")`` starts where the model starts;
decoding never writes it. The same letters inside a text (a title, say) are text and remain so: the saved
files ask for ``split_special_tokens``. The folder that ``save_pretrained`` writes loads with
``AutoTokenizer`` where this package is not installed.
"""

import re
from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

END = "<|endoftext|>"
END_ID = 0

# A cut inside a literal <|endoftext|>: a merge that built the special token's letters would share its id.
_LITERAL_END = r"<(?=\|endoftext\|>)"
_BAR_LINE = r":*\|[|:\]]*(?:\[?[1-9])?|::"
_FIELD_LINE = r"^(?:[A-Za-z+]:(?![|:])|%)[^\n]*\n?"
_NOTE = r"(?:\^{1,2}|_{1,2}|=)?[A-Ga-gxzXZ][,']*[0-9]*/*[0-9]*"
_NOTE_UNIT = rf"(?:\([0-9](?::[0-9]*)*)?{_NOTE}-?[<>]*(?:{_BAR_LINE}| )?"

# Each boundary is a list of cuts (pattern, what becomes of the match), applied one after the other.
_BOUNDARIES: dict[str, list[tuple[str, str]]] = {
    "newline": [(rf"\n|{_LITERAL_END}", "merged_with_previous")],
    "bar": [(rf"\n|{_BAR_LINE}|{_LITERAL_END}", "merged_with_previous")],
    "beat": [
        (rf"\n|{_LITERAL_END}", "merged_with_previous"),
        (rf"{_FIELD_LINE}|(?:(?!{_BAR_LINE})[^ \n])*(?:{_BAR_LINE}|[ \n]+|$)", "isolated"),
    ],
    "note": [
        (rf"\n|{_LITERAL_END}", "merged_with_previous"),
        (rf'{_FIELD_LINE}|"[^"\n]*"|![^!\n]+!|\[[A-Za-z]:[^\]\n]*\]|{_NOTE_UNIT}', "isolated"),
    ],
    "char": [(r"[\s\S]", "isolated")],
}
# folk-RNN: lines that are no music go by in one piece and are left to the bytes.
_FOLK_TOKEN = (
    rf"(?:[KLM]:[^ \n]+|{_BAR_LINE}|\[[1-9]|(?:\^{{1,2}}|_{{1,2}}|=)?[A-Ga-gxzXZ][,']*"
    r"|\([2-9]|[0-9]*/+[0-9]*|[0-9]+|<+|>+|[\[\]\-])[ \n]?"
)
_FOLK_LINE = r"^(?:(?![KLM]:)[A-Za-z+]:(?![|:])|%)[^\n]*\n?"
BOUNDARIES = ("newline", "bar", "beat", "note")
KINDS = ("bpe", "char", "folk-rnn")


def train_tokenizer(
    texts: Iterable[str], *, kind: str = "bpe", vocab_size: int = 1024, boundary: str = "newline"
) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocab_size` ids (the special token and 256 bytes included), trained on `texts`.

    Only kind ``bpe`` has a use for `vocab_size` and `boundary`: the others have 257 ids and one for each
    token that was seen (``char``: for each character beyond ASCII, and for the merges on the way to it). The
    result does not depend on the machine or on the number of threads. Raises ValueError for an unknown kind
    or boundary, for a `vocab_size` below 257 and for `texts` without a character.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown tokenizer kind {kind!r}: it is one of {', '.join(KINDS)}")
    if boundary not in BOUNDARIES:
        raise ValueError(f"unknown boundary {boundary!r}: it is one of {', '.join(BOUNDARIES)}")
    if kind == "bpe" and vocab_size < 257:
        raise ValueError(f"vocab_size {vocab_size} is too small: 256 bytes and {END} need 257")
    texts = [text for text in texts if text]
    if not texts:
        raise ValueError("a tokenizer cannot be trained on an empty corpus")

    backend = _folk_rnn(texts) if kind == "folk-rnn" else _bpe(texts, kind, vocab_size, boundary)
    backend.post_processor = processors.TemplateProcessing(single=f"{END} $A", special_tokens=[(END, END_ID)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=END,
        eos_token=END,
        pad_token=END,
        split_special_tokens=True,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def _bpe(texts: Sequence[str], kind: str, vocab_size: int, boundary: str) -> Tokenizer:
    backend = Tokenizer(models.BPE())
    cuts = _BOUNDARIES["char" if kind == "char" else boundary]
    backend.pre_tokenizer = _pre_tokenizer(cuts)
    backend.decoder = decoders.Sequence([decoders.Replace(END, ""), decoders.ByteLevel()])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size if kind == "bpe" else 1 << 20,  # characters: every merge there is
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return backend


def _folk_rnn(texts: Sequence[str]) -> Tokenizer:
    """A BPE without merges: a piece is its token's id or else bytes."""
    cuts = _pre_tokenizer([(f"{_FOLK_LINE}|{_FOLK_TOKEN}", "isolated")])
    seen: dict[str, int] = {}
    for text in texts:
        for piece, (start, end) in cuts.pre_tokenize_str(text):
            if re.fullmatch(_FOLK_TOKEN, text[start:end]):
                seen[piece] = seen.get(piece, 0) + 1
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = sorted((piece for piece in seen if len(piece) > 1), key=lambda piece: (-seen[piece], piece))
    vocabulary = {token: number for number, token in enumerate([END, *letters, *tokens])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    backend.add_special_tokens([END])
    backend.pre_tokenizer = cuts
    backend.decoder = decoders.Sequence([decoders.Replace(END, ""), decoders.ByteLevel()])
    return backend


def _pre_tokenizer(cuts: Sequence[tuple[str, str]]) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), behavior) for pattern, behavior in cuts]
        + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text alone, with no special token around them, one list a text."""
    return [ids for ids, _ in _encodings(tokenizer, texts, False)]


def encode_with_ends(
    tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]
) -> list[tuple[list[int], list[int]]]:
    """(ids, ends) of each text: `ends[i]` is the number of characters that tokens 0 … i have begun or
    finished.

    A character beyond ASCII that is written in several byte tokens ends with each of them.
    """
    return _encodings(tokenizer, texts, True)


def _encodings(
    tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], ends: bool
) -> list[tuple[list[int], list[int]]]:
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True  # letters of the text, never the special token
    encode_batch = backend.encode_batch if ends else backend.encode_batch_fast  # fast: without offsets
    encodings = encode_batch(list(texts), add_special_tokens=False)
    return [(e.ids, [end for _, end in e.offsets] if ends else []) for e in encodings]
