"""What Discord answers when it refuses, and how the mistakes in a form are told."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

UNKNOWN = {
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


class Refused(Exception):  # noqa: N818  (it isn't this server's error but its answer)
    """Discord answers {status} with code {code}: {message}"""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status}, code {code}: {message} {errors or ''}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> Json:
        body: Json = {"message": self.message, "code": self.code}
        return body if self.errors is None else {**body, "errors": self.errors}


def unknown(what: str) -> Refused:
    """404 for something that isn't there; ``what`` is a key of UNKNOWN."""
    return Refused(404, UNKNOWN[what], f"Unknown {what}")


def missing_permissions() -> Refused:
    return Refused(403, 50013, "Missing Permissions")


def missing_access() -> Refused:
    return Refused(403, 50001, "Missing Access")


def unauthorized() -> Refused:
    return Refused(401, 0, "401: Unauthorized")


def invalid_webhook_token() -> Refused:
    return Refused(401, 50027, "Invalid Webhook Token")


def archived(status: int = 400) -> Refused:
    return Refused(status, 50083, "Thread is archived")


class Form:
    """Collects what is wrong with a body; ``check`` refuses it with every mistake at its path."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def wrong(self, path: str, code: str, message: str) -> None:
        place = self.errors
        for step in path.split(".") if path else ():
            place = place.setdefault(step, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def text(self, path: str, value: object, most: int, *, least: int = 0) -> None:
        """A string within its lengths; None stands for a field that was left out."""
        if value is None:
            if least:
                self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        elif len(value.strip()) < least:
            self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required")
        elif len(value) > most:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def count(self, path: str, value: object, most: int, *, least: int = 0) -> list[Any]:
        """A list with so many items; what isn't one is told and read as empty."""
        if value is None:
            value = []
        if not isinstance(value, list):
            self.wrong(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
            return []
        if not least <= len(value) <= most:
            message = f"Must be between {least} and {most} in length."
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", message)
        return value

    def choice(self, path: str, value: object, allowed: tuple[object, ...]) -> None:
        if value not in allowed:
            named = ", ".join(map(str, allowed))
            self.wrong(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{named}}}.")

    def number(self, path: str, value: object, least: int, most: int) -> None:
        if value is None:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif value < least:
            self.wrong(path, "NUMBER_TYPE_MIN", f"int value should be at least {least}.")
        elif value > most:
            self.wrong(path, "NUMBER_TYPE_MAX", f"int value should be at most {most}.")

    def check(self) -> None:
        """Raises Refused with code 50035 if anything was wrong."""
        if self.errors:
            raise Refused(400, 50035, "Invalid Form Body", self.errors)


def invalid(path: str, code: str, message: str) -> Refused:
    """A form with a single mistake."""
    form = Form()
    form.wrong(path, code, message)
    return Refused(400, 50035, "Invalid Form Body", form.errors)
