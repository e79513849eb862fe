"""What an app manifest says, so that the server allows no more than it asks for."""

from __future__ import annotations

from tests.platforms.slack_server import scopes
from tests.platforms.slack_server.refusals import Json
from tests.platforms.slack_server.world import App


def everything(app: App) -> None:
    """Every scope and event that this Slack knows, and commands and shortcuts of any name."""
    app.scopes = scopes.EVERY
    app.events = frozenset(scopes.EVENTS)
    app.commands = app.shortcuts = None


def apply(app: App, manifest: Json) -> None:
    """Set the app up as Slack does from a manifest.

    Raises:
        ValueError: naming events whose scope is missing, as Slack does on saving it.
    """
    features, settings = manifest.get("features", {}), manifest.get("settings", {})
    oauth = manifest.get("oauth_config", {})
    app.scopes = frozenset(oauth.get("scopes", {}).get("bot", ()))
    app.redirect_urls = tuple(oauth.get("redirect_urls", ()))
    app.events = frozenset(settings.get("event_subscriptions", {}).get("bot_events", ()))
    app.interactive = bool(settings.get("interactivity", {}).get("is_enabled"))
    app.socket_mode = bool(settings.get("socket_mode_enabled"))
    app.commands = {each["command"] for each in features.get("slash_commands", ())}
    app.shortcuts = {each["callback_id"] for each in features.get("shortcuts", ())}
    _check(app)


def _check(app: App) -> None:
    unknown = sorted(app.events - set(scopes.EVENTS))
    if unknown:
        raise ValueError(f"no such events here: {unknown}")
    lacking = {
        event: scopes.EVENTS[event]
        for event in sorted(app.events)
        if scopes.EVENTS[event] and not _given(scopes.EVENTS[event], app)
    }
    if lacking:
        raise ValueError(f"events without their scopes: {lacking}")
    if app.commands and "commands" not in app.scopes:
        raise ValueError("slash commands need the scope commands")


def _given(scope: str, app: App) -> bool:
    """member_joined_channel is there for private channels alone, too."""
    return scope in app.scopes or (scope == "channels:read" and "groups:read" in app.scopes)
