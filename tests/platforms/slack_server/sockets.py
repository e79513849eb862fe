"""Socket Mode: connections by tickets, envelopes by turns, and acks."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server.deliveries import EVENT, Attempt, Deliveries, Delivery
from tests.platforms.slack_server.refusals import Json

MOST_CONNECTIONS = 10
WARNED_FOR = 10.0


@dataclass(eq=False)
class Connection:
    """A WebSocket of the app's; ``leaving`` once it was told to reconnect."""

    number: int
    socket: web.WebSocketResponse
    leaving: bool = False
    sent: list[str] = field(default_factory=list)
    outbox: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)


class Sockets:
    """The app's connections. ``muted`` ones take envelopes but their acks get lost."""

    def __init__(self, app_id: str, deliveries: Deliveries, changes: Changes) -> None:
        self._app_id = app_id
        self._deliveries = deliveries
        self._changes = changes
        self._tickets: set[str] = set()
        self._turn = 0
        self._waiting: dict[str, tuple[Delivery, Attempt]] = {}
        self.connections: list[Connection] = []
        self.connected = 0
        self.refused = 0
        self.strays: list[str] = []
        self.pings = self.pongs = 0
        self.answers_pings = True
        self.muted = False
        self.url = ""

    def ticket(self) -> str:
        """A URL that is good for one connection."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return f"{self.url}?ticket={ticket}&app_id={self._app_id}"

    @property
    def ready(self) -> list[Connection]:
        return [each for each in self.connections if not each.leaving]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self.connections) >= MOST_CONNECTIONS:
            self.refused += 1
            self._changes.notify()
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.connected += 1
        connection = Connection(self.connected, socket)
        self.connections.append(connection)
        writer = asyncio.create_task(self._write(connection))
        try:
            await socket.send_json(self._hello())
            self._changes.notify()
            await self._read(connection)
        finally:
            writer.cancel()
            self.connections.remove(connection)
            self._changes.notify()
        return socket

    def send(self, delivery: Delivery, attempt: Attempt) -> None:
        """Give an envelope to the next connection; without any, it failed."""
        ready = self.ready
        if not ready:
            self._deliveries.clock.after(
                0, lambda: self._deliveries.fail(delivery, attempt, "connection_failed")
            )
            return
        self._turn += 1
        connection = ready[self._turn % len(ready)]
        attempt.connection = connection.number
        self._waiting[attempt.envelope_id] = (delivery, attempt)
        envelope: Json = {
            "envelope_id": attempt.envelope_id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.answers,
        }
        if delivery.kind == EVENT:
            envelope["retry_attempt"] = attempt.number
            envelope["retry_reason"] = delivery.retried_for
        connection.sent.append(attempt.envelope_id)
        connection.outbox.put_nowait(json.dumps(envelope))

    def say(self, message: Json, where: Callable[[Connection], bool] = lambda _: True) -> None:
        """Send a frame to connections as it is."""
        for connection in self.connections:
            if where(connection):
                connection.outbox.put_nowait(json.dumps(message))

    def warn(self) -> None:
        """Tell every connection that it will be closed in ten seconds, and do so."""
        self._disconnect("warning", leave=False)

    def refresh(self) -> None:
        """Ask every connection to be replaced; it gets nothing more."""
        self._disconnect("refresh_requested", leave=True)

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in list(self.connections):
            connection.leaving = True
            transport = connection.socket._req.transport if connection.socket._req else None
            if transport is not None:
                transport.abort()
        await self._changes.until(lambda: not any(c.leaving for c in self.connections))

    async def ping(self) -> None:
        """Send each connection a ping, as Slack does now and then."""
        for connection in self.connections:
            await connection.socket.ping(b"Ping from loopback")

    async def close(self) -> None:
        for connection in list(self.connections):
            await connection.socket.close()

    def _disconnect(self, reason: str, *, leave: bool) -> None:
        told = {"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}}
        for connection in self.ready:
            connection.outbox.put_nowait(json.dumps(told))
            connection.leaving = leave
            end = connection.outbox.put_nowait
            self._deliveries.clock.after(WARNED_FOR, functools.partial(end, None))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "loopback", "approximate_connection_time": 18_060},
            "connection_info": {"app_id": self._app_id},
        }

    async def _write(self, connection: Connection) -> None:
        while True:
            text = await connection.outbox.get()
            if text is None or connection.socket.closed:
                await connection.socket.close()
                return
            await connection.socket.send_str(text)

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is WSMsgType.PING:
                self.pings += 1
                if self.answers_pings:
                    await connection.socket.pong(message.data)
                self._changes.notify()
            elif message.type is WSMsgType.PONG:
                self.pongs += 1
                self._changes.notify()
            elif message.type is WSMsgType.TEXT and not self.muted:
                self._acked(message.data)

    def _acked(self, text: str) -> None:
        answer = json.loads(text)
        found = self._waiting.pop(str(answer.get("envelope_id")), None)
        if found is None:
            self.strays.append(text)
            self._changes.notify()
            return
        delivery, attempt = found
        if not attempt.reason:
            self._deliveries.ack(delivery, answer.get("payload"))
