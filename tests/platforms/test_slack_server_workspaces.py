"""The Slack of our own with several workspaces: installing, Slack Connect, leaving."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server.people import Person
from tests.platforms.slack_server.place import Place, a_place, in_socket_mode, served
from tests.platforms.slack_server.refusals import NotPossible
from tests.platforms.slack_server.server import SlackServer

SCOPES = ["chat:write", "channels:history", "commands"]


class Installations(AsyncInstallationStore):
    """Bots by their workspace, in memory."""

    def __init__(self) -> None:
        self.bots: dict[str | None, Bot] = {}

    async def async_save(self, installation: Installation) -> None:
        self.bots[installation.team_id] = installation.to_bot()

    async def async_save_bot(self, bot: Bot) -> None:
        self.bots[bot.team_id] = bot

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,  # noqa: ARG002  (the store's names)
        team_id: str | None,
        is_enterprise_install: bool | None = False,  # noqa: ARG002
    ) -> Bot | None:
        return self.bots.get(team_id)


class States(AsyncOAuthStateStore):
    """Each good once, in memory."""

    def __init__(self) -> None:
        self.issued: set[str] = set()

    async def async_issue(self, *_args: Any, **_more: Any) -> str:
        self.issued.add("a-state")
        return "a-state"

    async def async_consume(self, state: str) -> bool:
        return state in self.issued


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with a_place() as place:
        yield place


def distributed(server: SlackServer, store: Installations) -> AsyncApp:
    settings = AsyncOAuthSettings(
        client_id=server.app.client_id,
        client_secret=server.app.client_secret,
        scopes=SCOPES,
        installation_store=store,
        state_store=States(),
        state_validation_enabled=True,
    )
    return AsyncApp(
        signing_secret=server.app.signing_secret,
        client=AsyncWebClient(base_url=server.api_url),
        oauth_settings=settings,
    )


@asynccontextmanager
async def over_the_web(server: SlackServer, app: AsyncApp) -> AsyncIterator[str]:
    """The app with its install and redirect pages, told by a query apart."""

    async def take(request: web.Request) -> web.Response:
        asked, flow = await to_bolt_request(request), app.oauth_flow
        if request.method == "POST" or flow is None:
            return await to_aiohttp_response(await app.async_dispatch(asked))
        begins = "state" not in request.query
        handle = flow.handle_installation if begins else flow.handle_callback
        return await to_aiohttp_response(await handle(asked))

    async with served(take) as url:
        server.serve_to(url)
        server.app.redirect_urls = (url,)
        yield url


async def installed_by(person: Person, url: str) -> str:
    """Go through the app's pages and Slack's: what the last one says."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        page = await session.get(url, allow_redirects=False)
        text = await page.text()
        authorize = "https://" + text.partition('href="https://')[2].partition('"')[0]
        back = person.approve(html.unescape(authorize))
        # The cookie is for https, which loopback doesn't speak.
        cookie = {"slack-app-oauth-state": parse_qs(urlsplit(back).query)["state"][0]}
        return await (await session.get(back, cookies=cookie)).text()


async def test_the_real_app_is_installed_in_two_workspaces_and_answers_in_each() -> None:
    async with SlackServer(installed=False) as server:
        store = Installations()
        app = distributed(server, store)

        @app.command("/study")
        async def study(ack: Any, client: Any, command: dict[str, str]) -> None:
            await ack()
            await client.chat_postMessage(channel=command["channel_id"], text="here")

        async with over_the_web(server, app) as url:
            for name in ("First", "Second"):
                ada = server.person("ada", team=server.workspace(name))
                assert f"team={ada.user.team.id}" in await installed_by(ada, url)
                channel = server.channel("general", [ada], team=ada.user.team)
                await ada.slash(channel, "/study").acked()
                assert (await server.sent(where=channel)).text == "here"
    assert len({bot.bot_token for bot in store.bots.values()}) == 2


async def test_codes_are_good_once_for_the_right_client(place: Place) -> None:
    app = place.server.app
    app.redirect_urls = ("https://example.org/back",)
    asked = f"https://slack.com/oauth/v2/authorize?client_id={app.client_id}&scope=chat:write"
    code = parse_qs(urlsplit(place.ada.approve(f"{asked}&state=s")).query)["code"][0]
    client = AsyncWebClient(base_url=place.server.api_url)
    known = {"client_id": app.client_id, "client_secret": app.client_secret, "code": code}
    for change, error in (
        ({"client_secret": "wrong"}, "bad_client_secret"),
        ({"code": "wrong"}, "invalid_code"),
        ({"redirect_uri": "https://example.org/elsewhere"}, "bad_redirect_uri"),
    ):
        with pytest.raises(SlackApiError, match=error):
            await client.oauth_v2_access(**{**known, **change})
    given = await client.oauth_v2_access(**known)
    assert (given["scope"], given["team"]["id"]) == ("chat:write", place.server.team.id)
    with pytest.raises(SlackApiError, match="code_already_used"):
        await client.oauth_v2_access(**known)
    assert place.ada.refuse(asked).startswith("https://example.org/back?error=access_denied")
    with pytest.raises(NotPossible):
        place.ada.approve(f"{asked}&redirect_uri=https://evil.example")


async def test_a_workspace_sees_nothing_of_another(place: Place) -> None:
    other = place.server.workspace("Other")
    install = place.server.install(other)
    client = place.client(install.token)
    carol = place.server.person("carol", team=other)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await client.chat_postMessage(channel=place.channel.id, text="x")
    with pytest.raises(SlackApiError, match="user_not_found"):
        await client.users_info(user=place.ada.id)
    with pytest.raises(NotPossible):
        carol.say(place.channel, "hello")


async def test_guests_of_another_workspace_are_strangers_in_a_shared_channel(
    place: Place,
) -> None:
    other = place.server.workspace("Other")
    carol = place.server.person("carol", team=other, is_admin=True)
    shared = place.server.channel("shared", [place.ada, carol], shared_with=[other])
    app, heard = place.app(), asyncio.Queue[dict[str, Any]]()

    @app.event("message")
    async def take(body: dict[str, Any]) -> None:
        heard.put_nowait(body)

    async with in_socket_mode(place, app):
        carol.say(shared, "from afar")
        body = await asyncio.wait_for(heard.get(), 5)
    assert (body["is_ext_shared_channel"], body["team_id"]) == (True, place.server.team.id)
    assert (body["event"]["user_team"], body["event"]["team"]) == (other.id, other.id)
    told = (await place.client().users_info(user=carol.id))["user"]
    assert (told["is_stranger"], told["team_id"], "is_admin" in told) == (True, other.id, False)
    info = await place.client().conversations_info(channel=shared.id)
    assert info["channel"]["is_ext_shared"]


async def test_an_event_of_a_channel_that_two_installs_see_comes_once(place: Place) -> None:
    other = place.server.workspace("Other")
    install = place.server.install(other)
    shared = place.server.channel("shared", [place.ada], shared_with=[other])
    shared.members[install.bot.id] = install.bot
    place.ada.say(shared, "once")
    assert len(place.server.deliveries.of("message")) == 1


async def test_uninstalling_ends_the_token_and_is_told(place: Place) -> None:
    app = place.server.app
    await place.client().apps_uninstall(client_id=app.client_id, client_secret=app.client_secret)
    assert place.server.deliveries.of("app_uninstalled")
    place.ada.say(place.channel, "anybody?")
    assert place.server.deliveries.of("message") == []
    assert place.server.world.installed(place.server.team) is None
