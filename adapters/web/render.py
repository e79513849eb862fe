"""From data to HTML. Jinja escapes everything: no member's, guide's or model's words are markup."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from bot.domain.boards import WINDOW_TITLES, Window
from bot.domain.schedule import zone_of
from bot.errors import InvalidError
from bot.messages.build import DIFFICULTY, VERDICT_TITLES
from bot.messages.message import RULINGS, Action
from bot.study.costs import money

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEME_COOKIE = "studybot_theme"
ZONE_COOKIE = "studybot_zone"
_HUES = 8
_MEDALS = {1: "gold", 2: "silver", 3: "bronze"}
_STYLES = {"time": "%H:%M", "day": "%A, %-d %B", "full": "%a %-d %b, %H:%M", "date": "%-d %b %Y"}
_RULING_ICONS = {
    Action.RULE_CORRECT.value: "covered",
    Action.RULE_PARTIAL.value: "partial",
    Action.RULE_INCORRECT.value: "contradicted",
}
_TITLES = {400: "That can't be read", 403: "Not from there", 404: "Nothing here", 405: "Not here"}


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """A template as a page, in the reader's theme and zone."""
    theme = request.cookies.get(THEME_COOKIE)
    shared = {
        "theme": theme if theme in ("light", "dark") else "auto",
        "zone": reader_zone(request, context.get("zone") or "UTC"),
        "path": request.url.path,
    }
    html = _environment().get_template(template).render({**context, **shared})
    return HTMLResponse(html, status, headers=dict(headers or {}))


def error_page(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as a page with a way back."""
    title = _TITLES.get(status, "That didn't work")
    return page(request, "error.html", status=status, headers=headers, title=title, detail=detail)


def reader_zone(request: Request, otherwise: str) -> str:
    """The zone that the reader's browser told, or the group's."""
    told = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    try:
        return zone_of(told).key if told else otherwise
    except InvalidError:
        return otherwise


def static_url(name: str) -> str:
    """A static file's address; it changes when any of the files does, so browsers may keep it."""
    return f"/static/{static_version()}/{name}"


@lru_cache(maxsize=1)
def static_version() -> str:
    """A digest of the static files. Scripts import each other, so they share one."""
    files = sorted(path for path in STATIC.iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def moment(at: datetime, zone: str, style: str = "time", *, relative: bool = False) -> Markup:
    """An instant as a ``time`` element, in that zone; the page's script adds the rest."""
    local = at.astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}" data-style="{}"{}>{}</time>').format(
        at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        style,
        Markup(" data-relative") if relative else "",
        local.strftime(_STYLES[style]),
    )


def local_day(at: datetime, zone: str) -> date:
    """The date of an instant where the reader is."""
    return at.astimezone(ZoneInfo(zone)).date()


def hue(name: str) -> int:
    """Which of the eight avatar colours is a name's."""
    return zlib.crc32(name.casefold().encode("utf-8", "replace")) % _HUES


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    words = [word for word in name.split() if word]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [name.strip()[:1]]
    return "".join(letters).upper()


def compact(number: int) -> str:
    """A count in few characters: 940, 12.3k, 1.2M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + unit
    return str(number)


def kind(value: object) -> str:
    """A block's or span's type in lower case: ``paragraph``, ``mention``, ``str``."""
    return type(value).__name__.lower()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        static=static_url,
        moment=moment,
        local_day=local_day,
        hue=hue,
        initials=initials,
        kind=kind,
        money=money,
        compact=compact,
        rulings=RULINGS,
        ruling_icons=_RULING_ICONS,
        medals=_MEDALS,
        difficulty=DIFFICULTY,
        windows=[(window, WINDOW_TITLES[window]) for window in Window],
        verdicts={verdict.value: title for verdict, title in VERDICT_TITLES.items()},
    )
    return environment
