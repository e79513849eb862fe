"""Where attachments are fetched from; it can be made to fail, or to keep the bot waiting."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.platforms.discord_server.messages import Messages


class Cdn:
    """``status`` is what every file is answered with; ``asked`` counts requests.

    After ``hold``, answers wait for ``let_go``.
    """

    def __init__(self, messages: Messages) -> None:
        self.status = 200
        self.asked = 0
        self._messages = messages
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        """Keep whoever asks from now on waiting."""
        self._free.clear()

    def let_go(self) -> None:
        """Answer them."""
        self._free.set()

    async def serve(self, request: web.Request) -> web.Response:
        self.asked += 1
        await self._free.wait()
        attachment = self._messages.attachments.get(int(request.match_info["attachment"]))
        if attachment is None or self.status != 200:
            return web.Response(status=404 if attachment is None else self.status)
        return web.Response(body=attachment.content, content_type=attachment.content_type)
