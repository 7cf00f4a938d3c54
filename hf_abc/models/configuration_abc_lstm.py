"""The configuration of the LSTM. It travels with a saved model and imports nothing but transformers."""

from typing import Any

from transformers import PreTrainedConfig


class AbcLSTMConfig(PreTrainedConfig):
    """The shape of an `AbcLSTMForCausalLM`.

    vocab_size: number of tokens; hidden_size: width of each of the `num_hidden_layers` layers;
    embedding_size: width of the token vectors, which are the output matrix too (None is hidden_size; a
    different one costs a projection from the top layer); dropout: share of the token vectors, of what passes
    between two layers and of the top layer's output that training leaves out. `eos_token_id` is the token
    that clears the state.
    """

    model_type = "abc_lstm"

    vocab_size: int = 1024
    hidden_size: int = 224
    num_hidden_layers: int = 2
    embedding_size: int | None = None
    dropout: float = 0.0
    use_cache: bool = True
    tie_word_embeddings: bool = True
    bos_token_id: int | None = 0
    eos_token_id: int | None = 0
    pad_token_id: int | None = 0

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.embedding_size is None:
            self.embedding_size = self.hidden_size


__all__ = ["AbcLSTMConfig"]
