"""What travels to the Hub: model configurations, sizes and tokenizers. A flat island that imports nothing of
the package.
"""
