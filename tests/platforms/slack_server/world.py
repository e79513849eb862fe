"""What there is: workspaces, people, channels, messages, and the app that is installed."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.slack_server import mentions
from tests.platforms.slack_server.clock import Clock
from tests.platforms.slack_server.refusals import Json, Refused

PUBLIC, PRIVATE, IM, MPIM = "channel", "group", "im", "mpim"
PREFIX = {PUBLIC: "C", PRIVATE: "C", IM: "D", MPIM: "C"}


@dataclass(eq=False)
class Team:
    """A workspace."""

    id: str
    name: str
    domain: str

    @property
    def json(self) -> Json:
        return {"id": self.id, "domain": self.domain}


@dataclass(eq=False)
class User:
    """Somebody's account. ``tz`` is an IANA zone; ``bot_id`` is set for bots."""

    id: str
    team: Team
    name: str
    real_name: str
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    deleted: bool = False
    bot_id: str = ""

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class File:
    """An upload; ``shared`` once it was posted somewhere."""

    id: str
    team: Team
    name: str
    title: str
    owner: User | None
    content: bytes | None = None
    length: int = 0
    created: int = 0
    channels: list[Channel] = field(default_factory=list)


@dataclass(eq=False)
class Message:
    """A message; ``seen_by`` is who alone sees it, for ephemeral ones.

    ``bot_id`` is set when an app posted it; ``fields`` are what only its subtype has.
    """

    channel: Channel
    ts: str
    author: User | None
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    subtype: str = ""
    thread_ts: str = ""
    bot_id: str = ""
    username: str = ""
    client_msg_id: str = ""
    metadata: Json | None = None
    edited: Json | None = None
    seen_by: str = ""
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    replies: list[Message] = field(default_factory=list)
    fields: Json = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts not in ("", self.ts)

    @property
    def shown(self) -> str:
        """All that can be read: the blocks' words, or the text where there are none."""
        return "\n".join(texts_of(self.blocks)) if self.blocks else self.text

    @property
    def pings(self) -> set[str]:
        """Whom it notifies: user ids, and channel, here or everyone."""
        return mentions.in_text(self.text) | mentions.in_blocks(self.blocks)

    @property
    def buttons(self) -> dict[str, str]:
        """The labels by action_id, of buttons."""
        found = elements_of(self.blocks)
        return {e["action_id"]: e["text"]["text"] for e in found if e.get("type") == "button"}


@dataclass(eq=False)
class Channel:
    """A conversation. ``teams`` has several workspaces for Slack Connect, the home one first."""

    id: str
    name: str
    kind: str
    teams: list[Team]
    creator: User | None = None
    members: dict[str, User] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    archived: bool = False
    deleted: bool = False
    topic: str = ""
    created: int = 0

    @property
    def team(self) -> Team:
        return self.teams[0]

    @property
    def shared(self) -> bool:
        return len(self.teams) > 1

    @property
    def main(self) -> list[Message]:
        """What the channel itself shows, oldest first: without replies that stay in threads."""
        every = self.messages.values()
        return [m for m in every if not m.is_reply or m.subtype == "thread_broadcast"]


@dataclass(eq=False)
class Install:
    """The app in one workspace: its bot user and token, and what it may do there."""

    team: Team
    bot: User
    token: str
    scopes: frozenset[str]
    revoked: bool = False
    inactive: bool = False
    installer: User | None = None


@dataclass(eq=False)
class App:
    """The app as its manifest has it; see manifest.py."""

    id: str
    client_id: str
    client_secret: str
    signing_secret: str
    app_token: str
    name: str
    scopes: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    commands: set[str] | None = None
    shortcuts: set[str] | None = None
    interactive: bool = True
    socket_mode: bool = True
    redirect_urls: tuple[str, ...] = ()
    verification_token: str = "unused-verification-token"


class World:
    """Everything by its id. Ids and ts are never used twice."""

    def __init__(self, clock: Clock, app: App) -> None:
        self.clock = clock
        self.app = app
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.installs: list[Install] = []
        self._ids = itertools.count(1)
        self._last_ts = 0

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):09d}A"

    def new_ts(self) -> str:
        """Microseconds of the clock, moved on where two would be the same."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_team(self, name: str) -> Team:
        domain = re.sub(r"[^a-z0-9]+", "-", name.lower())
        team = Team(self.new_id("T"), name, domain)
        self.teams[team.id] = team
        return team

    def add_user(self, team: Team, name: str, **more: Any) -> User:
        user = User(self.new_id("U"), team, name, more.pop("real_name", name.title()), **more)
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, kind: str, teams: list[Team], creator: User | None) -> Channel:
        channel = Channel(self.new_id(PREFIX[kind]), name, kind, teams, creator)
        channel.created = int(self.clock.now())
        self.channels[channel.id] = channel
        if creator is not None:
            channel.members[creator.id] = creator
        return channel

    def direct(self, one: User, other: User) -> Channel:
        """The direct messages of two, begun when there are none."""
        ids = {one.id, other.id}
        for channel in self.channels.values():
            if channel.kind == IM and set(channel.members) == ids:
                return channel
        channel = self.add_channel("", IM, [one.team], one)
        channel.members[other.id] = other
        return channel

    def install(self, team: Team, scopes: frozenset[str], installer: User | None) -> Install:
        """The app in a workspace; installing again keeps its bot user and gives a new token."""
        bot = next((each.bot for each in self.installs if each.team is team), None)
        if bot is None:
            bot = self.add_user(team, self.app.name, bot_id=self.new_id("B"))
        token = f"xoxb-{team.id}-{next(self._ids)}-loopback"
        install = Install(team, bot, token, scopes, installer=installer)
        self.installs.append(install)
        return install

    def installed(self, team: Team) -> Install | None:
        """The install in force in a workspace."""
        for install in reversed(self.installs):
            if install.team is team and not install.revoked and not install.inactive:
                return install
        return None

    def channel(self, key: object) -> Channel:
        """Raises Refused for an id, or "#name", that isn't there."""
        found = self.channels.get(str(key))
        if found is None and str(key).startswith("#"):
            named = (c for c in self.channels.values() if f"#{c.name}" == key)
            found = next(named, None)
        if found is None or found.deleted:
            raise Refused("channel_not_found")
        return found

    def user(self, key: object) -> User:
        found = self.users.get(str(key))
        if found is None:
            raise Refused("user_not_found")
        return found


def elements_of(blocks: list[Json]) -> list[Json]:
    """The interactive elements of blocks: of actions, inputs and sections' accessories."""
    found: list[Json] = []
    for block in blocks:
        inside = [*block.get("elements", ()), block.get("element"), block.get("accessory")]
        found += [
            {**each, "block_id": block.get("block_id", ""), "silent": _silent(block)}
            for each in inside
            if isinstance(each, dict) and "action_id" in each
        ]
    return found


def _silent(block: Json) -> bool:
    """Inputs tell nothing until the form is sent, unless they are to."""
    return block["type"] == "input" and not block.get("dispatch_action")


def texts_of(value: Any) -> list[str]:
    """Every text in blocks, in their order."""
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    return own + [text for key in value for text in texts_of(value[key])]
