"""Requests against Discord's own OpenAPI description of its HTTP API.

A second opinion beside `limits`: it knows every field's type, but allows some things that Discord refuses (2001
characters in a channel message, six action rows, an empty message, unknown keys).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
URI = "urn:discord"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path of the description."""

    method: str
    path: str
    pattern: re.Pattern[str]
    body: Draft202012Validator | None


class OpenApiCheck:
    """Checks requests against the description in a file.

    Args:
        path: Discord's `openapi.json` (repository discord/discord-api-spec, folder `specs`).
    """

    def __init__(self, path: Path) -> None:
        self.specification: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schemas = self.specification["components"]["schemas"]
        # The real API takes snowflakes as numbers too, and discord.py sends them so in replies and attachments.
        schemas["SnowflakeType"] = {"anyOf": [{"type": "integer", "minimum": 0}, schemas["SnowflakeType"]]}
        # Media channels are documented (channel-object-channel-types) but left out of the description;
        # discord.py names them beside forums.
        schemas["ChannelTypes"]["oneOf"].append({"title": "GUILD_MEDIA", "const": 16})
        resource = DRAFT202012.create_resource(self.specification)
        self._registry: Registry[Any] = Registry().with_resource(URI, resource)
        operations = [
            self._operation(method, path, item[method])
            for path, item in self.specification["paths"].items()
            for method in METHODS
            if method in item
        ]
        self._operations = sorted(operations, key=lambda operation: operation.path.count("{"))  # literal paths first

    def problems(self, method: str, path: str, body: Any) -> list[str]:
        """Tell what is wrong with a request.

        Args:
            method: HTTP method, in capitals.
            path: Path below `/api/v10`, without the query.
            body: The JSON body, or a multipart request's `payload_json`; `None` where there is none.

        Returns:
            One line for each problem, with where it is; empty when all is well.
        """
        for operation in self._operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return self._body_problems(operation, body)
        return [f"{method} {path} is not in Discord's API"]

    def at(self, pointer: str) -> Any:
        """Look up a value of the description, for example `RichEmbed/properties/title/maxLength`.

        Args:
            pointer: Slash-separated keys below `components/schemas`.
        """
        value: Any = self.specification["components"]["schemas"]
        for key in pointer.split("/"):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value

    def _operation(self, method: str, path: str, described: dict[str, Any]) -> Operation:
        parts = re.split(r"(\{[^}]+\})", path)
        pattern = re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))
        body = None
        # What a multipart request carries as `payload_json` is the JSON body.
        if "application/json" in described.get("requestBody", {}).get("content", {}):
            escaped_path = path.replace("~", "~0").replace("/", "~1")
            pointer = f"{URI}#/paths/{escaped_path}/{method}/requestBody/content/application~1json/schema"
            body = Draft202012Validator({"$ref": pointer}, registry=self._registry)
        return Operation(method.upper(), path, pattern, body)

    @staticmethod
    def _body_problems(operation: Operation, body: Any) -> list[str]:
        if body is None:
            return []
        if operation.body is None:
            return [f"{operation.method} {operation.path} takes no JSON body"]
        problems = []
        for error in operation.body.iter_errors(body):
            deepest = best_match([error]) or error
            place = "/".join(map(str, deepest.absolute_path)) or "(the body)"
            problems.append(f"{operation.method} {operation.path}: {place}: {deepest.message[-200:]}")
        return problems
