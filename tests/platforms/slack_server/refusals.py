"""What the Web API answers when it refuses."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818  (it isn't this server's error but its answer)
    """Slack answers ok: false with error {error}"""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(f"{error} {more or ''}".rstrip())
        self.error = error
        self.more = more

    @property
    def body(self) -> Json:
        return {"ok": False, "error": self.error, **self.more}


class NotPossible(Exception):  # noqa: N818  (a mistake of the test's, not of the bot)
    """Slack's app doesn't let a person do that: {reason}"""


def invalid(error: str, messages: list[str]) -> Refused:
    """A refusal that tells its reasons, as for blocks, views and wrong arguments."""
    told = [f"[ERROR] {message}" for message in messages]
    return Refused(error, errors=messages, response_metadata={"messages": told})


def missing(*arguments: str) -> Refused:
    """``invalid_arguments`` for required ones that were left out."""
    return invalid("invalid_arguments", [f"missing required field: {name}" for name in arguments])


def missing_scope(needed: str, provided: frozenset[str]) -> Refused:
    return Refused("missing_scope", needed=needed, provided=",".join(sorted(provided)))
