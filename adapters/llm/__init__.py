"""Any OpenAI-compatible model behind ``bot.ports.LanguageModel``."""

from adapters.llm.model import OpenAIModel, open_model
from adapters.llm.prices import Price, is_local, price_of

__all__ = ["OpenAIModel", "Price", "is_local", "open_model", "price_of"]
