"""The tokenizers: exact both ways, within their boundaries, and usable without us."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_abc.models.tokenizers import BOUNDARIES, END, END_ID, encode, encode_with_ends, train_tokenizer

VARIANTS = [("bpe", boundary) for boundary in BOUNDARIES]
VARIANTS += [("folk-rnn", "newline"), ("char", "newline")]
HARD = [
    "X:1\nT:Port Láirge – “The Waterford” ♯\nK:D\n|: A2d^c' dB,,/ | (3abc \"Am7\"[CEG]2 z8 |]\n",
    f"X:1\nT:a {END} title\nT:{END}{END}<|endof\nK:C\nCDE|\n",
    "X:1\n\nT:  two  spaces , and 's punctuation . ! ?\nK:none\nz\n\n\n",
    "no header, no newline at the end \\u00e9 \u0000\ufeff\u2028 \U0001f3bb e\u0301",
    "\n",
    "",
]  # fmt: skip


@pytest.fixture(scope="module")
def tunes() -> list[str]:
    """Every tune of a print of 1903 that music21 ships, 1,000 of them, ties, chords, ornaments and all."""
    music21 = pytest.importorskip("music21")
    folder = Path(music21.__file__).parent / "corpus" / "oneills1850"
    books = "".join("\n\n" + path.read_text("utf-8", "replace") for path in sorted(folder.glob("*.abc")))
    return ["X:" + part.strip() + "\n" for part in re.split(r"\nX:", books)[1:]]


@pytest.fixture(scope="module")
def tokenizers(tunes: list[str]):
    return {
        (kind, boundary): train_tokenizer(tunes[::3], kind=kind, vocab_size=800, boundary=boundary)
        for kind, boundary in VARIANTS
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_decoding_gives_back_every_tune(variant, tokenizers, tunes: list[str]) -> None:
    tokenizer = tokenizers[variant]
    assert len(tunes) > 900
    for text, ids in zip([*tunes, *HARD], encode(tokenizer, [*tunes, *HARD]), strict=True):
        assert tokenizer.decode(ids) == text
        assert END_ID not in ids
    for text in [*tunes[:30], *HARD]:
        assert tokenizer.encode(text) == [END_ID, *encode(tokenizer, [text])[0]]
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.decode(tokenizer.encode(text), skip_special_tokens=True) == text


@given(st.text())
@settings(deadline=None)
def test_decoding_gives_back_any_text(text: str) -> None:
    for tokenizer in _small():
        assert tokenizer.decode(encode(tokenizer, [text])[0]) == text


_made = []


def _small():
    if not _made:
        _made.extend(train_tokenizer(HARD, kind=k, vocab_size=400, boundary=b) for k, b in VARIANTS)
    return _made


def _tokens(tokenizer) -> list[str]:
    return [tokenizer.decode([i]) for i in range(257, len(tokenizer))]


def test_no_token_crosses_a_newline(tokenizers) -> None:
    for variant in VARIANTS:
        assert not [token for token in _tokens(tokenizers[variant]) if "\n" in token[:-1]], variant


def test_bar_tokens_end_at_their_bar_line(tokenizers) -> None:
    tokens = _tokens(tokenizers["bpe", "bar"])
    assert any(token.endswith("|") and len(token) > 2 for token in tokens)
    assert not [token for token in tokens if re.search(r"\|[^|:\]\[0-9]", token)]
    assert [token for token in _tokens(tokenizers["bpe", "newline"]) if re.search(r"\|[^|:\]\[0-9]", token)]


def test_beat_tokens_stay_within_a_beam_group(tokenizers, tunes: list[str]) -> None:
    tokenizer = tokenizers["bpe", "beat"]
    for ids in encode(tokenizer, ["K:D\nA2de d2 | cdec d2d2|\n"]):
        pieces = [tokenizer.decode([i]) for i in ids]
        assert not [piece for piece in pieces if re.search(r" [^ ]|\|[^|\n]", piece)]
    # in words of a header they still run over spaces
    assert [token for token in _tokens(tokenizer) if re.search(r"[a-z] [a-z]", token)]


def test_note_tokens_hold_one_note_at_most(tokenizers) -> None:
    tokenizer = tokenizers["bpe", "note"]
    text = "^A,2d'3/2 =B/|_e//f4 (3abc A>B- [CEG]2 z8:|\n"
    pieces = [tokenizer.decode([i]) for i in encode(tokenizer, [text])[0]]
    assert "".join(pieces) == text
    assert max(len(re.findall(r"[A-Ga-gz]", piece)) for piece in pieces) == 1


def test_characters_are_tokens_and_unseen_ones_are_bytes(tokenizers) -> None:
    tokenizer = train_tokenizer(["X:1\nT:Láirge\nK:D\nABc|\n"], kind="char")
    assert len(tokenizer) == 258  # the end token, 256 bytes, á
    assert [len(encode(tokenizer, [c])[0]) for c in ("A", "é", "á", "♯")] == [1, 2, 1, 3]


def test_vocabulary_has_the_size_asked_for(tokenizers) -> None:
    assert [len(tokenizers["bpe", boundary]) for boundary in BOUNDARIES][:3] == [800] * 3
    assert len(tokenizers["bpe", "note"]) <= 800
    tokenizer = tokenizers["bpe", "newline"]
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (END_ID,) * 3
    assert tokenizer.all_special_tokens == [END]


def test_training_is_the_same_every_time(tunes: list[str]) -> None:
    first, second = (train_tokenizer(tunes[:200], vocab_size=600).backend_tokenizer for _ in range(2))
    assert first.to_str() == second.to_str()


def test_a_corpus_full_of_the_literal_cannot_claim_the_special_id() -> None:
    for kind, boundary in VARIANTS:
        tokenizer = train_tokenizer([f"{END}{END}\n"] * 100, kind=kind, vocab_size=400, boundary=boundary)
        assert END_ID not in encode(tokenizer, [END * 3])[0]


def test_ends_count_characters(tokenizers, tunes: list[str]) -> None:
    tokenizer = tokenizers["bpe", "newline"]
    for ids, ends in encode_with_ends(tokenizer, tunes[:50]):
        text = tokenizer.decode(ids)
        assert ends[-1] == len(text) and ends == sorted(ends)
        if text.isascii():
            assert [tokenizer.decode(ids[: i + 1]) for i in range(len(ids))] == [text[:end] for end in ends]


_OUTSIDER = """
import json, sys
sys.modules["hf_abc"] = None  # importing it is now an error
from pathlib import Path
from transformers import AutoTokenizer
ids = []
for folder in map(Path, sys.argv[1:]):
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    assert tokenizer.split_special_tokens and tokenizer.clean_up_tokenization_spaces is False
    texts = json.loads((folder / "texts.json").read_text())
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text, text
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text, text
    ids.append([tokenizer.encode(text) for text in texts])
    batch = tokenizer(texts[:4], padding=True)
    assert all(row[-1] != 0 for row in batch["input_ids"])  # padding stands on the left
    assert [sum(mask) for mask in batch["attention_mask"]] == [len(row) for row in ids[-1][:4]]
print(json.dumps(ids))
"""


def test_a_fresh_process_loads_it_without_the_package(tokenizers, tmp_path: Path, tunes: list[str]) -> None:
    texts = [*tunes[:20], *HARD]
    for variant in (("bpe", "newline"), ("char", "newline")):
        folder = tmp_path / variant[0]
        tokenizers[variant].save_pretrained(folder)
        (folder / "texts.json").write_text(json.dumps(texts))
    folders = [str(tmp_path / "bpe"), str(tmp_path / "char")]
    done = subprocess.run(
        [sys.executable, "-c", _OUTSIDER, *folders], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-2000:]
    expected = [[[END_ID, *ids] for ids in encode(tokenizers[v], texts)] for v in (VARIANTS[0], VARIANTS[-1])]
    assert json.loads(done.stdout.splitlines()[-1]) == expected


FOLK = "M:6/8 K:Cmix |: f > a c f 2 a | ^c' 3/2 [ c e ] (3 g a b :|1 z 6 |2 =B, /2 c 5 |]\n"


def test_folk_rnns_tokens_are_the_words_of_its_text() -> None:
    tokenizer = train_tokenizer([FOLK], kind="folk-rnn")
    ids = encode(tokenizer, [FOLK])[0]
    assert [tokenizer.decode([i]).strip() for i in ids] == FOLK.split()
    assert tokenizer.decode(ids) == FOLK
    words = {word for word in FOLK.split() if len(word) > 1} | {word + " " for word in FOLK.split()}
    assert len(tokenizer) <= 257 + len(words)
    unseen = "M:9/8 K:Cdor |: g z |]\n"
    assert tokenizer.decode(encode(tokenizer, [unseen])[0]) == unseen


def test_folk_rnns_tokens_of_ordinary_abc() -> None:
    tune = "X:1\nT:A Big Cat\nM:6/8\nL:1/8\nK:G\n|:GAB =c2d/2|[G2B2]^F3/2>(3abc z|1 A4:|2 A,2||\n"
    tokenizer = train_tokenizer([tune], kind="folk-rnn")
    body = tune[tune.index("M:") :]
    tokens = [tokenizer.decode([i]) for i in encode(tokenizer, [body])[0]]
    assert tokens == [
        "M:6/8\n", "L:1/8\n", "K:G\n", "|:", "G", "A", "B ", "=c", "2", "d", "/2", "|", "[", "G", "2", "B",
        "2", "]", "^F", "3/2", ">", "(3", "a", "b", "c ", "z", "|1 ", "A", "4", ":|2 ", "A,", "2", "||\n",
    ]  # fmt: skip
    title = encode(tokenizer, ["T:A Big Cat\n"])[0]
    assert len(title) == len("T:A Big Cat\n") and max(title) < 257  # letters, no notes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "words"}, "'words': it is one of bpe, char"),
        ({"boundary": "tune"}, "'tune': it is one of newline, bar, beat, note"),
        ({"vocab_size": 256}, "256 is too small"),
    ],
)
def test_impossible_values_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_tokenizer(["X:1\n"], **arguments)


def test_an_empty_corpus_is_refused() -> None:
    for texts in ([], ["", ""]):
        with pytest.raises(ValueError, match="empty corpus"):
            train_tokenizer(texts)
