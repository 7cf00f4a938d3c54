"""Sampling: new tunes out of a model, each with its own seed, and the prompts that ask for a kind of tune."""
