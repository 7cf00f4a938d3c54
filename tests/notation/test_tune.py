"""Tunes and tunebooks."""

from hypothesis import given
from hypothesis import strategies as st

from hf_abc.notation.tune import body, header_fields, is_music, parse_tune, split_book, split_header

TUNE = "X:7\nT:The Lark\nT:An Fhuiseog\nR:Jig\nM:6/8\nL:1/8\nK:Dmix % a mode\nDED F2A|d2f e3|\n"


def test_a_tune_says_what_its_header_says() -> None:
    tune = parse_tune(TUNE, id="book:7:1", source="book", licence="public domain", family="book:7:1")
    assert (tune.title, tune.rhythm, tune.meter, tune.unit_length, tune.key) == (
        "The Lark", "jig", "6/8", "1/8", "Dmix",
    )  # fmt: skip
    assert (tune.id, tune.source, tune.licence, tune.family) == (
        "book:7:1",
        "book",
        "public domain",
        "book:7:1",
    )
    assert tune.text == TUNE


def test_header_and_body() -> None:
    header, music = split_header(TUNE)
    assert header[-1].startswith("K:") and music == ["DED F2A|d2f e3|"]
    assert body(TUNE) == "DED F2A|d2f e3|"
    assert header_fields(TUNE)["T"] == ["The Lark", "An Fhuiseog"]


def test_a_continued_field_is_no_music() -> None:
    """abctools#30: `+:` goes on with the field before."""
    fields = header_fields("X:1\nT:Plus\nN:A note\n+: goes on\nK:C\nABcd|\n")
    assert fields["N"] == ["A note goes on"]
    assert not is_music("+: goes on")


def test_comments_are_cut_from_fields_but_not_from_titles() -> None:
    fields = header_fields("X:1 % first\nT:100 % Irish\nM:C|% cut\nK:G\n")
    assert (fields["X"], fields["T"], fields["M"]) == (["1"], ["100 % Irish"], ["C|"])


def test_without_a_key_the_header_is_its_leading_fields() -> None:
    """symusic#99: no K:, so there is no music."""
    header, music = split_header("X:1\nT:No key\nM:4/4\nL:1/8\nCDEF|\n")
    assert (len(header), music) == (4, ["CDEF|"])
    assert "K" not in header_fields("X:1\nT:No key\nCDEF|\n")


def test_words_below_the_music_are_no_music() -> None:
    """TheSession-data#10: quotes in w: are plain text."""
    assert not is_music('w: "They said" it, so')
    assert not is_music("% GABc") and not is_music("%%staffsep 50") and not is_music("  ")
    assert is_music("GABc dedB|")


def test_a_repeat_sign_behind_a_single_note_is_no_field() -> None:
    assert is_music("G:|") and is_music("d::e2|") and is_music("z:|2 G4|]")
    assert not is_music("G:group") and not is_music("d:!trill!")


def test_a_book_is_cut_into_its_tunes() -> None:
    book = f"free text\n% a comment\n\n{TUNE}\nmore text\n\nX:8\nT:Next\nK:G\nGABc|\nX:9\nK:G\nd4|"
    assert [tune.split("\n")[0] for tune in split_book(book)] == ["X:7", "X:8", "X:9"]
    first, second, third = split_book(book)
    assert first == TUNE
    assert second.endswith("GABc|\n") and third == "X:9\nK:G\nd4|\n"


def test_line_ends_of_all_systems_are_understood() -> None:
    for end in ("\r\n", "\r", "\n"):
        assert list(split_book(TUNE.replace("\n", end))) == [TUNE]


def test_blank_lines_in_a_header_do_not_end_it() -> None:
    assert list(split_book("X:1\nT:Old\n\nK:G\n\nGABc|\n")) == ["X:1\nT:Old\nK:G\n"]
    assert list(split_book("X:1\n\nT:Old\n\nK:G\nGABc|\n")) == ["X:1\nT:Old\nK:G\nGABc|\n"]


def test_fences_and_html_around_a_tune_are_no_music() -> None:
    """ComposerX#1 and folk-rnn#9: what chat models and web pages put around their tunes."""
    fenced = "Here is a tune:\n```abc\nX:1\nT:Fence\nM:4/4\nL:1/8\nK:G\nGABc dedB|G8|]\n```\nEnjoy!\n"
    assert list(split_book(fenced)) == ["X:1\nT:Fence\nM:4/4\nL:1/8\nK:G\nGABc dedB|G8|]\n"]
    assert list(split_book("X:1\nK:D\nDED F2A|\n</html>\n")) == ["X:1\nK:D\nDED F2A|\n"]
    assert list(split_book("X:1\nK:D\nD>E|F<A\n")) == ["X:1\nK:D\nD>E|F<A\n"]


def test_the_end_of_the_file_ends_a_tune() -> None:
    """redrose#18: no newline behind the last line."""
    (tune,) = split_book("X:1\nT:Last\nK:CMaj\nV:1\nC8|]\nW:A last word.")
    assert tune.endswith("C8|]\nW:A last word.\n")


def test_a_book_without_tunes_is_empty() -> None:
    assert list(split_book("")) == list(split_book("M:4/4\nK:G\nGABc|\n")) == []


@given(st.text(max_size=200))
def test_any_text_can_be_cut_and_read(text: str) -> None:
    for tune in split_book(text):
        assert tune.startswith("X:")
        assert parse_tune(tune).text == tune


def test_no_file_is_included() -> None:
    text = "X:1\nI:abc-include piping.abh\n%%abc-include /etc/passwd\nT:A\nK:G\nG4|\n%%abc-include x\nA4|\n"
    assert list(split_book(text)) == ["X:1\nT:A\nK:G\nG4|\nA4|\n"]
    kept = "X:1\nT:abc-include\n% I:abc-include x\nK:G\nG4|\n"
    assert list(split_book(kept)) == [kept]
