"""Whom a message would notify."""

from __future__ import annotations

import re
from typing import Any

MANUAL = re.compile(r"<(?:@(?P<user>[UW]\w+)|!(?P<all>channel|here|everyone|subteam\^\w+))[^>]*>")
# https://docs.slack.dev/reference/block-kit/composition-objects/text-object: unless a text says
# ``verbatim``, "certain mentions" are parsed though they were written plainly. Taken strictly.
PLAIN = re.compile(r"(?<![\w<!])@(channel|here|everyone)\b")


def in_text(text: str, *, verbatim: bool = True) -> set[str]:
    """User ids, and channel, here, everyone or a user group."""
    found = {match["user"] or match["all"] for match in MANUAL.finditer(text)}
    return found if verbatim else found | set(PLAIN.findall(text))


def in_blocks(value: Any) -> set[str]:
    """The same of blocks' mrkdwn texts and rich text; plain_text notifies nobody."""
    if isinstance(value, list):
        return {name for each in value for name in in_blocks(each)}
    if not isinstance(value, dict):
        return set()
    kind = value.get("type")
    if kind == "mrkdwn":
        return in_text(str(value.get("text", "")), verbatim=bool(value.get("verbatim")))
    if kind in ("user", "broadcast"):
        return {str(value.get("user_id") or value.get("range"))}
    return {name for each in value.values() for name in in_blocks(each)}
