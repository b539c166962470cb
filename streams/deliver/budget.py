"""How many requests a target is sent: a token bucket whose rate follows our share and what the target asks for.

Times are monotonic seconds, rates are requests a second. Pure: whoever waits does so elsewhere.
"""

from __future__ import annotations

import math

RAISE_SECONDS = 10.0
"""A raise of our share waits this long, until the worker that lost it has surely heard."""
WINDOW_SECONDS = 1.0
"""A rate that was cut because the target asked for less gets a step back each time. Longer, and a target that answers
429 now and then, whatever the rate, would be sent less and less: five windows make a cut good."""
STEP = 0.1
"""That step, as a part of the whole rate."""
SLOWEST = 0.1
"""A rate is never cut below this; one request in ten seconds finds out whether more is welcome."""
SHORTEST_CLOSE_SECONDS = 1.0
"""How long nothing is sent after the target asked for less and named no time, or a shorter one."""


def share(limit: float, owned: int, partitions: int) -> float:
    """Our part of a limit for all workers of a group: by the partitions that we own, of all. 0 if we own none."""
    return limit * owned / partitions if partitions else 0.0


class Bucket:
    """Tokens for requests.

    A turn reserves the token of its first request ahead; what it sends beyond that is spent without asking, as a debt
    that later turns wait for. Without a limit it only counts, until the target asks for less: then the rate it was
    sent at is the limit, until it has been back there.

    Args:
        limit: requests a second, 0 for no limit.
        burst: requests that may go at once after a pause; at least 1 with a limit.
        now: the present moment.
    """

    def __init__(self, limit: float, burst: float, now: float) -> None:
        self._limit = limit or math.inf
        self._raise: tuple[float, float, float] | None = None  # when, and to which limit and burst
        self._ceiling = self._rate = self._limit
        self._changed = now  # when the rate was cut or got its last step
        self._tokens = self._most = max(1.0, burst)
        self._at = now  # tokens are counted up to here; ahead of now while the bucket is closed
        self._counting_since, self._counted, self._pace = now, 0, 0.0  # how fast requests go, where no limit is set
        self.generation = 0
        """Changes when reservations made before are void: the target asked for less, or our share was cut."""

    def rate(self, now: float) -> float:
        """Requests a second at present: 0 while closed, infinite without a limit."""
        self._refill(now)
        return 0.0 if self.closed(now) else self._rate

    def closed(self, now: float) -> bool:
        """Whether the target asked to be left alone until later."""
        return now < self._at

    def set_limit(self, limit: float, burst: float, now: float) -> None:
        """Our share of a limit has changed: less counts at once, more after `RAISE_SECONDS`."""
        self._refill(now)
        if limit >= self._limit:
            self._raise = (now + RAISE_SECONDS, limit, burst)
            return
        self._raise = None
        self._apply(limit, burst)
        self._void()

    def reserve(self, now: float) -> float:
        """Take a token ahead; the answer is the moment at which it may be used, ``now`` or later."""
        self._refill(now)
        start = max(now, self._at)
        if math.isinf(self._rate):
            return start
        self._tokens -= 1.0
        return start if self._tokens >= 0.0 else start - self._tokens / self._rate

    def give_back(self, tokens: int) -> None:
        """Tokens that were reserved and not used."""
        if not math.isinf(self._rate):
            self._tokens = min(self._most, self._tokens + tokens)

    def spend(self, now: float, *, reserved: bool) -> None:
        """A request goes: on a token that was reserved, or without one, whatever is left."""
        self._refill(now)
        if now - self._counting_since >= WINDOW_SECONDS:
            self._pace = self._counted / (now - self._counting_since)
            self._counting_since, self._counted = now, 0
        self._counted += 1
        if not reserved and not math.isinf(self._rate):
            self._tokens -= 1.0

    def throttled(self, retry_after: float | None, now: float) -> bool:
        """The target asks for less: nothing for ``retry_after`` seconds, then half the rate. True if that is news.

        Answers to what was sent before are no news while the bucket is closed; they may lengthen the wait.
        """
        self._refill(now)
        news = not self.closed(now)
        if news:
            if math.isinf(self._ceiling):
                self._ceiling = self._rate = max(SLOWEST, self._seen(now))
                self._most = 1.0
            self._rate = max(min(SLOWEST, self._ceiling), self._rate / 2.0)
            self._tokens = 0.0
            self._void()
        self._at = max(self._at, now + max(SHORTEST_CLOSE_SECONDS, retry_after or 0.0))
        self._changed = self._at
        return news

    def _seen(self, now: float) -> float:
        return max(self._pace, self._counted / max(1.0, now - self._counting_since))

    def _apply(self, limit: float, burst: float) -> None:
        """Another limit; what the target has cut off the rate stays off."""
        self._rate *= limit / self._ceiling
        self._limit = self._ceiling = limit
        self._most = max(1.0, burst)
        self._tokens = min(self._tokens, self._most)

    def _void(self) -> None:
        """Whoever has reserved reserves anew."""
        self._tokens = max(0.0, self._tokens)
        self.generation += 1

    def _refill(self, now: float) -> None:
        """Count the tokens up to now, at the rate so far; then let the rate rise if it is time."""
        if now > self._at:
            if not math.isinf(self._rate):
                self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
            self._at = now
        if self._raise is not None and now >= self._raise[0]:
            _, limit, burst = self._raise
            self._raise = None
            self._apply(limit, burst)
        steps = math.floor((now - self._changed) / WINDOW_SECONDS)
        if steps > 0:
            self._changed += steps * WINDOW_SECONDS
            self._rate = min(self._ceiling, self._rate + steps * STEP * self._ceiling)
            if self._rate >= self._ceiling and self._ceiling != self._limit:
                self._ceiling = self._rate = self._limit
