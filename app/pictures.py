"""Pictures by their address, as the point of sale names it. Implements PictureSource."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from streams.errors import Rejected, Transient

SCHEMES = frozenset({"https"})
MOST_BYTES = 10 * 1024 * 1024
SECONDS = 30.0


class Pictures:
    """Fetches pictures. It follows no redirect: an address leads where the point of sale says and no further."""

    async def picture(self, url: str) -> bytes:
        """See `PictureSource.picture`."""
        if urlsplit(url).scheme not in SCHEMES:
            raise _refused(url, "its address is not an https one")
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, allow_redirects=False) as got,
            ):
                if got.status == HTTPStatus.TOO_MANY_REQUESTS or got.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise Transient(f"picture {url}: the answer is {got.status}; it is fetched again.", code="picture")
                if got.status != HTTPStatus.OK:
                    raise _refused(url, f"the answer is {got.status}")
                return await _body(url, got.content)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise Transient(
                f"picture {url}: {error or 'no answer in time'}; it is fetched again.", code="picture"
            ) from error
        except aiohttp.InvalidURL:
            raise _refused(url, "its address cannot be read") from None


async def _body(url: str, stream: aiohttp.StreamReader) -> bytes:
    content = bytearray()
    async for part in stream.iter_chunked(64 * 1024):
        content += part
        if len(content) > MOST_BYTES:
            raise _refused(url, f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    return bytes(content)


def _refused(url: str, why: str) -> Rejected:
    return Rejected(
        f"picture {url} was not taken: {why}. Correct it in the point of sale, or take it out of the flow's mapping, "
        "then replay; or add it in the web store by hand and discard this event.",
        code="picture",
        blocks=False,
    )
