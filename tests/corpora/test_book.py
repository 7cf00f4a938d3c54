"""Tunebooks as people keep them become tunes of the standard, and nothing of their music is lost unsaid."""

from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.sources.book import Loose, page_text, tunes_in

A = "X:1\nT:A\nM:4/4\nK:G\nGABc dedB|G8|]\n"
B = "X:2\nT:B\nM:6/8\nK:D\nDED F2A|d2f e3|\n"


def read(text: str) -> list[str | Loose]:
    return list(tunes_in([text]))


def test_the_standard_case_is_left_as_it_is() -> None:
    assert read(f"{A}\n\n{B}") == [A, B]
    assert read(f"free text\n\n{A}\nmore | of it\n\n{B}\n% the end\n") == [A, B]


def test_a_tune_without_a_number_gets_one() -> None:
    """MusicWithChatGPT#2, folk-rnn#9: no X:, so no program plays it."""
    assert read(A[4:]) == [A]
    assert read(f"{A[4:]}\n\n{B[4:]}") == [A, B]
    assert read("M:6/8\nK:D\nDED F2A|\n</html>\n") == ["X:1\nM:6/8\nK:D\nDED F2A|\n"]
    assert read("Here it is:\nT:A\nK:G\nGABc|\n") == ["X:1\nT:A\nK:G\nGABc|\n"]


def test_numbered_and_unnumbered_tunes_side_by_side() -> None:
    assert read(f"{B}\n{A[4:]}") == [B, A]
    # without a title, in a numbered book, it is the rest of the tune above a blank line
    assert read(f"{B}\nK:G\nGABc defg|a8|\n") == [B, Loose("GABc defg|a8|")]


def test_titles_part_unnumbered_tunes_that_touch() -> None:
    text = "T:A\nK:G\nGABc|\nT:B\nK:D\nDEFG|\nT:Second part\nd4|\n"
    assert read(text) == ["X:1\nT:A\nK:G\nGABc|\n", "X:2\nT:B\nK:D\nDEFG|\nT:Second part\nd4|\n"]


def test_the_header_of_a_file_counts_for_its_tunes() -> None:
    header = "%abc-2.1\nM:3/4\nL:1/16\nR:waltz\nZ:someone\nI:linebreak $\n\n"
    assert read(f"{header}{B}\nX:3\nT:C\nK:C\nCDE|\n") == [
        "X:2\nT:B\nM:6/8\nL:1/16\nR:waltz\nI:linebreak $\nK:D\nDED F2A|d2f e3|\n",
        "X:3\nT:C\nM:3/4\nL:1/16\nR:waltz\nI:linebreak $\nK:C\nCDE|\n",
    ]
    assert read(f"M:3/4\n{A}") == [A]
    assert read(f"L:1/16\nX:9\nM:C\nK:G\n{'G' * 16}|\n") == [f"X:9\nM:C\nL:1/16\nK:G\n{'G' * 16}|\n"]
    # fields between tunes are no header of the file
    assert read(f"{A}\nL:1/32\n\n{B}") == [A, B]


def test_blank_lines_between_header_and_music() -> None:
    assert read("X:1\nT:A\n\nK:G\n\n\nGABc dedB|\n\nsome words\n") == ["X:1\nT:A\nK:G\nGABc dedB|\n"]
    assert read("X:1\nK:G\n\nsome words | here\n\nX:2\nK:G\nG4|\n") == ["X:1\nK:G\n", "X:2\nK:G\nG4|\n"]


def test_music_that_belongs_to_no_tune_is_reported() -> None:
    found = read(f"{A}\nGABc dedB|\nG8|\n\n{B}\ngfed cBAG|\n")
    assert found == [A, Loose("GABc dedB|"), B, Loose("gfed cBAG|")]
    assert read("| a | b |\n|---|---|\n| table | of words |\n") == []


def test_fences_of_chat_models_and_of_markdown() -> None:
    """ComposerX#1: prose, a fence, a tune, a fence, prose."""
    assert read(f"Sure!\n```abc\n{A}```\nAnother:\n```\n{B[4:]}```\nEnjoy!\n") == [A, "X:1\n" + B[4:]]
    assert read(f"```\n{A}```") == [A]


def test_web_pages() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>Tunes</title><script>var x = 'X:5';</script></head>\n"
        "<body><p>A tune:</p><pre>\nX:1\nT:Tom &amp; J&eacute;r&ocirc;me <b>bold</b>\nK:G\n"
        "G&lt;A B&gt;c|a<b>c|\n</pre><br>X:2<br>K:D<br>D4|<br></body></html>"
    )
    assert read(page) == ["X:1\nT:Tom & Jérôme bold\nK:G\nG<A B>c|a<b>c|\n", "X:2\nK:D\nD4|\n"]
    assert page_text("a<br>b<br/>\nc<script>no") == "a\nb\nc"


def test_broken_rhythm_is_no_tag() -> None:
    tune = "X:1\nK:G\nA<b>c d<i>e a<u>b|\n"
    assert read(tune) == [tune]
    assert read(f"{tune}\n<br>\n") == [tune]


def test_words_are_put_right_and_music_is_not() -> None:
    text = "X:1\nT:N\\'umero \\/O\nC:Fran\\ccois\nK:G\nG\\\n\"\\'e\"A&B|\nw:\\'a\\-b\n"
    assert read(text) == ['X:1\nT:Número Ø\nC:François\nK:G\nG\\\n"\\\'e"A&B|\nw:á\\-b\n']


def test_includes_are_dropped_and_never_read() -> None:
    text = "X:1\n%%abc-include /etc/passwd\nI:abc-include ../../secret.abc\nT:A\nK:G\nG4|\n"
    assert read(text) == ["X:1\nT:A\nK:G\nG4|\n"]


def test_hostile_books_take_no_longer_than_others() -> None:
    """Each of these was quadratic in some reader of the field or in a draft of this one."""
    much = 300_000
    for text in (
        "X:1\nK:G\n" + "GABc|" * much,
        "X:1\nK:G\n" + " " * much + "G|",
        "<html>" + "<script" * much,
        "X:1\nT:a<br>\nK:G\n" + "<a>" * much,
        "```\n" * much,
        "K:G\n" + "T:a\nGAB|\n" * 50_000,
        "\n\n" + ("A" + "1" * 60) * 5_000 + "|",
        "T:" + "\\" * much,
        "T:" + "&a" * much,
        "\n \n" * much,
    ):
        list(tunes_in([text]))


@given(
    st.lists(
        st.sampled_from([A, B, A[4:], "\n", "\n\n", "words\n", "M:3/4\n", "```\n", "<br>\n", "GABcde|\n"])
    )
)
def test_every_number_becomes_a_tune(parts: list[str]) -> None:
    text = "".join(parts)
    tunes = [tune for tune in read(text) if isinstance(tune, str)]
    assert len(tunes) >= text.count("X:")
    assert all(tune.startswith("X:") and tune.endswith("\n") and "\n\n" not in tune for tune in tunes)


@given(st.text(alphabet="XKT:\n |GA<>`%", max_size=60), st.integers(1, 7))
def test_pieces_make_no_difference(text: str, size: int) -> None:
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    whole = [tune for tune in tunes_in([text]) if isinstance(tune, str)]
    assert [tune for tune in tunes_in(pieces) if isinstance(tune, str)] == whole
