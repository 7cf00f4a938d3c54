"""A book as passages: every line in one of them, with its number."""

from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.passages import Passage, passages, with_file_header

BOOK = """%abc-2.1
M:6/8

X:1
T:One
K:G

GAB cde|

Some words
about it.
X:2
T:Two

L:1/8
K:D
dfa|
</p>
X:3
T:Three
K:A
"""


def tunes(text: str) -> list[Passage]:
    return [passage for passage in passages(text) if passage.is_tune]


def test_the_tunes_of_a_book_and_their_lines() -> None:
    one, two, three = tunes(BOOK)
    assert one.lines == ("X:1", "T:One", "K:G", "", "GAB cde|") and one.numbers == (4, 5, 6, 7, 8)
    assert two.lines[0] == "X:2" and two.lines[-1] == "</p>" and two.place(1) == 12
    assert three.lines == ("X:3", "T:Three", "K:A")
    words = [passage.lines for passage in passages(BOOK) if not passage.is_tune]
    assert words == [("%abc-2.1", "M:6/8", ""), ("", "Some words", "about it.")]


def test_tunes_without_a_number() -> None:
    """A chat's fence, folk-RNN's first files, a tune behind a title page."""
    fence, *_ = tunes("Here is a tune:\n```abc\nT:Fence\nK:G\nGABc|\n```\nEnjoy!\n")
    assert fence.lines == ("T:Fence", "K:G", "GABc|") and fence.place(1) == 3
    assert [t.lines[0] for t in tunes("M:4/4\nK:maj\nG|\n\nM:3/4\nK:min\nA|\n")] == ["M:4/4", "M:3/4"]
    assert [t.lines[0] for t in tunes("X:1\nK:G\nG|\n\nT:Two\nK:D\nd|\n\nK:a word\n")] == ["X:1", "T:Two"]


def test_a_book_without_tunes() -> None:
    assert tunes("") == tunes("words\n\nand words\n") == []
    assert [p.lines for p in passages("words\r\rmore\r\n")] == [("words", "", "more")]


def test_the_file_header_sets_what_a_tune_lacks() -> None:
    header, one, *_ = passages("M:6/8\nL:1/16\nC:x\n\nX:1\nL:1/8\nK:G\nGAB|\n")
    whole = with_file_header(one, header)
    assert whole.lines == ("X:1", "L:1/8", "M:6/8", "K:G", "GAB|") and whole.numbers == (5, 6, 1, 7, 8)
    assert with_file_header(one, None) == one


LINE = st.sampled_from(
    ["X:1", "X:2", "T:a", "K:G", "GAB|", "GAB", "", "  ", "```", "words", "</p>", "%%x", "A:|"]
)


@given(st.lists(LINE, max_size=25))
def test_no_line_is_lost_or_doubled(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    found = list(passages(text))
    assert [line for passage in found for line in passage.lines] == text.removesuffix("\n").split("\n")
    assert [n for passage in found for n in passage.numbers] == list(range(1, text.count("\n") + 1))
    assert sum(passage.is_tune for passage in found) >= sum(line.startswith("X:") for line in lines)
    assert all(passage.lines[-1].strip() for passage in found if passage.is_tune)
