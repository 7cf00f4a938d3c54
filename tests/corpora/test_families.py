"""Families: the same tune in other keys, other ornaments, other books; strangers stay apart."""

import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_abc.corpora.duplicates import SIMILAR, shingles, similarity
from hf_abc.corpora.families import Links, find_links, largest, name_families
from hf_abc.corpora.index import index, melody_key
from hf_abc.corpora.sources.music21_collections import PRINTS, read_collection
from hf_abc.notation.transpose import transpose
from hf_abc.notation.tune import Tune, parse_tune

JIG = "|:GAB cde|dBG AFD|GAB cde|dBA G3:|gfe dcB|cBA BGE|FGA DEF|GBA G3|"
REEL = "|:d2fd Adfd|cdec Acec|d2fd Adfd|gece d2d2:|a2fa gfed|cdec Aceg|fdfa gece|dfec d4|"


def tune(number: str, music: str, title: str = "", key: str = "G") -> Tune:
    return parse_tune(f"X:1\nT:{title}\nM:6/8\nL:1/8\nK:{key}\n{music}\n", id=number)


def families(tunes: list[Tune]) -> list[str]:
    return name_families([t.id for t in tunes], find_links(index(tunes)))


def linked(pairs: list[tuple[int, int]], count: int) -> Links:
    none = np.zeros((0, 2), dtype=np.int64)
    return Links(np.arange(count), none, np.array(pairs, dtype=np.int64).reshape(-1, 2), none, none)


def test_a_tune_in_another_key_under_another_title_is_family() -> None:
    first = tune("a:1:1", JIG, "One")
    moved = transpose(first.text, 5)
    assert moved is not None
    other = parse_tune(moved.replace("T:One", "T:Two"), id="b:9:1")
    assert families([other, first, tune("c:1:1", REEL, "Three")]) == ["a:1:1", "a:1:1", "c:1:1"]


def test_ornaments_and_small_changes_do_not_hide_a_family() -> None:
    dressed = JIG.replace("GAB", "{f}G~AB").replace("gfe", "(gf)e").replace("FGA", "FEA")
    assert families([tune("a:1:1", JIG, "One"), tune("b:1:1", dressed, "Two")]) == ["a:1:1"] * 2


def test_one_strain_taken_over_makes_a_family() -> None:
    """24 notes in a row, though three quarters of the tunes differ."""
    strain = "GAB cde|dBG AFD|GcB edg|fBA GFG|"
    first = tune("a:1:1", strain + REEL * 2, "One")
    second = tune("b:1:1", JIG.replace("G", "E") + JIG.replace("c", "e") + strain, "Two")
    assert similarity(melody_key(first.text), melody_key(second.text)) < SIMILAR
    assert families([first, second]) == ["a:1:1"] * 2


def test_a_drum_beat_in_common_is_no_family() -> None:
    drum = "GGG GGG|" * 8
    assert len(set(families([tune("a:1:1", drum + JIG, "One"), tune("b:1:1", drum + REEL, "Two")]))) == 2


def test_titles_join_only_what_the_melodies_support() -> None:
    varied = "|:GAB cde|dBG AFD|gab aga|bag e2d:|bab gbg|aga eae|GFE DEF|GGG G2z|"
    same = [tune("a:1:1", JIG, "The Rose"), tune("b:1:1", varied, "Rose, The"), tune("c:1:1", REEL, "Rose")]
    assert len(shingles(melody_key(same[0].text)) & shingles(melody_key(same[2].text))) < 3
    assert find_links(index(same)).title.tolist() == [[0, 1]]


def test_generic_titles_never_join() -> None:
    half = "|:GAB cde|dBG AFD|" + REEL
    for title in ("Gan Ainm", "Reel", "The Reel", "Jig", "", "No. 12", "Untitled"):
        pair = [tune("a:1:1", JIG, title), tune("b:1:1", half, title)]
        assert list(find_links(index(pair)).pairs()) == []


def test_a_title_of_many_strangers_is_generic_in_any_language() -> None:
    """Of twenty polskas two have a phrase in common; of as many renderings of one tune, all do."""
    source = random.Random(1)
    strain = "|:GAB cde|dBG AFD|"
    strangers = ["".join(source.choice("CDEFGABcdefg") for _ in range(60)) + "|" for _ in range(18)]
    polskas = [strain + "efg fed|gfg agf|", strain + "CEC EGE|cGc ece|", *strangers]
    assert not len(find_links(index([tune(f"a:{n}:1", m, "Polska") for n, m in enumerate(polskas)])).title)
    assert len(find_links(index([tune(f"a:{n}:1", m, "Polska") for n, m in enumerate(polskas[:19])])).title)
    renderings = [strain + stranger for stranger in strangers] + [strain + REEL, strain + JIG]
    found = find_links(index([tune(f"a:{n}:1", m, "Polska") for n, m in enumerate(renderings)]))
    assert len(found.title) == 190


def test_settings_of_the_session_are_one_tune_whatever_they_sound_like() -> None:
    def named(source: str) -> list[Tune]:
        return [
            parse_tune(tune("", music).text, id=f"{source}:7:{n}", source=source)
            for n, music in enumerate((JIG, REEL), 1)
        ]

    for source, count in (("thesession", 1), ("nottingham", 1), ("oneills1850", 2)):
        assert len(set(families(named(source)))) == count


def test_two_settings_of_one_number_are_family_with_support() -> None:
    half = "|:GAB cde|dBG AFD|" + REEL
    assert families([tune("a:7:1", JIG, "X"), tune("a:7:2", half, "Y")]) == ["a:7:1"] * 2
    assert families([tune("a:7:1", JIG, "X"), tune("a:7:2", REEL, "Y")]) == ["a:7:1", "a:7:2"]


def test_a_family_is_named_after_its_smallest_id_in_any_order() -> None:
    pairs = [(0, 3), (3, 1), (4, 2)]
    ids = ["d", "b", "e", "a", "c"]
    assert name_families(ids, linked(pairs, 5)) == ["a", "a", "c", "a", "c"]
    assert name_families(ids, linked(pairs[::-1], 5)) == name_families(ids, linked(pairs, 5))
    assert name_families([], find_links(index([]))) == []


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_linked_tunes_share_a_name_and_others_do_not(pairs: list[tuple[int, int]]) -> None:
    ids = [f"{n:02}" for n in range(20)]
    names = name_families(ids, linked(pairs, 20))
    assert all(names[a] == names[b] for a, b in pairs)
    assert all(name <= own and names[ids.index(name)] == name for name, own in zip(names, ids, strict=True))
    assert len(set(names)) >= 20 - len(pairs)


@pytest.fixture(scope="module")
def book() -> list[Tune]:
    tunes = [found for name in PRINTS for found in read_collection(name)]
    return random.Random(1).sample(tunes, 1000)


def test_no_near_duplicate_and_no_shared_run_is_missed(book: list[Tune]) -> None:
    """Against the plain method: compare all pairs that share an 8-gram."""
    melodies = [melody_key(found.text) for found in book]
    grams = [shingles(melody) for melody in melodies]
    holders: dict[bytes, list[int]] = {}
    for number, gram in enumerate(grams):
        for value in gram:
            holders.setdefault(value, []).append(number)
    pairs = Counter(pair for group in holders.values() for pair in combinations(group, 2))
    near = {
        (a, b) for (a, b), shared in pairs.items()
        if shared / (len(grams[a]) + len(grams[b]) - shared) >= SIMILAR
    }  # fmt: skip
    links = find_links(index(book))
    kinds = {number: melodies.index(melody) for number, melody in enumerate(melodies)}
    assert {tuple(sorted((kinds[a], kinds[b]))) for a, b in near if kinds[a] != kinds[b]} == {
        tuple(pair) for pair in links.melody.tolist()
    }
    assert links.first.tolist() == [kinds[number] for number in range(len(book))]
    assert links.counts()["melody"] == len(near) > 10
    names = name_families([found.id for found in book], links)
    runs: dict[bytes, set[str]] = {}
    for melody, name in zip(melodies, names, strict=True):
        for run in shingles(melody, 23):
            if len(set(run)) > 3:
                runs.setdefault(run, set()).add(name)
    assert max(map(len, runs.values())) == 1


def test_families_of_real_books_are_small(book: list[Tune]) -> None:
    """A chain of strangers would show here."""
    names = families(book)
    sizes = Counter(names)
    assert max(sizes.values()) <= 5 and 900 < len(sizes) < 990
    (name, titles), *_ = largest([found.title for found in book], names, 1)
    assert len(titles) == sizes[name] == max(sizes.values())


def test_the_order_of_the_tunes_does_not_matter(book: list[Tune]) -> None:
    some = book[:300]
    turned = some[::-1]
    forward = dict(zip([t.id for t in some], families(some), strict=True))
    backward = dict(zip([t.id for t in turned], families(turned), strict=True))
    assert forward == backward


def test_tunes_without_notes_are_families_of_their_own() -> None:
    assert families([tune("a:1:1", "z6|", "A"), tune("b:1:1", "z6|", "B"), tune("c:1:1", "G", "C")]) == [
        "a:1:1", "b:1:1", "c:1:1",
    ]  # fmt: skip
    assert families([]) == []
