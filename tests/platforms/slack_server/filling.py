"""What a person puts into inputs and selects, as Slack tells the app of it."""

from __future__ import annotations

from typing import Any

from tests.platforms.slack_server.refusals import Json, NotPossible
from tests.platforms.slack_server.views import View
from tests.platforms.slack_server.world import Channel, User


def state_of(element: Json, value: object) -> Json:
    """An element's state once ``value`` is in it: text, an option's label or value, several.

    Raises:
        NotPossible: for options that aren't there, and texts outside their lengths.
    """
    kind: str = element["type"]
    if kind.endswith("_input"):
        return {"type": kind, "value": _typed(element, value)}
    if kind in ("datepicker", "timepicker"):
        return {"type": kind, f"selected_{kind.removesuffix('picker')}": value}
    if kind.removeprefix("multi_") in ("users_select", "conversations_select", "channels_select"):
        return _picked(kind, value)
    if kind == "checkboxes" or kind.startswith("multi_"):
        chosen = value if isinstance(value, list) else [value]
        return {"type": kind, "selected_options": [_option(element, each) for each in chosen]}
    return {"type": kind, "selected_option": _option(element, value)}


def fill(view: View, values: dict[str, object]) -> None:
    """Put values into a modal's inputs, by block_id or action_id.

    Raises:
        NotPossible: for inputs that aren't there, and required ones that stay empty.
    """
    left = dict(values)
    for block in view.blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        key, action = block["block_id"], element["action_id"]
        for name in (key, action):
            if name in left:
                view.values[key] = {action: state_of(element, left.pop(name))}
        if not block.get("optional") and empty(view.values[key][action]):
            raise NotPossible(f"{key} is required, so the app won't send the form without it")
    if left:
        raise NotPossible(f"the form has no {sorted(left)}, only {sorted(view.values)}")


def empty(state: Json) -> bool:
    return not any(value for key, value in state.items() if key != "type")


def _typed(element: Json, value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not least <= len(text) <= most:
        raise NotPossible(f"{len(text)} characters where {least} to {most} are allowed")
    return text or None


def _picked(kind: str, value: object) -> Json:
    def key(each: Any) -> Any:
        return each.id if isinstance(each, (User, Channel)) else each

    name = kind.removeprefix("multi_").removesuffix("s_select")
    if kind.startswith("multi_"):
        return {"type": kind, f"selected_{name}s": [key(each) for each in _list(value)]}
    return {"type": kind, f"selected_{name}": key(value)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _option(element: Json, wanted: object) -> Json | None:
    """An option by its value or label; one that was suggested is given whole."""
    if isinstance(wanted, dict) or wanted is None:
        return wanted
    groups = element.get("option_groups") or [element]
    options = [each for group in groups for each in group.get("options", ())]
    for option in options:
        if wanted in (option["value"], option["text"]["text"]):
            found: Json = option
            return found
    raise NotPossible(f"there is no {wanted!r}, only {[each['value'] for each in options]}")
