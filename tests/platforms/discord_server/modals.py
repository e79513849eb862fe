"""A person fills in a modal: what the app checks, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping

from tests.platforms.discord_server import components
from tests.platforms.discord_server.refusals import Json
from tests.platforms.discord_server.typed import NotPossible


def submission(modal: Json, values: Mapping[str, object]) -> Json:
    """The data of a submit. ``values`` are texts, or lists for selects, by custom id.

    Inputs that aren't named keep what they were filled with.

    Raises:
        NotPossible: for inputs that aren't there, and values that the app would not send.
    """
    inputs = components.modal_inputs(modal)
    if strangers := set(values) - set(inputs):
        raise NotPossible(f"the modal has no {sorted(strangers)}, only {sorted(inputs)}")
    return {
        "custom_id": modal["custom_id"],
        "components": [_entry(entry, values) for entry in modal["components"]],
    }


def _entry(entry: Json, values: Mapping[str, object]) -> Json:
    told: Json = {"type": entry["type"], "id": entry.get("id", 0)}
    if entry["type"] == components.ROW:
        return {**told, "components": [_filled(each, values) for each in entry["components"]]}
    if entry["type"] == components.LABEL:
        return {**told, "component": _filled(entry["component"], values)}
    return told


def _filled(component: Json, values: Mapping[str, object]) -> Json:
    custom_id = component["custom_id"]
    told: Json = {
        "type": component["type"],
        "id": component.get("id", 0),
        "custom_id": custom_id,
    }
    if component["type"] == components.TEXT_INPUT:
        text = str(values.get(custom_id, component.get("value") or ""))
        _check_text(component, text)
        return {**told, "value": text}
    chosen = values.get(custom_id, [])
    if not isinstance(chosen, list):
        raise NotPossible(f"{custom_id} takes a list of values")
    _check_chosen(component, chosen)
    return {**told, "values": chosen}


def _check_text(component: Json, text: str) -> None:
    least = max(component.get("min_length") or 0, 1 if component.get("required", True) else 0)
    most = component.get("max_length") or 4_000
    if (text or least) and not least <= len(text) <= most:
        raise NotPossible(f"{component['custom_id']} takes {least} to {most} characters")


def _check_chosen(component: Json, chosen: list[object]) -> None:
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if not component.get("required", True):
        least = 0
    if not least <= len(chosen) <= most:
        raise NotPossible(f"{component['custom_id']} takes {least} to {most} values")
    if component["type"] != components.STRING_SELECT:
        return
    known = [option["value"] for option in component["options"]]
    if strangers := [each for each in chosen if each not in known]:
        raise NotPossible(f"{component['custom_id']} has no option {strangers}, only {known}")
