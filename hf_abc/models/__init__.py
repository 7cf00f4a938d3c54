"""What travels to the Hub: model configurations, sizes and tokenizers. A flat island that imports nothing of
the package.

The LSTM's classes are names of this package: asking for one registers them with transformers' Auto classes,
so that `AutoModelForCausalLM` loads a saved LSTM without running the code in its folder. They are not loaded
before, as the library's modelling code takes two to four seconds, which a tokenizer or a GPT-2 that only
decodes does not need.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_abc.models.configuration_abc_lstm import AbcLSTMConfig as AbcLSTMConfig
    from hf_abc.models.modeling_abc_lstm import AbcLSTMForCausalLM as AbcLSTMForCausalLM

__all__ = ["AbcLSTMConfig", "AbcLSTMForCausalLM"]


def __getattr__(name: str) -> type:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    from hf_abc.models.modeling_abc_lstm import AbcLSTMConfig, AbcLSTMForCausalLM, AbcLSTMModel

    AutoConfig.register("abc_lstm", AbcLSTMConfig, exist_ok=True)
    AutoModel.register(AbcLSTMConfig, AbcLSTMModel, exist_ok=True)
    AutoModelForCausalLM.register(AbcLSTMConfig, AbcLSTMForCausalLM, exist_ok=True)
    globals().update(AbcLSTMConfig=AbcLSTMConfig, AbcLSTMForCausalLM=AbcLSTMForCausalLM)
    return globals()[name]
