"""`hf-abc publish`."""

import argparse
import sys
from pathlib import Path

TEXT = "put a measured run, a corpus or a page on the Hub, as one revision with a tag"


def add(p: argparse.ArgumentParser) -> None:
    p.add_argument("folder", type=Path, metavar="RUN|CORPUS", help="run folder or corpus folder")
    p.add_argument("--repo-id", required=True, metavar="OWNER/NAME", help="where to, e.g. anna/fiddle")
    p.add_argument("--private", action="store_true", help="make a new repository private")
    p.add_argument("--licence", default="", help="what it is under, as the Hub spells it (cc-by-4.0)")
    p.add_argument(
        "--corpus",
        type=Path,
        help="corpus folder of a run's training: for the card, if the run does not know it yet, and for the "
        "copying check of a Space",
    )
    p.add_argument("--dataset", default="", metavar="OWNER/NAME", help="where that corpus is on the Hub")
    p.add_argument("--space", action="store_true", help="publish the page where people try the model")
    p.add_argument("--dry-run", type=Path, metavar="DIR", help="write what would be sent, and send nothing")


def run(arguments: argparse.Namespace) -> None:
    from hf_abc.hub.parcel import corpus_parcel, is_corpus, model_parcel
    from hf_abc.hub.publish import check_name, dry_run, publish

    check_name(arguments.repo_id)
    folder, said = arguments.folder, {"licence": arguments.licence, "private": arguments.private}
    if is_corpus(folder):
        if arguments.space:
            from hf_abc.errors import InputError

            raise InputError(f"{folder} is a corpus: a Space shows a model, so name a run")
        parcel = corpus_parcel(folder, arguments.repo_id, **said)
    else:
        if arguments.corpus:
            _complete(folder, arguments.corpus)
        parcel = model_parcel(folder, arguments.repo_id, dataset=arguments.dataset, **said)
        if arguments.space:
            from hf_abc.hub.space import space_parcel

            parcel = space_parcel(folder, parcel, arguments.repo_id, arguments.corpus)
    if arguments.dry_run:
        dry_run(parcel, arguments.dry_run)
        print(f"{len(parcel.files)} files, {parcel.size / 1e6:,.1f} MB, not sent: {arguments.dry_run}")
        return
    done = publish(
        parcel,
        arguments.repo_id,
        private=arguments.private,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(f"{done.url} {done.tag}{'' if done.changed else ' (nothing has changed)'}")


def _complete(run: Path, corpus: Path) -> None:
    """Note what the card must tell of the corpus, for a run that has been trained and measured by hand."""
    from hf_abc.hub.facts import note_measured
    from hf_abc.record import Record

    record = Record(run)
    if record.get("samples", {}) and (
        "kept" not in record.get("corpus", {}) or not record.get("examples", {})
    ):
        note_measured(run, corpus)
