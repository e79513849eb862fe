"""What a command's failure is called, so that nobody is shown a traceback for it."""

from __future__ import annotations

from bot.cli.output import CommandError
from bot.errors import ForbiddenError, InvalidError, JudgeUnavailableError, StudyError
from bot.settings import SettingsError
from content.errors import DeckError
from storage.errors import StorageError

FAILED = 1
WRONG_USE = 2


def explained(error: Exception) -> tuple[str, int] | None:
    """A known failure's words and exit code; None for what must be a bug."""
    match error:
        case CommandError():
            return str(error), error.code
        case SettingsError():
            return "Please mend these settings:\n  " + "\n  ".join(error.problems), WRONG_USE
        case InvalidError() | ForbiddenError():
            # Forbidden here is an address that the settings don't allow to be served at.
            return str(error), WRONG_USE
        case StudyError() | StorageError() | DeckError() | JudgeUnavailableError():
            return str(error), FAILED
        case OSError():
            return _of_system(error), FAILED
    return None


def _of_system(error: OSError) -> str:
    reason = (error.strerror or str(error)).rstrip(".")
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
