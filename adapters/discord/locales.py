"""What members' commands are called in other languages, where Discord offers that."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation

_LOCALES = {
    "de": discord.Locale.german,
    "es": discord.Locale.spain_spanish,
    "es-419": discord.Locale.latin_american_spanish,
    "fr": discord.Locale.french,
    "pt": discord.Locale.brazil_portuguese,
}
_NAMES = {
    "explain": {"de": "erklären", "es": "explicar", "fr": "expliquer", "pt": "explicar"},
    "leaderboard": {
        "de": "rangliste",
        "es": "clasificación",
        "fr": "classement",
        "pt": "classificação",
    },
    "me": {"de": "ich", "es": "yo", "fr": "moi", "pt": "eu"},
    "appeal": {"de": "einspruch", "es": "apelar", "fr": "contester", "pt": "recorrer"},
    "help": {"de": "hilfe", "es": "ayuda", "fr": "aide", "pt": "ajuda"},
    "Grade this message": {
        "de": "Diese Nachricht bewerten",
        "es": "Calificar este mensaje",
        "fr": "Noter ce message",
        "pt": "Avaliar esta mensagem",
    },
}
_KEYS = {locale: key.removesuffix("-419") for key, locale in _LOCALES.items()}


class Names(app_commands.Translator):
    """Names of commands; what they say stays English, as studybot does."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """The name in that language, None where there is none."""
        if context.location is not TranslationContextLocation.command_name:
            return None
        return _NAMES.get(string.message, {}).get(_KEYS.get(locale, ""))
