"""Bytes of tunebooks as text."""

import io

import pytest

from hf_abc.corpora.encoding import accents, decode, pieces

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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-2"])
def test_a_long_file_in_pieces_is_the_same_text(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_abc.corpora.encoding._PIECE", 50)
    declared = "%abc-charset iso-8859-2\r\n" if encoding == "iso-8859-2" else ""
    word = "Łódź" if declared else "Été"
    book = declared + f"X:1\r\nT:{word}\0\r\nK:G\rGABc|\r\n" * 20
    data = book.encode(encoding)
    found = list(pieces(io.BytesIO(data)))
    assert len(found) > 5
    assert "".join(found) == decode(data).replace("\r\n", "\n").replace("\r", "\n")
    assert word in found[1] or word in found[0]


def test_only_the_end_shows_that_it_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hf_abc.corpora.encoding._PIECE", 50)
    data = "T:Été\n".encode() * 50 + b"T:caf\xe9\n"
    assert "".join(pieces(io.BytesIO(data))) == decode(data)
    assert decode(data).endswith("T:café\n")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"T:N\'umero \`a \^Anes \"Uber \~n", "T:Número à Ânes Über ñ"),
        (r"C:Fran\ccois \vs \uA \HO \;a \=a \.z", "C:François š Ă Ő ą ā ż"),
        (r"w:\aa\AE\ss\/O\th\DH", "w:åÆßØþÐ"),
        (r"N:\u00e9t\u00E9 \351t\351", "N:été été"),
        ("T:Tom &amp; Jerry &eacute;&#233;", "T:Tom & Jerry éé"),
        (r"N:c:\new \- \| \zz \u0041", r"N:c:\new \- \| \zz \u0041"),
        (r"F:C:\eacute", r"F:C:\eacute"),
        ('GA\\\nB&c "\\\'e"|', 'GA\\\nB&c "\\\'e"|'),
    ],
)
def test_accents_of_old_books(written: str, meant: str) -> None:
    assert accents(f"X:1\n{written}\nK:G\n") == f"X:1\n{meant}\nK:G\n"
    assert accents(accents(meant)) == meant
