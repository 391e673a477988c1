"""Fetching a document from an address that somebody gave, without lending anybody the bot's place in its network.

Only https, only to addresses of the public internet: each address that a name stands for is checked, and those that
were checked are the ones that are connected to, so that a name cannot mean another machine a moment later. Redirects
are followed by hand, each as if it had been given. Proxies of the environment are not used, and nothing is sent along.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.localisation import N_
from index import MAX_FILE_BYTES, RetrievalError

TIMEOUT_S = 30
"""For everything, redirects included."""
REDIRECTS_AT_MOST = 5
NAME_CHARACTERS = 80

SUFFIXES = {
    "application/epub+zip": (".epub",),
    "application/pdf": (".pdf",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/xhtml+xml": (".html", ".htm"),
    "text/html": (".html", ".htm"),
    "text/markdown": (".md",),
    "text/plain": (".txt", ".md"),
}
"""Types of content that are read, with the suffixes that a file of it may have; the first is the usual one."""
UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/force-download"})
"""Types that say nothing: then the name has to."""

_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
        "168.63.129.16/32 "  # Azure's own services, reached from every machine there
        "2001::/23 2001:db8::/32 2002::/16 3fff::/20"
    ).split()
]
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_RESERVED_NAME = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|readme)", re.IGNORECASE)
"""Names that Windows keeps for devices, and that of the file about a corpus, which is no document."""


class FetchError(RetrievalError):
    """An address was not fetched; the message is for people, too."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values), user_message=template, **values)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lay at an address."""

    name: str
    """A safe file name, with the suffix of its type."""
    data: bytes = field(repr=False)
    url: str
    """Where it lay in the end, after redirects."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, and of no other network that this machine may be in.

    IPv4 addresses within IPv6 ones count as themselves.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return False
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:  # how machines without IPv4 reach it
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _GLOBAL_V6:
            return False
    is_special = ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local
    return not is_special and not any(ip in network for network in _PRIVATE if network.version == ip.version)


class CheckedResolver(AbstractResolver):
    """Looks names up and hands out addresses only when all of them may be connected to."""

    def __init__(self, resolver: AbstractResolver, may_connect: Callable[[str], bool]) -> None:
        self._resolver = resolver
        self._may_connect = may_connect

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            FetchError: One of them may not be connected to.
        """
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            check_address(host, result["host"], self._may_connect)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def check_address(host: str, address: str, may_connect: Callable[[str], bool]) -> None:
    """Refuse an address that may not be connected to.

    Raises:
        FetchError: It may not.
    """
    if not may_connect(address):
        raise FetchError(
            N_("{host} is not on the public internet. I fetch only public pages; add the file itself instead."),
            host=host,
        )


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches documents. All but the first field are only there for tests to reach a server of their own."""

    is_allowed: bool
    """The operator's setting."""
    limit_bytes: int = MAX_FILE_BYTES
    timeout_s: float = TIMEOUT_S
    ports: frozenset[int] = frozenset({443})
    may_connect: Callable[[str], bool] = is_public
    resolver: Callable[[], AbstractResolver] = aiohttp.ThreadedResolver
    certificates: ssl.SSLContext | None = None
    """Whom to trust; the system's authorities by default."""

    async def fetch(self, address: str) -> Fetched:
        """Fetch what lies at an address.

        Raises:
            FetchError: It cannot be fetched, or must not be; the message says why.
        """
        if not self.is_allowed:
            raise FetchError(N_("Whoever runs me has switched addresses off. Add the file itself instead."))
        url = self._checked(address)
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self.resolver(), self.may_connect),
            socket_factory=self._socket,
            use_dns_cache=False,
            ssl=self.certificates or True,
            limit=1,
            force_close=True,
        )
        try:
            async with (
                asyncio.timeout(self.timeout_s),
                aiohttp.ClientSession(
                    connector=connector,
                    trust_env=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,  # what a few bytes become is not known before; so they are asked for as is
                    headers={
                        hdrs.USER_AGENT: "DissentBot",
                        hdrs.ACCEPT: ", ".join([*SUFFIXES, "*/*;q=0.1"]),
                        hdrs.ACCEPT_ENCODING: "identity",
                    },
                ) as session,
            ):
                return await self._follow(session, url)
        except TimeoutError as error:
            raise FetchError(
                N_("{host} took longer than {seconds} seconds. Try again later."),
                host=url.host,
                seconds=f"{self.timeout_s:.0f}",
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise FetchError(N_("{host} has no certificate that I can trust."), host=error.host) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise FetchError(N_("No safe connection to {host} could be made."), host=url.host) from error
        except aiohttp.ClientConnectorDNSError as error:
            raise FetchError(N_("There is no site named {host}."), host=error.host) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchError(
                N_("{host} could not be reached, or broke off. Try again later."), host=url.host
            ) from error

    def _checked(self, address: str) -> URL:
        """An address that may be asked for, as far as its text tells."""
        try:
            url = URL(address.strip())
            port = url.port
        except ValueError as error:
            raise FetchError(N_("That is no address of a web page.")) from error
        if url.scheme != "https" or not url.host:
            raise FetchError(N_("I fetch only addresses that begin with https://."))
        if url.user is not None or url.password is not None:
            raise FetchError(N_("I fetch no addresses with a name or password in them."))
        if port not in self.ports:
            raise FetchError(N_("I fetch only from the usual port of https, not from {port}."), port=port)
        # a name is checked when it is looked up; what looks like a number, short forms as 127.1 included, never is
        host = url.raw_host or ""
        if ":" in host or re.fullmatch(r"[\d.]+", host):
            check_address(host, host, self.may_connect)
        return url.with_fragment(None)

    def _socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for an address, which is checked once more here, where nothing goes past."""
        family, kind, protocol, _, (host, *_) = address
        check_address(str(host), str(host), self.may_connect)
        return socket.socket(family, kind, protocol)

    async def _follow(self, session: aiohttp.ClientSession, url: URL) -> Fetched:
        for _ in range(REDIRECTS_AT_MOST + 1):
            async with session.get(url, allow_redirects=False) as response:
                if response.status not in (301, 302, 303, 307, 308):
                    return await self._read(response, url)
                target = response.headers.get(hdrs.LOCATION, "")
            try:
                url = self._checked(str(url.join(URL(target))))
            except ValueError as error:
                raise FetchError(N_("{host} leads to an address that is none."), host=url.host) from error
        raise FetchError(
            N_("That address leads on more than {count} times. Give me where it ends."), count=REDIRECTS_AT_MOST
        )

    async def _read(self, response: aiohttp.ClientResponse, url: URL) -> Fetched:
        _check_status(response.status, url)
        given = response.content_disposition.filename if response.content_disposition else None
        name = file_name(given or url.name, response.headers.get(hdrs.CONTENT_TYPE, ""), host=url.host or "")
        limit = f"{self.limit_bytes / 1e6:.0f} MB"
        if (response.content_length or 0) > self.limit_bytes:
            raise FetchError(N_("What lies there is larger than {limit}, the most that I take."), limit=limit)
        if response.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() not in ("identity", ""):
            raise FetchError(
                N_("{host} sends it packed, though I asked for it as it is. Add the file itself instead."),
                host=url.host,
            )
        data = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            data += chunk
            if len(data) > self.limit_bytes:
                raise FetchError(N_("What lies there is larger than {limit}, the most that I take."), limit=limit)
        if not data:
            raise FetchError(N_("What lies there is empty."))
        return Fetched(name, bytes(data), str(url))


def _check_status(status: int, url: URL) -> None:
    if status in (401, 402, 403, 407, 451):
        raise FetchError(
            N_("{host} does not show that to everybody. Save the page and add that file instead."), host=url.host
        )
    if status in (404, 410):
        raise FetchError(N_("{host} has nothing at that address."), host=url.host)
    if status != 200:
        raise FetchError(N_("{host} answered with error {status}. Try again later."), host=url.host, status=status)


def file_name(given: str, content_type: str, *, host: str) -> str:
    """A safe name for what was fetched: no path, nothing invisible, not too long, with the suffix of its type.

    Args:
        given: What the site or the address calls it; may be empty.
        content_type: As the site says.
        host: The site.

    Raises:
        FetchError: It is of a type that is not read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", given)[-1])
    name = re.sub(r"[^\w .()+-]+", "-", name).strip(" .-")
    suffix = PurePosixPath(name).suffix.lower()
    known = {suffix for suffixes in SUFFIXES.values() for suffix in suffixes}
    suffixes = SUFFIXES.get(kind, (suffix,) if kind in UNTOLD and suffix in known else ())
    if not suffixes:
        if kind in UNTOLD:
            raise FetchError(N_("What lies there is of unknown type. I read web pages, PDF, DOCX, EPUB and text."))
        raise FetchError(
            N_("What lies there is {kind}, which I cannot read. I read web pages, PDF, DOCX, EPUB and text."), kind=kind
        )
    stem = name[: -len(suffix)] if suffix in known else name
    stem = stem.strip(" .-") or host
    if _RESERVED_NAME.fullmatch(stem.split(".")[0]):
        stem = f"{host}-{stem}"
    stem = re.sub(r"[^\w .()+-]+", "-", stem)[:NAME_CHARACTERS].strip(" .-")
    return stem + (suffix if suffix in suffixes else suffixes[0])
