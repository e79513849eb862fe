"""Uploads in their three steps, and downloads, which need a token."""

from __future__ import annotations

from aiohttp import web

from tests.platforms.slack_server.refusals import Refused
from tests.platforms.slack_server.world import File, Install, Team, User, World

# What Slack sends to whoever comes without a token that may read files.
SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in to Slack</title></head></html>"


class Files:
    """Files by their ids; ``base_url`` is where they are uploaded and served."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.base_url = ""

    def expect(self, install: Install, name: str, length: int) -> File:
        """An upload's first step."""
        made = self._make(install.team, install.bot, name)
        made.length = length
        return made

    def add(self, owner: User, name: str, content: bytes) -> File:
        """A file that somebody uploads in Slack's app."""
        made = self._make(owner.team, owner, name)
        made.content, made.length = content, len(content)
        return made

    def find(self, key: object, team: Team) -> File:
        found = self._world.files.get(str(key))
        if found is None or found.content is None or found.team is not team:
            raise Refused("file_not_found")
        return found

    def upload_url(self, file: File) -> str:
        return f"{self.base_url}/upload/v1/{file.id}"

    async def take(self, request: web.Request) -> web.Response:
        """The second step: the content itself."""
        file = self._world.files.get(request.match_info["file"])
        if file is None or file.content is not None:
            return web.Response(status=404, text="file_not_found")
        content = await request.read()
        if request.content_type.startswith("multipart/"):
            return web.Response(status=400, text="send the content as the body")
        if len(content) != file.length:
            return web.Response(status=400, text="the length differs from what was told")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def give(self, request: web.Request) -> web.Response:
        """A download: the content for a token with files:read, else a page to sign in at."""
        key = request.match_info["key"].partition("-")[2]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        file = self._world.files.get(key)
        allowed = any(
            install.token == token
            and not install.revoked
            and "files:read" in install.scopes
            and file is not None
            and file.team is install.team
            for install in self._world.installs
        )
        if not allowed or file is None or file.content is None:
            return web.Response(text=SIGN_IN, content_type="text/html")
        return web.Response(body=file.content, content_type="text/plain")

    def _make(self, team: Team, owner: User, name: str) -> File:
        made = File(self._world.new_id("F"), team, name, name, owner)
        made.created = int(self._world.clock.now())
        self._world.files[made.id] = made
        return made
