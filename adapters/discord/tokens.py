"""Ways to one member alone, and what Discord let them do, for as long as either holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import discord

LIVES = timedelta(minutes=14, seconds=30)
"""Discord's interaction tokens live 15 minutes; what is sent near the end may come too late."""
MOST = 10_000

K = TypeVar("K")
V = TypeVar("V")


class Tokens:
    """Each person's latest interaction of this process.

    It can be followed up with what they alone see. ``allow`` remembers that Discord let
    somebody use an organisers' command in a guild: whom it shows them to is for the guild's
    owner to say.
    """

    def __init__(self) -> None:
        self._latest: dict[int, discord.Interaction] = {}
        self._allowed: dict[tuple[int, int], datetime] = {}

    def note(self, interaction: discord.Interaction) -> None:
        """Keep an interaction that has been answered: only such a one can be followed up."""
        _put(self._latest, interaction.user.id, interaction)

    def latest(self, user_id: int) -> discord.Webhook | None:
        """What sends ephemeral messages to a person, if they did something lately."""
        interaction = self._latest.get(user_id)
        if interaction is None:
            return None
        if discord.utils.utcnow() - interaction.created_at > LIVES:
            del self._latest[user_id]
            return None
        return interaction.followup

    def drop(self, user_id: int) -> None:
        """Forget a way to a person that turned out to be closed."""
        self._latest.pop(user_id, None)

    def allow(self, interaction: discord.Interaction) -> None:
        """Who sent this was shown an organisers' command by Discord."""
        if interaction.guild_id is not None:
            key = (interaction.guild_id, interaction.user.id)
            _put(self._allowed, key, interaction.created_at)

    def allowed(self, interaction: discord.Interaction) -> bool:
        """Whether they were shown one in this guild lately."""
        since = self._allowed.get((interaction.guild_id or 0, interaction.user.id))
        return since is not None and interaction.created_at - since <= LIVES


def _put(kept: dict[K, V], key: K, value: V) -> None:
    """Keep it as the newest; the oldest go when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > MOST:
        del kept[next(iter(kept))]
