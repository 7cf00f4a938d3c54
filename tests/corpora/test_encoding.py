"""Bytes of tunebooks as text."""

import pytest

from hf_abc.corpora.encoding import decode

TUNE = "X:1\nT:Ó Carolan’s Été\nK:G\nGABc|\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    assert decode(TUNE.encode(encoding)) == TUNE


def test_a_declared_charset_counts() -> None:
    book = "%abc-charset iso-8859-2\nT:Łódź\n"
    assert decode(book.encode("iso-8859-2")) == book
    assert decode(b"%%abc-charset utf-8\nT:caf\xe9\n").endswith("T:café\n")  # it lies
    assert decode(b"I:abc-charset klingon\nT:caf\xe9\n").endswith("T:café\n")


def test_bytes_that_mean_nothing_are_no_error() -> None:
    assert decode(b"T:\x81\x8d \xff\n") == "T:\ufffd\ufffd ÿ\n"
    assert decode(b"X:1\0\nK:G\0\n") == "X:1\nK:G\n"
    assert decode(b"") == ""


def test_mail_is_unwrapped() -> None:
    """Some of Ryan's tunes went through quoted-printable: `=` is written `=3D`, long lines are broken."""
    mailed = b"X:1\nN:166 =FF=20\nK:D\nDF |=3Dg =\nfe|=20\nd4|\n"
    assert decode(mailed) == "X:1\nN:166 ÿ \nK:D\nDF |=g fe| \nd4|\n"


def test_naturals_are_no_mail() -> None:
    for music in ("=B2=E2 =c3=d|", "=F2 =A3|=D2|", "GA =", "=b2 =a0"):
        assert decode(music.encode()) == music
