"""Training: from texts to a run folder that any Hugging Face tool can load."""
