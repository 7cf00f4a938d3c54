"""`hf-abc sample`."""

import argparse
from pathlib import Path

from hf_abc.rendering.options import PLAY

from .notices import judge, notices

TEXT = "let a model write tunes"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "model", nargs="?", help="run folder or Hub id (default: the model that comes with the package)"
    )
    p.add_argument("-n", "--count", type=int, default=1, help="number of tunes (default: 1)")
    p.add_argument("--key", default="", help="K: of the tunes, e.g. D, Edor, Bb")
    p.add_argument("--meter", default="", help="M: of the tunes, e.g. 6/8")
    p.add_argument("--rhythm", default="", help="R: of the tunes, e.g. jig")
    p.add_argument("--title", default="", help="T: of the tunes")
    p.add_argument("--unit-length", default="", help="L: of the tunes, e.g. 1/8")
    p.add_argument("--opening", default="", metavar="ABC", help="how the music begins, e.g. 'GAB c2d|'")
    p.add_argument("--bars", type=int, default=0, help="length in bars, repeats not played")
    p.add_argument("--parts", type=int, default=0, help="length in parts")
    p.add_argument("--seed", type=int, default=1, help="the same seed gives the same tunes (default: 1)")
    p.add_argument("--temperature", type=float, help="below 1 is more cautious (default: the model's own)")
    p.add_argument(
        "--min-p",
        type=float,
        help="drop tokens less likely than this share of the best (default: the model's own)",
    )
    p.add_argument("--tokens", type=int, help="longest tune in tokens (default: the model's context)")
    p.add_argument("--no-guards", action="store_true", help="let wrong bars, loops and endless tunes pass")
    p.add_argument("--out", type=Path, default=Path("tunes"), help="folder to write (default: tunes)")
    p.add_argument(
        "--corpus",
        type=Path,
        help="corpus folder: what each tune shares with its train side is told (default: not told)",
    )
    p.add_argument("--play", action="store_true", help=PLAY)


def run(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from hf_abc.quickstart import draw
    from hf_abc.sampling.files import sample_files
    from hf_abc.sampling.generator import Sample
    from hf_abc.sampling.guards import NO_GUARDS, Guards
    from hf_abc.sampling.prompts import Wish

    wish = Wish(
        arguments.title,
        arguments.rhythm,
        arguments.meter,
        arguments.key,
        unit_length=arguments.unit_length,
        opening=arguments.opening,
        bars=arguments.bars,
        parts=arguments.parts,
    )
    with notices(), tqdm(total=arguments.count, unit="tune", disable=None, leave=False) as progress:

        def show(sample: Sample) -> None:
            progress.clear()
            print(f"{sample.text.strip()}\n", flush=True)
            progress.update()

        samples = sample_files(
            arguments.model,
            arguments.out,
            count=arguments.count,
            seed=arguments.seed,
            wishes=[wish],
            temperature=arguments.temperature,
            min_p=arguments.min_p,
            max_new_tokens=arguments.tokens,
            guards=NO_GUARDS if arguments.no_guards else Guards(),
            on_tune=show,
            judge=judge(arguments.corpus),
            render=lambda samples, out: draw(samples, out, title="New tunes", corpus=arguments.corpus),
        )
    print(f"to see and hear: {arguments.out / 'index.html'}")
    if arguments.play:
        from hf_abc.notation.tune import header_fields
        from hf_abc.rendering.player import play
        from hf_abc.rendering.render import file_stems

        titles = [next(iter(header_fields(sample.text).get("T", [])), "") for sample in samples]
        files = [arguments.out / f"{stem}.mp3" for stem in file_stems(titles)]
        print(play([file for file in files if file.is_file()], arguments.out / "index.html"))
