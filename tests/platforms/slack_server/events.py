"""Which events the app gets, in the envelope that carries them."""

from __future__ import annotations

from tests.platforms.slack_server import scopes
from tests.platforms.slack_server.deliveries import EVENT, Deliveries, Delivery
from tests.platforms.slack_server.refusals import Json
from tests.platforms.slack_server.world import (
    IM,
    MPIM,
    PRIVATE,
    PUBLIC,
    Channel,
    Install,
    Message,
    Team,
    User,
    World,
)

SUBSCRIPTION = {
    PUBLIC: "message.channels",
    PRIVATE: "message.groups",
    IM: "message.im",
    MPIM: "message.mpim",
}


class Events:
    """``emit`` functions deliver to each install that subscribed, has the scope and sees it."""

    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self._world = world
        self._deliveries = deliveries

    def message(self, channel: Channel, event: Json) -> None:
        """A message event for the app, if its bot is in the channel."""
        whole = {**event, "channel": channel.id, "channel_type": channel.kind}
        whole.setdefault("event_ts", event["ts"])
        self.in_channel(channel, SUBSCRIPTION[channel.kind], whole)

    def mention(self, message: Message, event: Json) -> None:
        """app_mention for each bot that a text names; direct messages have none."""
        if message.channel.kind == IM:
            return
        for install in self._seeing(message.channel):
            if install.bot.mention in message.text and message.author is not install.bot:
                told = {key: value for key, value in event.items() if key != "subtype"}
                told |= {
                    "type": "app_mention",
                    "channel": message.channel.id,
                    "event_ts": message.ts,
                }
                self._deliver(install, "app_mention", told, message.channel)

    def in_channel(
        self, channel: Channel, subscription: str, event: Json, *, private: str = ""
    ) -> None:
        """An event of a channel that the bot is in, once for the app however many see it.

        ``private`` is the subscription's name in private channels.
        """
        name = private if private and channel.kind == PRIVATE else subscription
        event.setdefault("event_ts", self._world.new_ts())
        for install in self._seeing(channel):
            if self._deliver(install, name, event, channel):
                return

    def in_team(self, team: Team, subscription: str, event: Json) -> Delivery | None:
        install = self._world.installed(team)
        event.setdefault("event_ts", self._world.new_ts())
        return None if install is None else self._deliver(install, subscription, event, None)

    def about_install(self, install: Install, event: Json) -> Delivery | None:
        """What reaches the app even when its token is no longer good."""
        event.setdefault("event_ts", self._world.new_ts())
        return self._deliver(install, event["type"], event, None)

    def rate_limited(self, team: Team) -> Delivery:
        """app_rate_limited, which has no inner event."""
        now = int(self._world.clock.now())
        app = self._world.app
        payload = {
            "token": app.verification_token,
            "type": "app_rate_limited",
            "team_id": team.id,
            "minute_rate_limited": now - now % 60,
            "api_app_id": app.id,
        }
        return self._deliveries.start(EVENT, payload)

    def _seeing(self, channel: Channel) -> list[Install]:
        installs = [self._world.installed(team) for team in channel.teams]
        return [each for each in installs if each and each.bot.id in channel.members]

    def _deliver(
        self, install: Install, subscription: str, event: Json, channel: Channel | None
    ) -> Delivery | None:
        app = self._world.app
        if subscription not in app.events:
            return None
        needed = scopes.EVENTS.get(subscription, "")
        if channel is not None and needed == "channels:read" and channel.kind == PRIVATE:
            needed = "groups:read"
        if needed and needed not in install.scopes:
            return None
        where = f"-{channel.id}" if channel is not None else ""
        payload: Json = {
            "token": app.verification_token,
            "team_id": install.team.id,
            "context_team_id": install.team.id,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self._world.new_id("Ev"),
            "event_time": int(float(event["event_ts"])),
            "authorizations": [_authorization(install.team, install.bot)],
            "is_ext_shared_channel": channel is not None and channel.shared,
            "event_context": f"4-{event['type']}-{install.team.id}{where}",
        }
        return self._deliveries.start(EVENT, payload)


def _authorization(team: Team, bot: User) -> Json:
    return {
        "enterprise_id": None,
        "team_id": team.id,
        "user_id": bot.id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
