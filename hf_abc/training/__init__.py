"""Training: from texts to a run folder that any Hugging Face tool can load."""

from hf_abc.training.loop import fit, train

__all__ = ["fit", "train"]
