"""Words in ABC as people read them."""

import pytest

from hf_abc.rendering.musicxml import musicxml
from hf_abc.rendering.words import plain_words, title_of, titles_of


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Saint-Gen\^et", "Saint-Genêt"),
        (r"l\aa, \O \/o \ss \ae \oe \th", r"lå, \O ø ß æ œ þ"),
        (r"\'e \`a \"u \~n \cc \vs \ua \=o \;a \.z \HO", "é à ü ñ ç š ă ō ą ż Ő"),
        (r"\u00e9t\u00E9 \u2669", "été ♩"),
        ("Ma&ntilde;ana &amp; B&#233;la &frac12;", "Mañana & Béla ½"),
        (r"50\% \& C:\\tunes", r"50% & C:\tunes"),
        ("AT&T; &nothing; \\q C:\\temp \\'x", "AT&T; &nothing; \\q C:\\temp \\'x"),  # no escapes
        ("&lt;script&gt;", "<script>"),
    ],
)
def test_escapes(written, read):
    assert plain_words(written) == read


def test_titles():
    text = "X:1\nT:\nT:Ma&ntilde;ana\nT:Second \\'e\nK:C\n"
    assert titles_of(text) == ["Mañana", "Second é"] and title_of(text) == "Mañana"
    assert title_of("X:1\nK:C\n") == "Untitled" and title_of("X:1\nK:C\n", "tune 3") == "tune 3"


def test_everything_that_is_drawn_is_read_so():
    text = (
        'X:1\nT:\\\'Eire\nC:G\\"odel\nL:1/4\nK:C\nT:&copy;\n"^caf\\\'e"C "_&lt;b&gt;"D|\nw:n\\ae &eacute;\n'
    )
    xml = musicxml(text)[0]
    for words in ("Éire", "Gödel", "café", "&lt;b&gt;", "<text>næ</text>", "<text>é</text>", "©"):
        assert words in xml, words
