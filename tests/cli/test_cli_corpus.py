"""`hf-abc corpus`: whole, in shards, and its table."""

from pathlib import Path

import pytest

from hf_abc.cli import main

BARS = ("GABc", "d2BG", "AFDF", "G3z", "cdef", "g2fe", "dBGB", "A4", "edcB", "A2FA", "DEFG", "B2d2", "c2Ac")


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The verb, for a recipe of sixty small tunes in four files, and the place `corpus`."""
    book = tmp_path / "book"
    book.mkdir()
    for file in range(4):
        tunes = []
        for number in range(15):
            place = 15 * file + number
            bars = [BARS[(place * (n + 3) + n * n + n) % len(BARS)] for n in range(8)]
            key = "GDCA"[place % 4]
            tunes.append(f"X:{number + 1}\nT:Tune {place}\nM:4/4\nL:1/4\nK:{key}\n{'|'.join(bars)}|\n")
        (book / f"{file}.abc").write_text("\n".join(tunes))
    recipe = tmp_path / "my.yaml"
    shares = "  validation: 0.3\n  test: 0.3\n"
    recipe.write_text(f"corpus:\n  sources: ['tunebooks:{book}']\n  profile: light\n{shares}")
    return ["corpus", str(recipe), "--out", str(tmp_path / "corpus")]


def test_two_shards_are_one_corpus(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    whole = [*words[:3], str(tmp_path / "whole"), "--workers", "1"]
    assert main([*whole, "--stats"]) == 0
    said = capsys.readouterr().out
    assert "source  licence" in said and "24 letters in a row (independent)" in said
    assert main([*words, "--join"]) == 1
    assert "parts are missing" in capsys.readouterr().err
    for shard in ("2/2", "1/2"):
        assert main([*words, "--shard", shard, "--workers", "1"]) == 0
    assert not (tmp_path / "corpus").exists()
    assert main([*words, "--join"]) == 0
    for name in ("train.parquet", "test.parquet", "split.csv", "report.json", "README.md"):
        assert (tmp_path / "corpus" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    capsys.readouterr()
    assert main(["corpus", "--stats", "--out", str(tmp_path / "corpus")]) == 0
    assert capsys.readouterr().out in said


def test_wrong_use(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for more in (["--shard", "3/2"], ["--shard", "half"], ["--shard", "1/2", "--join"]):
        with pytest.raises(SystemExit) as stop:
            main([*words, *more])
        assert stop.value.code == 2
    assert "is no shard: write 1/4 for the first of four" in capsys.readouterr().err
    for wrong, sentence in (
        ([*words, "--workers", "0"], "--workers 0 is not possible"),
        (["corpus", "--out", str(tmp_path / "corpus")], "name a recipe"),
        (["corpus", "--stats", "--out", str(tmp_path / "book")], "is no corpus, it has no report.json"),
    ):
        assert main(wrong) == 1
        assert sentence in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()
