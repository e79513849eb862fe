"""A chat platform in the test's own process, reached over loopback, that outlives kills.

It never forgets a message and never deduplicates one: doing things once is studybot's part.
It delivers what members write again and again until that is acknowledged.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bot.domain.group import Channel
from bot.messages.message import Message
from bot.ports import Envelope, Reaction, Sent

Json = dict[str, Any]


@dataclass
class RemotePlatform:
    """The server: what was sent, and what members wrote."""

    replies_per_round: int = 3
    messages: list[Json] = field(default_factory=list)
    edits: list[Json] = field(default_factory=list)
    reactions: dict[str, str] = field(default_factory=dict)
    inbound: dict[str, Json] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    effects: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> int:
        """Serve on a free loopback port, which is returned."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop serving."""
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            answer = getattr(self, f"_on_{request['op']}")(request)
            self.effects += request["op"] in ("send", "edit", "react")
            self.changed.set()
            # A caller killed here has sent its message but will never know.
            await asyncio.sleep(0.004)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, json.JSONDecodeError):
            return
        finally:
            writer.close()

    async def more_effects(self, number: int) -> None:
        """Wait until that many more messages, edits and reactions have come in."""
        wanted = self.effects + number
        while self.effects < wanted:
            self.changed.clear()
            await self.changed.wait()

    def _on_send(self, request: Json) -> Json:
        self.messages.append(request)
        message_id = str(len(self.messages))
        self._members_react(request, message_id)
        return {"id": message_id}

    def _members_react(self, message: Json, message_id: str) -> None:
        channel = message["channel"]
        if message["round_id"] is not None:
            for n in range(self.replies_per_round):
                self._write(f"{channel}:reply{n}", "reply", channel, f"member{n}", message_id)
        done = sum(m["channel"] == channel and m["only"] is not None for m in self.messages)
        if done >= self.replies_per_round:
            self._write(f"{channel}:close", "close", channel, "member0", message_id)

    def _write(self, event: str, kind: str, channel: str, member: str, thread: str) -> None:
        self.inbound.setdefault(
            event,
            {"event": event, "kind": kind, "channel": channel, "member": member, "thread": thread},
        )

    def _on_find(self, request: Json) -> Json:
        for number, message in enumerate(self.messages, start=1):
            if (message["channel"], message["marker"]) == (request["channel"], request["marker"]):
                return {"id": str(number)}
        return {"id": None}

    def _on_edit(self, request: Json) -> Json:
        self.edits.append(request)
        return {}

    def _on_react(self, request: Json) -> Json:
        self.reactions[request["message_id"]] = request["reaction"]
        return {}

    def _on_pull(self, _: Json) -> Json:
        waiting = [e for key, e in self.inbound.items() if key not in self.acknowledged]
        return {"events": waiting}

    def _on_ack(self, request: Json) -> Json:
        self.acknowledged.add(request["event"])
        return {}

    def sent(self) -> dict[str, list[str]]:
        """Titles of the messages sent, by channel."""
        found = defaultdict(list)
        for message in self.messages:
            found[message["channel"]].append(message["title"])
        return found


async def ask(port: int, **request: Any) -> Json:
    """One request to the platform."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        answer: Json = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()


class RemoteMessenger:
    """studybot's way out to the platform."""

    platform = "remote"

    def __init__(self, port: int) -> None:
        self._port = port

    async def send(self, envelope: Envelope, message: Message) -> Sent:
        answer = await ask(
            self._port,
            op="send",
            channel=envelope.channel.external_id,
            marker=envelope.marker,
            title=message.title,
            round_id=envelope.round_id,
            only=envelope.only.external_id if envelope.only else None,
            organisers=envelope.organisers,
        )
        return Sent(answer["id"], answer["id"])

    async def find(self, envelope: Envelope) -> Sent | None:
        answer = await ask(
            self._port, op="find", channel=envelope.channel.external_id, marker=envelope.marker
        )
        return Sent(answer["id"], answer["id"]) if answer["id"] else None

    async def edit(self, channel: Channel, message_id: str, message: Message) -> None:
        await ask(
            self._port,
            op="edit",
            channel=channel.external_id,
            message_id=message_id,
            title=message.title,
        )

    async def react(
        self, channel: Channel, message_id: str, reaction: Reaction, thread_id: str | None = None
    ) -> None:
        await ask(
            self._port,
            op="react",
            channel=channel.external_id,
            thread_id=thread_id,
            message_id=message_id,
            reaction=reaction.value,
        )
