"""Command lines as phones and keyboards really produce them."""

from __future__ import annotations

import pytest

from bot.commands.run import parse


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("/study setup Time=09:00 Zone=Europe/Berlin", {"time": "09:00", "zone": "Europe/Berlin"}),
        ("/study setup days=“every day”", {"days": "every day"}),
        ("/study setup days=„every day“ time=9:00", {"days": "every day", "time": "9:00"}),
        ("/study setup FEEDBACK=Close", {"feedback": "close"}),
        ('/study setup days="mon fri"', {"days": "mon fri"}),
        ("/explain Term=LoRA", {"term": "LoRA"}),
        ("/explain what is “attention”", {"term": "what is “attention”"}),
        ("/explain softmax(x)=y", {"term": "softmax(x)=y"}),
    ],
)
def test_options_are_understood_with_capitals_and_curly_quotes(
    line: str, values: dict[str, str]
) -> None:
    assert parse(line)[1] == values
