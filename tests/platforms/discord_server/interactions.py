"""Interactions: what a person started, how the bot may answer it, and what they saw of that."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from tests.platforms.discord_server import payloads, permissions
from tests.platforms.discord_server.changes import Changes
from tests.platforms.discord_server.gateway import Gateway
from tests.platforms.discord_server.refusals import (
    Json,
    Refused,
    invalid_webhook_token,
    unknown,
)
from tests.platforms.discord_server.world import Channel, Message, Thread, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
KINDS = {
    MESSAGE: "message",
    DEFERRED: "deferred",
    DEFERRED_UPDATE: "deferred_update",
    UPDATE: "update",
    CHOICES: "choices",
    MODAL: "modal",
}
ALLOWED = {
    COMMAND: (MESSAGE, DEFERRED, MODAL),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}


@dataclass(frozen=True)
class Response:
    """How the bot first answered.

    ``kind`` is one of KINDS' values; ``message`` is what was posted, is loading, or was updated;
    ``choices`` are {name, value} of autocomplete; ``took`` is in seconds.
    """

    kind: str
    took: float
    message: Message | None = None
    modal: Json | None = None
    choices: tuple[Json, ...] = ()

    @property
    def ephemeral(self) -> bool:
        return self.message is not None and self.message.ephemeral

    @property
    def text(self) -> str:
        return "" if self.message is None else self.message.text


@dataclass(eq=False)
class Interaction:
    """``source`` is the message whose component was used; ``about`` goes into its metadata."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    started: float
    changes: Changes
    source: Message | None = None
    name: str = ""
    first: Response | None = None
    original: Message | None = None
    edited: bool = False
    followups: list[Message] = field(default_factory=list)
    about: Json = field(default_factory=dict)
    payload: Json = field(default_factory=dict)

    async def response(self, within: float = 5) -> Response:
        """The bot's first answer, which may be only that it is thinking."""
        return await self.changes.until(
            lambda: self.first, within, what=f"an answer to {self.name or self.kind}"
        )

    async def answer(self, within: float = 5) -> Message:
        """The message that the person finally reads in answer, when it is no longer loading."""

        def finished() -> Message | None:
            message = self.original
            if message is None or self.first is None or message.loading:
                return None
            return None if self.first.kind == "deferred_update" and not self.edited else message

        return await self.changes.until(finished, within, what=f"the answer to {self.name}")

    async def followup(self, number: int = 0, within: float = 5) -> Message:
        """The follow-up of that number, from 0."""

        def arrived() -> Message | None:
            return self.followups[number] if len(self.followups) > number else None

        return await self.changes.until(arrived, within, what=f"a follow-up to {self.name}")


@dataclass
class InteractionSettings:
    """Seconds: to answer within, and for follow-ups."""

    answer_within: float = 3.0
    token_lives: float = 15 * 60


class Interactions:
    """Interactions by id and by token."""

    def __init__(self, world: World, gateway: Gateway, changes: Changes) -> None:
        self.settings = InteractionSettings()
        self.late = 0
        self.by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._world = world
        self._gateway = gateway
        self._changes = changes

    def start(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        source: Message | None = None,
        shown: Json | None = None,
        about: Json | None = None,
    ) -> Interaction:
        """Tell the bot of an interaction; ``shown`` is the source message as it is told."""
        started = asyncio.get_running_loop().time()
        token = secrets.token_urlsafe(48)
        interaction = Interaction(
            self._world.ids.next(), token, kind, user, channel, started, self._changes, source
        )
        interaction.name = data.get("name") or data.get("custom_id", "")
        interaction.about = self._metadata(interaction, about or {})
        self.by_id[interaction.id] = interaction
        self._by_token[token] = interaction
        payload = self._payload(interaction, data)
        if shown is not None:
            payload["message"] = shown
        interaction.payload = payload
        self.tell(interaction)
        return interaction

    def tell(self, interaction: Interaction) -> None:
        """Tell the bot of an interaction; again, as a session that is resumed may."""
        guild_id = interaction.channel.guild_id
        self._gateway.emit("INTERACTION_CREATE", interaction.payload, guild_id=guild_id)

    def to_answer(self, interaction_id: int, token: str, kind: int) -> Interaction:
        """The interaction that a callback is for.

        Raises:
            Refused: 10062 when it isn't known or too old, 40060 when it was answered before.
        """
        interaction = self.by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown("interaction")
        if interaction.first is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        if self._age(interaction) > self.settings.answer_within:
            self.late += 1
            raise unknown("interaction")
        self._check_kind(interaction, kind)
        return interaction

    def by_token(self, token: str) -> Interaction:
        """The interaction whose follow-ups are meant.

        Raises:
            Refused: 50027 for a wrong or outlived token, 10015 before the first answer.
        """
        interaction = self._by_token.get(token)
        if interaction is None or self._age(interaction) > self.settings.token_lives:
            raise invalid_webhook_token()
        if interaction.first is None:
            raise unknown("Webhook")
        return interaction

    def answered(self, interaction: Interaction, response: Response) -> None:
        interaction.first = response
        interaction.original = response.message
        self._changes.notify()

    def took(self, interaction: Interaction) -> float:
        return self._age(interaction)

    def _check_kind(self, interaction: Interaction, kind: int) -> None:
        fits = kind in ALLOWED[interaction.kind]
        if kind in (DEFERRED_UPDATE, UPDATE) and interaction.source is None:
            fits = False
        if not fits:
            errors = {"type": {"_errors": [{"code": "INTERACTION_RESPONSE_INVALID_TYPE"}]}}
            raise Refused(400, 50035, "Invalid Form Body", errors)

    def _age(self, interaction: Interaction) -> float:
        return asyncio.get_running_loop().time() - interaction.started

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        channel, user = interaction.channel, interaction.user
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(self._world.application.id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": payloads.channel(channel, self._world.bot),
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": 10 * 1024 * 1024,
            "app_permissions": str(permissions.in_channel(channel, self._world.bot)),
        }
        if channel.guild is None:
            owners = {"1": str(user.id)}
            told = {"user": payloads.user(user), "context": 1}
            return {**payload, **told, "authorizing_integration_owners": owners}
        guild = channel.guild
        member = payloads.member(guild.members[user.id])
        member["permissions"] = str(permissions.in_channel(channel, user))
        return {
            **payload,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": member,
            "context": 0,
            "authorizing_integration_owners": {"0": str(guild.id)},
        }

    def _metadata(self, interaction: Interaction, about: Json) -> Json:
        """What the messages that answer an interaction tell of it."""
        where = interaction.channel.guild
        owner = {"1": str(interaction.user.id)} if where is None else {"0": str(where.id)}
        return {
            "id": str(interaction.id),
            "type": interaction.kind,
            "user": payloads.user(interaction.user),
            "authorizing_integration_owners": owner,
            **about,
        }


def may_post_publicly(interaction: Interaction, bot: User) -> bool:
    """Answers need no permission to send, but a locked thread takes none."""
    channel = interaction.channel
    if not isinstance(channel, Thread) or not channel.locked:
        return True
    return bool(permissions.in_channel(channel, bot) & permissions.MANAGE_THREADS)
