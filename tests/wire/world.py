"""What exists on the local Discord: people, servers, channels and messages, and their JSON as the bot gets it."""

from __future__ import annotations

import enum
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import errors
from .components import ComponentType, walk

Json = dict[str, Any]

DISCORD_EPOCH_MS = 1_420_070_400_000
FIRST_ID = 1_100_000_000_000_000_000  # snowflakes of spring 2023, so that everybody joined long ago
JOINED_AT = "2024-01-01T00:00:00.000000+00:00"

USER_MENTION = re.compile(r"<@!?(\d+)>")
ROLE_MENTION = re.compile(r"<@&(\d+)>")
EVERYONE_MENTION = re.compile(r"@(?:everyone|here)\b")


class Permission(enum.IntFlag):
    """https://discord.com/developers/docs/topics/permissions"""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERY_PERMISSION = Permission((1 << 50) - 1)
MEMBER_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
MODERATOR_PERMISSIONS = Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES | Permission.KICK_MEMBERS


NO_PERMISSION = Permission(0)

# What a server's JSON must have, but no test looks at.
EMPTY_GUILD_LISTS = (
    "emojis",
    "features",
    "guild_scheduled_events",
    "presences",
    "soundboard_sounds",
    "stage_instances",
    "stickers",
    "voice_states",
)
ZERO_GUILD_NUMBERS = (
    "default_message_notifications",
    "explicit_content_filter",
    "mfa_level",
    "nsfw_level",
    "premium_subscription_count",
    "premium_tier",
    "system_channel_flags",
    "verification_level",
)
UNSET_GUILD_FIELDS = (
    "afk_channel_id",
    "application_id",
    "banner",
    "description",
    "discovery_splash",
    "public_updates_channel_id",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "splash",
    "system_channel_id",
    "vanity_url_code",
)


class ChannelKind(enum.IntEnum):
    """https://discord.com/developers/docs/resources/channel#channel-object-channel-types"""

    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    FORUM = 15


class MessageFlag(enum.IntFlag):
    """https://discord.com/developers/docs/resources/message#message-object-message-flags"""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15


class MessageType(enum.IntEnum):
    """https://discord.com/developers/docs/resources/message#message-object-message-types"""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20


@dataclass(frozen=True, slots=True)
class Person:
    """A Discord account: a human, or the bot."""

    id: int
    name: str
    is_bot: bool = False
    locale: str = "en-US"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": self.name.title(),
            "avatar": None,
            "bot": self.is_bot,
            "public_flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Role:
    """What a server lets its holders do."""

    id: int
    name: str
    permissions: Permission
    position: int = 1
    bot: Person | None = None
    """Whose own role it is: Discord makes one for each bot, and gives it the bot's name."""

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": self.position,
            "permissions": str(int(self.permissions)),
            "managed": self.bot is not None,
            "mentionable": False,
            "flags": 0,
            **({"tags": {"bot_id": str(self.bot.id)}} if self.bot is not None else {}),
        }


@dataclass(slots=True, eq=False)
class Guild:
    """A server: who is in it, with which roles, and its channels."""

    id: int
    name: str
    owner: Person
    roles: list[Role]
    preferred_locale: str = "en-US"
    members: dict[int, tuple[Person, tuple[Role, ...]]] = field(default_factory=dict, repr=False)
    channels: list[Channel] = field(default_factory=list, repr=False)

    def permissions_of(self, person: Person) -> Permission:
        """Tell what a member may do in the server as a whole."""
        if person == self.owner:
            return EVERY_PERMISSION
        if person.id not in self.members:
            return NO_PERMISSION
        _, roles = self.members[person.id]
        permissions = self.roles[0].permissions
        for role in roles:
            permissions |= role.permissions
        return EVERY_PERMISSION if permissions & Permission.ADMINISTRATOR else permissions

    def member_payload(self, person: Person, *, with_user: bool = True) -> Json:
        _, roles = self.members[person.id]
        payload = {
            "roles": [str(role.id) for role in roles],
            "joined_at": JOINED_AT,
            "deaf": False,
            "mute": False,
            "nick": None,
            "avatar": None,
            "premium_since": None,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
        }
        return payload | {"user": person.payload()} if with_user else payload

    def payload(self, *, shown_members: Sequence[Person]) -> Json:
        """Give the server as GUILD_CREATE does.

        Args:
            shown_members: Whom the bot gets to see; without the members intent that is only itself.
        """
        threads = [channel for channel in self.channels if channel.kind is ChannelKind.PUBLIC_THREAD]
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "owner_id": str(self.owner.id),
            "unavailable": False,
            "member_count": len(self.members),
            "large": False,
            "joined_at": JOINED_AT,
            "roles": [role.payload() for role in self.roles],
            "channels": [channel.payload() for channel in self.channels if channel not in threads],
            "threads": [thread.payload() for thread in threads if not thread.is_archived],
            "members": [self.member_payload(person) for person in shown_members],
            **{name: [] for name in EMPTY_GUILD_LISTS},
            **dict.fromkeys(ZERO_GUILD_NUMBERS, 0),
            **dict.fromkeys(UNSET_GUILD_FIELDS),
            "afk_timeout": 300,
            "preferred_locale": self.preferred_locale,
            "max_members": 500_000,
            "premium_progress_bar_enabled": False,
        }


@dataclass(slots=True, eq=False)
class Channel:
    """Where messages stand: a server's text channel, a thread, or a person's direct messages with the bot."""

    id: int
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: Person | None = None
    bot: Person | None = None
    denied_to_bot: Permission = NO_PERMISSION
    denied_to_members: Permission = NO_PERMISSION
    """What everybody is denied but the bot and the server's owner."""
    thread_owner: Person | None = None
    is_archived: bool = False

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    def permissions_of(self, person: Person) -> Permission:
        """Tell what a person may do here."""
        if self.guild is None:
            return MEMBER_PERMISSIONS
        permissions = self.guild.permissions_of(person)
        for place in (self, self.parent or self):
            if person.is_bot:
                permissions &= ~place.denied_to_bot
            elif person != self.guild.owner:
                permissions &= ~place.denied_to_members
        return permissions

    def payload(self) -> Json:
        payload: Json = {"id": str(self.id), "type": int(self.kind), "last_message_id": None, "flags": 0}
        if self.recipient is not None:
            return payload | {"recipients": [self.recipient.payload()]}
        assert self.guild is not None
        payload |= {"guild_id": str(self.guild.id), "name": self.name, "rate_limit_per_user": 0}
        if self.parent is not None:
            return payload | {
                "parent_id": str(self.parent.id),
                "owner_id": str((self.thread_owner or self.guild.owner).id),
                "message_count": 0,
                "member_count": 1,
                "total_message_sent": 0,
                "thread_metadata": {
                    "archived": self.is_archived,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": JOINED_AT,
                    "locked": False,
                    "create_timestamp": JOINED_AT,
                },
            }
        overwrites = []
        if self.denied_to_members:
            kept_back = str(int(self.denied_to_members))
            overwrites.append({"id": str(self.guild.id), "type": 0, "allow": "0", "deny": kept_back})
        if (self.denied_to_bot or self.denied_to_members) and self.bot is not None:
            allowed, denied = self.denied_to_members & ~self.denied_to_bot, self.denied_to_bot
            overwrites.append({"id": str(self.bot.id), "type": 1, "allow": str(int(allowed)), "deny": str(int(denied))})
        if self.kind is ChannelKind.FORUM:
            payload |= {"available_tags": [], "default_reaction_emoji": None, "default_forum_layout": 0}
        return payload | {
            "position": 0,
            "permission_overwrites": overwrites,
            "nsfw": False,
            "topic": None,
            "parent_id": None,
        }


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to Discord."""

    filename: str
    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    index: int = 0  # the n of `files[n]`


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was at one moment; a later edit makes another value.

    Attributes:
        payload: The message as Discord's API gives it to someone who may read all of it. Never changed.
        viewer: For an ephemeral message, the one person who sees it.
    """

    payload: Json
    viewer: Person | None = None

    @property
    def id(self) -> int:
        return int(self.payload["id"])

    @property
    def channel_id(self) -> int:
        return int(self.payload["channel_id"])

    @property
    def author_id(self) -> int:
        return int(self.payload["author"]["id"])

    @property
    def content(self) -> str:
        return str(self.payload["content"])

    @property
    def embeds(self) -> list[Json]:
        return list(self.payload["embeds"])

    @property
    def components(self) -> list[Json]:
        return list(self.payload["components"])

    @property
    def attachments(self) -> list[Json]:
        return list(self.payload["attachments"])

    @property
    def flags(self) -> MessageFlag:
        return MessageFlag(self.payload["flags"])

    @property
    def is_ephemeral(self) -> bool:
        return MessageFlag.EPHEMERAL in self.flags

    @property
    def is_interaction_answer(self) -> bool:
        return "webhook_id" in self.payload

    @property
    def reply_to_id(self) -> int | None:
        """Id of the message that this one answers."""
        reference = self.payload.get("message_reference")
        return None if reference is None else int(reference["message_id"])

    @property
    def pinged_ids(self) -> set[int]:
        """Ids of the people and roles whom this message notifies (`@everyone` apart, see `pings_everyone`)."""
        roles = {int(role_id) for role_id in self.payload["mention_roles"]}
        return roles | {int(user["id"]) for user in self.payload["mentions"]}

    @property
    def pings_everyone(self) -> bool:
        return bool(self.payload["mention_everyone"])

    @property
    def buttons(self) -> list[str]:
        """Labels (or, without one, emojis) of the buttons, in the order they are shown."""
        found = [component for component in walk(self.components) if component.get("type") == ComponentType.BUTTON]
        return [button.get("label") or (button.get("emoji") or {}).get("name") or "" for button in found]

    @property
    def text(self) -> str:
        """All that can be read: content, embeds and text components, one piece a line."""
        pieces: list[Any] = [self.content]
        for embed in self.embeds:
            pieces += [(embed.get("author") or {}).get("name"), embed.get("title"), embed.get("description")]
            for embed_field in embed.get("fields") or []:
                pieces += [embed_field["name"], embed_field["value"]]
            pieces.append((embed.get("footer") or {}).get("text"))
        pieces += [component.get("content") for component in walk(self.components)]
        return "\n".join(piece for piece in pieces if piece)


class World:
    """Everything that exists, with a few people, servers and channels from the start."""

    def __init__(self) -> None:
        self._last_id = FIRST_ID
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.files: dict[str, Upload] = {}  # by path on the CDN
        self.commands: dict[int | None, list[Json]] = {None: []}  # by guild id; None is global
        self.cdn_url = ""
        self.bot = self.add_person("bot", is_bot=True)
        self.application_id = self.bot.id
        self.owner = self.add_person("olivia")

    def new_id(self) -> int:
        """Give a snowflake: later ones are larger, and hold the present time (discord.py reads it from them)."""
        now_ms = int(time.time() * 1000) - DISCORD_EPOCH_MS
        self._last_id = max(self._last_id + 1, now_ms << 22)
        return self._last_id

    def _new_place_id(self) -> int:
        """Give an id for what is there from long ago; apart by 2**22, so that servers fall on different shards."""
        known = [*self.people, *self.guilds, *self.channels]
        known += [role.id for guild in self.guilds.values() for role in guild.roles]
        return max(known, default=FIRST_ID) + (1 << 22)

    def add_person(self, name: str, *, is_bot: bool = False, locale: str = "en-US") -> Person:
        person = Person(self._new_place_id(), name, is_bot, locale)
        self.people[person.id] = person
        return person

    def add_guild(self, name: str, members: Mapping[Person, Sequence[Role]] | Sequence[Person] = ()) -> Guild:
        """Make a server of which the bot is a member."""
        guild_id = self._new_place_id()
        everyone = Role(guild_id, "@everyone", MEMBER_PERMISSIONS, position=0)
        guild = Guild(guild_id, name, self.owner, [everyone])
        self.guilds[guild.id] = guild
        for person in (self.bot, self.owner, *members):
            guild.members[person.id] = (person, ())
        return guild

    def add_role(self, guild: Guild, name: str, permissions: Permission, holders: Sequence[Person] = ()) -> Role:
        role = Role(self._new_place_id(), name, permissions, position=len(guild.roles))
        guild.roles.append(role)
        for person in holders:
            _, roles = guild.members.get(person.id, (person, ()))
            guild.members[person.id] = (person, (*roles, role))
        return role

    def add_bots_role(self, guild: Guild) -> Role:
        """Make the role that Discord makes for a bot."""
        role = Role(self._new_place_id(), self.bot.name, NO_PERMISSION, position=len(guild.roles), bot=self.bot)
        guild.roles.append(role)
        guild.members[self.bot.id] = (self.bot, (role,))
        return role

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        kind: ChannelKind = ChannelKind.TEXT,
        denied_to_bot: Permission = NO_PERMISSION,
    ) -> Channel:
        """Make a text channel or a forum.

        Args:
            kind: Which of them.
            denied_to_bot: What the bot, and only the bot, may not do there.
        """
        channel = Channel(self._new_place_id(), name, kind, guild=guild, bot=self.bot, denied_to_bot=denied_to_bot)
        guild.channels.append(channel)
        self.channels[channel.id] = channel
        return channel

    def add_thread(
        self, parent: Channel, name: str, *, thread_id: int | None = None, owner: Person | None = None
    ) -> Channel:
        assert parent.guild is not None
        place_id = thread_id or self._new_place_id()
        thread = Channel(place_id, name, ChannelKind.PUBLIC_THREAD, guild=parent.guild, parent=parent, bot=self.bot)
        thread.thread_owner = owner
        parent.guild.channels.append(thread)
        self.channels[thread.id] = thread
        return thread

    def dm_channel(self, person: Person) -> Channel:
        """Give the channel of direct messages between a person and the bot; it is made when first needed."""
        for channel in self.channels.values():
            if channel.recipient == person:
                return channel
        channel = Channel(self._new_place_id(), person.name, ChannelKind.DM, recipient=person, bot=self.bot)
        self.channels[channel.id] = channel
        return channel

    def channel(self, channel_id: int) -> Channel:
        if channel_id not in self.channels:
            raise errors.unknown_channel()
        return self.channels[channel_id]

    def delete_channel(self, channel: Channel) -> None:
        """Remove a server's channel with all its messages."""
        assert channel.guild is not None
        channel.guild.channels.remove(channel)
        del self.channels[channel.id]
        self.messages = {key: message for key, message in self.messages.items() if message.channel_id != channel.id}

    def message(self, message_id: int, channel_id: int | None = None) -> Message:
        message = self.messages.get(message_id)
        if message is None or channel_id not in (None, message.channel_id):
            raise errors.unknown_message()
        return message

    def messages_in(self, channel: Channel) -> list[Message]:
        """Give a channel's messages, oldest first, without the ephemeral ones."""
        return [
            message
            for _, message in sorted(self.messages.items())
            if message.channel_id == channel.id and not message.is_ephemeral
        ]

    def store_file(self, upload: Upload, channel: Channel, described: Mapping[str, Any] | None = None) -> Json:
        """Put a file on the CDN.

        Args:
            described: What the message says about it (`filename`, `description`).

        Returns:
            The attachment's JSON.
        """
        attachment_id = self.new_id()
        described = described or {}
        filename = described.get("filename") or upload.filename
        path = f"/attachments/{channel.id}/{attachment_id}/{filename}"
        self.files[path] = upload
        url = f"{self.cdn_url}{path}?ex=7fffffff&is=0&hm=0"
        payload = {
            "id": str(attachment_id),
            "filename": filename,
            "size": len(upload.data),
            "url": url,
            "proxy_url": url,
            "content_type": upload.content_type,
        }
        return payload | ({"description": described["description"]} if described.get("description") else {})

    def post(
        self,
        channel: Channel,
        author: Person,
        body: Mapping[str, Any],
        files: Sequence[Upload] = (),
        *,
        viewer: Person | None = None,
        extra: Mapping[str, Any] | None = None,
        message_id: int | None = None,
    ) -> Message:
        """Put a message into a channel.

        Args:
            body: The message as its author sent it.
            viewer: For an ephemeral message, who sees it.
            extra: More of the message's JSON, as for an answer to an interaction.
            message_id: Its id, where that is given: a forum post's first message has its thread's.
        """
        reference, replied_to = self._reference(channel, body.get("message_reference"))
        payload: Json = {
            "id": str(message_id or self.new_id()),
            "channel_id": str(channel.id),
            "author": author.payload(),
            "content": body.get("content") or "",
            "embeds": _embeds(body.get("embeds")),
            "components": _components(body.get("components")),
            "attachments": self._attachments(channel, body, files, []),
            "flags": int(body.get("flags") or 0),
            "timestamp": _now(),
            "edited_timestamp": None,
            "tts": False,
            "pinned": False,
            "type": int(MessageType.REPLY if reference else MessageType.DEFAULT),
        }
        if reference:
            payload["message_reference"] = reference
        if body.get("nonce") is not None:
            payload["nonce"] = body["nonce"]
        payload |= extra or {}
        payload |= self._mentions(payload, channel, author, body.get("allowed_mentions"), replied_to)
        message = Message(payload, viewer)
        self.messages[message.id] = message
        return message

    def edit(self, message: Message, body: Mapping[str, Any], files: Sequence[Upload] = ()) -> Message:
        """Change a message; what the body does not name stays as it is."""
        channel = self.channels[message.channel_id]
        payload = dict(message.payload)
        if "content" in body:
            payload["content"] = body["content"] or ""
        if "embeds" in body:
            payload["embeds"] = _embeds(body["embeds"])
        if "components" in body:
            payload["components"] = _components(body["components"])
        if files or "attachments" in body:
            payload["attachments"] = self._attachments(channel, body, files, message.attachments)
        changeable = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.IS_COMPONENTS_V2
        payload["flags"] = int((message.flags & ~MessageFlag.LOADING) | (int(body.get("flags") or 0) & changeable))
        payload["edited_timestamp"] = _now()
        author = self.people[message.author_id]
        replied_to = self.messages.get(message.reply_to_id or 0)
        if replied_to is not None and replied_to.author_id not in message.pinged_ids:
            replied_to = None
        payload |= self._mentions(payload, channel, author, body.get("allowed_mentions"), replied_to)
        edited = Message(payload, message.viewer)
        self.messages[message.id] = edited
        return edited

    def shown_to_bot(self, message: Message, *, has_content_intent: bool) -> Json:
        """Give a message's JSON as the bot gets it.

        Without the message-content intent the content is kept back, but for the bot's own messages, direct messages,
        and messages that mention the bot.
        https://discord.com/developers/docs/events/gateway#message-content-intent
        """
        payload = self._withheld(message, has_content_intent)
        if message.reply_to_id is not None:
            referenced = self.messages.get(message.reply_to_id)
            shown = None if referenced is None else self._withheld(referenced, has_content_intent)
            payload = payload | {"referenced_message": shown}
        return payload

    def message_event(self, message: Message, *, has_content_intent: bool) -> Json:
        """Give a message's JSON as gateway events carry it: with its server, its author's membership, and so on."""
        payload = dict(self.shown_to_bot(message, has_content_intent=has_content_intent))
        guild = self.channels[message.channel_id].guild
        if guild is None:
            return payload
        payload["guild_id"] = str(guild.id)
        if message.author_id in guild.members and not message.is_interaction_answer:
            payload["member"] = guild.member_payload(self.people[message.author_id], with_user=False)
        payload["mentions"] = [
            user | {"member": guild.member_payload(self.people[int(user["id"])], with_user=False)}
            if int(user["id"]) in guild.members
            else user
            for user in payload["mentions"]
        ]
        return payload

    def _withheld(self, message: Message, has_content_intent: bool) -> Json:
        is_open = (
            has_content_intent
            or message.author_id == self.bot.id
            or self.channels[message.channel_id].guild is None
            or self.bot.id in message.pinged_ids
        )
        if is_open:
            return message.payload
        return message.payload | {"content": "", "embeds": [], "attachments": [], "components": []}

    def _reference(self, channel: Channel, asked: Mapping[str, Any] | None) -> tuple[Json | None, Message | None]:
        if not asked:
            return None, None
        replied_to = self.messages.get(int(asked["message_id"]))
        if replied_to is None or replied_to.channel_id != channel.id:
            if asked.get("fail_if_not_exists", True):
                raise errors.invalid_form("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")
            return None, None
        reference = {"type": 0, "message_id": str(replied_to.id), "channel_id": str(channel.id)}
        return reference | ({"guild_id": str(channel.guild.id)} if channel.guild else {}), replied_to

    def _attachments(
        self, channel: Channel, body: Mapping[str, Any], files: Sequence[Upload], existing: Sequence[Json]
    ) -> list[Json]:
        named = {str(item["id"]): item for item in body.get("attachments") or []}
        kept = [item for item in existing if "attachments" not in body or item["id"] in named]
        return kept + [self.store_file(upload, channel, named.get(str(upload.index))) for upload in files]

    def _mentions(
        self,
        payload: Json,
        channel: Channel,
        author: Person,
        allowed: Mapping[str, Any] | None,
        replied_to: Message | None,
    ) -> Json:
        """Tell whom a message notifies.

        https://discord.com/developers/docs/resources/message#allowed-mentions-object
        """
        text = "\n".join([payload["content"], *(item.get("content") or "" for item in walk(payload["components"]))])

        def allows(kind: str, mentioned_id: str = "") -> bool:
            if allowed is None or kind in (allowed.get("parse") or ()):
                return True
            return mentioned_id in map(str, allowed.get(kind) or ())

        user_ids = [user_id for user_id in USER_MENTION.findall(text) if allows("users", user_id)]
        # A reply to an answer to an interaction pings nobody, so the bot does not get to read it either.
        pings_author = replied_to is not None and not replied_to.is_interaction_answer
        if pings_author and replied_to is not None and (allowed is None or allowed.get("replied_user")):
            user_ids.append(str(replied_to.author_id))
        known = [self.people[int(user_id)] for user_id in dict.fromkeys(user_ids) if int(user_id) in self.people]
        role_ids = [role_id for role_id in ROLE_MENTION.findall(text) if allows("roles", role_id)]
        may_ping_everyone = bool(channel.permissions_of(author) & Permission.MENTION_EVERYONE)
        return {
            "mentions": [person.payload() for person in known],
            "mention_roles": list(dict.fromkeys(role_ids)),
            "mention_everyone": bool(EVERYONE_MENTION.search(text)) and may_ping_everyone and allows("everyone"),
        }


def _embeds(embeds: Sequence[Json] | None) -> list[Json]:
    return [{**embed, "type": "rich"} for embed in embeds or []]


def _components(components: Sequence[Json] | None) -> list[Json]:
    """Number the components, as Discord does where the bot did not."""
    numbers = iter(range(1, 1000))

    def numbered(component: Json) -> Json:
        shown = {"id": next(numbers), **component}
        if component.get("components"):
            shown["components"] = [numbered(child) for child in component["components"]]
        if component.get("accessory"):
            shown["accessory"] = numbered(component["accessory"])
        return shown

    return [numbered(component) for component in components or []]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
