"""Finds the one JSON object in what a model wrote. Strict: nothing is guessed or mended.

A model repeats the member's words, so whatever stands in a reply may stand here too: two
objects, a key said twice or an object that breaks off are refused, never chosen from.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

_THINKING = re.compile(r"\s*<(think|thinking|reasoning)>", re.IGNORECASE)
_THOUGHT = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)
# A brace that begins an object, as against one in prose.
_OBJECT = re.compile(r'\{\s*(?=["}])')
# Escapes of what no text should hold: half a surrogate pair, NUL.
_BAD_ESCAPE = re.compile(r"\\u(?:d[89a-f][0-9a-f]{2}|0000)", re.IGNORECASE)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


class UnreadableError(Exception):
    """What the model wrote isn't one JSON object of the wanted shape; the message says why."""


def read_object(text: str, *, whole: bool = False) -> dict[str, Any]:
    """The JSON object in a model's text: bare, fenced, after its thoughts or amid prose.

    ``whole`` admits nothing but the object itself, for text that was cut off. Raises
    UnreadableError if there is none, more than one, or one that is no good JSON.
    """
    text = text.strip() if whole else _without_thoughts(text.strip())
    begin = _OBJECT.search(text)
    if begin is None or text[: begin.start()].rstrip().endswith("["):
        raise UnreadableError("it holds no JSON object")
    if whole and begin.start() > 0:
        raise UnreadableError("it was cut off")
    data, end = _decode(text, begin.start())
    if _OBJECT.search(text, end):
        raise UnreadableError("it holds more than one JSON object")
    return data


def check_shape(data: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Raise UnreadableError unless the required keys are there and of their types, one level deep.

    It only tells an answer to another question from one to ours; the caller checks the rest.
    Small models forget a flag now and then: one that is left out is the caller's to take as unset.
    """
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in data and properties.get(key, {}).get("type") == "boolean":
            continue
        if key not in data:
            raise UnreadableError(f"“{key}” is missing")
        if not _fits(data[key], properties.get(key, {}).get("type")):
            raise UnreadableError(f"“{key}” is of the wrong type")


def _without_thoughts(text: str) -> str:
    """The text after the model's thoughts, whose opening tag some servers leave out."""
    opened = _THINKING.match(text) is not None
    end = _THOUGHT.search(text)
    if end is None and opened:
        raise UnreadableError("its thoughts never ended")
    # Without the opening tag, a closing one inside an object is the member's, not the model's.
    if end is None or not (opened or _OBJECT.search(text, 0, end.start()) is None):
        return text
    return text[end.end() :]


def _decode(text: str, begin: int) -> tuple[dict[str, Any], int]:
    try:
        data, end = _DECODER.raw_decode(text, begin)
        if _BAD_ESCAPE.search(text):
            _check_text(data)
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is not valid JSON ({error.msg})") from None
    except ValueError as error:
        raise UnreadableError(f"it is not valid JSON ({error})") from None
    return data, end


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("it says a key twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise UnreadableError(f"{word} is no JSON number")


def _finite(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _no_number(word)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_number
)


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise UnreadableError("it holds characters that no text has")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)


def _fits(value: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    if isinstance(value, bool):
        return "boolean" in kinds or kind is None
    return any(isinstance(value, _TYPES.get(k, object)) for k in kinds)
