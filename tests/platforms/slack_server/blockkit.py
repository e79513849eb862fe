"""Block Kit as Slack checks it, with its limits and the pointers it tells mistakes with.

The limits are those of https://docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.platforms.slack_server.refusals import Json, Refused, invalid

MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
# Not documented: users report refusals between 11,341 characters in 45 blocks and 13,297 in one
# (slackapi/bolt-js#2867, #2509), which one sum with a share a block explains.
MOST_IN_ALL = 12_000
SHARE_OF_A_BLOCK = 40
ID = 255
STYLES = ("primary", "danger")


class Checked:
    """Collects what is wrong, each with its JSON pointer."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.actions: set[str] = set()
        self.blocks: set[str] = set()

    def wrong(self, path: str, message: str) -> None:
        self.errors.append(f"{message} [json-pointer:{path}]")

    def length(self, path: str, value: object, most: int, *, least: int = 1) -> None:
        if not isinstance(value, str):
            self.wrong(path, "must be a string")
        elif len(value) > most:
            self.wrong(path, f"must be less than {most + 1} characters")
        elif len(value) < least:
            self.wrong(path, f"must be more than {least - 1} characters")

    def optional(self, path: str, owner: Json, key: str, most: int) -> None:
        if owner.get(key) is not None:
            self.length(f"{path}/{key}", owner[key], most)

    def items(self, path: str, value: object, most: int, *, least: int = 1) -> list[Any]:
        if not isinstance(value, list):
            self.wrong(path, "must be an array")
            return []
        if len(value) > most:
            self.wrong(path, f"no more than {most} items allowed")
        if len(value) < least:
            self.wrong(path, f"no less than {least} items allowed")
        return value

    def text(self, path: str, value: object, most: int, kinds: tuple[str, ...] = ()) -> None:
        """A text object; ``kinds`` narrows it, as to plain_text."""
        allowed = kinds or ("plain_text", "mrkdwn")
        if not isinstance(value, dict) or value.get("type") not in allowed:
            self.wrong(path, f"must be a text object of {' or '.join(allowed)}")
            return
        before = len(self.errors)
        self.length(f"{path}/text", value.get("text"), most)
        if len(self.errors) > before:
            self.errors.insert(before, f"failed to match all allowed schemas [json-pointer:{path}]")

    def plain(self, path: str, owner: Json, key: str, most: int, *, required: bool = True) -> None:
        if key in owner and owner[key] is not None:
            self.text(f"{path}/{key}", owner[key], most, ("plain_text",))
        elif required:
            self.wrong(path, f"missing required field: {key}")

    def unique(self, path: str, seen: set[str], value: object, what: str) -> None:
        if value is None:
            return
        self.length(path, value, ID)
        if str(value) in seen:
            self.wrong(path, f"`{what}` {value} already exists")
        seen.add(str(value))


def _option(checked: Checked, path: str, option: object, kinds: tuple[str, ...]) -> None:
    if not isinstance(option, dict):
        checked.wrong(path, "must be an object")
        return
    checked.text(f"{path}/text", option.get("text"), 75, kinds)
    checked.length(f"{path}/value", option.get("value"), 150)
    if "description" in option:
        checked.plain(path, option, "description", 75)


def _options(checked: Checked, path: str, element: Json, most: int, *, plain: bool = True) -> None:
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if "option_groups" in element:
        groups = checked.items(f"{path}/option_groups", element["option_groups"], 100)
        for at, group in enumerate(groups):
            place = f"{path}/option_groups/{at}"
            checked.plain(place, group, "label", 75)
            _options(checked, place, group, most)
        return
    for at, option in enumerate(checked.items(f"{path}/options", element.get("options"), most)):
        _option(checked, f"{path}/options/{at}", option, kinds)
    known = element.get("options") or []
    for key in ("initial_option", "initial_options"):
        given = element.get(key)
        chosen = given if isinstance(given, list) else [] if given is None else [given]
        if any(each not in known for each in chosen):
            checked.wrong(f"{path}/{key}", f"{key} must be one of the options")


def _button(checked: Checked, path: str, element: Json) -> None:
    checked.plain(path, element, "text", 75)
    checked.optional(path, element, "value", 2000)
    checked.optional(path, element, "url", 3000)
    checked.optional(path, element, "accessibility_label", 75)
    if element.get("style") not in (None, *STYLES):
        checked.wrong(f"{path}/style", "must be one of primary or danger")


def _static(checked: Checked, path: str, element: Json) -> None:
    checked.plain(path, element, "placeholder", 150, required=False)
    _options(checked, path, element, 100)


def _external(checked: Checked, path: str, element: Json) -> None:
    checked.plain(path, element, "placeholder", 150, required=False)
    if "options" in element:
        checked.wrong(path, "invalid additional property: options")


def _picker(checked: Checked, path: str, element: Json) -> None:
    checked.plain(path, element, "placeholder", 150, required=False)


def _input_text(checked: Checked, path: str, element: Json) -> None:
    checked.plain(path, element, "placeholder", 150, required=False)
    if element.get("initial_value") is not None:
        checked.length(f"{path}/initial_value", element["initial_value"], 3000, least=0)
    for key in ("min_length", "max_length"):
        value = element.get(key)
        if value is not None and not 0 <= value <= 3000:
            checked.wrong(f"{path}/{key}", "must be between 0 and 3000")


def _few(checked: Checked, path: str, element: Json) -> None:
    _options(checked, path, element, 10, plain=False)


def _overflow(checked: Checked, path: str, element: Json) -> None:
    _options(checked, path, element, 5)


def _image(checked: Checked, path: str, element: Json) -> None:
    if "alt_text" not in element:
        checked.wrong(path, "missing required field: alt_text")
    else:
        checked.length(f"{path}/alt_text", element["alt_text"], 2000)
    if "image_url" in element:
        checked.length(f"{path}/image_url", element["image_url"], 3000)
    elif "slack_file" not in element:
        checked.wrong(path, "missing required field: image_url")


Check = Callable[[Checked, str, Json], None]
SELECTS: dict[str, Check] = {
    "static_select": _static,
    "multi_static_select": _static,
    "external_select": _external,
    "multi_external_select": _external,
    **dict.fromkeys(
        [f"{many}{what}_select" for many in ("", "multi_") for what in ("users", "conversations")],
        _picker,
    ),
    "channels_select": _picker,
    "multi_channels_select": _picker,
    "datepicker": _picker,
    "timepicker": _picker,
    "checkboxes": _few,
    "radio_buttons": _few,
}
ACTIONS: dict[str, Check] = {"button": _button, "overflow": _overflow, **SELECTS}
INPUTS: dict[str, Check] = {
    **SELECTS,
    "plain_text_input": _input_text,
    "email_text_input": _input_text,
    "url_text_input": _input_text,
    "number_input": _picker,
}
ACCESSORIES: dict[str, Check] = {**ACTIONS, "image": _image}


def _element(checked: Checked, path: str, element: object, known: dict[str, Check]) -> None:
    if not isinstance(element, dict) or element.get("type") not in known:
        kind = element.get("type") if isinstance(element, dict) else element
        checked.wrong(path, f"unsupported type: {kind}")
        return
    if element["type"] != "image":
        checked.unique(f"{path}/action_id", checked.actions, element.get("action_id"), "action_id")
    known[element["type"]](checked, path, element)
    if "confirm" in element:
        confirm = element["confirm"]
        for key, most in {"title": 100, "confirm": 30, "deny": 30}.items():
            checked.plain(f"{path}/confirm", confirm, key, most)
        checked.text(f"{path}/confirm/text", confirm.get("text"), 300)


def _section(checked: Checked, path: str, block: Json) -> None:
    if "text" not in block and "fields" not in block:
        checked.wrong(path, "missing required field: text")
    if "text" in block:
        checked.text(f"{path}/text", block["text"], 3000)
    if "fields" in block:
        for at, each in enumerate(checked.items(f"{path}/fields", block["fields"], 10)):
            checked.text(f"{path}/fields/{at}", each, 2000)
    if "accessory" in block:
        _element(checked, f"{path}/accessory", block["accessory"], ACCESSORIES)


def _header(checked: Checked, path: str, block: Json) -> None:
    checked.plain(path, block, "text", 150)


def _actions(checked: Checked, path: str, block: Json) -> None:
    for at, each in enumerate(checked.items(f"{path}/elements", block.get("elements"), 25)):
        _element(checked, f"{path}/elements/{at}", each, ACTIONS)


def _context(checked: Checked, path: str, block: Json) -> None:
    for at, each in enumerate(checked.items(f"{path}/elements", block.get("elements"), 10)):
        place = f"{path}/elements/{at}"
        if isinstance(each, dict) and each.get("type") == "image":
            _image(checked, place, each)
        else:
            checked.text(place, each, 3000)


def _input(checked: Checked, path: str, block: Json) -> None:
    checked.plain(path, block, "label", 2000)
    checked.plain(path, block, "hint", 2000, required=False)
    _element(checked, f"{path}/element", block.get("element"), INPUTS)


def _picture(checked: Checked, path: str, block: Json) -> None:
    _image(checked, path, block)
    checked.plain(path, block, "title", 2000, required=False)


def _markdown(checked: Checked, path: str, block: Json) -> None:
    checked.length(f"{path}/text", block.get("text"), 12_000)


def _rich(checked: Checked, path: str, block: Json) -> None:
    checked.items(f"{path}/elements", block.get("elements"), 1000)


def _nothing(checked: Checked, path: str, block: Json) -> None:
    """A divider has nothing to check."""


BLOCKS: dict[str, Check] = {
    "actions": _actions,
    "context": _context,
    "divider": _nothing,
    "header": _header,
    "image": _picture,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich,
    "section": _section,
}


def check_blocks(checked: Checked, path: str, blocks: object, most: int) -> None:
    for at, block in enumerate(checked.items(path, blocks, most, least=0)):
        place = f"{path}/{at}"
        if not isinstance(block, dict) or block.get("type") not in BLOCKS:
            kind = block.get("type") if isinstance(block, dict) else block
            checked.wrong(place, f"unsupported type: {kind}")
            continue
        checked.unique(f"{place}/block_id", checked.blocks, block.get("block_id"), "block_id")
        BLOCKS[block["type"]](checked, place, block)


def _characters(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_characters, value))
    if not isinstance(value, dict):
        return 0
    own = len(value["text"]) if isinstance(value.get("text"), str) else 0
    return own + sum(_characters(each) for each in value.values())


def check_message(blocks: list[Json]) -> None:
    """Raises Refused: invalid_blocks, or msg_blocks_too_long for what is too much in all."""
    checked = Checked()
    check_blocks(checked, "/blocks", blocks, MOST_MESSAGE_BLOCKS)
    if checked.errors:
        raise invalid("invalid_blocks", checked.errors)
    if _characters(blocks) + SHARE_OF_A_BLOCK * len(blocks) > MOST_IN_ALL:
        raise Refused("msg_blocks_too_long")


def check_view(view: object) -> None:
    """Raises Refused: invalid_arguments for what a modal or home tab can't be."""
    checked = Checked()
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise invalid("invalid_arguments", ["unsupported type [json-pointer:/view/type]"])
    if view["type"] == "modal":
        checked.plain("/view", view, "title", 24)
        checked.plain("/view", view, "submit", 24, required=False)
        checked.plain("/view", view, "close", 24, required=False)
        asks = any(each.get("type") == "input" for each in view.get("blocks") or ())
        if asks and not view.get("submit"):
            checked.wrong("/view", "missing required field: submit")
    if "blocks" not in view:
        checked.wrong("/view", "missing required field: blocks")
    for key, most in {"private_metadata": 3000, "callback_id": ID, "external_id": ID}.items():
        if view.get(key):
            checked.length(f"/view/{key}", view[key], most)
    check_blocks(checked, "/view/blocks", view.get("blocks", []), MOST_VIEW_BLOCKS)
    if checked.errors:
        raise invalid("invalid_arguments", checked.errors)


def completed(blocks: list[Json]) -> list[Json]:
    """Blocks as Slack keeps them: with ids where they were left out."""
    made: list[Json] = []
    for at, block in enumerate(blocks):
        kept = {**block, "block_id": block.get("block_id") or f"b{at}Xq"}
        for key in ("elements", "element", "accessory"):
            if kept["type"] in ("actions", "input", "section") and key in kept:
                kept[key] = _with_ids(kept[key], at)
        made.append(kept)
    return made


def _with_ids(value: Any, at: int) -> Any:
    if isinstance(value, list):
        return [_with_ids(each, at * 100 + place) for place, each in enumerate(value)]
    if value["type"] == "image":
        return value
    return {**value, "action_id": value.get("action_id") or f"a{at}Xq"}
