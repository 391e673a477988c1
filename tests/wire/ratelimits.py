"""Rate-limit buckets, as Discord announces them in its answers' headers.

Real bucket sizes are not documented; bots must read the headers. Five in five seconds for each channel or webhook is
what people have long observed for messages.
https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import re
import time
import zlib
from collections import defaultdict
from collections.abc import Callable

LIMIT = 5
WINDOW_S = 5.0

LIMITED_ROUTE = re.compile(r"(?:POST|PATCH|DELETE) /channels/\d+/messages|POST /webhooks/\d+/[^/]+$")


class Buckets:
    """Counts requests to each limited route."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._hits: defaultdict[str, list[float]] = defaultdict(list)

    def count(self, request: str) -> tuple[dict[str, str], float | None]:
        """Count one request.

        Args:
            request: `METHOD /path`.

        Returns:
            The headers that tell the bot how many are left, and the seconds to wait where there were too many.
        """
        match = LIMITED_ROUTE.match(request)
        if match is None:
            return {}, None
        bucket, now_s = match[0], self._clock()
        hits = self._hits[bucket] = [hit_s for hit_s in self._hits[bucket] if hit_s > now_s - WINDOW_S]
        is_over = len(hits) >= LIMIT
        if not is_over:
            hits.append(now_s)
        reset_after_s = hits[0] + WINDOW_S - now_s
        headers = {
            "X-RateLimit-Bucket": f"{zlib.crc32(bucket.encode()):08x}",
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(LIMIT - len(hits)),
            "X-RateLimit-Reset-After": f"{reset_after_s:.3f}",
            "X-RateLimit-Reset": f"{time.time() + reset_after_s:.3f}",
        }
        return headers, reset_after_s if is_over else None
