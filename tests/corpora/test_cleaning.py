"""Cleaning steps: what each changes, what it refuses, and that no note changes."""

import random

import pytest

from hf_abc.corpora.cleaning import PROFILES, STEPS, Dropped, clean
from hf_abc.corpora.sources.music21_collections import PRINTS, read_collection
from hf_abc.notation.bars import wrong_bars
from hf_abc.notation.levels import level
from hf_abc.notation.melody import notes
from hf_abc.notation.tune import Tune, header_fields, parse_tune

HEADER = "X:12\nT:A\nM:4/4\nL:1/8\nK:G\n"


def tune(text: str) -> Tune:
    return parse_tune(text, id="a:1:1", source="a", licence="l", family="f")


def step(name: str, text: str) -> str:
    """What a step makes of a tune."""
    result = STEPS[name](tune(text))
    assert isinstance(result, Tune), result
    assert (result.id, result.source, result.licence, result.family) == ("a:1:1", "a", "l", "f")
    assert result == tune(result.text)
    return result.text


def refusal(name: str, text: str) -> str:
    result = STEPS[name](tune(text))
    assert isinstance(result, Dropped)
    return result.reason


def test_music() -> None:
    assert step("music", HEADER + "GA|\n") == HEADER + "GA|\n"
    assert refusal("music", "X:1\nT:No key\nM:4/4\nCDEF|\n") == "no K: field ends the header"
    assert refusal("music", HEADER) == refusal("music", HEADER + "z8|\n") == "no notes"


def test_voice() -> None:
    assert step("voice", HEADER + "GA|\nP:B\nGA|\n")
    assert refusal("voice", HEADER.replace("K:", "V:1\nK:") + "GA|\n") == "several voices"
    assert refusal("voice", HEADER + "[V:1]GA|\n[V:2]GA|\n") == "several voices"
    assert refusal("voice", HEADER + "GA&E2|\n").startswith("voice overlay")
    assert refusal("voice", HEADER.replace("K:", "P:ABA\nK:") + "GA|\n").startswith("parts in an order")


def test_ornaments() -> None:
    text = HEADER + '"G"(GA) {g}!trill!B~c|\n% words\n%%staffsep 50\n'
    assert step("ornaments", text) == HEADER + "GA Bc|\n"


def test_body_fields() -> None:
    text = HEADER + "GA|\nw:la la\nP:B\nK:D % two sharps\nGA[M:3/4][Q:1/4=100]B|\nW:words\n"
    assert step("body_fields", text) == HEADER + "GA|\n[K:D]\\\nGA[M:3/4]B|\n"


def test_readable() -> None:
    assert step("readable", HEADER + "GA|\n")
    assert refusal("readable", HEADER + "GA|=20\n") == "unreadable symbol '='"
    assert refusal("readable", HEADER + "G^4|\n") == "unreadable symbol '^'"
    assert refusal("readable", HEADER + "[GB|\n") == "unreadable symbol '['"


def test_ties() -> None:
    assert step("ties", HEADER + "G-A A-A|[GB]-G c-|\n") == HEADER + "GA A-A|[GB]-G c|\n"


@pytest.mark.parametrize(
    ("before", "title", "rhythm"),
    [
        ("Acacia -- Reel", "Acacia", "reel"),
        ("The Rose.", "The Rose", ""),
        ("Rose,  The", "The Rose", ""),
        ("THE CUCKOO'S NEST", "The Cuckoo's Nest", ""),
        ("Drink of Brandy - Slip Jig", "Drink of Brandy", "slip jig"),
        ("O'Carolan's Devotion", "O'Carolan's Devotion", ""),
    ],
)
def test_titles(before: str, title: str, rhythm: str) -> None:
    done = tune(step("title", HEADER.replace("T:A", f"T:{before}\nT:Another title") + "GA|\n"))
    assert (done.title, done.rhythm) == (title, rhythm)
    assert header_fields(done.text)["T"] == [title]


def test_a_rhythm_that_is_given_wins_over_the_title() -> None:
    done = tune(step("title", HEADER.replace("T:A", "T:A -- Reel\nR:Hornpipe") + "GA|\n"))
    assert (done.title, done.rhythm) == ("A", "hornpipe")


def test_headers() -> None:
    text = "X: 7\nT: A\nC: Trad\nR: Slipjig\nM: 9/8 % slip\nQ:100\nZ: me\nL: 1/8\nK: E Dorian\nGA|\n"
    assert step("header", text) == "X:1\nT:A\nR:slip jig\nM:9/8\nL:1/8\nK:Edor\nGA|\n"
    assert step("header", "X:1\nM:C\nK:D exp _b\nGA|\n") == "X:1\nM:4/4\nK:D exp _b\nGA|\n"
    assert step("header", "X:1\nM:C\nK:Gdor clef=bass\nGA|\n") == "X:1\nM:4/4\nK:Gdor\nGA|\n"
    assert "K:D exp _b ^f\n" in step("header", "X:1\nM:C\nK:D exp _b ^f middle=d clef=alto\nGA|\n")
    assert "K:none\n" in step("header", "X:1\nM:C\nK:none stafflines=3\nGA|\n")
    assert "M:4/4\n" in step("header", "X:1\nR:hornpipe\nM:C|\nK:D\nGA|\n")
    assert "M:C|\n" in step("header", "X:1\nR:reel\nM:C|\nK:D\nGA|\n")
    assert refusal("header", "X:1\nM:C|\nK:Bn\nGA|\n") == "the key cannot be read"
    assert refusal("header", "X:1\nM:none\nK:B\nGA|\n") == "no meter"


def test_layout() -> None:
    text = "X:1\nM:4/4\nL:1/16\nK:G\nG2A2B2c2 d8:|\n"
    assert step("layout", text) == "X:1\nM:4/4\nL:1/8\nK:G\n|:GABc d4:|\n"


def test_length() -> None:
    assert step("length", HEADER + "GABc dedB|GABc d4|G4 G4|\n")
    assert refusal("length", "X:1\nK:G\nGABc dedB|GABc d4|\n") == "shorter than 50 characters"
    assert refusal("length", HEADER + "GABc dedB|" * 200 + "\n") == "longer than 1,500 characters"
    assert refusal("length", HEADER + "G8|" * 11 + "\n") == "fewer than 12 notes"


def test_a_profile_runs_its_steps_and_says_which_changed_something() -> None:
    kept, touched = clean(tune("X:1\nT:The Rose\nM:4/4\nL:1/8\nK:G\n~GABc dedB|GABc d4|G4 G4|]\n"), "plain")
    assert isinstance(kept, Tune)
    assert touched == ["ornaments"]
    assert kept.text == "X:1\nT:The Rose\nM:4/4\nL:1/8\nK:G\nGABc dedB|GABc d4|G4 G4|]\n"
    dropped, touched = clean(tune(HEADER + "~GABc|=20 dedB|\n"), "plain")
    assert isinstance(dropped, Dropped) and (dropped.step, touched) == ("readable", ["ornaments"])
    assert set(STEPS) >= {name for names in PROFILES.values() for name in names}


@pytest.fixture(scope="module")
def raw() -> list[Tune]:
    tunes = [found for name in PRINTS for found in read_collection(name)]
    return random.Random(2).sample(tunes, 150)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_no_note_and_no_bar_of_a_real_tune_changes(raw: list[Tune], profile: str) -> None:
    kept = 0
    for found in raw:
        done, _ = clean(found, profile)
        if isinstance(done, Tune):
            kept += 1
            assert notes(done.text) == notes(found.text)
            assert len(wrong_bars(done.text)) == len(wrong_bars(found.text))
            assert level(done.text).number >= min(4, level(found.text).number)
    assert kept > 130


def test_a_clean_tune_stays_as_it_is(raw: list[Tune]) -> None:
    for found in raw[:60]:
        done, _ = clean(found, "plain")
        if isinstance(done, Tune):
            assert clean(done, "plain") == (done, [])
