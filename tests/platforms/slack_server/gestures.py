"""What people do with the app itself: commands, buttons, selects, forms, shortcuts, home."""

from __future__ import annotations

from collections.abc import Mapping

from tests.platforms.slack_server import acks, filling
from tests.platforms.slack_server.interactions import Interaction
from tests.platforms.slack_server.messages import check_sending
from tests.platforms.slack_server.refusals import Json, NotPossible
from tests.platforms.slack_server.routing import Parts
from tests.platforms.slack_server.views import View
from tests.platforms.slack_server.world import IM, PRIVATE, Channel, Install, Message, User
from tests.platforms.slack_server.world import elements_of as every_element


class Gestures:
    """NotPossible is raised for what Slack's app wouldn't let this person do."""

    def __init__(self, parts: Parts, user: User) -> None:
        self.user = user
        self._parts = parts

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    @property
    def modal(self) -> View | None:
        """The topmost modal they see."""
        stack = self._parts.views.stacks[self.id]
        return stack[-1] if stack else None

    @property
    def home(self) -> View | None:
        """Their home tab of the app."""
        return self._parts.views.homes.get(self.id)

    def slash(self, where: Channel, command: str) -> Interaction:
        """Send a command such as "/study status"; it can't be sent in a thread."""
        name, _, text = command.partition(" ")
        self._see(where)
        check_sending(where, self.user)
        known = self._parts.world.app.commands
        if known is not None and name not in known:
            raise NotPossible(f"{name} isn't a valid command")
        install = self._install
        if "commands" not in install.scopes:
            raise NotPossible("the app was installed without the scope commands")
        asked = self._parts.interactions.begin(acks.COMMAND, self.user, where)
        payload = {
            "team_id": asked.team.id,
            "team_domain": asked.team.domain,
            "channel_id": where.id,
            "channel_name": _shown_name(where),
            "user_id": self.id,
            "user_name": self.user.name,
            "command": name,
            "text": text,
            "is_enterprise_install": "false",
        }
        return self._parts.interactions.deliver(asked, payload, command=True)

    # On messages and views.

    def press(self, on: Message | View, label: str) -> Interaction:
        """Press the button that shows a label."""
        buttons = [e for e in every_element(on.blocks) if e["type"] == "button"]
        found = [each for each in buttons if each["text"]["text"] == label]
        if len(found) != 1:
            labels = [each["text"]["text"] for each in buttons]
            raise NotPossible(f"{len(found)} buttons show {label!r}: {labels}")
        return self._act(on, found[0], {"value": found[0].get("value", "")})

    def click(self, on: Message | View, action_id: str) -> Interaction:
        """Press the button with an action_id."""
        element = self._element(on, action_id)
        return self._act(on, element, {"value": element.get("value", "")})

    def select(self, on: Message | View, action_id: str, value: object) -> Interaction:
        """Choose from a select, overflow menu, picker or boxes of a message or view."""
        element = self._element(on, action_id)
        state = filling.state_of(element, value)
        return self._act(on, element, state)

    def type_in(self, on: Message | View, action_id: str, text: str) -> Interaction:
        """Type in a select whose options come from the app; see ``Interaction.options``."""
        element = self._element(on, action_id)
        if "external" not in element["type"]:
            raise NotPossible(f"{action_id} doesn't ask the app for its options")
        if len(text) < element.get("min_query_length", 3):
            raise NotPossible("too little was typed for the app to be asked")
        asked, payload = self._on(acks.SUGGESTION, on)
        payload |= {"action_id": action_id, "block_id": element["block_id"], "value": text}
        asked.response_url = ""
        return self._parts.interactions.deliver(asked, payload)

    # Forms.

    def submit(self, values: Mapping[str, object] | None = None) -> Interaction:
        """Fill in the topmost modal, by block_id or action_id, and send it."""
        view = self._topmost()
        if not view.given.get("submit"):
            raise NotPossible("the modal has no button to send it")
        filling.fill(view, dict(values or {}))
        asked = self._parts.interactions.begin(acks.SUBMISSION, self.user, None, view=view)
        shown = view.json(self._parts.world.app)
        payload = {"type": acks.SUBMISSION, "view": shown, "response_urls": []}
        return self._parts.interactions.deliver(asked, payload)

    def close(self, *, every: bool = False) -> Interaction | None:
        """Close the topmost modal, or all; the app is told if it wanted to be."""
        view = self._topmost()
        shown = view.json(self._parts.world.app)
        self._parts.views.close(self.user, view, every=every)
        if not view.given.get("notify_on_close"):
            return None
        asked = self._parts.interactions.begin("view_closed", self.user, None, view=view)
        payload = {"type": "view_closed", "view": shown, "is_cleared": every}
        return self._parts.interactions.deliver(asked, payload)

    # Shortcuts and the home tab.

    def shortcut(self, callback_id: str, message: Message | None = None) -> Interaction:
        """Use a shortcut: a message's, or one of everywhere."""
        known = self._parts.world.app.shortcuts
        if known is not None and callback_id not in known:
            raise NotPossible(f"there is no shortcut {callback_id}")
        if message is None:
            asked = self._parts.interactions.begin("shortcut", self.user, None)
            payload: Json = {"type": "shortcut", "callback_id": callback_id}
        else:
            self._see(message.channel)
            asked, payload = self._on("message_action", message)
            payload |= {"callback_id": callback_id, "message_ts": message.ts}
        payload["action_ts"] = self._parts.world.new_ts()
        return self._parts.interactions.deliver(asked, payload)

    def opens_home(self, tab: str = "home") -> None:
        """Look at the app's home tab, or ("messages") at its messages."""
        told: Json = {"type": "app_home_opened", "user": self.id, "tab": tab}
        told["channel"] = self._parts.world.direct(self._install.bot, self.user).id
        if tab == "home" and self.home is not None:
            told["view"] = self.home.json(self._parts.world.app)
        self._parts.events.in_team(self._install.team, "app_home_opened", told)

    @property
    def _install(self) -> Install:
        install = self._parts.world.installed(self.user.team)
        if install is None:
            raise NotPossible(f"the app isn't installed in {self.user.team.name}")
        return install

    def _act(self, on: Message | View, element: Json, state: Json) -> Interaction:
        if not self._parts.world.app.interactive:
            raise NotPossible("interactivity is switched off, so nothing happens")
        if element["silent"]:
            raise NotPossible("inputs tell nothing until the form is sent")
        asked, payload = self._on("block_actions", on)
        if state.get("value") == "":
            state = {}
        about = ("action_id", "block_id", "text", "url")
        action: Json = {key: element[key] for key in about if key in element} | state
        action |= {"type": element["type"], "action_ts": self._parts.world.new_ts()}
        payload["actions"] = [action]
        if isinstance(on, View):
            on.values.setdefault(element["block_id"], {})[element["action_id"]] = state
        else:
            inside = {element["block_id"]: {element["action_id"]: state}}
            payload["state"] = {"values": inside if element["type"] != "button" else {}}
        return self._parts.interactions.deliver(asked, payload)

    def _on(self, kind: str, on: Message | View) -> tuple[Interaction, Json]:
        """An interaction with a message or view, and what its payload says of that."""
        if isinstance(on, View):
            asked = self._parts.interactions.begin(kind, self.user, None, view=on)
            shown = on.json(self._parts.world.app)
            return asked, {
                "type": kind,
                "container": {"type": "view", "view_id": on.id},
                "view": shown,
            }
        asked = self._parts.interactions.begin(kind, self.user, on.channel, source=on)
        container: Json = {"type": "message", "message_ts": on.ts, "channel_id": on.channel.id}
        container["is_ephemeral"] = bool(on.seen_by)
        if on.thread_ts:
            container["thread_ts"] = on.thread_ts
        channel = {"id": on.channel.id, "name": _shown_name(on.channel)}
        payload: Json = {"type": kind, "container": container, "channel": channel}
        if not on.seen_by:
            payload["message"] = self._parts.messages.payloads.message(on)
        return asked, payload

    def _element(self, on: Message | View, action_id: str) -> Json:
        if isinstance(on, Message):
            self._see(on.channel)
            if on.deleted or on.seen_by not in ("", self.id):
                raise NotPossible(f"{self.user.name} doesn't see that message")
        elif not (on.open and on.user is self.user):
            raise NotPossible(f"{self.user.name} doesn't see that view")
        every = every_element(on.blocks)
        for element in every:
            if element["action_id"] == action_id:
                return element
        raise NotPossible(f"no {action_id!r} is there, only {[e['action_id'] for e in every]}")

    def _topmost(self) -> View:
        if self.modal is None:
            raise NotPossible(f"{self.user.name} sees no modal")
        return self.modal

    def _see(self, channel: Channel) -> None:
        """Direct messages and private channels are their members'."""
        if self.user.team not in channel.teams or channel.deleted:
            raise NotPossible(f"{self.user.name} can't see {channel.name}")
        if channel.kind in (IM, PRIVATE) and self.id not in channel.members:
            raise NotPossible(f"{self.user.name} can't see {channel.name or channel.id}")


def _shown_name(channel: Channel) -> str:
    """What payloads call channels that aren't public."""
    return {IM: "directmessage", PRIVATE: "privategroup"}.get(channel.kind, channel.name)
