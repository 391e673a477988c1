"""Errors on demand: what a test asks to go wrong with the next matching requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

RATE_LIMITED = "You are being rate limited."


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with requests that match.

    Attributes:
        pattern: Regular expression, searched in `METHOD /path` (the path without `/api/v10`).
        status: The answer's status.
        times: How many requests are still to fail.
        after: Whether the request is carried out first, so that only its answer is lost.
        drop: Whether the TCP connection is reset instead of answered.
        delay_s: How long the request hangs before anything happens.
        retry_after_s: With status 429, how long the bot is told to wait.
        is_global: With status 429, whether it is the limit over all routes.
        has_via: Whether the answer carries a `Via` header; discord.py takes a 429 without it for a ban by Cloudflare.
        code: Discord's error code; given, the answer is Discord's JSON error instead of a proxy's text.
        message: What goes with `code`.
    """

    pattern: str
    status: int | None = None
    times: int = 1
    after: bool = False
    drop: bool = False
    delay_s: float = 0.0
    retry_after_s: float = 0.1
    is_global: bool = False
    has_via: bool = True
    code: int | None = None
    message: str = ""

    def __post_init__(self) -> None:
        if self.is_only_slow and not self.delay_s:
            raise ValueError("a fault needs a status, a dropped connection or a delay")

    @property
    def is_only_slow(self) -> bool:
        """Whether matching requests are merely delayed and then handled as usual."""
        return self.status is None and not self.drop

    def headers(self) -> dict[str, str]:
        """Give the headers of the failing answer."""
        headers = {"Via": "1.1 google"} if self.has_via else {}
        if self.status == 429:
            headers |= {"Retry-After": str(self.retry_after_s)}
            headers |= {"X-RateLimit-Scope": "global" if self.is_global else "user"}
        if self.status == 429 and self.is_global:
            headers["X-RateLimit-Global"] = "true"
        return headers

    def body(self) -> dict[str, Any] | None:
        """Give the failing answer's JSON object, or nothing where a proxy answers with text."""
        if self.status == 429:
            return {"message": RATE_LIMITED, "retry_after": self.retry_after_s, "global": self.is_global}
        return None if self.code is None else {"message": self.message, "code": self.code}


class Faults(list[Fault]):
    """The faults that are set, oldest first."""

    def take(self, request: str) -> Fault | None:
        """Use up one turn of the first fault that matches `METHOD /path`."""
        for fault in self:
            if fault.times > 0 and re.search(fault.pattern, request):
                fault.times -= 1
                return fault
        return None
