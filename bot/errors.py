"""What can go wrong for a person; each message says what to do about it."""

from __future__ import annotations


class StudyError(Exception):
    """A request that can't be met. The message is shown to people as it is."""


class InvalidError(StudyError):
    """What was typed can't be used; the message says what would do."""


class NotFoundError(StudyError):
    """Nothing has that id or name."""


class ForbiddenError(StudyError):
    """Only organisers can do this."""


class ConflictError(StudyError):
    """It would be fine at another time: the round is closed, the name is taken."""


class StoreUnavailableError(StudyError):
    """The database can't be reached now. The Store logs when that begins and when it ends."""

    def __init__(self) -> None:
        super().__init__(
            "studybot can't reach its database now, so nothing was stored. Try again in a moment."
        )


class JudgeUnavailableError(Exception):
    """The judge can't be reached now; the reply stays pending and is tried again.

    ``retry_after`` is in seconds, or None when the judge named no time.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryError(Exception):
    """A platform refused or failed a message for now; it is tried again.

    ``retry_after`` is in seconds, or None when the platform named no time.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ChannelGoneError(Exception):
    """A channel was deleted or the bot may no longer write there; it is paused, organisers told."""


class RejectedError(Exception):
    """A platform will never take this message; it is given up and organisers are told."""


class UnreachableError(RejectedError):
    """A member takes no private messages; they are led to the My grade button instead."""
