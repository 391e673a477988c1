"""The HTTP side: Discord's REST API v10, and its CDN.

https://discord.com/developers/docs/reference
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web

from . import errors, limits
from .errors import ApiError, LimitError
from .faults import RATE_LIMITED, Fault, Faults
from .gateway import Gateway, Intent
from .interactions import CallbackKind, Interaction
from .openapi import OpenApiCheck
from .ratelimits import Buckets
from .waiting import Changes
from .world import Channel, Json, Message, MessageFlag, MessageType, Permission, Upload, World

API_PATH = "/api/v10"
TOKEN_IN_PATH = ("/interactions/", "/webhooks/")  # these authenticate by the interaction's token

Answer = Json | list[Json] | None


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the request log.

    Attributes:
        method: HTTP method, in capitals.
        path: Path below `/api/v10`, without the query.
        body: The JSON body, or a multipart request's `payload_json`.
        files: What was uploaded with it.
        status: How it was answered; `None` where the connection was cut instead.
    """

    method: str
    path: str
    body: Any
    files: tuple[Upload, ...]
    status: int | None

    def __str__(self) -> str:
        files = f" + {len(self.files)} files" if self.files else ""
        return f"{self.status or 'cut'} {self.method} {self.path}{files} {json.dumps(self.body)[:300]}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit or a rule of the API that the bot broke."""

    request: str
    problem: str

    def __str__(self) -> str:
        return f"{self.request}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read and checked, on its way to a handler."""

    path_values: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: tuple[Upload, ...]

    def id(self, name: str) -> int:
        """Give an id of the path."""
        value = self.path_values[name]
        if not value.isdecimal():
            raise errors.invalid_form(name, f'Value "{value}" is not snowflake.', "NUMBER_TYPE_COERCE")
        return int(value)

    @property
    def message(self) -> Json:
        """The body, where it is a message."""
        return self.body or {}


Handler = Callable[[Call], Awaitable[Answer]]


class Rest:
    """Answers HTTP requests.

    Attributes:
        requests: Every API request so far, in the order of their answers.
        violations: Every broken limit or rule so far.
        faults: What is to go wrong.
        answering_count: How many requests are being answered at this moment.
        counts_rate_limits: Whether message routes have rate-limit buckets.
        upload_limit_bytes: What one uploaded file may have.
    """

    def __init__(
        self, world: World, changes: Changes, *, token: str, clock: Callable[[], float], openapi: OpenApiCheck | None
    ) -> None:
        self._world = world
        self._changes = changes
        self._token = token
        self._clock = clock
        self._openapi = openapi
        self._buckets = Buckets(clock)
        self._interactions: dict[str, Interaction] = {}  # by token
        self._nonces: dict[tuple[int, str], tuple[int, float]] = {}  # by channel: which message came with it, and when
        self.gateway = Gateway(world, changes, token, self.report)
        self.requests: list[Request] = []
        self.violations: list[Violation] = []
        self.faults = Faults()
        self.answering_count = 0
        self.counts_rate_limits = False
        self.upload_limit_bytes = limits.UPLOAD_BYTES

    def application(self) -> web.Application:
        """Give the web application with all routes."""
        application = web.Application(client_max_size=1 << 30)  # the limits are checked here, with Discord's errors
        application.router.add_get("/", self.gateway.handle)
        for method, path, handler in self._routes():
            application.router.add_route(method, API_PATH + path, self._endpoint(handler))
        application.router.add_route("*", API_PATH + "/{path:.*}", self._endpoint(None))
        application.router.add_get("/{path:(attachments|avatars|icons)/.*}", self._cdn)
        return application

    def expect(self, interaction: Interaction) -> None:
        """Accept answers to an interaction from now on."""
        self._interactions[interaction.token] = interaction

    def forget_nonces(self) -> None:
        """Recognise no message that is sent again, as after a few minutes."""
        self._nonces.clear()

    def report(self, request: str, problem: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(request, problem))

    def keep_nonces(self, seconds: float) -> None:
        """Remember nonces for so much longer."""
        self._nonces = {key: (message_id, sent_at_s + seconds) for key, (message_id, sent_at_s) in self._nonces.items()}

    def _routes(self) -> list[tuple[str, str, Handler]]:
        application, message = "/applications/{application_id}", "/channels/{channel_id}/messages/{message_id}"
        webhook = "/webhooks/{application_id}/{token}"
        return [
            ("GET", "/gateway", self._get_gateway),
            ("GET", "/gateway/bot", self._get_gateway),
            ("GET", "/users/@me", self._get_me),
            ("GET", "/users/{user_id}", self._get_user),
            ("POST", "/users/@me/channels", self._create_dm),
            ("GET", "/oauth2/applications/@me", self._get_application),
            ("GET", "/applications/@me", self._get_application),
            ("GET", application + "/commands", self._get_commands),
            ("PUT", application + "/commands", self._put_commands),
            ("GET", application + "/guilds/{guild_id}/commands", self._get_commands),
            ("PUT", application + "/guilds/{guild_id}/commands", self._put_commands),
            ("GET", "/guilds/{guild_id}", self._get_guild),
            ("GET", "/guilds/{guild_id}/members/{user_id}", self._get_member),
            ("GET", "/channels/{channel_id}", self._get_channel),
            ("PATCH", "/channels/{channel_id}", self._edit_thread),
            ("DELETE", "/channels/{channel_id}", self._delete_thread),
            ("POST", "/channels/{channel_id}/typing", self._type),
            ("GET", "/channels/{channel_id}/messages", self._get_history),
            ("POST", "/channels/{channel_id}/messages", self._create_message),
            ("GET", message, self._get_message),
            ("PATCH", message, self._edit_message),
            ("DELETE", message, self._delete_message),
            ("POST", message + "/threads", self._create_thread),
            ("POST", "/channels/{channel_id}/threads", self._create_thread),
            ("POST", "/interactions/{interaction_id}/{token}/callback", self._acknowledge),
            ("POST", webhook, self._follow_up),
            ("GET", webhook + "/messages/{message_id}", self._get_answer),
            ("PATCH", webhook + "/messages/{message_id}", self._edit_answer),
            ("DELETE", webhook + "/messages/{message_id}", self._delete_answer),
        ]

    # ---- from request to answer

    def _endpoint(self, handler: Handler | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def endpoint(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(API_PATH)
            label = f"{request.method} {path}"
            body, files, problem = await _read(request)
            fault = self.faults.take(label)
            if fault is not None:
                await asyncio.sleep(fault.delay_s)
            self.answering_count += 1
            try:
                if fault is None or fault.after or fault.is_only_slow:
                    response = await self._respond(handler, request, label, body, files, problem)
                if fault is not None and not fault.is_only_slow:
                    response = _failed(fault, request)
                status = None if fault is not None and fault.drop else response.status
                self.requests.append(Request(request.method, path, body, files, status))
                # Nobody may act on what happened before the answer is on its way: a press could overtake it.
                with suppress(ConnectionError):
                    await response.prepare(request)
                    await response.write_eof()
            finally:
                self.answering_count -= 1
                self._changes.announce()
            return response

        return endpoint

    async def _respond(
        self,
        handler: Handler | None,
        request: web.Request,
        label: str,
        body: Any,
        files: tuple[Upload, ...],
        problem: ApiError | None,
    ) -> web.Response:
        headers = {"Via": "1.1 google"}
        try:
            if problem is not None:
                raise problem
            self._authenticate(request)
            if self._openapi is not None:
                for found in self._openapi.problems(request.method, request.path.removeprefix(API_PATH), body):
                    self.report(label, found)
            if handler is None:
                self.report(label, "the local Discord does not serve this route")
                raise ApiError(404, 0, "404: Not Found")
            if self.counts_rate_limits:
                bucket_headers, retry_after_s = self._buckets.count(label)
                headers |= bucket_headers
                if retry_after_s is not None:
                    limited = {"message": RATE_LIMITED, "retry_after": round(retry_after_s, 3), "global": False}
                    headers |= {"Retry-After": str(retry_after_s), "X-RateLimit-Scope": "user"}
                    return _json_response(limited, 429, headers)
            limits.check_uploads([len(upload.data) for upload in files], limit_bytes=self.upload_limit_bytes)
            answer = await handler(Call(request.match_info, request.query, body, files))
        except ApiError as error:
            if isinstance(error, LimitError):
                self.report(label, str(error))
            return _json_response(error.body, error.status, headers)
        except Exception as error:
            self.report(label, f"the local Discord could not make sense of it: {error!r}")
            raise
        if answer is None:
            return web.Response(status=204, headers=headers)
        return _json_response(answer, 200, headers)

    def _authenticate(self, request: web.Request) -> None:
        if request.path.removeprefix(API_PATH).startswith(TOKEN_IN_PATH):
            return
        if request.headers.get("Authorization") != f"Bot {self._token}":
            raise errors.unauthorized()

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take(f"GET {request.path}")
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if not fault.is_only_slow:
                return _failed(fault, request)
        upload = self._world.files.get(request.path)
        if upload is None:
            return web.Response(status=404)
        return web.Response(body=upload.data, headers={"Content-Type": upload.content_type})

    # ---- about the bot, and what there is

    async def _get_gateway(self, call: Call) -> Answer:
        starts = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": 1, "session_start_limit": starts}

    async def _get_me(self, call: Call) -> Answer:
        account = {"verified": True, "mfa_enabled": True, "email": None, "flags": 0, "locale": "en-US"}
        return self._world.bot.payload() | account

    async def _get_user(self, call: Call) -> Answer:
        person = self._world.people.get(call.id("user_id"))
        if person is None:
            raise errors.unknown_user()
        return person.payload()

    async def _create_dm(self, call: Call) -> Answer:
        person = self._world.people.get(int(call.body["recipient_id"]))
        if person is None:
            raise errors.unknown_user()
        return self._world.dm_channel(person).payload()

    async def _get_application(self, call: Call) -> Answer:
        return {
            "id": str(self._world.application_id),
            "name": self._world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": self.gateway.application_flags(),
            "owner": self._world.owner.payload(),
            "team": None,
            "rpc_origins": [],
            "hook": True,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "approximate_guild_count": len(self._world.guilds),
        }

    async def _get_guild(self, call: Call) -> Answer:
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise errors.unknown_guild()
        return guild.payload(shown_members=[])

    async def _get_member(self, call: Call) -> Answer:
        guild = self._world.guilds.get(call.id("guild_id"))
        if guild is None:
            raise errors.unknown_guild()
        if call.id("user_id") not in guild.members:
            raise errors.unknown_member()
        return guild.member_payload(self._world.people[call.id("user_id")])

    async def _get_commands(self, call: Call) -> Answer:
        return self._world.commands.get(self._command_scope(call), [])

    async def _put_commands(self, call: Call) -> Answer:
        scope = self._command_scope(call)
        limits.check_commands(call.body)
        self._world.commands[scope] = [self._synced(command, scope) for command in call.body]
        return self._world.commands[scope]

    def _command_scope(self, call: Call) -> int | None:
        if call.id("application_id") != self._world.application_id:
            raise ApiError(404, 10002, "Unknown Application")
        if "guild_id" not in call.path_values:
            return None
        if call.id("guild_id") not in self._world.guilds:
            raise errors.missing_access()
        return call.id("guild_id")

    def _synced(self, command: Json, guild_id: int | None) -> Json:
        permissions = command.get("default_member_permissions")
        return {
            "description": "",  # discord.py looks it up even for context menus, which have none
            "options": [],
            "nsfw": False,
            **command,
            "id": str(self._world.new_id()),
            "application_id": str(self._world.application_id),
            "version": str(self._world.new_id()),
            "type": command.get("type") or 1,
            "default_member_permissions": None if permissions is None else str(permissions),
            **({} if guild_id is None else {"guild_id": str(guild_id)}),
        }

    # ---- channels and messages

    def _channel(self, call: Call, *needed: Permission) -> Channel:
        """Find the channel of the path, and check that the bot may do there what it is about to do."""
        channel = self._world.channel(call.id("channel_id"))
        if channel.guild is not None and self._world.bot.id not in channel.guild.members:
            raise errors.missing_access()
        permissions = channel.permissions_of(self._world.bot)
        if Permission.VIEW_CHANNEL not in permissions:
            raise errors.missing_access()
        if any(permission not in permissions for permission in needed):
            raise errors.missing_permissions()
        return channel

    def _shown(self, message: Message) -> Json:
        # Over HTTP the application's settings decide, as there is no IDENTIFY.
        has_content_intent = Intent.MESSAGE_CONTENT in self.gateway.allowed_privileged_intents
        return self._world.shown_to_bot(message, has_content_intent=has_content_intent)

    async def _get_channel(self, call: Call) -> Answer:
        return self._channel(call).payload()

    async def _type(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._channel(call, _send_permission(channel))
        return None

    async def _get_history(self, call: Call) -> Answer:
        channel = self._channel(call)
        if Permission.READ_MESSAGE_HISTORY not in channel.permissions_of(self._world.bot):
            return []
        messages = self._world.messages_in(channel)
        limit = int(call.query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise errors.invalid_form("limit", "int value should be between 1 and 100.", "NUMBER_TYPE_MAX")
        if "before" in call.query:
            messages = [message for message in messages if message.id < int(call.query["before"])]
        if "after" in call.query:
            messages = [message for message in messages if message.id > int(call.query["after"])][:limit]
        if "around" in call.query:
            middle = int(call.query["around"])
            messages = sorted(messages, key=lambda message: abs(message.id - middle))[:limit]
            messages.sort(key=lambda message: message.id)
        return [self._shown(message) for message in reversed(messages[-limit:])]

    async def _create_message(self, call: Call) -> Answer:
        channel = self._channel(call)
        needed = [_send_permission(channel)]
        needed += [Permission.ATTACH_FILES] if call.files else []
        needed += [Permission.READ_MESSAGE_HISTORY] if call.message.get("message_reference") else []
        self._channel(call, *needed)
        limits.check_message(call.message, file_count=len(call.files))
        if (earlier := self._same_nonce(channel, call.message)) is not None:
            return self._shown(earlier)
        body = call.message | {"flags": int(call.message.get("flags") or 0) & ~MessageFlag.EPHEMERAL}
        await self.gateway.unarchive(channel)
        message = self._world.post(channel, self._world.bot, body, call.files)
        self._nonces[channel.id, str(body.get("nonce"))] = (message.id, self._clock())
        await self.gateway.dispatch_message("MESSAGE_CREATE", message)
        return self._shown(message)

    def _same_nonce(self, channel: Channel, body: Json) -> Message | None:
        """The message that came with the same nonce "in the past few minutes", as the documentation has it."""
        if not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        message_id, sent_at_s = self._nonces.get((channel.id, str(body["nonce"])), (0, 0.0))
        return self._world.messages.get(message_id) if self._clock() - sent_at_s < limits.NONCE_LIFE_S else None

    async def _get_message(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._channel(call, Permission.READ_MESSAGE_HISTORY)
        return self._shown(self._world.message(call.id("message_id"), channel.id))

    async def _edit_message(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._world.message(call.id("message_id"), channel.id)
        if message.author_id != self._world.bot.id:
            raise errors.not_the_author()
        if channel.is_archived:
            raise errors.thread_is_archived()
        return await self._edit(message, call)

    async def _delete_message(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._world.message(call.id("message_id"), channel.id)
        if message.author_id != self._world.bot.id:
            self._channel(call, Permission.MANAGE_MESSAGES)
        await self._delete(message)
        return None

    async def _create_thread(self, call: Call) -> Answer:
        parent = self._channel(call)
        self._channel(call, Permission.CREATE_PUBLIC_THREADS)
        name = call.body.get("name") or ""
        if not 1 <= limits.length(name) <= limits.THREAD_NAME:
            raise errors.invalid_form("name", f"Must be between 1 and {limits.THREAD_NAME} in length.")
        starter_id = call.id("message_id") if "message_id" in call.path_values else None
        if starter_id is not None:
            self._world.message(starter_id, parent.id)
            if starter_id in self._world.channels:
                raise errors.has_thread()
        thread_id = starter_id or self._world.new_id()
        thread = self._world.add_thread(parent, name, thread_id=thread_id, owner=self._world.bot)
        payload = thread.payload()
        await self.gateway.dispatch("THREAD_CREATE", payload, guild=thread.guild, intent=Intent.GUILDS)
        return payload

    async def _edit_thread(self, call: Call) -> Answer:
        thread = self._thread(call)
        if thread.thread_owner != self._world.bot:
            self._channel(call, Permission.MANAGE_THREADS)
        thread.is_archived = bool(call.body.get("archived", thread.is_archived))
        await self.gateway.dispatch("THREAD_UPDATE", thread.payload(), guild=thread.guild, intent=Intent.GUILDS)
        return thread.payload()

    async def _delete_thread(self, call: Call) -> Answer:
        thread = self._thread(call)
        self._channel(call, Permission.MANAGE_THREADS)
        self._world.delete_channel(thread)
        await self.gateway.dispatch("THREAD_DELETE", thread.payload(), guild=thread.guild, intent=Intent.GUILDS)
        return thread.payload()

    def _thread(self, call: Call) -> Channel:
        channel = self._channel(call)
        if channel.parent is None:
            raise ValueError("the local Discord changes no channels but threads")
        return channel

    async def _edit(self, message: Message, call: Call) -> Json:
        flags = int(call.message.get("flags") or 0) | (message.flags & MessageFlag.IS_COMPONENTS_V2)
        limits.check_message({**call.message, "flags": flags}, file_count=len(call.files), is_edit=True)
        edited = self._world.edit(message, call.message, call.files)
        await self.gateway.dispatch_message("MESSAGE_UPDATE", edited)
        return self._shown(edited)

    async def _delete(self, message: Message) -> None:
        del self._world.messages[message.id]
        await self.gateway.dispatch_deletion(message)

    # ---- answers to interactions

    async def _acknowledge(self, call: Call) -> Answer:
        interaction = self._interactions.get(call.path_values["token"])
        if interaction is None or str(interaction.id) != call.path_values["interaction_id"]:
            raise errors.unknown_interaction()
        if interaction.callback is not None:
            raise errors.already_acknowledged()
        if self._clock() - interaction.started_at_s > limits.ACKNOWLEDGE_WITHIN_S:
            raise errors.unknown_interaction()
        self._world.channel(interaction.channel.id)
        callback = CallbackKind(call.body["type"]) if call.body["type"] in set(CallbackKind) else None
        if callback is None or not interaction.allows(callback):
            message = "Interaction type does not allow this kind of callback"
            raise errors.invalid_form("type", message, "INTERACTION_CALLBACK_TYPE_INVALID")
        shown = await self._carry_out(interaction, callback, call.body.get("data") or {}, call.files)
        if call.query.get("with_response", "").lower() not in ("1", "true"):
            return None
        return _callback_response(interaction, callback, None if shown is None else self._shown(shown))

    async def _carry_out(
        self, interaction: Interaction, callback: CallbackKind, data: Json, files: tuple[Upload, ...]
    ) -> Message | None:
        """Do what a first answer asks for, and give the message that it is about."""
        match callback:
            case CallbackKind.MESSAGE:
                limits.check_message(data, file_count=len(files))
                shown = self._post_answer(interaction, data, files)
                interaction.original_id = shown.id
            case CallbackKind.DEFERRED_MESSAGE:
                flags = int(data.get("flags") or 0) & MessageFlag.EPHEMERAL | MessageFlag.LOADING
                shown = self._post_answer(interaction, {"flags": flags}, ())
                interaction.original_id = shown.id
                interaction.is_thinking = True
            case CallbackKind.UPDATE:
                source = self._source(interaction)
                flags = int(data.get("flags") or 0) | (source.flags & MessageFlag.IS_COMPONENTS_V2)
                limits.check_message({**data, "flags": flags}, file_count=len(files), is_edit=True)
                shown = self._world.edit(source, data, files)
                interaction.original_id = source.id
            case CallbackKind.DEFERRED_UPDATE:
                shown = self._source(interaction)
                interaction.original_id = shown.id
            case CallbackKind.AUTOCOMPLETE:
                limits.check_autocomplete(data.get("choices") or [])
                interaction.offered_choices = data.get("choices") or []
                interaction.mark_acknowledged(callback)
                return None
            case CallbackKind.MODAL:
                limits.check_modal(data)
                interaction.opened_modal = data
                interaction.mark_acknowledged(callback)
                return None
        interaction.mark_acknowledged(callback)
        if callback in (CallbackKind.MESSAGE, CallbackKind.UPDATE):
            interaction.mark_answered(shown)
        if callback is CallbackKind.UPDATE:
            await self.gateway.dispatch_message("MESSAGE_UPDATE", shown)
        elif callback is not CallbackKind.DEFERRED_UPDATE:
            await self.gateway.dispatch_message("MESSAGE_CREATE", shown)
        return shown

    async def _follow_up(self, call: Call) -> Answer:
        interaction = self._interaction(call)
        limits.check_message(call.message, file_count=len(call.files))
        original = self._world.messages.get(interaction.original_id or 0)
        if interaction.is_thinking and original is not None:
            # It replaces the "thinking" message, and who sees it was settled by the deferral.
            message = self._world.edit(original, call.message, call.files)
            event = "MESSAGE_UPDATE"
        else:
            message = self._post_answer(interaction, call.message, call.files)
            event = "MESSAGE_CREATE"
            if interaction.answer_id is not None:
                interaction.follow_up_ids.append(message.id)
        interaction.mark_answered(message)
        await self.gateway.dispatch_message(event, message)
        return self._shown(message)

    async def _get_answer(self, call: Call) -> Answer:
        return self._shown(self._answer(call, self._interaction(call)))

    async def _edit_answer(self, call: Call) -> Answer:
        interaction = self._interaction(call)
        message = self._answer(call, interaction)
        shown = await self._edit(message, call)
        interaction.mark_answered(message)
        return shown

    async def _delete_answer(self, call: Call) -> Answer:
        interaction = self._interaction(call)
        message = self._answer(call, interaction)
        interaction.is_thinking = interaction.is_thinking and message.id != interaction.original_id
        await self._delete(message)
        return None

    def _interaction(self, call: Call) -> Interaction:
        """Find the acknowledged interaction whose token stands in the path."""
        interaction = self._interactions.get(call.path_values["token"])
        if interaction is None or call.id("application_id") != self._world.application_id:
            raise errors.unknown_webhook()
        if self._clock() - interaction.started_at_s > limits.INTERACTION_TOKEN_LIFE_S:
            raise errors.expired_token()
        if interaction.callback is None:
            raise errors.unknown_webhook()
        self._world.channel(interaction.channel.id)
        return interaction

    def _answer(self, call: Call, interaction: Interaction) -> Message:
        """Find the message of the path among those that belong to the interaction."""
        is_original = call.path_values["message_id"] == "@original"
        message_id = interaction.original_id if is_original else call.id("message_id")
        own_ids = {interaction.original_id, interaction.answer_id, *interaction.follow_up_ids}
        if message_id is None or message_id not in own_ids:
            raise errors.unknown_message()
        return self._world.message(message_id)

    def _source(self, interaction: Interaction) -> Message:
        assert interaction.source is not None
        return self._world.message(interaction.source.id)

    def _post_answer(self, interaction: Interaction, body: Json, files: tuple[Upload, ...]) -> Message:
        application_id = str(self._world.application_id)
        metadata = {
            "id": str(interaction.id),
            "type": int(interaction.kind),
            "user": interaction.person.payload(),
            "authorizing_integration_owners": {},
        }
        is_ephemeral = int(body.get("flags") or 0) & MessageFlag.EPHEMERAL
        return self._world.post(
            interaction.channel,
            self._world.bot,
            body,
            files,
            viewer=interaction.person if is_ephemeral else None,
            extra={
                "type": int(MessageType.CHAT_INPUT_COMMAND),
                "webhook_id": application_id,
                "application_id": application_id,
                "interaction_metadata": metadata,
            },
        )


async def _read(request: web.Request) -> tuple[Any, tuple[Upload, ...], ApiError | None]:
    """Read a request's JSON and files; what cannot be read is given as an error, for after the log and the faults."""
    if request.content_type != "multipart/form-data":
        text = await request.text()
        try:
            return json.loads(text) if text else None, (), None
        except ValueError:
            return None, (), errors.invalid_json()
    body: Any = None
    problem: ApiError | None = None
    files: list[Upload] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue  # Discord knows no multipart within multipart
        raw = bytes(await part.read(decode=False))
        index = re.fullmatch(r"files\[(\d+)\]", part.name or "")
        if index is not None:
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files.append(Upload(part.filename or "unknown", raw, content_type, int(index[1])))
        elif part.name == "payload_json":
            try:
                body = json.loads(raw)
            except ValueError:
                problem = errors.invalid_json()
    return body, tuple(files), problem


def _json_response(answer: Json | list[Json], status: int, headers: Mapping[str, str]) -> web.Response:
    # Exactly this content type: with a charset behind it discord.py takes the body for text.
    data = json.dumps(answer).encode()
    return web.Response(body=data, status=status, headers=headers, content_type="application/json")


def _failed(fault: Fault, request: web.Request) -> web.Response:
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)  # nobody reads it
    assert fault.status is not None
    body = fault.body()
    if body is None:
        return web.Response(status=fault.status, text="upstream error", headers=fault.headers())
    return _json_response(body, fault.status, fault.headers())


def _send_permission(channel: Channel) -> Permission:
    return Permission.SEND_MESSAGES_IN_THREADS if channel.parent else Permission.SEND_MESSAGES


def _callback_response(interaction: Interaction, callback: CallbackKind, shown: Json | None) -> Json:
    is_ephemeral = shown is not None and bool(shown["flags"] & MessageFlag.EPHEMERAL)
    described = {
        "id": str(interaction.id),
        "type": int(interaction.kind),
        "response_message_id": None if shown is None else shown["id"],
        "response_message_loading": callback is CallbackKind.DEFERRED_MESSAGE,
        "response_message_ephemeral": is_ephemeral,
    }
    resource: Json = {"type": int(callback)}
    if shown is not None and callback is not CallbackKind.DEFERRED_UPDATE:
        resource["message"] = shown
    return {"interaction": described, "resource": resource}
