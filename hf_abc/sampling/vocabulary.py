"""What each token of a tokenizer writes, and which tokens keep a tune sound.

The automaton of `hf_abc.notation.automaton` knows characters; here it meets tokens. Each state that a tune
has come to is a `Place`, made once; what a token makes of it is looked up the second time. A place may be
asked for one token, which is what drawing needs, or for all, which is a walk down the tree of all tokens.

Tokens are taken as bytes (byte-level tokenizers cut within characters), each byte as one character of
Latin-1: beyond ASCII stands nothing that counts in music.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hf_abc.notation.automaton import START, hurried, may_end, settled, step, unhurried
from hf_abc.notation.state import State

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BANNED, LOOSE, TEXT, SOUND = 0, 1, 2, 3
"""What a token is at a place: wrong for good; odd, as some real tunes are; sound, but words, ornaments,
chords or fields in the midst of music; sound.
"""
_PLAIN = re.compile(r"[A-Ga-gxzZ^_=,'0-9/ |:\]\n<>()-]*")
_MOST_PLACES = 150_000  # some 200 MB


@dataclass(slots=True, eq=False)
class Place:
    """A state with what is known of the ways on from it: characters, and tokens with their verdicts."""

    state: State
    characters: dict[str, tuple[Place | None, bool]] = field(default_factory=dict)
    tokens: dict[int, tuple[Place | None, int]] = field(default_factory=dict)
    all: np.ndarray | None = None
    odd: bool | None = None
    late: Place | None = None


_Tree = dict[str, tuple[list[int], dict]]


class Vocabulary:
    """The tokens of a tokenizer as texts, and the places that they lead to.

    texts: what each id writes (Latin-1), None for special tokens and ids that the tokenizer lacks. voices:
    whether each voice that a header names must get its music.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, *, size: int | None = None, voices: bool = True
    ) -> None:
        self.texts = token_texts(tokenizer, size)
        known = set(self.texts)
        # tokens with a length of their own besides: who writes such a one has written a whole note
        self.whole = {
            token
            for token, text in enumerate(self.texts)
            if text and (f"{text}/" in known or f"{text}2" in known) and not text[-1].isdigit()
        }
        self.ornate = {token for token, text in enumerate(self.texts) if not _PLAIN.fullmatch(text or "")}
        self.end_id: int = tokenizer.eos_token_id
        self.tree = _tree(self.texts)
        self.first = START._replace(voices=voices)
        self.places: dict[State, Place] = {}

    @property
    def start(self) -> Place:
        """Where every tune begins."""
        return self.place(self.first)

    def start_of(self, tokens: list[int]) -> Place:
        """Where a tune of these tokens begins: without the voice guard where its voices are apart."""
        apart = self.place(self.first._replace(voices=False))
        for start in (self.start, apart):
            place: Place | None = start
            for token in tokens:
                place = place and self.follow(place, token)[0]
            if place is not None:
                return start
        return self.start

    def place(self, state: State) -> Place:
        """The place of a state."""
        found = self.places.get(state)
        if found is None:
            if len(self.places) > _MOST_PLACES:
                self.places.clear()  # tunes under way keep theirs
            found = self.places[state] = Place(state)
        return found

    def follow(self, place: Place, token: int) -> tuple[Place | None, int]:
        """Where a token leads, and its verdict; the end token leads nowhere."""
        known = place.tokens.get(token)
        if known is None:
            known = place.tokens[token] = self._follow(place, token)
        return known

    def _follow(self, place: Place, token: int) -> tuple[Place | None, int]:
        if token == self.end_id:
            end = may_end(place.state)
            return None, BANNED if end is None else LOOSE if end.loose else SOUND
        text = self.texts[token]
        if not text:
            return None, BANNED
        loose = False
        now: Place | None = place
        for character in text:
            assert now is not None
            now, odd = self._step(now, character)
            if now is None:
                return None, BANNED
            loose = loose or odd
        assert now is not None
        if loose or (token in self.whole and self._unsettled(now)):
            return now, LOOSE
        music = place.state.body and place.state.mode in ("music", "line")
        return now, TEXT if music and token in self.ornate else SOUND

    def _unsettled(self, place: Place) -> bool:
        """Whether the note under way would be odd as it stands."""
        if place.odd is None:
            after = settled(place.state)
            place.odd = after is None or after.loose
        return place.odd

    def _step(self, place: Place, character: str) -> tuple[Place | None, bool]:
        known = place.characters.get(character)
        if known is None:
            state = step(place.state, character)
            known = (None, False) if state is None else (self.place(state.strict()), state.loose)
            place.characters[character] = known
        return known

    def verdicts(self, place: Place) -> np.ndarray:
        """The verdict on every token, (vocabulary,) of int8."""
        if place.all is None:
            verdicts = np.zeros(len(self.texts), np.int8)
            self._walk(place, self.tree, SOUND, verdicts)
            if place.state.mode in ("music", "line") and place.state.body:
                ornate = list(self.ornate)
                verdicts[ornate] = np.minimum(verdicts[ornate], TEXT)
            verdicts[self.end_id] = self.follow(place, self.end_id)[1]
            place.all = verdicts
        return place.all

    def _walk(self, place: Place, tree: _Tree, verdict: int, verdicts: np.ndarray) -> None:
        for character, (ids, below) in tree.items():
            further, odd = self._step(place, character)
            if further is None:
                continue
            now = LOOSE if odd else verdict
            for token in ids:
                whole = now == SOUND and token in self.whole
                verdicts[token] = LOOSE if whole and self._unsettled(further) else now
            self._walk(further, below, now, verdicts)

    def hurried(self, place: Place) -> Place:
        """The same place in a tune that is to end with this strain."""
        if place.late is None:
            place.late = self.place(hurried(place.state))
        return place.late

    def unhurried(self, place: Place) -> Place:
        """The same place in a tune that may go on."""
        return self.place(unhurried(place.state))


def token_texts(tokenizer: PreTrainedTokenizerFast, size: int | None = None) -> list[str | None]:
    """What each id writes, its bytes as Latin-1; None for special tokens and for ids up to `size` that are
    none.
    """
    special = set(tokenizer.all_special_ids)
    letters = _byte_letters()
    found: list[str | None] = []
    count = max(len(tokenizer), size or 0)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    for number, token in enumerate(tokens):
        if number in special or token is None:
            found.append(None)
        elif all(letter in letters for letter in token):
            found.append("".join(letters[letter] for letter in token))
        else:  # not byte-level
            found.append(str(tokenizer.decode([number])).encode("utf-8").decode("latin-1"))
    return found + [None] * (count - len(found))


def _byte_letters() -> dict[str, str]:
    """The letters by which byte-level tokenizers write bytes, as GPT-2 chose them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): chr(byte) for byte in plain}
    return letters | {chr(256 + number): chr(byte) for number, byte in enumerate(others)}


def _tree(texts: list[str | None]) -> _Tree:
    tree: _Tree = {}
    for token, text in enumerate(texts):
        level, ids = tree, None
        for character in text or "":
            ids, level = level.setdefault(character, ([], {}))
        if ids is not None:
            ids.append(token)
    return tree
