"""Errors as Discord's HTTP API answers them.

    ApiError            any refusal, with Discord's status and code
    └── LimitError      the request broke a documented limit: a mistake of the bot, never bad luck

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that Discord refuses."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} ({code}) {message}" + (f": {errors}" if errors else ""))
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that Discord sends with this error."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        return body | {"errors": self.errors} if self.errors else body


class LimitError(ApiError):
    """A request that breaks one of Discord's documented limits."""


def invalid_form(field: str, message: str, code: str = "BASE_TYPE_BAD_LENGTH") -> LimitError:
    """Give the error 50035 for one field.

    Args:
        field: Dotted path of the field, as in `embeds.0.title`.
        message: What Discord says about it.
        code: Discord's name for what is wrong.
    """
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return LimitError(400, 50035, "Invalid Form Body", errors)


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def not_the_author() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> LimitError:
    return LimitError(400, 50006, "Cannot send an empty message")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def thread_is_archived() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def has_thread() -> ApiError:
    return ApiError(400, 160004, "A thread has already been created for this message")


def expired_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def invalid_json() -> LimitError:
    return LimitError(400, 50109, "The request body contains invalid JSON.")


def too_large() -> LimitError:
    return LimitError(413, 40005, "Request entity too large")


def too_many_commands(limit: int) -> LimitError:
    return LimitError(400, 30032, f"Maximum number of application commands reached ({limit}).")
