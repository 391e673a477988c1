"""What moderators have set, what they may want to set, and what people can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.localisation import N_, _, ngettext
from bot.render.body import Body
from bot.render.channels import NEEDS_INTENT, channels_embed
from bot.render.limits import CONTENT, shorten
from bot.state import AnswerChannel, GuildSettings

BLOCKED_SHOWN = 15

READS_ALL = N_(
    "I may read messages: replies to my answers, and questions in threads that I opened and in answer channels, need "
    "no mention of me."
)
READS_LITTLE = N_(
    "I may not read messages (the message-content intent is off), so I get the text only of messages that mention me, "
    "of replies that ping me, and of direct messages. Replies to my answers to commands, and messages in threads that "
    "I opened, have to mention me, and answer channels do not work; *Follow up* and `/ask` always do. Whoever runs me "
    "can switch it on: `MESSAGE_CONTENT=1`."
)

HELP = (
    N_(
        "**Ask** with `/ask`, by mentioning me, or in a direct message. `document` searches one document; `private` "
        "shows the answer to you alone, and *Share* publishes it. *Apps > Answer this message* answers somebody's "
        "message."
    ),
    N_(
        "**Sum up** with `/summary document`, `/summary topic` and `/summary corpus`; `/timeline` puts what is dated "
        "in order, `/compare` sets two documents side by side. `/summary channel` and `/summary thread` sum up what "
        "was said here. Every line is a quote."
    ),
    N_(
        "**Go on** by replying to an answer with a mention of me, or with *Follow up*: “and when was that?” is read "
        "together with the question before it, and the answer says so."
    ),
    N_(
        "**Look closer**: *More* shows the next quotes, *Context* a quote in its surroundings, *Source* the file it is "
        "from."
    ),
    N_(
        "**Tell me** whether it was *Helpful* or *Not helpful*; you can change your mind. *Delete* removes an answer "
        "of yours; deleting your message removes my reply to it, and editing it answers anew."
    ),
    N_("**See what I answer from**: `/corpus list`, `/corpus show`, and `/corpus status` for how fresh it is."),
    N_("**When I do not know**, I say so and offer the nearest topics, and a person to ask if this server has one."),
    N_(
        "`/about` says what I cover, how I work and what I keep; `/forget me` deletes what I keep of you. Moderators "
        "begin with `/setup`; `/manage` runs the documents."
    ),
)


def help_body() -> Body:
    """What people can do."""
    return Body("\n\n".join(map(_, HELP)))


def settings_body(
    settings: GuildSettings,
    *,
    reads_messages: bool,
    channels: Sequence[AnswerChannel] = (),
    problems: Mapping[int, str] | None = None,
    note: str = "",
) -> Body:
    """Every setting of a server, and what the bot can read there.

    Args:
        settings: The server's.
        reads_messages: Whether the bot has the message-content intent.
        channels: Its answer channels.
        problems: By the id of an answer channel, why it does not work.
        note: What to say first.
    """
    answers = (
        _("**Answers to `/ask`** are private unless their asker says otherwise.")
        if settings.private_by_default
        else _("**Answers to `/ask`** are public unless their asker says otherwise.")
    )
    noted = (
        _("**Questions that are not covered** are noted for you, in `/manage review`.")
        if settings.notes_uncovered
        else _("**Questions that are not covered** are not noted.")
    )
    kept = (
        ngettext(
            "**Questions** are kept with their answers for {count} day, for follow-ups, *More* and `/manage review`.",
            "**Questions** are kept with their answers for {count} days, for follow-ups, *More* and `/manage review`.",
            settings.question_days,
        ).format(count=settings.question_days)
        if settings.keeps_questions
        else _("**Questions** are not kept: follow-ups borrow no subject, and *More* and *Ask a person* are off.")
    )
    answers_kept = ngettext(
        "**Answers** are kept for {count} day; then I forget them, and their buttons stop working and say so.",
        "**Answers** are kept for {count} days; then I forget them, and their buttons stop working and say so.",
        settings.answer_days,
    )
    lines = [
        *([note] if note else []),
        f"{answers} `/settings answers`",
        _("**Answer channels**: {state}").format(state=_channels(len(channels), reads_messages=reads_messages))
        + " `/settings answers`",
        _("**Ask a person**: {state}.").format(state=_person(settings)) + " `/settings people`",
        _("**Blocked**: {people}.").format(people=_blocked(settings.blocked_ids)) + " `/settings people`",
        f"{noted} `/settings privacy`",
        f"{answers_kept.format(count=settings.answer_days)} `/settings privacy`",
        f"{kept} `/settings privacy`",
        _("**Reading**: {state}").format(state=_(READS_ALL if reads_messages else READS_LITTLE)),
    ]
    return Body(shorten("\n".join(lines), CONTENT), channels_embed(channels, problems or {}))


def setup_body(settings: GuildSettings) -> Body:
    """The three steps by which moderators set the bot up, and which are done."""
    now = (
        _("answers private") if settings.private_by_default else _("answers public"),
        _("questions kept") if settings.keeps_questions else _("questions not kept"),
        _("those not covered noted") if settings.notes_uncovered else _("those not covered not noted"),
    )
    steps = [
        _(
            "**1. Who may set me up.** Members with *Manage Server* see `/manage`, `/settings` and `/setup`. Other "
            "roles: Server Settings > Integrations > my name > the command > Add Roles. To keep my commands out of a "
            "channel, do it there. To keep me out of it altogether, take *View Channel* from me there."
        ),
        _(
            "**2. A person to ask.** Where my documents do not cover a question, its asker can pass it on with a "
            "button: `/settings people ask_channel:` and `ask_role:`. Now: {state}."
        ).format(state=_person(settings)),
        _(
            "**3. Privacy.** `/settings answers private:` makes answers private by default; `/settings privacy` says "
            "whether questions are kept, how long answers and questions are kept, and whether questions that are not "
            "covered are noted for you. Now: {state}."
        ).format(state=", ".join(now)),
        _(
            "**Documents of your own**: `/manage add` adds some that I quote in this server alone; `/manage review` "
            "shows which questions were not answered, or not well."
        ),
        _(
            "Then try `/ask`. I post nothing on my own, unless you pick channels for it: `/settings answers channel:`. "
            "`/settings show` shows all of this again."
        ),
    ]
    return Body("\n\n".join(steps))


def _channels(count: int, *, reads_messages: bool) -> str:
    if not count:
        return _("none.")
    if reads_messages:
        return _("{count}, listed below.").format(count=count)
    return _("{count}, and they do not work. {reason}").format(count=count, reason=_(NEEDS_INTENT))


def _person(settings: GuildSettings) -> str:
    if not settings.has_person_to_ask:
        return _("off")
    channel, role = f"<#{settings.person_channel_id}>", f"<@&{settings.person_role_id}>"
    if settings.person_channel_id is None:
        return _("where the question was asked, pinging {role}").format(role=role)
    if settings.person_role_id is None:
        return _("in {channel}").format(channel=channel)
    return _("in {channel}, pinging {role}").format(channel=channel, role=role)


def _blocked(people: tuple[int, ...]) -> str:
    if not people:
        return _("nobody")
    shown = ", ".join(f"<@{person_id}>" for person_id in people[:BLOCKED_SHOWN])
    more = len(people) - BLOCKED_SHOWN
    if more <= 0:
        return shown
    return ngettext("{people} and {count} more", "{people} and {count} more", more).format(people=shown, count=more)
