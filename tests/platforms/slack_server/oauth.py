"""Installing the app: what a person approves, and the codes and tokens that come of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.platforms.slack_server.events import Events
from tests.platforms.slack_server.refusals import Json, NotPossible, Refused
from tests.platforms.slack_server.world import Install, User, World

CODE_FOR = 600.0


@dataclass(eq=False)
class Code:
    """Good once, for ten minutes."""

    user: User
    scopes: frozenset[str]
    redirect_uri: str
    ends: float
    used: bool = False


class OAuth:
    """``codes`` by what they are."""

    def __init__(self, world: World, events: Events) -> None:
        self._world = world
        self._events = events
        self.codes: dict[str, Code] = {}

    def approve(self, user: User, url: str) -> str:
        """Press "Allow" on the page that an authorize URL shows: the URL one is led back to.

        Raises:
            NotPossible: for what Slack shows an error page for instead.
        """
        asked = self._asked(url)
        redirect = asked.get("redirect_uri") or next(iter(self._world.app.redirect_urls), "")
        scopes = frozenset(filter(None, asked.get("scope", "").split(",")))
        if not scopes:
            raise NotPossible("invalid_scope: no scopes were requested")
        code = secrets.token_hex(16)
        ends = self._world.clock.now() + CODE_FOR
        self.codes[code] = Code(user, scopes, asked.get("redirect_uri", ""), ends)
        return f"{redirect}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    def refuse(self, url: str) -> str:
        """Press "Cancel" instead."""
        asked = self._asked(url)
        redirect = asked.get("redirect_uri") or next(iter(self._world.app.redirect_urls), "")
        told = {"error": "access_denied", "state": asked.get("state", "")}
        return f"{redirect}?{urlencode(told)}"

    def access(self, client_id: str, client_secret: str, code: str, redirect_uri: str) -> Install:
        """A code for a token. Raises Refused as oauth.v2.access does."""
        app = self._world.app
        if client_id != app.client_id:
            raise Refused("invalid_client_id")
        if client_secret != app.client_secret:
            raise Refused("bad_client_secret")
        found = self.codes.get(code)
        if found is None or self._world.clock.now() >= found.ends:
            raise Refused("invalid_code")
        if found.used:
            raise Refused("code_already_used")
        if redirect_uri != found.redirect_uri:
            raise Refused("bad_redirect_uri")
        found.used = True
        return self._world.install(found.user.team, found.scopes, found.user)

    def uninstall(self, install: Install) -> None:
        """Take the app out of a workspace: its token dies, and the app is told."""
        told: Json = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [install.bot.id]}}
        self._events.about_install(install, told)
        self._events.about_install(install, {"type": "app_uninstalled"})
        install.inactive = True
        for channel in self._world.channels.values():
            channel.members.pop(install.bot.id, None)

    def revoke(self, install: Install) -> None:
        """Only the token dies."""
        told: Json = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [install.bot.id]}}
        self._events.about_install(install, told)
        install.revoked = True

    def _asked(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        app = self._world.app
        if asked.get("client_id") != app.client_id:
            raise NotPossible("invalid_client_id")
        redirect = asked.get("redirect_uri")
        known = app.redirect_urls
        if redirect and known and not any(redirect.startswith(each) for each in known):
            raise NotPossible("redirect_uri did not match any configured URIs")
        return asked
