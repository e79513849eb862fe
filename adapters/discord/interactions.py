"""Everything that people start by commands, buttons, menus and modals."""

from __future__ import annotations

from adapters.discord.acting import Acting
from adapters.discord.callers import Callers
from adapters.discord.client import StudyClient
from adapters.discord.commands import Commands
from adapters.discord.replies import Replies
from adapters.discord.setting_up import SettingUp
from adapters.discord.tokens import Tokens


class Interactions:
    """``attach`` is for the client; ``tokens`` is shared with the messenger."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def attach(self, client: StudyClient) -> None:
        """Listen to a client, and give it its commands."""
        callers = Callers(client.desk, self._tokens)
        replies = Replies(self._tokens)
        setting_up = SettingUp(callers, replies)
        Acting(callers, replies, setting_up).attach(client)
        Commands(callers, replies, setting_up).attach(client)


def attach(client: StudyClient) -> None:
    """Let people act on a client."""
    Interactions(client.desk.tokens).attach(client)
