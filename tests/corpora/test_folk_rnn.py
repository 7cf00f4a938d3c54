"""folk-RNN's files in all their versions become ABC that compiles."""

from pathlib import Path

import pytest

from hf_abc.abcmidi import check_book, compiles
from hf_abc.corpora.sources import Refused, open_source, read_source
from hf_abc.corpora.sources.folk_rnn import PUBLISHED, joined, tune_text
from hf_abc.errors import InputError
from hf_abc.notation.melody import notes
from hf_abc.notation.tune import Tune

V1 = "T:A Cup Of Tea\nM:4/4\nL:1/8\nK:Amix\neA (3AAA g2 fg|eA (3AAA BGGf|\neA (3AAA g2 fg|e d g d B G G4|\n"
V2 = "M:6/8\nK:Cmaj\n|: g 3 g f e | c' 2 a (3 f g a f | G, 2 C C /2 D /2 E :| |1 c 6 :| |2 [ C E G ] 6 |]\n"
V3 = "M:6/8\nK:maj\n=G =E =E =E 2 =D | =E =D =C =B, 2 =C |\n"
V3_SHARP = "M:6/8\nK:maj\n^G =F =F =F 2 ^D | =F ^D ^C =c 2 ^C |\n"
SHARED = Path(__file__).parents[3] / "shared" / "data"


def read(path: Path) -> tuple[list[Tune], list[Refused]]:
    found = list(read_source(f"folk_rnn:{path}"))
    return [f for f in found if isinstance(f, Tune)], [f for f in found if isinstance(f, Refused)]


def written(folder: Path, text: str, name: str = "file") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_first_version_gets_numbers_and_keeps_its_music(tmp_path: Path) -> None:
    """folk-rnn#9: no X:, and some 2,000 stray `</html>`."""
    tunes, refused = read(written(tmp_path, f"{V1}</html>\n\n{V1}\n</html>\n"))
    assert [tune.id for tune in tunes] == ["file:1:1", "file:2:1"] and not refused
    assert tunes[0].text == "X:1\n" + V1 and tunes[0].title == "A Cup Of Tea"
    assert tunes[0].licence == "MIT"


def test_tokens_are_joined(tmp_path: Path) -> None:
    """folk-rnn#11: no converter reads tokens with spaces between them."""
    (tune,), _ = read(written(tmp_path, V2))
    assert tune.text == ("X:1\nM:6/8\nK:Cmaj\n|: g3gfe | c'2a(3fgaf | G,2CC/2D/2E :| |1 c6 :| |2 [CEG]6 |]\n")
    assert joined("c 3 d c 2 B G|G F F 2") == "c3dc2B G|G FF2"  # a bar line without spaces
    assert joined("A , 2 :: B") == "A,2 :: B"


def test_one_tune_a_line(tmp_path: Path) -> None:
    line = " ".join(V2.split("\n")).strip()
    tunes, refused = read(written(tmp_path, f"{line}\n{line}\nM:4/4 c d e f |\n"))
    assert len(tunes) == 2 and tunes[1].text == tune_text(V2.strip().split("\n"), 2)
    assert [(f.where, f.reason) for f in refused] == [("file, line 3", "no key or no music")]


@pytest.mark.parametrize(("text", "key"), [(V3, "Cmaj"), (V3_SHARP, "C#maj")])
def test_the_third_version_gets_its_tonic(tmp_path: Path, text: str, key: str) -> None:
    (tune,), _ = read(written(tmp_path, text))
    assert tune.key == key
    assert compiles(check_book([tune.text])[0])
    first = 67 if key == "Cmaj" else 68
    assert notes(tune.text)[0].pitch == first


@pytest.mark.parametrize("mode", ["maj", "min", "dor", "mix"])
def test_each_mode_in_c_and_in_c_sharp(tmp_path: Path, mode: str) -> None:
    scales = {
        "maj": "=C =D =E =F =G =A =B", "min": "=C =D _E =F =G _A _B", "dor": "=C =D _E =F =G =A _B",
        "mix": "=C =D =E =F =G =A _B",
    }  # fmt: skip
    raised = {"=C": "^C", "=D": "^D", "=E": "=F", "=F": "^F", "=G": "^G", "=A": "^A", "=B": "=c",
              "_E": "=E", "_A": "=A", "_B": "=B"}  # fmt: skip
    plain = scales[mode].split()
    lines = f"{' '.join(plain)} =c 2 |", f"{' '.join(raised[note] for note in plain)} ^c 2 |"
    text = "\n\n".join(f"M:4/4\nK:{mode}\n{line}" for line in lines)
    tunes, _ = read(written(tmp_path, text))
    assert [tune.key for tune in tunes] == [f"C{mode}", f"C#{mode}"]


def test_blocks_of_folkwiki(tmp_path: Path) -> None:
    text = "F:Den_b%C3%A4sta_a44a4f.abc\n[L:1/8] [L:1/16]\n[M:3/4]\n[K:AMin]\n[L:1/8] A 2 |: d 3 e f 2 |\n"
    (tune,), _ = read(written(tmp_path, text))
    assert tune.text == (
        "X:1\nT:Den bästa\nF:Den_b%C3%A4sta_a44a4f.abc\nL:1/8\nL:1/16\nM:3/4\nK:AMin\n[L:1/8]A2 |: d3ef2 |\n"
    )


def test_percent_codes_of_either_encoding(tmp_path: Path) -> None:
    for name, title in (
        ("B%E4lgsvalsen_0a1b2c.abc", "Bälgsvalsen"),
        ("B%C3%A4lg.abc", "Bälg"),
        ("A%20b.abc", "A b"),
    ):
        (tune,), _ = read(written(tmp_path, f"F:{name}\n[M:3/4]\n[K:G]\nG 2 A B |\n"))
        assert tune.title == title


def test_titles_part_tunes_that_touch(tmp_path: Path) -> None:
    tunes, _ = read(written(tmp_path, V1 + V1.replace("Cup", "Pot")))
    assert [tune.title for tune in tunes] == ["A Cup Of Tea", "A Pot Of Tea"]


def test_a_published_file_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("hf_abc.corpora.sources.folk_rnn.RAW", "http://127.0.0.1:9")
    with pytest.raises(
        InputError, match="allabcwrepeats_parsed cannot be downloaded .*connect to the network"
    ):
        open_source(f"folk_rnn:{PUBLISHED[1]}")
    with pytest.raises(InputError, match="does not exist"):
        open_source("folk_rnn:other")
    kept = tmp_path / "hf_abc" / "folk_rnn"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / PUBLISHED[3]).write_text(V3)
    assert [f.id for f in read_source(f"folk_rnn:{PUBLISHED[3]}") if isinstance(f, Tune)] == [
        f"{PUBLISHED[3]}:1:1"
    ]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not there")
@pytest.mark.parametrize(
    ("path", "count", "lost", "share"),
    [
        ("thesession/folk-rnn_data_v2/data_v2_cleaned.test.txt", 1875, 0, 0.88),
        ("thesession/folk-rnn_data_v2/data_v2_cleaned.valid.txt", 1909, 0, 0.88),
        ("thesession/folk-rnn_data_v2/reels.txt", 335, 1, 0.98),
        ("folkwiki/9_nov_folkwiki_w_titles.txt", 3705, 0, 0.88),
    ],
)
def test_real_files(path: str, count: int, lost: int, share: float) -> None:
    tunes, refused = read(SHARED / path)
    assert (len(tunes), len(refused)) == (count, lost)
    messages = check_book([tune.text for tune in tunes])
    assert sum(compiles(found) for found in messages) / count > share
