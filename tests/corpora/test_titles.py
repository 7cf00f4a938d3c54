"""Titles: by their words, and which say nothing."""

import pytest

from hf_abc.corpora.titles import is_generic, title_key


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Cuckoo's Nest", "cuckoos nest"), ("CUCKOO'S NEST, THE", "cuckoos nest"),
        ("Cuckoos Nest -- Reel", "cuckoos nest"), ("Cuckoo's Nest (2nd Setting)", "cuckoos nest"),
        ("Cuckoo's Nest. 2nd setting.", "cuckoos nest"), ("Là Bête", "la bete"), ("No. 12", ""),
        ("A Reel", "reel"),
    ],
)  # fmt: skip
def test_titles_are_compared_by_their_words(title: str, key: str) -> None:
    assert title_key(title) == key


@pytest.mark.parametrize("title", ["", "Gan Ainm", "The Reel", "No. 12", "Slow Air", "Untitled"])
def test_generic_titles(title: str) -> None:
    assert is_generic(title_key(title))


def test_a_name_is_not_generic() -> None:
    assert not is_generic(title_key("The Reel of Tulloch"))
