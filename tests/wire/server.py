"""`LocalDiscord`: the server that the bot talks to, with the people on its other side."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import aiohttp
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from . import acting
from .acting import CommandType
from .faults import Fault, Faults
from .gateway import Gateway, Intent, Opcode
from .interactions import Interaction, InteractionKind
from .openapi import OpenApiCheck
from .rest import Request, Rest, Violation
from .waiting import Changes
from .world import (
    MODERATOR_PERMISSIONS,
    Channel,
    Guild,
    Json,
    Message,
    MessageFlag,
    Permission,
    Person,
    Upload,
    World,
)

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
PRODUCTION_HOSTS = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com")


class LocalDiscord:
    """A Discord on loopback, to be entered with `async with`.

    From the start there are two servers, `guild` (channels `general` and `quiet`, thread `thread`) and `other_guild`
    (channel `other_general`), and the people `alice` and `bob` (members of `guild`; alice is in `other_guild` too),
    `moderator` (Manage Server in both), `owner` (of the servers and of the application) and `bot`. More can be added
    with the `add_...` methods of `world`.

    Args:
        token: The one token that is accepted.
        openapi: Checks each request against Discord's OpenAPI file.
        clock: Seconds, for the deadlines of interactions and the rate limits; `advance` moves it.
        uses_tls: Serve production's names and URLs over TLS; the bot then needs `connector()` instead of `pointed_at`.
        counts_rate_limits: Whether message routes have rate-limit buckets.

    Attributes:
        world: Everything that exists.
        changes: What `until` waits on.
    """

    def __init__(
        self,
        *,
        token: str = "local.discord.token",
        openapi: OpenApiCheck | None = None,
        clock: Callable[[], float] = time.monotonic,
        uses_tls: bool = False,
        counts_rate_limits: bool = False,
    ) -> None:
        self.token = token
        self._base_clock = clock
        self._advanced_s = 0.0
        self.world = World()
        self.changes = Changes(self.story)
        self._rest = Rest(self.world, self.changes, token=token, clock=self.now_s, openapi=openapi)
        self._rest.counts_rate_limits = counts_rate_limits
        self._runner = web.AppRunner(self._rest.application(), access_log=None, shutdown_timeout=0.5)
        self._authority = trustme.CA() if uses_tls else None
        self._port = 0
        self.http_url = self.gateway_url = self.cdn_url = ""
        self._read_ids: set[int] = set()
        self.brought_along = False
        """Whether people use the bot as their own app from now on, and not as one that a server has installed."""
        self._populate()

    def _populate(self) -> None:
        world = self.world
        self.bot, self.owner = world.bot, world.owner
        self.alice, self.bob = world.add_person("alice"), world.add_person("bob")
        self.moderator = world.add_person("mona")
        self.guild = world.add_guild("library", [self.alice, self.bob, self.moderator])
        self.other_guild = world.add_guild("annex", [self.alice, self.moderator])
        self.moderators = world.add_role(self.guild, "moderators", MODERATOR_PERMISSIONS, [self.moderator])
        world.add_role(self.other_guild, "moderators", MODERATOR_PERMISSIONS, [self.moderator])
        self.general = world.add_channel(self.guild, "general")
        self.quiet = world.add_channel(self.guild, "quiet")
        self.thread = world.add_thread(self.general, "a thread")
        self.other_general = world.add_channel(self.other_guild, "general")
        self.alice_dm = world.dm_channel(self.alice)

    # ---- running

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0, ssl_context=self._server_context()).start()
        self._port = self._runner.addresses[0][1]
        if self._authority is None:
            self.http_url = self.cdn_url = f"http://{LOOPBACK}:{self._port}"
            self.gateway_url = f"ws://{LOOPBACK}:{self._port}/"
        else:
            self.http_url, self.cdn_url = "https://discord.com", "https://cdn.discordapp.com"
            self.gateway_url = "wss://gateway.discord.gg/"
        self.world.cdn_url = self.cdn_url
        self.gateway.url = self.gateway_url
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.close_all()
        await self._runner.cleanup()

    def connector(self) -> aiohttp.TCPConnector:
        """Give a connector for the bot that finds production's host names here, over trusted TLS."""
        if self._authority is None:
            raise ValueError("only a LocalDiscord(uses_tls=True) has production's names")
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return aiohttp.TCPConnector(ssl=context, resolver=_LoopbackResolver(self._port))

    def _server_context(self) -> ssl.SSLContext | None:
        if self._authority is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*PRODUCTION_HOSTS).configure_cert(context)
        return context

    # ---- time

    def now_s(self) -> float:
        """Give the time by which deadlines are judged."""
        return self._base_clock() + self._advanced_s

    def advance(self, seconds: float, *, forgets_nonces: bool = True) -> None:
        """Let time pass for the deadlines of interactions (3 s, 15 min), without waiting.

        Args:
            seconds: How much.
            forgets_nonces: Whether it passes for nonces too. It does not within the minute in which one message is
                sent again and again.
        """
        self._advanced_s += seconds
        if not forgets_nonces:
            self._rest.keep_nonces(seconds)

    def forget_nonces(self) -> None:
        """Recognise no message that is sent again, as after a few minutes."""
        self._rest.forget_nonces()

    # ---- what happened

    @property
    def gateway(self) -> Gateway:
        """The websocket side, with its counters and switches."""
        return self._rest.gateway

    @property
    def requests(self) -> list[Request]:
        """Every API request so far, in the order of their answers."""
        return self._rest.requests

    @property
    def violations(self) -> list[Violation]:
        """Every broken limit or rule so far. A test that breaks one on purpose clears the list."""
        return self._rest.violations

    @property
    def faults(self) -> Faults:
        """What is to go wrong; see `fail`."""
        return self._rest.faults

    @property
    def allowed_privileged_intents(self) -> Intent:
        """The privileged intents that are switched on in the application's settings; none from the start."""
        return self.gateway.allowed_privileged_intents

    @allowed_privileged_intents.setter
    def allowed_privileged_intents(self, intents: Intent) -> None:
        self.gateway.allowed_privileged_intents = Intent(intents)

    @property
    def upload_limit_bytes(self) -> int:
        """What one uploaded file may have; the interaction tells the bot."""
        return self._rest.upload_limit_bytes

    @upload_limit_bytes.setter
    def upload_limit_bytes(self, limit_bytes: int) -> None:
        self._rest.upload_limit_bytes = limit_bytes

    @property
    def counts_rate_limits(self) -> bool:
        """Whether message routes have rate-limit buckets."""
        return self._rest.counts_rate_limits

    @counts_rate_limits.setter
    def counts_rate_limits(self, counts: bool) -> None:
        self._rest.counts_rate_limits = counts

    def requests_to(self, start: str) -> list[Request]:
        """Give the requests whose `METHOD /path` starts like this."""
        return [request for request in self.requests if f"{request.method} {request.path}".startswith(start)]

    def command_names(self, guild: Guild | None = None) -> set[str]:
        """Give the names of the synced commands: the global ones, or one server's own."""
        return {command["name"] for command in self.world.commands.get(guild.id if guild else None, [])}

    def messages_in(self, channel: Channel) -> list[Message]:
        """Give a channel's messages, oldest first, without the ephemeral ones."""
        return self.world.messages_in(channel)

    def current(self, message: Message) -> Message | None:
        """Give a message as it is now; `None` when it was deleted."""
        return self.world.messages.get(message.id)

    def story(self, last: int = 20) -> str:
        """Tell the last requests, for error texts."""
        lines = [f"  {request}" for request in self.requests[-last:]]
        lines += [f"  violation: {violation}" for violation in self.violations]
        return "\n".join(["the last requests of the bot:", *lines])

    async def until(self, look: Callable[[], T | None], *, timeout_s: float = 10.0, waiting_for: str = "it") -> T:
        """Wait until `look` gives something (not `None`, not `False`); it is called after each request and event."""
        return await self.changes.until(look, timeout_s=timeout_s, waiting_for=waiting_for)

    async def connected(self, *, identify_count: int = 1, timeout_s: float = 10.0) -> None:
        """Wait until the bot is connected, having identified this often in all."""

        def look() -> bool:
            return self.gateway.is_connected and self.gateway.identify_count >= identify_count

        await self.until(look, timeout_s=timeout_s, waiting_for="the bot on the gateway")

    # ---- trouble

    def fail(
        self,
        pattern: str,
        *,
        status: int | None = None,
        times: int = 1,
        after: bool = False,
        drop: bool = False,
        delay_s: float = 0.0,
        retry_after_s: float = 0.1,
        is_global: bool = False,
        has_via: bool = True,
        code: int | None = None,
        message: str = "",
    ) -> Fault:
        """Let the next matching requests go wrong.

        Args:
            pattern: Regular expression, searched in `METHOD /path`; CDN paths too: `GET /attachments`.
            status: The answer's status. Without it and without `drop`, the request is only delayed.
            times: How many requests fail.
            after: Whether the request is carried out first, so that only its answer is lost.
            drop: Whether the TCP connection is reset instead of answered.
            delay_s: How long the request hangs before anything happens.
            retry_after_s: With status 429, how long the bot is told to wait.
            is_global: With status 429, whether it is the limit over all routes.
            has_via: Whether there is a `Via` header; discord.py takes a 429 without it for a ban by Cloudflare.
            code: Discord's error code; given, the answer is Discord's JSON error instead of a proxy's text.
            message: What goes with `code`.

        Returns:
            The fault, whose `times` counts down.
        """
        fault = Fault(
            pattern=pattern,
            status=status,
            times=times,
            after=after,
            drop=drop,
            delay_s=delay_s,
            retry_after_s=retry_after_s,
            is_global=is_global,
            has_via=has_via,
            code=code,
            message=message,
        )
        self.faults.append(fault)
        return fault

    def drop_connection(self) -> None:
        """Reset the gateway's TCP connection; what happens from now on waits for the bot's RESUME."""
        session = self.gateway.session
        if session.connection is not None:
            session.connection.reset()
        session.connection = None

    async def close_gateway(self, code: int) -> None:
        """Close the websocket with a code; 4007 and 4009 end the session too."""
        session = self.gateway.session
        session.is_valid = code not in (4007, 4009)
        if session.connection is not None:
            connection, session.connection = session.connection, None
            await connection.close(code)

    async def reconnect_please(self) -> None:
        """Ask the bot to reconnect and resume (op 7)."""
        await self._tell(Opcode.RECONNECT)

    async def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell the bot that its session is invalid (op 9)."""
        connection = self.gateway.session.connection
        self.gateway.session.is_valid = resumable
        if connection is not None:
            await connection.send(Opcode.INVALID_SESSION, resumable)

    async def _tell(self, opcode: Opcode) -> None:
        connection = self.gateway.session.connection
        if connection is not None:
            await connection.send(opcode)

    # ---- what people do: commands and components

    async def slash(
        self,
        path: str,
        *,
        user: Person | None = None,
        channel: Channel | None = None,
        options: Mapping[str, object] | None = None,
        **more_options: object,
    ) -> Interaction:
        """Run a slash command.

        Args:
            path: The command with its subcommands, as in `corpus show`.
            user: Who runs it; alice by default.
            channel: Where; `general` by default.
            options: Values by option name (people, roles, channels and uploads as such); needed for options that are
                called `user` or `channel`, the others can be given as keywords.
            **more_options: More of them.

        Raises:
            LookupError: No such command was synced, or it has no such option.
            CommandHiddenError: This person does not see the command here.
            ValueError: Discord's client would not send these values.
        """
        user, channel = user or self.alice, channel or self.general
        command = acting.find_command(self.world, path.split()[0], CommandType.CHAT, person=user, channel=channel)
        data = acting.chat_command_data(self.world, command, path, {**(options or {}), **more_options}, channel)
        return await self._interact(InteractionKind.COMMAND, f"/{path}", data, user, channel)

    async def autocomplete(
        self,
        path: str,
        option: str,
        typed: str,
        *,
        user: Person | None = None,
        channel: Channel | None = None,
        timeout_s: float = 10.0,
        **other_options: object,
    ) -> list[Json]:
        """Type into an option and give what the bot suggests, each with `name` and `value`.

        Args:
            path: The command with its subcommands.
            option: The option that is typed into.
            typed: What stands in it so far.
            user: Who types; alice by default.
            channel: Where; `general` by default.
            timeout_s: How long to wait for the suggestions.
            **other_options: What is filled in already.
        """
        user, channel = user or self.alice, channel or self.general
        command = acting.find_command(self.world, path.split()[0], CommandType.CHAT, person=user, channel=channel)
        values = {**other_options, option: typed}
        data = acting.chat_command_data(self.world, command, path, values, channel, focused=option)
        interaction = await self._interact(InteractionKind.AUTOCOMPLETE, f"/{path} {option}", data, user, channel)
        return await interaction.choices(timeout_s=timeout_s)

    async def context_menu(self, name: str, target: Message | Person, *, user: Person | None = None) -> Interaction:
        """Choose a command from the menu of a message (there) or of a person (in `general`)."""
        user = user or self.alice
        if isinstance(target, Message):
            command_type, channel = CommandType.MESSAGE, self.world.channel(target.channel_id)
        else:
            command_type, channel = CommandType.USER, self.general
        command = acting.find_command(self.world, name, command_type, person=user, channel=channel)
        data = acting.context_menu_data(self.world, command, target, channel)
        return await self._interact(InteractionKind.COMMAND, name, data, user, channel)

    async def press(self, message: Message, label: str, *, user: Person | None = None) -> Interaction:
        """Press a button.

        Args:
            message: The message that has it.
            label: Its label, emoji or custom id.
            user: Who presses it; by default who alone sees the message, else alice.
        """
        await self._bot_caught_up()
        source, user = self._visible(message, user)
        data = acting.press_data(source, label)
        channel = self.world.channel(source.channel_id)
        return await self._interact(InteractionKind.COMPONENT, label, data, user, channel, source)

    async def choose(
        self, message: Message, *values: object, menu: str | None = None, user: Person | None = None
    ) -> Interaction:
        """Choose from a menu.

        Args:
            message: The message that has it.
            *values: Labels or values of a text menu, else people, roles or channels.
            menu: Its placeholder or custom id, where there are several.
            user: Who chooses; by default who alone sees the message, else alice.
        """
        await self._bot_caught_up()
        source, user = self._visible(message, user)
        channel = self.world.channel(source.channel_id)
        data = acting.choose_data(self.world, source, values, channel, menu)
        return await self._interact(InteractionKind.COMPONENT, data["custom_id"], data, user, channel, source)

    async def submit_modal(self, opened_by: Interaction, values: Mapping[str, object]) -> Interaction:
        """Fill in the dialog that an interaction opened (it is waited for), and send it.

        Args:
            opened_by: The interaction that opened it.
            values: Texts and choices by label or custom id.
        """
        modal = await opened_by.modal()
        await self._bot_caught_up()
        user, channel, source = opened_by.person, opened_by.channel, opened_by.source
        data = acting.modal_data(self.world, modal, values, channel)
        return await self._interact(InteractionKind.MODAL, modal["title"], data, user, channel, source)

    # ---- what people do: messages

    async def say(
        self,
        text: str,
        *,
        channel: Channel | None = None,
        user: Person | None = None,
        reply_to: Message | None = None,
        pings: bool = True,
        files: Sequence[Upload] = (),
    ) -> Message:
        """Write a message.

        Args:
            text: Its content.
            channel: Where; `general`, or where `reply_to` stands, by default.
            user: Who; alice by default.
            reply_to: The message that it answers.
            pings: Whether a reply notifies that message's author.
            files: What is attached.
        """
        if channel is None:
            channel = self.general if reply_to is None else self.world.channel(reply_to.channel_id)
        user = user or self.alice
        if channel.guild is not None and user.id not in channel.guild.members:
            raise PermissionError(f"{user.name} is not in {channel.guild.name}")
        body: Json = {"content": text}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to.id)}
            body["allowed_mentions"] = {"parse": ["users", "roles", "everyone"], "replied_user": pings}
        await self.gateway.unarchive(channel)
        message = self.world.post(channel, user, body, files)
        await self.gateway.dispatch_message("MESSAGE_CREATE", message)
        return message

    async def dm(self, text: str, *, user: Person | None = None, reply_to: Message | None = None) -> Message:
        """Write the bot a direct message."""
        user = user or self.alice
        return await self.say(text, channel=self.world.dm_channel(user), user=user, reply_to=reply_to)

    async def post_in_forum(self, forum: Channel, title: str, text: str, *, user: Person | None = None) -> Message:
        """Open a forum post: a thread and, with the same id, its first message."""
        user = user or self.alice
        thread = self.world.add_thread(forum, title, thread_id=self.world.new_id(), owner=user)
        payload = thread.payload() | {"newly_created": True}
        await self.gateway.dispatch("THREAD_CREATE", payload, guild=thread.guild, intent=Intent.GUILDS)
        message = self.world.post(thread, user, {"content": text}, message_id=thread.id)
        await self.gateway.dispatch_message("MESSAGE_CREATE", message)
        return message

    async def edit(self, message: Message, text: str) -> Message:
        """Change a person's message."""
        edited = self.world.edit(self.world.message(message.id), {"content": text})
        await self.gateway.dispatch_message("MESSAGE_UPDATE", edited)
        return edited

    async def delete(self, message: Message) -> None:
        """Delete any message."""
        del self.world.messages[message.id]
        await self.gateway.dispatch_deletion(message)

    async def next_message(
        self, *, channel: Channel | None = None, reply_to: Message | None = None, timeout_s: float = 10.0
    ) -> Message:
        """Give the bot's next ordinary message: the oldest that was not given yet. Answers to interactions are none.

        Args:
            channel: Where; anywhere by default.
            reply_to: Only an answer to this message.
            timeout_s: How long to wait for it.
        """

        def look() -> Message | None:
            for _, message in sorted(self.world.messages.items()):
                is_ordinary = message.author_id == self.bot.id and not message.is_interaction_answer
                is_here = channel is None or message.channel_id == channel.id
                is_answer = reply_to is None or message.reply_to_id == reply_to.id
                if is_ordinary and is_here and is_answer and message.id not in self._read_ids:
                    return message
            return None

        place = "anywhere" if channel is None else f"in {channel.name}"
        message = await self.until(look, timeout_s=timeout_s, waiting_for=f"a message of the bot {place}")
        self._read_ids.add(message.id)
        return message

    # ---- what people do: servers

    async def join_guild(self, name: str, members: Sequence[Person] = ()) -> tuple[Guild, Channel]:
        """Add the bot to a new server, while it runs; give the server and its one channel."""
        guild = self.world.add_guild(name, members)
        channel = self.world.add_channel(guild, "general")
        payload = self.gateway.guild_payload(guild, Intent(0))
        await self.gateway.dispatch("GUILD_CREATE", payload, guild=guild, intent=Intent.GUILDS)
        return guild, channel

    async def leave_guild(self, guild: Guild) -> None:
        """Remove the bot from a server."""
        del self.world.guilds[guild.id]
        del guild.members[self.bot.id]
        await self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild=guild, intent=Intent.GUILDS)

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a server's channel with its threads and all that stands in them."""
        assert channel.guild is not None
        for thread in [other for other in channel.guild.channels if other.parent is channel]:
            self.world.delete_channel(thread)
        self.world.delete_channel(channel)
        await self.gateway.dispatch("CHANNEL_DELETE", channel.payload(), guild=channel.guild, intent=Intent.GUILDS)

    async def archive(self, thread: Channel) -> None:
        """Archive a thread, as Discord does where nobody has written for a day."""
        thread.is_archived = True
        await self.gateway.dispatch("THREAD_UPDATE", thread.payload(), guild=thread.guild, intent=Intent.GUILDS)

    async def deny(self, channel: Channel, permissions: Permission) -> None:
        """Take permissions from the bot, and only the bot, in a server's channel."""
        channel.denied_to_bot |= permissions
        await self._tell_of(channel)

    async def deny_members(self, channel: Channel, permissions: Permission) -> None:
        """Take permissions from everybody but the bot and the owner in a server's channel."""
        channel.denied_to_members |= permissions
        await self._tell_of(channel)

    async def _tell_of(self, channel: Channel) -> None:
        await self.gateway.dispatch("CHANNEL_UPDATE", channel.payload(), guild=channel.guild, intent=Intent.GUILDS)

    # ---- how an interaction reaches the bot

    async def _bot_caught_up(self) -> None:
        """Wait until the bot knows of its own message, as it long does when a person has read it.

        discord.py remembers a message's buttons, and a dialog, only once Discord has answered the request.
        """
        await self.until(lambda: self._rest.answering_count == 0, waiting_for="the answers to the bot's requests")
        await self.gateway.caught_up()

    def _visible(self, message: Message, user: Person | None) -> tuple[Message, Person]:
        current = self.world.message(message.id)
        user = user or current.viewer or self.alice
        if current.viewer not in (None, user):
            raise PermissionError(f"{user.name} does not see this message")
        if MessageFlag.LOADING in current.flags:
            raise ValueError("the message is not there yet: the bot is thinking")
        return current, user

    async def _interact(
        self,
        kind: InteractionKind,
        name: str,
        data: Json,
        user: Person,
        channel: Channel,
        source: Message | None = None,
    ) -> Interaction:
        interaction_id = self.world.new_id()
        interaction = Interaction(
            id=interaction_id,
            token=f"interaction-token-{interaction_id}",
            kind=kind,
            name=name,
            person=user,
            channel=channel,
            started_at_s=self.now_s(),
            source=source,
            world=self.world,
            changes=self.changes,
        )
        self._rest.expect(interaction)
        payload = self._interaction_payload(interaction, data)
        await self.gateway.dispatch("INTERACTION_CREATE", payload, guild=channel.guild)
        return interaction

    def _interaction_payload(self, interaction: Interaction, data: Json) -> Json:
        channel, person = interaction.channel, interaction.person
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(self.world.application_id),
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "channel_id": str(channel.id),
            "channel": channel.payload() | {"permissions": str(int(channel.permissions_of(person)))},
            "app_permissions": str(int(channel.permissions_of(self.bot))),
            "locale": person.locale,
            "entitlements": [],
            "attachment_size_limit": self.upload_limit_bytes,
            "data": data,
        }
        if interaction.source is not None:
            payload["message"] = self.world.shown_to_bot(interaction.source, has_content_intent=True)
        if channel.guild is None:
            return payload | {"user": person.payload(), "context": 1, "authorizing_integration_owners": {"0": "0"}}
        guild_id = str(channel.guild.id)
        permissions = str(int(channel.permissions_of(person)))
        return payload | {
            "guild_id": guild_id,
            "guild": {"id": guild_id, "features": [], "locale": channel.guild.preferred_locale},
            "guild_locale": channel.guild.preferred_locale,
            "member": channel.guild.member_payload(person) | {"permissions": permissions},
            "context": 0,
            "authorizing_integration_owners": {"1": str(person.id)} if self.brought_along else {"0": guild_id},
        }


class _LoopbackResolver(AbstractResolver):
    """Finds every host on one port of loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = ResolveResult(hostname=host, host=LOOPBACK, port=self._port, family=family, proto=0, flags=0)
        return [found]

    async def close(self) -> None:
        """There is nothing to close."""
