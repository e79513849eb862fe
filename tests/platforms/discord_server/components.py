"""The limits of buttons, selects, text inputs and of what holds them."""

from __future__ import annotations

import itertools
from collections import Counter

from tests.platforms.discord_server.refusals import Form, Json
from tests.platforms.discord_server.world import every_component

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 2, 3, 4, 10, 18
OTHER_SELECTS = (5, 6, 7, 8)  # users, roles, both, channels
SELECTS = (STRING_SELECT, *OTHER_SELECTS)
LAYOUT = (ROW, 9, TEXT_DISPLAY, 11, 12, 13, 14, 17)  # what a message made of components may hold
LINK, PREMIUM = 5, 6

MOST_ROWS = 5
MOST_IN_ROW = 5
MOST_IN_LAYOUT = 40
MOST_LAYOUT_TEXT = 4_000


def check(form: Form, components: object, *, layout: bool) -> list[Json]:
    """Tell the form what is wrong with a message's components; returns them with their ids."""
    found = form.count("components", components, MOST_IN_LAYOUT if layout else MOST_ROWS)
    for number, component in enumerate(found):
        _check_outer(form, f"components.{number}", component, layout=layout)
    everything = list(every_component(found))
    _check_unique(form, everything)
    if layout:
        _check_layout(form, everything)
    return _numbered(found)


def _check_outer(form: Form, path: str, component: Json, *, layout: bool) -> None:
    kind = component.get("type")
    form.choice(f"{path}.type", kind, LAYOUT if layout else (ROW,))
    if kind == ROW:
        _check_row(form, path, component)
        return
    for number, inner in enumerate(component.get("components", [])):
        _check_outer(form, f"{path}.components.{number}", inner, layout=layout)
    if component.get("accessory", {}).get("type") == BUTTON:
        _check_button(form, f"{path}.accessory", component["accessory"])


def _check_row(form: Form, path: str, row: Json) -> None:
    within = form.count(f"{path}.components", row.get("components"), MOST_IN_ROW, least=1)
    for number, component in enumerate(within):
        at = f"{path}.components.{number}"
        kind = component.get("type")
        form.choice(f"{at}.type", kind, (BUTTON, *SELECTS))
        if kind == BUTTON:
            _check_button(form, at, component)
        elif kind in SELECTS:
            _check_select(form, at, component)
            if len(within) > 1:
                message = "A select fills its row and has no neighbours."
                form.wrong(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def _check_button(form: Form, path: str, button: Json) -> None:
    form.choice(f"{path}.style", button.get("style"), (1, 2, 3, 4, LINK, PREMIUM))
    form.text(f"{path}.label", button.get("label"), 80)
    if not button.get("label") and not button.get("emoji"):
        form.wrong(f"{path}.label", "BUTTON_COMPONENT_INVALID_EMOJI", "A label or emoji is needed")
    if button.get("style") != LINK:
        form.text(f"{path}.custom_id", button.get("custom_id"), 100, least=1)
        return
    form.text(f"{path}.url", button.get("url"), 512, least=1)
    if "custom_id" in button:
        message = "A custom id and url cannot both be specified"
        form.wrong(
            f"{path}.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message
        )


def _check_select(form: Form, path: str, select: Json) -> None:
    form.text(f"{path}.custom_id", select.get("custom_id"), 100, least=1)
    form.text(f"{path}.placeholder", select.get("placeholder"), 150)
    form.number(f"{path}.min_values", select.get("min_values"), 0, 25)
    form.number(f"{path}.max_values", select.get("max_values"), 1, 25)
    if select["type"] != STRING_SELECT:
        return
    options = form.count(f"{path}.options", select.get("options"), 25, least=1)
    for number, option in enumerate(options):
        at = f"{path}.options.{number}"
        form.text(f"{at}.label", option.get("label"), 100, least=1)
        form.text(f"{at}.value", option.get("value"), 100, least=1)
        form.text(f"{at}.description", option.get("description"), 100)
    values = Counter(option.get("value") for option in options)
    if any(times > 1 for times in values.values()):
        message = "The specified option value is already used"
        form.wrong(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)


def _check_unique(form: Form, components: list[Json]) -> None:
    ids = Counter(c["custom_id"] for c in components if c.get("custom_id"))
    for custom_id, times in ids.items():
        if times > 1:
            message = f"Component custom id cannot be duplicated: {custom_id}"
            form.wrong("components", "COMPONENT_CUSTOM_ID_DUPLICATED", message)


def _check_layout(form: Form, components: list[Json]) -> None:
    if len(components) > MOST_IN_LAYOUT:
        message = f"Must be {MOST_IN_LAYOUT} or fewer in all."
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", message)
    texts = [str(c.get("content", "")) for c in components if c.get("type") == TEXT_DISPLAY]
    if sum(map(len, texts)) > MOST_LAYOUT_TEXT:
        message = f"The texts must be {MOST_LAYOUT_TEXT} or fewer in length."
        form.wrong("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _numbered(components: list[Json]) -> list[Json]:
    """With the ids that Discord gives to components that came without one."""
    ids = itertools.count(1)
    for component in every_component(components):
        component["id"] = component.get("id") or next(ids)
    return components


def check_modal(form: Form, modal: Json) -> None:
    """Tell the form what is wrong with a modal."""
    form.text("data.title", modal.get("title"), 45, least=1)
    form.text("data.custom_id", modal.get("custom_id"), 100, least=1)
    entries = form.count("data.components", modal.get("components"), 5, least=1)
    for number, entry in enumerate(entries):
        path = f"data.components.{number}"
        kind = entry.get("type")
        form.choice(f"{path}.type", kind, (ROW, TEXT_DISPLAY, LABEL))
        if kind == ROW:
            within = form.count(f"{path}.components", entry.get("components"), 1, least=1)
            for component in within:
                form.text(f"{path}.components.0.label", component.get("label"), 45, least=1)
                _check_input(form, f"{path}.components.0", component)
        elif kind == LABEL:
            form.text(f"{path}.label", entry.get("label"), 45, least=1)
            form.text(f"{path}.description", entry.get("description"), 100)
            _check_input(form, f"{path}.component", entry.get("component", {}))
    _check_unique(form, list(every_component(entries)))


def _check_input(form: Form, path: str, component: Json) -> None:
    kind = component.get("type")
    form.choice(f"{path}.type", kind, (TEXT_INPUT, *SELECTS))
    if kind in SELECTS:
        _check_select(form, path, component)
    if kind != TEXT_INPUT:
        return
    form.text(f"{path}.custom_id", component.get("custom_id"), 100, least=1)
    form.choice(f"{path}.style", component.get("style"), (1, 2))
    form.number(f"{path}.min_length", component.get("min_length"), 0, 4_000)
    form.number(f"{path}.max_length", component.get("max_length"), 1, 4_000)
    form.text(f"{path}.value", component.get("value"), component.get("max_length") or 4_000)
    form.text(f"{path}.placeholder", component.get("placeholder"), 100)


def modal_inputs(modal: Json) -> dict[str, Json]:
    """The inputs of a modal by their custom ids."""
    return {c["custom_id"]: c for c in every_component(modal["components"]) if "custom_id" in c}
