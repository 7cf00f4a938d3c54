"""Forms: strains end where a musician hears them end."""

import pytest

from hf_abc.notation.form import form, strains

HEAD = "X:1\nM:4/4\nL:1/8\nK:G\n"
A, B, C = "GABc dedB|cBAG FDEF|", "g2fg edBd|e2ed efge|", "D8|E8|"


@pytest.mark.parametrize(
    ("music", "wanted"),
    [
        (f"|:{A[:-1]}:|\n|:{B[:-1]}:|", "AABB"),
        (f"|:{A[:-1]}::{B[:-1]}:|", "AABB"),
        (f"{A[:-1]}:|{B[:-1]}:|", "AABB"),
        (f"{A}|{B}|]", "AB"),
        (f"G2|:{A[:-1]}:|\n|:{B[:-1]}:|", "AABB"),  # a pick-up before the repeat is no strain
        (f"|:{A}1 G8:|2 G4 G4||{B[:-1]}|]", "AAB"),  # a second ending belongs to its strain
        (f"|:{A}1 G8:|2 G4 G4|:{B}1 E8:|2 G8|]", "AABB"),
        (f"{A[:-1]}||{B[:-1]}||{A[:-1]}|]", "ABA"),
        (f"{A[:-1]}||{A.replace('FDEF', 'F4D4')[:-1]}||{C[:-1]}|]", "ABC"),  # half of two bars is not alike
        (f"{A}{A[:-1]}||{A}{A.replace('FDEF', 'F4D4')[:-1]}|]", "AA"),  # three of four are
        ("", ""),
        ("|:|:||", ""),
    ],
)
def test_form(music: str, wanted: str) -> None:
    assert form(f"{HEAD}{music}\n") == wanted


def test_strains_have_their_bars_without_second_endings() -> None:
    found = strains(f"{HEAD}|:{A}1 G8:|2 z8|]\n")
    assert [(strain.bars, strain.times) for strain in found] == [(("GABcdedB", "cBAGFDEF", "G8"), 2)]


def test_of_several_voices_the_first_that_sounds() -> None:
    assert form(f"{HEAD}V:1\nz8|z8|]\nV:2\n|:{A[:-1]}:|\n|:{B[:-1]}:|\n") == "AABB"
