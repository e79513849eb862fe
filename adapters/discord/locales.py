"""Members' commands in other languages, where Discord offers that.

What they answer stays English, as studybot does. Options keep their names in every language.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from adapters.discord.wordings import DESCRIPTIONS, NAMES

_KEYS = {
    discord.Locale.german: "de",
    discord.Locale.spain_spanish: "es",
    discord.Locale.latin_american_spanish: "es",
    discord.Locale.french: "fr",
    discord.Locale.brazil_portuguese: "pt",
}
_WORDINGS = {
    Location.command_name: NAMES,
    Location.group_name: NAMES,
    Location.command_description: DESCRIPTIONS,
    Location.group_description: DESCRIPTIONS,
    Location.parameter_description: DESCRIPTIONS,
}


class Names(app_commands.Translator):
    """Names and descriptions by what they are in English."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """The wording in that language, None where there is none."""
        wordings = _WORDINGS.get(context.location, {})
        return wordings.get(string.message, {}).get(_KEYS.get(locale, ""))
