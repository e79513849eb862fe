"""Every chat command: one row here, one use case behind it, no adapter file.

Adapters register their native commands from this table.
"""

from __future__ import annotations

from bot.commands import people, privacy
from bot.commands.core import Call, Command, Option, OptionKind, Response, Values
from bot.commands.decks import IMPORT_OPTIONS, USE_OPTIONS, import_deck, list_decks, use_deck
from bot.commands.judging import GRADE_OPTIONS, appeal, grade, show_queue
from bot.commands.member import explain_term, help_message, me, show_leaderboard
from bot.commands.organiser import close, pause, post, resume, setup, status
from bot.study.services import Services


async def help_page(_: Services, call: Call, __: Values) -> Response:
    """``/help``: how it works, and every command the caller may use."""
    return Response(help_message(COMMANDS, organiser=call.organiser), private=True)


HELP = "help"
"""The command that says something everywhere, a group or none."""
JOIN = "study join"
"""The one command that works where no group posts yet; adapters run it there themselves."""

COMMANDS: tuple[Command, ...] = (
    Command(
        "explain",
        "What the guide says about a term, with its source",
        explain_term,
        (Option("term", "A term or a question, such as lora", OptionKind.TERM, required=True),),
        example="/explain lora",
    ),
    Command(
        "leaderboard",
        "Who leads, in a window of your choice",
        show_leaderboard,
        (Option("window", "today, week, month, season, rolling30 or all", OptionKind.WINDOW),),
        example="/leaderboard month",
    ),
    Command(
        "me",
        "Your points, streak and latest grades",
        me,
        private=True,
        example="/me",
    ),
    Command(
        "appeal",
        "Ask an organiser to look at your newest grade",
        appeal,
        (Option("reason", "Why, if you like to say"),),
        private=True,
        example="/appeal I did mention the KL penalty",
    ),
    Command(
        "link",
        "Make your accounts here and on another platform one member",
        people.link,
        (Option("code", "What /link told you with your other account; nothing makes a code"),),
        private=True,
        example="/link",
    ),
    Command(
        "privacy export",
        "Everything that is kept of you, as a file",
        privacy.export,
        private=True,
        example="/privacy export",
    ),
    Command(
        "privacy hide",
        "Take yourself off the leaderboards; your points go on",
        privacy.hide,
        private=True,
        example="/privacy hide",
    ),
    Command(
        "privacy show",
        "Be on the leaderboards again",
        privacy.show,
        private=True,
        example="/privacy show",
    ),
    Command(
        "privacy forget",
        "Have everything about you deleted",
        privacy.forget,
        private=True,
        example="/privacy forget",
    ),
    Command(
        HELP,
        "What you can do here",
        help_page,
        private=True,
        example="/help",
    ),
    Command(
        "study setup",
        "Set the channel's schedule, deck and rules",
        setup,
        (
            Option("time", "When the question is posted, HH:MM", OptionKind.TIME),
            Option("zone", "Time zone, such as Europe/Berlin", OptionKind.ZONE),
            Option("days", "mon-fri, mon,wed,fri or every day", OptionKind.DAYS),
            Option("deck", "Which guide to ask from", OptionKind.DECK),
            Option(
                "answers",
                "How replies are given",
                OptionKind.CHOICE,
                choices=("thread", "sealed", "both"),
            ),
            Option(
                "feedback",
                "When grades are shown",
                OptionKind.CHOICE,
                choices=("now", "close"),
            ),
        ),
        organisers=True,
        private=True,
        example="/study setup time=09:00 zone=Europe/Berlin",
    ),
    Command(
        "study post",
        "Post today's question now",
        post,
        organisers=True,
        private=True,
        example="/study post",
    ),
    Command(
        "study close",
        "Close the open round now and show its results",
        close,
        organisers=True,
        private=True,
        example="/study close",
    ),
    Command(
        "study pause",
        "Stop the schedule until you resume it",
        pause,
        organisers=True,
        private=True,
        example="/study pause",
    ),
    Command(
        "study resume",
        "Go on with the schedule",
        resume,
        organisers=True,
        private=True,
        example="/study resume",
    ),
    Command(
        "study status",
        "The schedule, today's round and anything that needs you",
        status,
        organisers=True,
        private=True,
        example="/study status",
    ),
    Command(
        "study appeals",
        "Grades that members appealed: look and decide",
        show_queue,
        organisers=True,
        private=True,
        example="/study appeals",
    ),
    Command(
        "study grade",
        "Give an answer its final grade yourself",
        grade,
        GRADE_OPTIONS,
        organisers=True,
        private=True,
        positional=True,
        example="/study grade 12 80 the KL penalty was there",
    ),
    Command(
        "study deck import",
        "Bring your own guide: I show what I understood before it is kept",
        import_deck,
        IMPORT_OPTIONS,
        organisers=True,
        private=True,
        example="/study deck import",
    ),
    Command(
        "study deck list",
        "Which guides the group can use, and which it uses",
        list_decks,
        organisers=True,
        private=True,
        example="/study deck list",
    ),
    Command(
        "study deck use",
        "Ask from another guide from the next question on",
        use_deck,
        USE_OPTIONS,
        organisers=True,
        private=True,
        example="/study deck use llm-interviews",
    ),
    Command(
        "study invite",
        "Let another channel join this group, on any platform",
        people.invite,
        organisers=True,
        private=True,
        example="/study invite",
    ),
    Command(
        JOIN,
        "Let this channel join a group, with its code",
        people.join,
        (Option("code", "What /study invite told in the group's channel", required=True),),
        organisers=True,
        example="/study join K7QM-3XWP",
    ),
    Command(
        "study leave",
        "Take this channel out of a group that has others",
        people.leave,
        organisers=True,
        example="/study leave",
    ),
    Command(
        "study organisers add",
        "Let a member use these commands",
        people.add_organiser,
        (Option("member", "Whom to add", OptionKind.MEMBER, required=True),),
        organisers=True,
        private=True,
        example="/study organisers add Ada",
    ),
    Command(
        "study organisers remove",
        "Take an organiser off the list",
        people.remove_organiser,
        (Option("member", "Whom to remove", OptionKind.MEMBER, required=True),),
        organisers=True,
        private=True,
        example="/study organisers remove Ada",
    ),
    Command(
        "study organisers list",
        "Who is named as an organiser",
        people.list_organisers,
        organisers=True,
        private=True,
        example="/study organisers list",
    ),
)

GROUPS = {
    "study": "Organise the study group: schedule, rounds and appeals",
    "study deck": "What the study group asks from",
    "study organisers": "Who organises this group besides the platform's own admins",
    "privacy": "What is kept of you: have it, hide it, delete it",
}
"""What commands of several words begin with, and what those of each are about."""
