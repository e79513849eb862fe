"""Guided forms in Discord's parts: selects and buttons under a message, and modals.

What a component does is written in its custom id, so that it works after a restart:
``field:<command>:<option>:<channel>`` chooses, ``fill:<command>:<channel>`` opens the modal
whose submission is ``form:<command>:<channel>``, ``run:<command>:<channel>`` runs a command,
``found:`` and ``here:`` found a group; ``move:<command>:<group>`` brings one here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

import discord

from bot.commands.core import Form, FormField, OptionKind
from bot.commands.run import BY_NAME
from bot.messages.message import shortened

MOST_OPTIONS = 25
MOST_SELECTS = 4
MOST_INPUTS = 5
LABEL, TITLE, BUTTON_LABEL, PLACEHOLDER, DESCRIPTION = 45, 45, 80, 150, 100
_TYPED = (OptionKind.TEXT, OptionKind.TIME, OptionKind.ZONE, OptionKind.DAYS, OptionKind.TERM)
_LONG = ("note", "reason")


@dataclass(frozen=True, slots=True)
class Step:
    """What a component of a form does, as its custom id says."""

    kind: str
    command: str
    channel_id: int
    option: str = ""

    @property
    def custom_id(self) -> str:
        """The step as text, of at most 100 characters."""
        parts = (self.kind, self.command, self.option, str(self.channel_id))
        return ":".join(part for part in parts if part)


def step_of(custom_id: str) -> Step | None:
    """The step that a custom id says, if it is one."""
    kind, _, rest = custom_id.partition(":")
    command, *option, channel = rest.split(":") if rest.count(":") in (1, 2) else ("", "")
    fits = kind == "field" if option else kind in ("fill", "form", "run", "found", "here", "move")
    if not fits or not channel.isdecimal():
        return None
    return Step(kind, command, int(channel), option[0] if option else "")


def at_rest(view: discord.ui.View) -> discord.ui.View:
    """The view, kept by nobody: what it does is dispatched by custom ids."""
    view.stop()
    return view


def fits(form: Form) -> bool:
    """Whether a form's fields can all be shown: files come as a command's option."""
    return all(field.option.kind is not OptionKind.FILE for field in form.fields)


def typed_fields(form: Form) -> list[FormField]:
    """Fields that are written, not chosen."""
    return [field for field in form.fields if field.option.kind in _TYPED][:MOST_INPUTS]


def form_view(
    form: Form, channel_id: int, more: Iterable[discord.ui.Button[discord.ui.View]] = ()
) -> discord.ui.View:
    """A form under a message: a select for each choice, a button to what is written."""
    view = discord.ui.View(timeout=None)
    chosen = [field for field in form.fields if field.option.kind not in _TYPED]
    for field in chosen[:MOST_SELECTS]:
        view.add_item(_select(form, field, channel_id))
    labels = ", ".join(field.label for field in typed_fields(form))
    if labels:
        view.add_item(
            discord.ui.Button(
                label=shortened(f"{labels}…", BUTTON_LABEL),
                style=discord.ButtonStyle.primary,
                custom_id=Step("fill", form.command, channel_id).custom_id,
            )
        )
    for button in more:
        view.add_item(button)
    return at_rest(view)


def _select(form: Form, field: FormField, channel_id: int) -> discord.ui.Select[discord.ui.View]:
    step = Step("field", form.command, channel_id, field.option.name)
    return _choice(step, field.label, field.option.choices, field.value, field.told)


def choices_view(step: Step, placeholder: str, choices: Sequence[str]) -> discord.ui.View:
    """One select, which asks which of several was meant."""
    view = discord.ui.View(timeout=None)
    view.add_item(_choice(step, placeholder, choices, ""))
    return at_rest(view)


def _choice(
    step: Step, label: str, choices: Sequence[str], value: str, told: Sequence[str] = ()
) -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(
            label=shortened(f"{label}: {choice}", 100),
            value=choice[:100],
            description=shortened(words, DESCRIPTION) or None,
            default=choice == value,
        )
        for choice, words in list(zip_longest(choices, told, fillvalue=""))[:MOST_OPTIONS]
    ]
    return discord.ui.Select(
        custom_id=step.custom_id, placeholder=shortened(label, PLACEHOLDER), options=options
    )


def form_modal(form: Form, channel_id: int) -> discord.ui.Modal:
    """A form's written fields as a modal."""
    inputs = [
        labelled(
            field.label,
            discord.ui.TextInput(
                custom_id=field.option.name,
                default=field.value[:4_000] or None,
                required=field.option.required,
                style=_style(field.option.name),
            ),
            field.option.description,
        )
        for field in typed_fields(form)
    ]
    return modal(form.title, Step("form", form.command, channel_id).custom_id, inputs)


def _style(name: str) -> discord.TextStyle:
    return discord.TextStyle.long if name in _LONG else discord.TextStyle.short


def blank_form(command: str) -> Form:
    """A command's form without what holds now, for when that can't be told in time."""
    row = BY_NAME[command]
    fields = tuple(FormField(option, option.name.capitalize(), "") for option in row.options)
    return Form(row.summary, command, fields)


def labelled(
    label: str, text: discord.ui.TextInput[discord.ui.LayoutView], description: str = ""
) -> discord.ui.Label[discord.ui.LayoutView]:
    """A text input under its label."""
    described = shortened(description, DESCRIPTION) if description != label else ""
    return discord.ui.Label(
        text=shortened(label, LABEL), description=described or None, component=text
    )


def modal(
    title: str, custom_id: str, inputs: Iterable[discord.ui.Label[discord.ui.LayoutView]]
) -> discord.ui.Modal:
    """A modal that nobody waits for: its submission is dispatched by its custom id."""
    made = discord.ui.Modal(title=shortened(title, TITLE), custom_id=custom_id, timeout=None)
    for each in inputs:
        made.add_item(each)
    made.stop()
    return made


def filled(interaction: discord.Interaction) -> dict[str, str]:
    """What a submitted modal's text inputs hold, by their custom ids."""
    data = cast("dict[str, Any]", interaction.data or {})
    found: dict[str, str] = {}
    for outer in data.get("components", ()):
        for each in (*outer.get("components", ()), outer.get("component") or {}):
            if isinstance(each.get("value"), str):
                found[each["custom_id"]] = each["value"]
    return found


def chosen(interaction: discord.Interaction) -> str:
    """What was chosen in a select that takes one value; "" for none."""
    data = cast("dict[str, Any]", interaction.data or {})
    values = data.get("values") or [""]
    return str(values[0])
