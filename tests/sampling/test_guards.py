"""The guards: what they let pass, what they take back, and that they work inside plain `generate()`."""

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hf_abc.abcmidi import bars_right, check_book, compiles
from hf_abc.corpora.encoding import decode
from hf_abc.models.tokenizers import encode, train_tokenizer
from hf_abc.notation.levels import is_loop, level
from hf_abc.notation.tune import split_book
from hf_abc.sampling.drawing import choose_among
from hf_abc.sampling.form import Form
from hf_abc.sampling.generator import generate_tunes, vocabulary_of
from hf_abc.sampling.guards import ALL_GUARDS, NO_GUARDS, STARTS, Guards, Watch
from hf_abc.sampling.loading import find_model, load_for_sampling, load_model
from hf_abc.sampling.loops import BarBook
from hf_abc.sampling.processors import LoopStop, TuneGuard
from hf_abc.sampling.vocabulary import BANNED, LOOSE, SOUND, TEXT, Vocabulary

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"
SHIPPED = find_model(None)


@pytest.fixture(scope="module")
def shipped():
    return load_for_sampling(SHIPPED)


@pytest.fixture(scope="module")
def characters():
    return train_tokenizer([HEAD + "|:GABc d2e2|f4 g'4:|\n"], kind="char")


def after(vocabulary, text, tokenizer):
    """The place behind a text, None where the automaton does not let it pass."""
    place = vocabulary.start
    for token in encode(tokenizer, [text])[0]:
        place = vocabulary.follow(place, token)[0] if place is not None else None
    return place


def test_verdicts_on_tokens(characters):
    vocabulary = Vocabulary(characters)
    token = {text: number for number, text in enumerate(vocabulary.texts) if text}
    place = after(vocabulary, HEAD + "|:GABc d2ef", characters)
    wanted = {
        "|": SOUND,
        ":": SOUND,
        "g": BANNED,
        "G": BANNED,
        "-": SOUND,
        "\n": LOOSE,
        '"': LOOSE,
        "?": BANNED,
    }
    for text, verdict in wanted.items():
        if text in token:
            assert vocabulary.follow(place, token[text])[1] == verdict, text
    assert vocabulary.follow(place, vocabulary.end_id)[1] == BANNED  # the repeat is open
    room = after(vocabulary, HEAD + "GABc d2", characters)
    assert vocabulary.follow(room, token["T"])[1] == TEXT
    every = vocabulary.verdicts(room)
    assert [vocabulary.follow(room, number)[1] for number in range(len(every))] == every.tolist()


@pytest.mark.parametrize("kind", ["char", "newline", "note"])
def test_real_tunes_pass_token_by_token(kind):
    from pathlib import Path

    import music21

    files = sorted((Path(music21.__file__).parent / "corpus" / "oneills1850").glob("*.abc"))
    texts = [tune for file in files[::8] for tune in split_book(decode(file.read_bytes()))][:120]
    sound = [t for t, said in zip(texts, check_book(texts), strict=True) if level(t, said).number >= 5]
    if kind == "char":
        tokenizer = train_tokenizer(texts, kind="char")
    else:
        tokenizer = train_tokenizer(texts, vocab_size=600, boundary=kind)
    vocabulary = Vocabulary(tokenizer, voices=False)
    assert len(sound) > 20
    for text in sound:
        place = after(vocabulary, text, tokenizer)
        assert place is not None and vocabulary.follow(place, vocabulary.end_id)[1] > BANNED, text


def test_guarded_tunes_are_sound(shipped):
    model, tokenizer = shipped
    samples = generate_tunes(model, tokenizer, [""] * 40, seed=11, min_p=0.05, guards=ALL_GUARDS)
    texts = [sample.text for sample in samples]
    assert all(sample.ended and sample.guarded for sample in samples)
    assert sum(map(compiles, check_book(texts))) == 40
    assert all(level(text).number >= 5 for text in texts)
    assert not any(map(is_loop, texts)) and len(set(texts)) == 40


def test_guarded_tunes_are_the_same_in_every_batch(shipped):
    model, tokenizer = shipped
    settings = {"seed": 5, "min_p": 0.05, "guards": ALL_GUARDS}
    many = generate_tunes(model, tokenizer, ["", "X:1\n"] * 6, batch_size=12, **settings)
    assert generate_tunes(model, tokenizer, ["", "X:1\n"] * 6, batch_size=3, **settings) == many
    assert generate_tunes(model, tokenizer, ["", "X:1\n"], batch_size=1, **settings) == many[:2]


def test_guards_inside_plain_generate():
    model, (_, tokenizer) = load_model(SHIPPED), load_for_sampling(SHIPPED)
    torch.manual_seed(3)
    ids = torch.zeros((8, 1), dtype=torch.long)
    written = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_length=300,
        logits_processor=[TuneGuard(tokenizer, length=300)],
        stopping_criteria=[LoopStop(tokenizer)],
    )
    texts = tokenizer.batch_decode(written, skip_special_tokens=True)
    assert all(level(text).number >= 5 for text in texts)
    assert sum(map(compiles, check_book(texts))) == 8


def test_a_prompt_that_cannot_be_saved_makes_the_guard_step_aside(shipped):
    model, tokenizer = shipped
    prompt = HEAD + "GABc dedB cc|"
    with pytest.warns(UserWarning, match="begins no sound tune"):
        (sample,) = generate_tunes(
            model, tokenizer, [prompt], seed=1, min_p=0.05, guards=ALL_GUARDS, max_new_tokens=60
        )
    assert sample.text.startswith(prompt) and not sample.guarded


def test_any_causal_model_can_be_guarded():
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer([HEAD + "GABc|"], kind="char")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=400, bos_token_id=0, eos_token_id=0, pad_token_id=0,
    )  # fmt: skip
    llama = LlamaForCausalLM(config).eval()
    samples = generate_tunes(
        llama, tokenizer, [HEAD] * 2, seed=1, guards=ALL_GUARDS, max_new_tokens=200, temperature=0.5
    )
    assert all(sample.guarded for sample in samples)  # noise, but every character of it was allowed


def test_loops_are_seen_at_their_third_copy_and_forms_are_not():
    book = BarBook()
    book.write(HEAD)
    assert book.write("|:G2 A2 B2 c2|d8|G2 A2 B2 c2|d8")
    assert book.write("|") and book.loop() == 0  # two copies of two bars
    assert book.write("G2 A2 B2 c2|") and book.loop() == 0
    assert book.write("d8|") and book.loop() == 2
    aabb = BarBook()
    strain_a, strain_b = "G8|A8|B8|c8|d8|e8|f8|g8|\n", "g8|f8|e8|d8|c8|B8|A8|G8|\n"
    aabb.write(HEAD)
    for line in (strain_a, strain_a, strain_b, strain_b):
        for bar in line.split("|"):
            aabb.write(bar + "|")
            assert aabb.loop() == 0


def test_the_third_copy_is_taken_back_and_in_the_end_the_tune_ended(characters):
    """A model that only ever wants to write one bar again."""
    watch = Watch.over_prompt(ALL_GUARDS, vocabulary_of(characters), [0, *ids_of(characters, HEAD)], 1000)
    for bar in "ABcdefga":
        write(watch, characters, f"{bar}8|")
    returns = rewound(watch, characters, "G8|")
    assert len(returns) == 4  # three times again, then the strain is ended
    assert len(set(returns)) == 1  # always the end of the second copy
    assert watch.place.state.late and watch.starts == 0
    assert watch.verdict(ids_of(characters, "G")[0]) == BANNED and watch.verdict(0) > BANNED


def test_a_tune_that_is_given_up_at_once_begins_again(characters):
    ids = [0, *ids_of(characters, HEAD)]
    watch = Watch.over_prompt(ALL_GUARDS, vocabulary_of(characters), ids, 1000)
    returns = rewound(watch, characters, "G8|")
    assert [back for back in returns if back == len(ids)] == [len(ids)] * STARTS
    assert watch.starts == STARTS and len(returns) == 4 * (STARTS + 1) == watch.rewinds
    assert watch.place.state.late  # in the end it is ended all the same


def test_a_tune_that_may_end_gets_no_more_bar_lines(characters):
    vocabulary = vocabulary_of(characters)
    ids = [0, *ids_of(characters, HEAD + "G8|A8|B8|c8||")]
    watch = Watch.over_prompt(ALL_GUARDS, vocabulary, ids, 1000)
    watch.place = vocabulary.hurried(watch.place)
    (new_line,) = ids_of(characters, "\n")
    watch.accept(new_line)
    (bar,) = ids_of(characters, "|")
    assert watch.verdict(bar) == BANNED and watch.verdict(0) == SOUND


def ids_of(tokenizer, text: str) -> list[int]:
    return encode(tokenizer, [text])[0]


def write(watch: Watch, tokenizer, text: str) -> int | None:
    """Write a text that passes; where it was taken back to, None where it was not."""
    for token in ids_of(tokenizer, text):
        assert watch.verdict(token) != BANNED
        back = watch.accept(token)
        if back is not None:
            return back
    return None


def rewound(watch: Watch, tokenizer, bar: str) -> list[int]:
    """Write one bar until it is allowed no more; the lengths that were gone back to."""
    returns = []
    for _ in range(100):
        if any(watch.verdict(token) == BANNED for token in ids_of(tokenizer, bar)[:1]):
            return returns
        back = write(watch, tokenizer, bar)
        if back is not None:
            returns.append(back)
    raise AssertionError("it goes on for ever")


def test_what_would_close_a_loop_is_forbidden_where_nothing_can_be_taken_back(characters):
    vocabulary = vocabulary_of(characters)
    ids = [0, *encode(characters, [HEAD + "G8|G8|G"])[0]]
    watch = Watch.over_prompt(ALL_GUARDS, vocabulary, ids, 1000, bans=True)
    token = {text: number for number, text in enumerate(vocabulary.texts) if text}
    assert watch.verdict(token["8"]) == BANNED and watch.verdict(token["4"]) == SOUND


@pytest.mark.parametrize("form", [Form(16, 2), Form(8), Form(24), Form(0, 3)])
def test_so_many_bars_and_parts(shipped, form):
    from hf_abc.notation.bar_spans import spans

    model, tokenizer = shipped
    samples = generate_tunes(
        model, tokenizer, ["X:1\n"] * 12, seed=1, min_p=0.05, guards=ALL_GUARDS, forms=[form] * 12
    )
    assert all(sample.ended for sample in samples)
    bars = [max(span.number for span in spans(sample.text)) for sample in samples]
    sound = [compiles(found) and bars_right(found) for found in check_book([s.text for s in samples])]
    assert sum(sound) >= 11
    if form.bars:
        assert sum(found == form.bars for found in bars) >= 11
    else:
        assert sum(sum(s.section for s in spans(sample.text)) >= form.parts for sample in samples) >= 10


def test_bars_are_counted_anew_where_a_tune_begins_again(characters):
    ids = [0, *encode(characters, [HEAD])[0]]
    watch = Watch.over_prompt(ALL_GUARDS, vocabulary_of(characters), ids, 1000, form=Form(8))
    write(watch, characters, "|:GABc d2e2|f4 g'4|GABc")
    assert watch.count is not None and watch.count.bars(watch.place.state) == 2
    watch._return_to(watch.marks[0])
    assert watch.count.ticks == 0 == watch.bars


def test_choose_among_by_hand():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    even = np.ones(4)

    def chosen(verdicts, noise=even, **settings):
        return choose_among(logits, noise, 1.0, settings.pop("min_p", 0.0), verdicts.__getitem__, **settings)[
            0
        ]

    assert chosen([SOUND] * 4) == 0
    assert chosen([BANNED, SOUND, SOUND, SOUND]) == 1
    assert chosen([LOOSE, SOUND, SOUND, SOUND]) == 1  # something sound is likely
    assert chosen([LOOSE, BANNED, BANNED, BANNED]) == 0
    assert chosen([LOOSE, BANNED, BANNED, BANNED], patience=2) == -1
    assert chosen([LOOSE, BANNED, BANNED, BANNED], patience=-1) == 0
    assert chosen([BANNED] * 4) == -1
    assert chosen([TEXT, SOUND, SOUND, SOUND]) == 0
    assert chosen([BANNED, SOUND, SOUND, TEXT], np.array([1, 1, 1, 1e-9])) != 3  # words must be likely
    assert chosen([BANNED, SOUND, SOUND, SOUND], np.array([1, 1, 0.1, 1]), min_p=0.4) == 2
    assert chosen([BANNED, SOUND, SOUND, SOUND], np.array([1, 1, 0.1, 1]), min_p=0.6) == 1
    logits = np.log(np.array([0.997, 0.001, 0.001, 0.001]))  # something sound in the tail
    assert chosen([LOOSE, BANNED, BANNED, SOUND]) == 0
    assert chosen([LOOSE, BANNED, BANNED, SOUND], patience=-1) == 3


def test_nothing_is_guarded_without_guards(shipped):
    model, tokenizer = shipped
    plain = generate_tunes(model, tokenizer, [""] * 4, seed=1, min_p=0.05)
    off = generate_tunes(model, tokenizer, [""] * 4, seed=1, min_p=0.05, guards=NO_GUARDS)
    assert plain == off and not any(sample.guarded for sample in off)
    loops = Guards(bars=False, voices=False, endings=False)
    assert len(generate_tunes(model, tokenizer, [""] * 4, seed=1, min_p=0.05, guards=loops)) == 4


def test_more_tokens_than_positions(shipped):
    """The window: the logits are those of a plain forward pass over the header and the last bars."""
    from hf_abc.sampling.engine import Rows
    from hf_abc.sampling.generator import _jobs

    config = GPT2Config(vocab_size=1024, n_positions=96, n_embd=32, n_layer=2, n_head=2, eos_token_id=0)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(config).eval()
    _, tokenizer = shipped
    from hf_abc.sampling.decoder import Gpt2Decoder

    decoder = Gpt2Decoder.from_model(model)
    vocabulary = vocabulary_of(tokenizer)
    prompt = "X:1\nT:Long\nM:4/4\nL:1/8\nK:G\nGABc|"
    jobs = _jobs(decoder, tokenizer, vocabulary, [prompt], 1, 700, 700)
    rows = Rows(decoder, jobs, 0, 1, 1.0, 0.0, [bool(text) and "|" in text for text in vocabulary.texts])
    seen, logits = [], []
    step = decoder.step

    def heard(*arguments):
        seen.append(list(rows.jobs[0].seen))
        found = step(*arguments)
        logits.append(found.clone())
        return found

    decoder.step = heard
    with torch.inference_mode():
        (job,) = rows.run()
        assert job.written == 700
        header = job.ids[: job.header]
        assert all(len(ids) <= 96 and ids[: len(header)] == header for ids in seen)
        assert any(len(ids) < len(earlier) for earlier, ids in zip(seen, seen[1:], strict=False))
        for at in (0, 60, 90, 200, 400, 699):
            wanted = model(torch.tensor([seen[at]])).logits[0, -1]
            assert torch.allclose(logits[at][0], wanted, atol=1e-4)
