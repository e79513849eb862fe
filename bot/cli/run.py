"""``studybot run``: the bot itself."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from bot.cli.context import load_settings
from bot.cli.output import say

ALL_ROLES = "gateway,http,worker,scheduler"


def run(
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The address to serve the pages at.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Their port; 0 picks a free one.")
    ] = 8080,
    roles: Annotated[
        str,
        typer.Option(metavar="ROLE,...", help="Run these parts only; others run elsewhere."),
    ] = ALL_ROLES,
) -> None:
    """Start studybot; this is what happens without a command as well.

    Migrates the database, then starts the web pages, the worker and the scheduler. Pages are
    for this machine alone unless STUDYBOT_WEB_PASSWORD is set. Ctrl-C ends it.
    """
    settings = load_settings(logging.INFO)
    from bot.bootstrap import serve  # everything heavy is behind it

    wanted = [part.strip().lower() for part in roles.split(",") if part.strip()]
    asyncio.run(serve(settings, host=host, port=port, roles=wanted, announce=say))
