"""The gateway: the websocket on which the bot hears what happens.

https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import importlib
import json
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import IntEnum, IntFlag
from typing import Any

from aiohttp import WSMsgType, web

from .limits import GATEWAY_PAYLOAD_BYTES
from .waiting import Changes
from .world import Channel, Guild, Json, Message, World


class Opcode(IntEnum):
    """https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes"""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    DISALLOWED_INTENTS = 4014


class Intent(IntFlag):
    """https://discord.com/developers/docs/events/gateway#list-of-intents"""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


NO_INTENT = Intent(0)
PRIVILEGED_INTENTS = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
IGNORED_OPCODES = frozenset({Opcode.PRESENCE_UPDATE, Opcode.VOICE_STATE_UPDATE, Opcode.REQUEST_GUILD_MEMBERS})


class Connection:
    """One websocket, with its compression."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, compression: str) -> None:
        self.socket = socket
        self.heartbeat_count = 0
        self._transport = transport
        self._compress = _compressor(compression)
        self._lock = asyncio.Lock()  # compression is one stream: frames must leave in the order they were made

    async def send(self, opcode: Opcode, data: object = None) -> None:
        await self.send_event({"op": opcode, "d": data, "s": None, "t": None})

    async def send_event(self, event: Json) -> None:
        text = json.dumps(event)
        async with self._lock:
            with suppress(ConnectionError):  # the bot is gone; what it missed waits for its RESUME
                if self._compress is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self._compress(text.encode()))

    async def close(self, code: int, reason: str = "") -> None:
        with suppress(ConnectionError):
            await self.socket.close(code=code, message=reason.encode())

    def reset(self) -> None:
        """Cut the TCP connection without a word."""
        if self._transport is not None:
            self._transport.abort()


class Session:
    """What Discord remembers of a bot that identified, over all its connections."""

    def __init__(self, session_id: str, identify: Mapping[str, Any], connection: Connection) -> None:
        self.id = session_id
        self.intents = Intent(identify["intents"])
        self.shard: int
        self.shard_count: int
        self.shard, self.shard_count = identify.get("shard") or (0, 1)
        self.connection: Connection | None = connection
        self.is_valid = True
        self.events: list[Json] = []

    def is_told_about(self, guild: Guild | None) -> bool:
        """Whether this shard serves the server; shard 0 serves direct messages."""
        return (0 if guild is None else (guild.id >> 22) % self.shard_count) == self.shard

    async def dispatch(self, name: str, data: Json) -> None:
        """Send an event, or keep it until the bot resumes."""
        event = {"op": Opcode.DISPATCH, "t": name, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        if self.connection is not None:
            await self.connection.send_event(event)

    async def replay(self, connection: Connection, after: int) -> None:
        """Send what the bot missed, and go on with it on a new connection."""
        sent = after
        while missed := self.events[sent:]:
            for event in missed:
                await connection.send_event(event)
            sent += len(missed)
        self.connection = connection
        await self.dispatch("RESUMED", {"_trace": []})


class Gateway:
    """Serves the websocket and sends events to all sessions that are to hear them.

    Args:
        world: What there is to tell of.
        changes: Told whenever something came from the bot.
        token: The bot's token.
        report: Told of each broken limit: where, and what.

    Attributes:
        allowed_privileged_intents: What is switched on in the application's settings; asking for more ends in 4014.
        heartbeat_interval_ms: How often bots are told to send a heartbeat.
        acknowledges_heartbeats: Off, bots must notice that the connection is dead.
        refuses_resume: On, every RESUME is answered "invalid session".
        identify_count: How many IDENTIFYs came.
        resume_count: How many RESUMEs came.
        received: Every payload the bot sent, in order.
    """

    def __init__(self, world: World, changes: Changes, token: str, report: Callable[[str, str], None]) -> None:
        self._world = world
        self._changes = changes
        self._token = token
        self._report = report
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self.url = ""
        self.allowed_privileged_intents = NO_INTENT
        self.heartbeat_interval_ms = 41_250
        self.acknowledges_heartbeats = True
        self.refuses_resume = False
        self.identify_count = 0
        self.resume_count = 0
        self.received: list[Json] = []

    @property
    def session(self) -> Session:
        """The session that identified last."""
        valid = [session for session in self._sessions.values() if session.is_valid]
        if not valid:
            raise LookupError("no bot has identified")
        return valid[-1]

    @property
    def is_connected(self) -> bool:
        """Whether a bot is connected and has identified or resumed."""
        return any(session.is_valid and session.connection for session in self._sessions.values())

    @property
    def has_session(self) -> bool:
        """Whether a bot hears what happens now, if only when it resumes."""
        return any(session.is_valid for session in self._sessions.values())

    def forget_sessions(self) -> None:
        """End all sessions, as when the bot's process is gone and with it their ids."""
        for session in self._sessions.values():
            session.is_valid = False

    def application_flags(self) -> int:
        """Give the application's flags, which mirror its privileged intents."""
        flags = {Intent.GUILD_PRESENCES: 1 << 13, Intent.GUILD_MEMBERS: 1 << 15, Intent.MESSAGE_CONTENT: 1 << 19}
        return sum(flag for intent, flag in flags.items() if intent in self.allowed_privileged_intents)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection from its first to its last frame."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport, request.query.get("compress", ""))
        self._connections.add(connection)
        session: Session | None = None
        try:
            await connection.send(Opcode.HELLO, {"heartbeat_interval": self.heartbeat_interval_ms, "_trace": []})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    session = await self._receive(connection, session, frame.data)
        finally:
            self._connections.discard(connection)
            if session is not None and session.connection is connection:
                session.connection = None
                if socket.close_code in (1000, 1001):  # the bot said goodbye: nothing to resume
                    session.is_valid = False
            self._changes.announce()
        return socket

    async def dispatch(self, name: str, data: Json, *, guild: Guild | None = None, intent: Intent = NO_INTENT) -> None:
        """Send an event to every session that is to hear it.

        Args:
            guild: The server it happened in.
            intent: The intent that the event needs.
        """
        for session in self._listening(guild, intent):
            await session.dispatch(name, data)

    async def unarchive(self, channel: Channel) -> None:
        """Unarchive a thread that somebody writes in: Discord does so by itself, and tells of it before the message."""
        if channel.is_archived:
            channel.is_archived = False
            await self.dispatch("THREAD_UPDATE", channel.payload(), guild=channel.guild, intent=Intent.GUILDS)

    async def dispatch_message(self, name: str, message: Message) -> None:
        """Send a message event, with as much of the message as each session may read."""
        if message.is_ephemeral:
            return  # bots hear of ephemeral messages only in the answers to their own requests
        guild = self._world.channels[message.channel_id].guild
        for session in self._listening(guild, message_intent(guild)):
            has_content_intent = Intent.MESSAGE_CONTENT in session.intents
            data = self._world.message_event(message, has_content_intent=has_content_intent)
            await session.dispatch(name, data)

    async def dispatch_deletion(self, message: Message) -> None:
        if message.is_ephemeral:
            return
        guild = self._world.channels[message.channel_id].guild
        data = {"id": str(message.id), "channel_id": str(message.channel_id)}
        data |= {"guild_id": str(guild.id)} if guild else {}
        await self.dispatch("MESSAGE_DELETE", data, guild=guild, intent=message_intent(guild))

    async def caught_up(self) -> None:
        """Wait until the bot took in what was sent so far, by asking for a heartbeat and waiting for it.

        A bot that does not answer within a second is not waited for any longer.
        """
        for session in self._sessions.values():
            if session.is_valid and session.connection is not None:
                await self._heartbeat(session, session.connection)

    async def close_all(self) -> None:
        for connection in list(self._connections):
            await connection.close(1001)

    async def _heartbeat(self, session: Session, connection: Connection) -> None:
        count = connection.heartbeat_count

        def has_answered() -> bool:
            return connection.heartbeat_count > count or session.connection is not connection

        await connection.send(Opcode.HEARTBEAT)
        with suppress(TimeoutError):
            await self._changes.until(has_answered, timeout_s=1.0, waiting_for="a heartbeat")

    def _listening(self, guild: Guild | None, intent: Intent) -> list[Session]:
        sessions = [session for session in self._sessions.values() if session.is_valid]
        return [session for session in sessions if session.is_told_about(guild) and intent in session.intents]

    async def _receive(self, connection: Connection, session: Session | None, text: str) -> Session | None:
        if len(text.encode()) > GATEWAY_PAYLOAD_BYTES:
            self._report("gateway", f"a payload of more than {GATEWAY_PAYLOAD_BYTES} bytes")
            await connection.close(CloseCode.DECODE_ERROR, "Error while decoding payload.")
            return session
        payload = json.loads(text)
        self.received.append(payload)
        opcode, data = payload["op"], payload.get("d")
        if opcode == Opcode.HEARTBEAT:
            connection.heartbeat_count += 1
            if self.acknowledges_heartbeats:
                await connection.send(Opcode.HEARTBEAT_ACK)
        elif opcode == Opcode.IDENTIFY and session is None:
            session = await self._identify(connection, data)
        elif opcode == Opcode.RESUME and session is None:
            session = await self._resume(connection, data)
        elif opcode in (Opcode.IDENTIFY, Opcode.RESUME):
            await connection.close(CloseCode.ALREADY_AUTHENTICATED, "Already authenticated.")
        elif opcode not in IGNORED_OPCODES:
            await connection.close(CloseCode.UNKNOWN_OPCODE, "Unknown opcode.")
        elif session is None:
            await connection.close(CloseCode.NOT_AUTHENTICATED, "Not authenticated.")
        self._changes.announce()
        return session

    async def _identify(self, connection: Connection, data: Json) -> Session | None:
        self.identify_count += 1
        if data["token"] != self._token:
            await connection.close(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
            return None
        if Intent(data["intents"]) & PRIVILEGED_INTENTS & ~self.allowed_privileged_intents:
            await connection.close(CloseCode.DISALLOWED_INTENTS, "Disallowed intent(s).")
            return None
        session = Session(f"session-{len(self._sessions) + 1}", data, connection)
        self._sessions[session.id] = session
        guilds = [guild for guild in self._world.guilds.values() if session.is_told_about(guild)]
        await session.dispatch("READY", self._ready(session, guilds))
        for guild in guilds if Intent.GUILDS in session.intents else []:
            await session.dispatch("GUILD_CREATE", self.guild_payload(guild, session.intents))
        return session

    async def _resume(self, connection: Connection, data: Json) -> Session | None:
        self.resume_count += 1
        session = self._sessions.get(data["session_id"])
        if session is None or not session.is_valid or self.refuses_resume or data["token"] != self._token:
            await connection.send(Opcode.INVALID_SESSION, False)
            return None
        await session.replay(connection, data["seq"])
        return session

    def guild_payload(self, guild: Guild, intents: Intent) -> Json:
        """Give a server's JSON with the members that a session may see."""
        everybody = [person for person, _ in guild.members.values()]
        return guild.payload(shown_members=everybody if Intent.GUILD_MEMBERS in intents else [self._world.bot])

    def _ready(self, session: Session, guilds: list[Guild]) -> Json:
        return {
            "v": 10,
            "user": self._world.bot.payload(),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.shard_count],
            "application": {"id": str(self._world.application_id), "flags": self.application_flags()},
            "session_type": "normal",
            "private_channels": [],
        }


def message_intent(guild: Guild | None) -> Intent:
    """Tell which intent a bot needs to hear of messages in a server, or in direct messages."""
    return Intent.DIRECT_MESSAGES if guild is None else Intent.GUILD_MESSAGES


def _compressor(name: str) -> Callable[[bytes], bytes] | None:
    if name == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda data: deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if name == "zstd-stream":
        return _zstd_compressor()
    return None


def _zstd_compressor() -> Callable[[bytes], bytes]:
    """Give what discord.py can read: it asks for zstd where `zstandard` or Python 3.14's own module is there."""
    try:
        zstandard = importlib.import_module("zstandard")
    except ImportError:
        zstd = importlib.import_module("compression.zstd")
        stream = zstd.ZstdCompressor()
        return lambda data: stream.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)
    compressing = zstandard.ZstdCompressor().compressobj()
    return lambda data: compressing.compress(data) + compressing.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
