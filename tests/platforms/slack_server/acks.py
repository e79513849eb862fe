"""What an ack carries: a command's message, a form's next step, a select's suggestions."""

from __future__ import annotations

from tests.platforms.slack_server import blockkit
from tests.platforms.slack_server.interactions import Interaction, Interactions
from tests.platforms.slack_server.refusals import Json, Refused, invalid
from tests.platforms.slack_server.views import View, Views
from tests.platforms.slack_server.world import World

COMMAND, SUBMISSION, SUGGESTION = "slash command", "view_submission", "block_suggestion"


class Acks:
    """Does what acks say. Refused is raised for what Slack can't show."""

    def __init__(self, world: World, interactions: Interactions, views: Views) -> None:
        self._world = world
        self._interactions = interactions
        self._views = views
        interactions.acks = self.take

    def take(self, asked: Interaction) -> None:
        response = asked.delivery.response
        if asked.kind == COMMAND and response:
            body = {"text": response} if isinstance(response, str) else response
            self._interactions.answer(asked, body)
        elif asked.kind == SUGGESTION:
            check_suggestions(asked.response)
        elif asked.kind == SUBMISSION and asked.view is not None:
            self._submitted(asked, asked.view, asked.response)

    def _submitted(self, asked: Interaction, view: View, response: Json) -> None:
        install = view.install
        match response.get("response_action"):
            case None:
                self._views.close(asked.user, view)
            case "errors":
                check_errors(view, asked.errors)
            case "clear":
                self._views.close(asked.user, view, every=True)
            case "update":
                shown = self._views.update(install, view.id, "", response.get("view"))
                asked.views.append(shown)
            case "push":
                asked.views.append(self._views.push(install, asked.user, response.get("view")))
            case other:
                raise invalid("invalid_arguments", [f"unknown response_action {other}"])


def check_errors(view: View, errors: dict[str, str]) -> None:
    """Errors belong to inputs that the form has."""
    if not errors or set(errors) - set(view.values):
        raise Refused("invalid_arguments", errors=sorted(errors))


def check_suggestions(response: Json) -> None:
    """A select can show 100 options with texts of 75 and values of 150; or none."""
    if response.get("options") == []:
        return
    shown = {key: response[key] for key in ("options", "option_groups") if key in response}
    blockkit.check_message([{"type": "actions", "elements": [{"type": "static_select", **shown}]}])
