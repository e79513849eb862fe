"""What people do with the app: payloads, trigger ids, response URLs and what is answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server.deliveries import COMMAND, INTERACTIVE, Deliveries, Delivery
from tests.platforms.slack_server.messages import Draft, Messages
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.views import View
from tests.platforms.slack_server.world import Channel, Message, Team, User, World

T = TypeVar("T")
TRIGGER_FOR = 3.0
URL_FOR = 30 * 60.0
URL_USES = 5


@dataclass(eq=False)
class Trigger:
    """Good once, for three seconds."""

    id: str
    asked: Interaction
    ends: float
    used: bool = False


@dataclass(eq=False)
class ResponseUrl:
    """Good five times in thirty minutes; ``source`` is the message that it may replace."""

    asked: Interaction
    ends: float
    uses: int = 0


@dataclass(eq=False)
class Interaction:
    """One thing a person did. ``replies`` are the messages that answered it, newest last."""

    kind: str
    user: User
    team: Team
    channel: Channel | None
    changes: Changes
    source: Message | None = None
    view: View | None = None
    delivery: Delivery = field(init=False)
    trigger_id: str = ""
    response_url: str = ""
    replies: list[Message] = field(default_factory=list)
    views: list[View] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """The person was told that it didn't work: no ack, or none in time."""
        return self.delivery.failed

    @property
    def response(self) -> Json:
        found = self.delivery.response
        return found if isinstance(found, dict) else {}

    @property
    def errors(self) -> dict[str, str]:
        """What a modal shows beside its inputs, by block_id."""
        found = self.response.get("errors", {})
        return found if isinstance(found, dict) else {}

    @property
    def options(self) -> list[str]:
        """What a select suggests."""
        groups = self.response.get("option_groups") or [self.response]
        return [each["text"]["text"] for group in groups for each in group.get("options", ())]

    async def acked(self, within: float = 10) -> Interaction:
        """Wait for the ack.

        Raises:
            AssertionError: when it failed.
        """
        what = f"the ack of {self.kind}"
        await self.changes.until(lambda: self.delivery.done, within, what=what)
        assert not self.failed, f"{self.kind} failed: {self.delivery.reason}"
        return self

    async def ended(self, within: float = 10) -> Interaction:
        """Wait until it is acked or has failed."""
        await self.changes.until(lambda: self.delivery.done, within, what=f"the end of {self.kind}")
        return self

    async def reply(self, number: int = 0, within: float = 10) -> Message:
        """A message that answered it, by its ack or response URL."""
        return await self._until(
            lambda: self.replies[number] if len(self.replies) > number else None, within, "a reply"
        )

    async def modal(self, within: float = 10) -> View:
        """The modal that was opened, pushed or updated on account of it."""
        return await self._until(lambda: self.views[-1] if self.views else None, within, "a modal")

    async def _until(self, found: Callable[[], T | None], within: float, what: str) -> T:
        return await self.changes.until(found, within, what=f"{what} to {self.kind}")


class Interactions:
    """``triggers`` and ``urls`` by their secrets."""

    def __init__(
        self, world: World, deliveries: Deliveries, messages: Messages, changes: Changes
    ) -> None:
        self._world = world
        self._deliveries = deliveries
        self._messages = messages
        self._changes = changes
        self.triggers: dict[str, Trigger] = {}
        self.urls: dict[str, ResponseUrl] = {}
        self.log: list[Interaction] = []
        self.rejected: list[str] = []
        self.acks: Callable[[Interaction], None] = lambda _asked: None
        self.base_url = ""

    def begin(
        self,
        kind: str,
        user: User,
        channel: Channel | None,
        *,
        source: Message | None = None,
        view: View | None = None,
    ) -> Interaction:
        """Someone does something in their own workspace, or where the app is installed."""
        team = user.team
        if self._world.installed(team) is None and channel is not None:
            team = next(t for t in channel.teams if self._world.installed(t) is not None)
        asked = Interaction(kind, user, team, channel, self._changes, source, view)
        now = self._world.clock.now()
        asked.trigger_id = f"{secrets.randbits(40)}.{secrets.randbits(40)}.{secrets.token_hex(16)}"
        self.triggers[asked.trigger_id] = Trigger(asked.trigger_id, asked, now + TRIGGER_FOR)
        if channel is not None:
            secret = secrets.token_hex(12)
            self.urls[secret] = ResponseUrl(asked, now + URL_FOR)
            asked.response_url = f"{self.base_url}/commands/{team.id}/{secret}"
        self.log.append(asked)
        return asked

    def deliver(self, asked: Interaction, payload: Json, *, command: bool = False) -> Interaction:
        app = self._world.app
        whole: Json = {"token": app.verification_token, "api_app_id": app.id, **payload}
        if not command:
            whole["enterprise"], whole["is_enterprise_install"] = None, False
            whole["team"] = asked.team.json
            whole["user"] = {
                "id": asked.user.id,
                "username": asked.user.name,
                "name": asked.user.name,
                "team_id": asked.user.team.id,
            }
        whole["trigger_id"] = asked.trigger_id
        if asked.response_url:
            whole["response_url"] = asked.response_url
        kind = COMMAND if command else INTERACTIVE
        asked.delivery = self._deliveries.start(kind, whole, answers=True)
        asked.delivery.on_ack = lambda: self._acknowledged(asked)
        return asked

    def use_trigger(self, key: object, team: Team) -> Interaction:
        """Raises Refused for one that is unknown, too old, or used before."""
        trigger = self.triggers.get(str(key))
        if trigger is None or trigger.asked.team is not team:
            raise Refused("invalid_trigger_id")
        if self._world.clock.now() >= trigger.ends:
            raise Refused("expired_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        trigger.used = True
        return trigger.asked

    def respond(self, secret: str, body: Json) -> None:
        """A post to a response URL. Raises Refused as Slack's answer has it."""
        url = self.urls.get(secret)
        if url is None or self._world.clock.now() >= url.ends:
            raise Refused("expired_url")
        if url.uses >= URL_USES:
            raise Refused("used_url")
        url.uses += 1
        self.answer(url.asked, body)

    def answer(self, asked: Interaction, body: Json) -> None:
        """Post, replace or delete, as a response URL or a command's ack asks."""
        source = asked.source or (asked.replies[-1] if asked.replies else None)
        if body.get("delete_original"):
            if source is not None and not source.deleted:
                self._messages.delete(source)
            return
        draft = Draft(body.get("text") or "", body.get("blocks") or [])
        draft.attachments = body.get("attachments") or []
        draft.metadata = body.get("metadata")
        draft.check()
        bot = self._bot(asked.team)
        if body.get("replace_original") and source is not None:
            self._messages.edit(source, bot, draft)
            return
        draft.thread_ts = body.get("thread_ts") or ""
        if body.get("response_type") != "in_channel":
            draft.seen_by = asked.user.id
        if asked.channel is not None:
            asked.replies.append(self._messages.post(asked.channel, bot, draft))
            self._changes.notify()

    def _bot(self, team: Team) -> User:
        install = self._world.installed(team)
        if install is None:
            raise Refused("account_inactive")
        return install.bot

    def _acknowledged(self, asked: Interaction) -> None:
        """Do what an ack asks for; the person sees an error where Slack can't."""
        try:
            self.acks(asked)
        except Refused as refused:
            self.rejected.append(f"{asked.kind}: {refused}")
            asked.delivery.failed = True
