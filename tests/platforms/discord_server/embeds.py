"""The limits of embeds."""

from __future__ import annotations

from typing import Any

from tests.platforms.discord_server.refusals import Form, Json

MOST_EMBEDS = 10
MOST_FIELDS = 25
MOST_TOGETHER = 6_000  # characters in all the embeds of one message
LENGTHS = {"title": 256, "description": 4_096}
NESTED = {("footer", "text"): 2_048, ("author", "name"): 256}
LINKS = ("url", "image.url", "thumbnail.url", "author.url", "footer.icon_url", "author.icon_url")


def check(form: Form, embeds: object) -> list[Json]:
    """Tell the form what is wrong with a message's embeds; returns them as Discord keeps them."""
    found = form.count("embeds", embeds, MOST_EMBEDS)
    whole = [embed for embed in found if isinstance(embed, dict)]
    for number, embed in enumerate(whole):
        _check_one(form, f"embeds.{number}", embed)
    if sum(map(_length, whole)) > MOST_TOGETHER:
        message = f"Embed size exceeds maximum size of {MOST_TOGETHER}"
        form.wrong("embeds", "MAX_EMBED_SIZE_EXCEEDED", message)
    return [{**embed, "type": "rich"} for embed in whole]


def _check_one(form: Form, path: str, embed: Json) -> None:
    for name, most in LENGTHS.items():
        form.text(f"{path}.{name}", embed.get(name), most)
    for (outer, name), most in NESTED.items():
        if outer in embed:
            form.text(f"{path}.{outer}.{name}", embed[outer].get(name), most, least=1)
    fields = form.count(f"{path}.fields", embed.get("fields"), MOST_FIELDS)
    for number, entry in enumerate(fields):
        form.text(f"{path}.fields.{number}.name", entry.get("name"), 256, least=1)
        form.text(f"{path}.fields.{number}.value", entry.get("value"), 1_024, least=1)
    for link in LINKS:
        _check_link(form, f"{path}.{link}", _dig(embed, link))
    if not _length(embed) and not any(_dig(embed, link) for link in LINKS):
        form.wrong(f"{path}.description", "BASE_TYPE_REQUIRED", "This field is required")


def _check_link(form: Form, path: str, url: object) -> None:
    schemes = ("http://", "https://", "attachment://")
    if url is not None and not str(url).startswith(schemes):
        message = f"Scheme must be one of {schemes}."
        form.wrong(path, "URL_TYPE_INVALID_SCHEME", message)


def _dig(embed: Json, path: str) -> Any:
    place: Any = embed
    for step in path.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    return place


def _length(embed: Json) -> int:
    """The characters that count towards the limit of all embeds together."""
    texts = [embed.get("title"), embed.get("description")]
    texts += [_dig(embed, f"{outer}.{name}") for outer, name in NESTED]
    for entry in embed.get("fields") or ():
        texts += [entry.get("name"), entry.get("value")]
    return sum(len(text) for text in texts if isinstance(text, str))
