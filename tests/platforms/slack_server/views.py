"""Modals and home tabs: opened, pushed, updated, published, filled in and closed."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_server.changes import Changes
from tests.platforms.slack_server import blockkit
from tests.platforms.slack_server.refusals import Json, Refused
from tests.platforms.slack_server.world import App, Install, User, World

MOST_STACKED = 3
MOST_SIZE = 250_000
OWN = (
    "title",
    "submit",
    "close",
    "private_metadata",
    "callback_id",
    "external_id",
    "clear_on_close",
    "notify_on_close",
)


@dataclass(eq=False)
class View:
    """A modal or home tab. ``values`` is its state: by block_id and action_id."""

    id: str
    install: Install
    user: User
    given: Json
    hash: str
    root: str = ""
    previous: str = ""
    open: bool = True
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        found: list[Json] = self.given["blocks"]
        return found

    @property
    def title(self) -> str:
        return str(self.given.get("title", {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        return str(self.given.get("callback_id", ""))

    def json(self, app: App) -> Json:
        data: Json = {
            "id": self.id,
            "team_id": self.install.team.id,
            "type": self.given["type"],
            "blocks": self.blocks,
            "state": {"values": self.values},
            "hash": self.hash,
            "root_view_id": self.root or self.id,
            "previous_view_id": self.previous or None,
            "app_id": app.id,
            "app_installed_team_id": self.install.team.id,
            "bot_id": self.install.bot.bot_id,
        }
        empty: Json = {"title": {"type": "plain_text", "text": "View Title", "emoji": True}}
        empty |= {"private_metadata": "", "callback_id": "", "external_id": ""}
        empty |= {"submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        return data | {key: self.given.get(key, empty[key]) for key in OWN}


class Views:
    """``stacks`` are the modals a user sees, the topmost last; ``homes`` their home tabs."""

    def __init__(self, world: World, changes: Changes) -> None:
        self._world = world
        self._changes = changes
        self.views: dict[str, View] = {}
        self.stacks: defaultdict[str, list[View]] = defaultdict(list)
        self.homes: dict[str, View] = {}

    def open(self, install: Install, user: User, given: object) -> View:
        """Show a modal; any that is open goes."""
        view = self._make(install, user, given, "modal")
        for old in self.stacks[user.id]:
            old.open = False
        self.stacks[user.id] = [view]
        return view

    def push(self, install: Install, user: User, given: object) -> View:
        """Raises Refused: push_limit_reached with three open already."""
        stack = self.stacks[user.id]
        if len(stack) >= MOST_STACKED:
            raise Refused("push_limit_reached")
        view = self._make(install, user, given, "modal")
        if stack:
            view.root, view.previous = stack[0].root or stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def publish(self, install: Install, user: User, given: object, expected: object) -> View:
        """A home tab. Raises Refused: hash_conflict when it has changed meanwhile."""
        old = self.homes.get(user.id)
        if old is not None and expected not in (None, "", old.hash):
            raise Refused("hash_conflict")
        view = self._make(install, user, given, "home", old)
        self.homes[user.id] = view
        return view

    def update(
        self, install: Install, key: object, external: object, given: object, expected: object = ""
    ) -> View:
        """Raises Refused: not_found for a modal that was closed, hash_conflict."""
        named = (v for v in self.views.values() if external and v.given["external_id"] == external)
        view = self.views.get(str(key)) or next(named, None)
        if view is None or not view.open or view.install.team is not install.team:
            raise Refused("not_found")
        if expected not in (None, "", view.hash):
            raise Refused("hash_conflict")
        view.given = self._checked(given, str(view.given["type"]), view)
        view.hash = self._new_hash()
        self._set_initial(view)
        self._changes.notify()
        return view

    def close(self, user: User, view: View, *, every: bool = False) -> None:
        """Take a modal off; ``every`` takes the whole stack."""
        stack = self.stacks[user.id]
        gone = list(stack) if every else [view]
        for each in gone:
            each.open = False
        self.stacks[user.id] = [each for each in stack if each.open]
        self._changes.notify()

    def _make(
        self, install: Install, user: User, given: object, kind: str, old: View | None = None
    ) -> View:
        checked = self._checked(given, kind, old)
        key = old.id if old is not None else self._world.new_id("V")
        view = View(key, install, user, checked, self._new_hash())
        self.views[key] = view
        self._set_initial(view)
        self._changes.notify()
        return view

    def _checked(self, given: object, kind: str, old: View | None) -> Json:
        blockkit.check_view(given)
        if not isinstance(given, dict) or given["type"] != kind:
            raise Refused("invalid_arguments")
        if len(json.dumps(given)) > MOST_SIZE:
            raise Refused("view_too_large")
        external = given.get("external_id")
        for each in self.views.values():
            if external and each.open and each is not old and each.given["external_id"] == external:
                raise Refused("duplicate_external_id")
        blocks = blockkit.completed(given["blocks"])
        return {"external_id": "", **given, "blocks": blocks}

    def _new_hash(self) -> str:
        return f"{self._world.new_ts()}.Hq"

    def _set_initial(self, view: View) -> None:
        """What the inputs begin with. Those kept by an update keep what was typed."""
        values: dict[str, dict[str, Any]] = {}
        for block in view.blocks:
            if block["type"] != "input":
                continue
            key, action = block["block_id"], block["element"]["action_id"]
            typed = view.values.get(key, {}).get(action)
            values[key] = {action: typed or initial(block["element"])}
        view.values = values


def initial(element: Json) -> Json:
    """An input's state before anybody touched it."""
    kind = element["type"]
    if kind.endswith("_input"):
        return {"type": kind, "value": element.get("initial_value")}
    if kind == "checkboxes" or kind.startswith("multi_"):
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in ("users_select", "conversations_select", "channels_select"):
        name = kind.removesuffix("s_select")
        return {"type": kind, f"selected_{name}": element.get(f"initial_{name}")}
    if kind in ("datepicker", "timepicker"):
        name = kind.removesuffix("picker")
        return {"type": kind, f"selected_{name}": element.get(f"initial_{name}")}
    return {"type": kind, "selected_option": element.get("initial_option")}
