"""The gateway: sessions, heartbeats, resuming, events by intent and shard, and its failures."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.discord_server import intents, payloads
from tests.platforms.discord_server.changes import Changes
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.sessions import Connection, Session
from tests.platforms.discord_server.world import Guild, World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 7, 8, 9, 10, 11

UNKNOWN_ERROR, UNKNOWN_OP, UNREADABLE, NOT_IDENTIFIED = 4000, 4001, 4002, 4003
BAD_TOKEN, IDENTIFIED_TWICE, BAD_SEQUENCE, TOO_FAST = 4004, 4005, 4007, 4008
BAD_SHARD, BAD_VERSION, BAD_INTENTS, DISALLOWED_INTENTS = 4010, 4012, 4013, 4014
FORGETTING = (1000, 1001)  # a client that closes with these ends its session

MOST_SENT = 120  # by a client, in a minute
CHUNK = 1_000  # members


class Closing(Exception):  # noqa: N818  (the protocol's answer, not an error of ours)
    """The gateway closes the connection with code {code}"""

    def __init__(self, code: int) -> None:
        super().__init__(f"the gateway closes the connection with code {code}")
        self.code = code


@dataclass
class GatewaySettings:
    """Seconds, except where said.

    ``max_concurrency`` identifies are taken per ``window``; a session without a connection can be
    resumed for ``resumable_for``.
    """

    heartbeat_interval: float = 41.25
    acknowledges: bool = True
    shards: int = 1
    starts_left: int = 1_000
    max_concurrency: int = 16
    window: float = 0
    delay: float = 0
    resumable_for: float = 180


@dataclass
class GatewayLog:
    """What clients did: identifies and resumes as they sent them, and codes they closed with."""

    identifies: list[Json] = field(default_factory=list)
    resumes: list[Json] = field(default_factory=list)
    resumed: int = 0
    refused_connections: int = 0
    closed_with: list[int | None] = field(default_factory=list)
    heartbeats: int = 0
    paths: list[str] = field(default_factory=list)


class Gateway:
    """``emit`` tells an event; the other public methods make it fail as Discord's does."""

    def __init__(self, world: World, changes: Changes) -> None:
        self.settings = GatewaySettings()
        self.log = GatewayLog()
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.url = ""
        self._world = world
        self._changes = changes
        self._down = False
        self._identified: list[float] = []

    # Telling events.

    def emit(
        self,
        event: str,
        data: Json,
        *,
        guild_id: int | None = None,
        redacted: Callable[[], Json] | None = None,
    ) -> None:
        """Tell every session that wants it; those without content intent get ``redacted()``."""
        needed = intents.needed(event, direct=guild_id is None)
        full = hidden = None
        for session in list(self.sessions.values()):
            if not session.serves(guild_id) or (needed and not session.intents & needed):
                continue
            if redacted is None or session.intents & intents.MESSAGE_CONTENT:
                full = full or _encode(data)
                session.tell(event, full)
            else:
                hidden = hidden or _encode(redacted())
                session.tell(event, hidden)
        self._changes.notify()

    def emit_own(self, event: str, data: Json, guild_id: int) -> None:
        """Tell an event of the bot itself, which needs no intent."""
        for session in [s for s in self.sessions.values() if s.serves(guild_id)]:
            session.tell(event, _encode(data))
        self._changes.notify()

    def notify(self) -> None:
        """Something changed of which no event tells."""
        self._changes.notify()

    @property
    def ready(self) -> bool:
        """Whether every shard of the last identified number has a live session."""
        live = [session for session in self.sessions.values() if session.connection is not None]
        counts = {session.shard[1] for session in live}
        return bool(live) and len({session.shard[0] for session in live}) == max(counts)

    async def drained(self) -> None:
        """Wait until every event was handed to the network."""
        for connection in list(self.connections):
            await connection.drained()

    # Making it fail.

    async def drop(self, *, resumable: bool = True, code: int | None = None) -> None:
        """Cut every connection, or close it with ``code``; not resumable forgets the sessions."""
        if not resumable:
            self.sessions.clear()
        for connection in list(self.connections):
            if code is None:
                connection.abort()
            else:
                await connection.close(code)

    def ask_to_reconnect(self) -> None:
        """Op 7, as Discord sends when it moves clients elsewhere."""
        for connection in list(self.connections):
            connection.send_op(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9 to everyone."""
        if not resumable:
            self.sessions.clear()
        for connection in list(self.connections):
            connection.send_op(INVALID_SESSION, resumable)

    @asynccontextmanager
    async def outage(self, *, resumable: bool = True) -> AsyncIterator[None]:
        """No connections while inside, and all that were there are cut."""
        self._down = True
        await self.drop(resumable=resumable)
        try:
            yield
        finally:
            self._down = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Events wait while inside, and go out in order afterwards."""
        connections = list(self.connections)
        for connection in connections:
            connection.held = True
        try:
            yield
        finally:
            for connection in connections:
                connection.release()

    @contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        """Everything sent while inside goes out so much later, on new connections as well."""
        self._delay(seconds)
        try:
            yield
        finally:
            self._delay(0)

    # Serving.

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._down:
            self.log.refused_connections += 1
            self._changes.notify()
            return web.Response(status=503, text="upstream connect error")
        if request.query.get("compress") not in (None, "zlib-stream"):
            return web.Response(status=400, text="only zlib-stream is spoken here")
        socket = web.WebSocketResponse(max_msg_size=4_096 * 16)
        await socket.prepare(request)
        connection = Connection(socket, request, delay=self.settings.delay)
        self.connections.add(connection)
        self.log.paths.append(request.path)
        try:
            await self._converse(connection, request)
        finally:
            self.connections.discard(connection)
            self._forget(connection)
            await connection.finish()
            self._changes.notify()
        return socket

    async def close(self) -> None:
        for connection in list(self.connections):
            connection.abort()
        self.sessions.clear()

    def _delay(self, seconds: float) -> None:
        self.settings.delay = seconds
        for connection in self.connections:
            connection.delay = seconds

    async def _converse(self, connection: Connection, request: web.Request) -> None:
        try:
            self._greet(connection, request)
            await self._read(connection)
        except Closing as closing:
            await connection.close(closing.code)

    def _greet(self, connection: Connection, request: web.Request) -> None:
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            raise Closing(BAD_VERSION)
        interval = int(self.settings.heartbeat_interval * 1000)
        connection.send_op(HELLO, {"heartbeat_interval": interval})

    async def _read(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                raise Closing(UNREADABLE)
            times = [at for at in times if at > loop.time() - 60] + [loop.time()]
            if len(times) > MOST_SENT:
                raise Closing(TOO_FAST)
            try:
                frame = json.loads(message.data)
                op, data = frame["op"], frame.get("d")
            except (ValueError, KeyError, TypeError):
                raise Closing(UNREADABLE) from None
            self._take(connection, op, data)

    def _take(self, connection: Connection, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            self.log.heartbeats += 1
            if self.settings.acknowledges:
                connection.send_op(ACK)
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif op not in (PRESENCE, VOICE, REQUEST_MEMBERS):
            raise Closing(UNKNOWN_OP)
        elif connection.session is None:
            raise Closing(NOT_IDENTIFIED)
        elif op == REQUEST_MEMBERS:
            self._tell_members(connection.session, data)
        elif op == PRESENCE:
            connection.session.presence = data
        self._changes.notify()

    def _forget(self, connection: Connection) -> None:
        """Detach the session of a closed connection; a client may also have ended it."""
        self.log.closed_with.append(connection.socket.close_code)
        session = connection.session
        if session is None or session.connection is not connection:
            return
        session.connection = None
        session.left_at = asyncio.get_running_loop().time()
        if connection.socket.close_code in FORGETTING and not connection.closed_by_us:
            self.sessions.pop(session.id, None)

    def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            raise Closing(IDENTIFIED_TWICE)
        self.log.identifies.append(data)
        if data.get("token") != self._world.token:
            raise Closing(BAD_TOKEN)
        asked = data.get("intents")
        if not isinstance(asked, int) or asked & ~intents.ALL:
            raise Closing(BAD_INTENTS)
        if intents.disallowed(asked, self._world.application.privileged):
            raise Closing(DISALLOWED_INTENTS)
        number, count = data.get("shard") or (0, 1)
        if not 0 <= number < count:
            raise Closing(BAD_SHARD)
        if self._too_many_identifies():
            connection.send_op(INVALID_SESSION, data=False)
            return
        self._expire()
        self.settings.starts_left -= 1
        session = Session(secrets.token_hex(16), asked, (number, count), data.get("presence"))
        self.sessions[session.id] = session
        self._attach(session, connection)
        self._tell_ready(session)

    def _expire(self) -> None:
        """Forget the sessions that nobody came back to in time."""
        oldest = asyncio.get_running_loop().time() - self.settings.resumable_for
        for session in list(self.sessions.values()):
            if session.connection is None and session.left_at < oldest:
                del self.sessions[session.id]

    def _too_many_identifies(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._identified = [at for at in self._identified if at > now - self.settings.window]
        self._identified.append(now)
        return self.settings.window > 0 and len(self._identified) > self.settings.max_concurrency

    def _attach(self, session: Session, connection: Connection) -> None:
        if session.connection is not None:
            session.connection.abort()
        session.connection, connection.session = connection, session

    def _tell_ready(self, session: Session) -> None:
        guilds = [guild for guild in self._world.bot_guilds() if session.serves(guild.id)]
        wanted = guilds if session.intents & intents.GUILDS else []
        application = self._world.application
        ready = {
            "v": 10,
            "user": payloads.own_user(self._world.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": f"{self.url}/resume",
            "shard": list(session.shard),
            "application": {"id": str(application.id), "flags": application.flags},
        }
        session.tell("READY", _encode(ready))
        for guild in wanted:
            if guild.available:
                created = payloads.guild_create(guild, self._world.bot)
                session.tell("GUILD_CREATE", _encode(created))

    def _resume(self, connection: Connection, data: Json) -> None:
        self.log.resumes.append(data)
        if data.get("token") != self._world.token:
            raise Closing(BAD_TOKEN)
        self._expire()
        session = self.sessions.get(data.get("session_id", ""))
        if session is None:
            connection.send_op(INVALID_SESSION, data=False)
            return
        missed = session.missed(data.get("seq") or 0)
        if missed is None:
            raise Closing(BAD_SEQUENCE)
        self._attach(session, connection)
        for text in missed:
            connection.send(text)
        self.log.resumed += 1
        session.tell("RESUMED", "{}")

    def _tell_members(self, session: Session, asked: Json) -> None:
        """Op 8. Without the members intent only named members can be asked for."""
        guild = self._world.guild(int(asked["guild_id"]))
        named = asked.get("user_ids")
        everyone = named is None and not asked.get("query") and not asked.get("limit")
        if everyone and not session.intents & intents.GUILD_MEMBERS:
            raise Closing(DISALLOWED_INTENTS)
        found = [payloads.member(each) for each in _asked_members(guild, asked)]
        parts = [found[at : at + CHUNK] for at in range(0, len(found), CHUNK)] or [[]]
        for number, part in enumerate(parts):
            chunk = {
                "guild_id": str(guild.id),
                "members": part,
                "chunk_index": number,
                "chunk_count": len(parts),
                "not_found": [each for each in named or () if int(each) not in guild.members],
                "nonce": asked.get("nonce"),
            }
            session.tell("GUILD_MEMBERS_CHUNK", _encode(chunk))


def _asked_members(guild: Guild, asked: Json) -> list[Any]:
    if wanted := asked.get("user_ids"):
        ids = wanted if isinstance(wanted, list) else [wanted]
        return [guild.members[int(each)] for each in ids if int(each) in guild.members]
    start = str(asked.get("query") or "").casefold()
    named = [(member.nick or member.user.name, member) for member in guild.members.values()]
    found = [member for name, member in named if name.casefold().startswith(start)]
    return found[: asked.get("limit") or None]


def _encode(data: object) -> str:
    return json.dumps(data, separators=(",", ":"))
