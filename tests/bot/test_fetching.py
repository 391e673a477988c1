"""Fetching from a real TLS server on loopback; what is injected is only that loopback may be reached there."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.fetching import REDIRECTS_AT_MOST, Fetcher, FetchError, file_name, is_public

HERE = "127.0.0.1"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """Names with the addresses that they stand for; each look-up is counted."""

    def __init__(self, addresses: dict[str, list[list[str]]]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        turns = self.addresses.get(host)
        if not turns:
            raise OSError("no such name")
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        pass


class Site:
    """A web site with a certificate of our own authority."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.handlers: dict[str, Handler] = {}
        self.names = Names({"page.test": [[HERE]], "other.test": [[HERE]]})
        self.port = 0
        self._authority = trustme.CA()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("page.test", "other.test").configure_cert(context)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HERE, 0, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404)

    def serve(self, path: str, body: bytes = b"Text.", kind: str = "text/plain", status: int = 200, **headers: str):
        async def handler(request: web.Request) -> web.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(body=body, status=status, headers={"Content-Type": kind, **named})

        self.handlers[path] = handler

    def url(self, path: str, host: str = "page.test") -> str:
        return f"https://{host}:{self.port}{path}"

    def fetcher(self) -> Fetcher:
        trust = ssl.create_default_context()
        self._authority.configure_trust(trust)
        return Fetcher(
            is_allowed=True,
            limit_bytes=100_000,
            timeout_s=5,
            ports=frozenset({self.port}),
            may_connect=lambda address: address == HERE or is_public(address),
            resolver=lambda: self.names,
            certificates=trust,
        )


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.start()
    yield site
    await site.stop()


async def refusal(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(url)
    assert caught.value.user_message == str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


# -------------------------------------------------------------------- fetching


@pytest.mark.asyncio
async def test_a_page_is_fetched_with_a_name_of_its_type(site: Site):
    site.serve("/docs/What is dissent", b"<html>Text.</html>", "text/html; charset=utf-8")

    fetched = await site.fetcher().fetch(site.url("/docs/What%20is%20dissent?x=1#part"))

    assert (fetched.name, fetched.data) == ("What is dissent.html", b"<html>Text.</html>")
    assert fetched.url == site.url("/docs/What%20is%20dissent?x=1")


@pytest.mark.asyncio
async def test_nothing_is_sent_along_but_what_every_request_needs(site: Site):
    site.serve("/a.txt", Set_Cookie="id=1")
    fetcher = site.fetcher()

    await fetcher.fetch(site.url("/a.txt"))
    await fetcher.fetch(site.url("/a.txt"))

    assert {name.lower() for request in site.requests for name in request.headers} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
    }


@pytest.mark.asyncio
async def test_redirects_are_followed_also_to_other_sites(site: Site):
    site.serve("/old", status=301, Location="/older")
    site.serve("/older", status=308, Location=site.url("/new.md", "other.test"))
    site.serve("/new.md", b"# New", "text/plain")

    fetched = await site.fetcher().fetch(site.url("/old"))

    assert (fetched.name, fetched.data, fetched.url) == ("new.md", b"# New", site.url("/new.md", "other.test"))
    assert site.names.asked == ["page.test", "page.test", "other.test"]


@pytest.mark.asyncio
async def test_a_proxy_of_the_environment_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.serve("/a.txt")

    assert (await site.fetcher().fetch(site.url("/a.txt"))).data == b"Text."


# --------------------------------------------------------------------- refusing


@pytest.mark.asyncio
async def test_nothing_is_asked_where_the_operator_has_switched_addresses_off(site: Site):
    site.serve("/a.txt")

    assert "switched addresses off" in await refusal(replace(site.fetcher(), is_allowed=False), site.url("/a.txt"))
    assert site.requests == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://page.test/", "begin with https://"),
        ("ftp://page.test/", "begin with https://"),
        ("file:///etc/passwd", "begin with https://"),
        ("page.test", "begin with https://"),
        ("", "begin with https://"),
        ("https://", "begin with https://|no address"),
        ("https://[::1", "no address"),
        ("https://page.test:99999/", "no address"),
        ("https://user:password@page.test/", "name or password"),
        ("https://page.test:22/", "not from 22"),
        ("https://127.0.0.1/", "not on the public internet"),
        ("https://127.1/", "not on the public internet"),
        ("https://2130706433/", "not on the public internet"),
        ("https://0/", "not on the public internet"),
        ("https://169.254.169.254/latest/meta-data/", "not on the public internet"),
        ("https://[::1]/", "not on the public internet"),
        ("https://[::ffff:10.0.0.1]/", "not on the public internet"),
        ("https://[fe80::1%25eth0]/", "not on the public internet|no address"),
    ],
)
async def test_addresses_that_must_not_be_asked_for_are_refused_by_their_text(url: str, words: str):
    shipped = Fetcher(is_allowed=True, resolver=lambda: Names({}))

    reason = await refusal(shipped, url)

    assert any(part in reason for part in words.split("|")), reason


@pytest.mark.asyncio
@pytest.mark.parametrize("form", ["0x7f000001", "0x7f.1", "localhost", "127.0.0.1.", "\u2460\u2461\u2466.0.0.1"])
async def test_odd_forms_of_loopback_are_refused_by_the_shipped_resolver(form: str):
    reason = await refusal(Fetcher(is_allowed=True), f"https://{form}/")

    assert "not on the public internet" in reason or "no site named" in reason or "no address" in reason


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.2"], ["10.0.0.7"], [HERE, "192.168.1.1"], ["::1"], ["64:ff9b::7f00:1"], ["::ffff:127.0.0.2"]],
)
async def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(site: Site, addresses: list[str]):
    site.names.addresses["inside.test"] = [addresses]

    assert "inside.test is not on the public internet" in await refusal(
        site.fetcher(), site.url("/a.txt", "inside.test")
    )
    assert site.requests == []


@pytest.mark.asyncio
async def test_a_name_that_changes_its_mind_after_the_check_gains_nothing(site: Site):
    site.names.addresses["page.test"] = [[HERE], ["10.0.0.7"]]
    site.serve("/a.txt")

    await site.fetcher().fetch(site.url("/a.txt"))

    assert site.names.asked == ["page.test"]
    assert "not on the public internet" in await refusal(site.fetcher(), site.url("/a.txt"))


@pytest.mark.asyncio
async def test_no_socket_is_opened_to_an_address_that_a_look_up_let_through(site: Site):
    site.serve("/a.txt")
    verdicts = iter([True, False])

    reason = await refusal(replace(site.fetcher(), may_connect=lambda address: next(verdicts)), site.url("/a.txt"))

    assert "not on the public internet" in reason
    assert site.requests == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://page.test/a.txt", "begin with https://"),
        ("https://127.0.0.2/a.txt", "not from|not on the public internet"),
        ("https://inside.test:{port}/a.txt", "not on the public internet"),
        ("https://169.254.169.254:{port}/", "not on the public internet"),
        ("file:///etc/passwd", "begin with https://"),
        ("https://[bad", "an address that is none|no address"),
    ],
)
async def test_where_a_redirect_leads_is_checked_again(site: Site, target: str, words: str):
    site.names.addresses["inside.test"] = [["10.0.0.7"]]
    site.serve("/go", status=302, Location=target.format(port=site.port))

    reason = await refusal(site.fetcher(), site.url("/go"))

    assert any(part in reason for part in words.split("|")), reason
    assert len(site.requests) == 1


@pytest.mark.asyncio
async def test_redirects_in_a_circle_end(site: Site):
    site.serve("/go", status=302, Location="/go")

    assert f"more than {REDIRECTS_AT_MOST} times" in await refusal(site.fetcher(), site.url("/go"))
    assert len(site.requests) == REDIRECTS_AT_MOST + 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "not show that to everybody"), (403, "not show that"), (404, "has nothing at"), (500, "error 500")],
)
async def test_what_a_site_refuses_is_said(site: Site, status: int, words: str):
    site.serve("/a.txt", status=status)

    assert words in await refusal(site.fetcher(), site.url("/a.txt"))


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["image/png", "application/zip", "video/mp4", "application/octet-stream"])
async def test_types_that_are_not_read_are_refused_unread(site: Site, kind: str):
    site.serve("/picture", kind=kind)

    assert "I read web pages, PDF, DOCX, EPUB and text." in await refusal(site.fetcher(), site.url("/picture"))


@pytest.mark.asyncio
async def test_what_is_too_large_is_refused_by_what_it_says(site: Site):
    site.serve("/a.txt", b"a" * 100_001)

    assert "larger than 0 MB" in await refusal(site.fetcher(), site.url("/a.txt"))


@pytest.mark.asyncio
async def test_what_says_nothing_of_its_size_is_cut_off_at_the_limit(site: Site):
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        while True:
            await response.write(b"a" * 10_000)
            sent += 10_000

    site.handlers["/a.txt"] = endless

    assert "larger than" in await refusal(site.fetcher(), site.url("/a.txt"))
    assert sent < 10_000_000


@pytest.mark.asyncio
async def test_what_is_packed_is_refused(site: Site):
    site.serve("/a.txt", gzip.compress(b"a" * 1_000_000), Content_Encoding="gzip")

    assert "sends it packed" in await refusal(site.fetcher(), site.url("/a.txt"))


@pytest.mark.asyncio
async def test_what_is_empty_is_refused(site: Site):
    site.serve("/a.txt", b"")

    assert await refusal(site.fetcher(), site.url("/a.txt")) == "What lies there is empty."


@pytest.mark.asyncio
@pytest.mark.parametrize("is_slow_from_the_start", [True, False])
async def test_a_site_that_dawdles_is_given_up(site: Site, is_slow_from_the_start: bool):
    async def slow(request: web.Request) -> web.StreamResponse:
        if is_slow_from_the_start:
            await asyncio.sleep(30)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for _ in range(300):  # a byte now and then keeps every shorter timeout away
            await response.write(b"a")
            await asyncio.sleep(0.1)
        return response

    site.handlers["/a.txt"] = slow

    assert "took longer than" in await refusal(replace(site.fetcher(), timeout_s=0.5), site.url("/a.txt"))


@pytest.mark.asyncio
async def test_a_certificate_of_nobody_known_is_refused(site: Site):
    site.serve("/a.txt")

    reason = await refusal(replace(site.fetcher(), certificates=None), site.url("/a.txt"))

    assert "no certificate that I can trust" in reason
    assert site.requests == []


@pytest.mark.asyncio
async def test_a_certificate_of_another_name_is_refused(site: Site):
    site.names.addresses["third.test"] = [[HERE]]

    assert "no certificate that I can trust" in await refusal(site.fetcher(), site.url("/a.txt", "third.test"))


@pytest.mark.asyncio
async def test_a_name_that_does_not_exist_is_said(site: Site):
    assert "no site named nowhere.test" in await refusal(site.fetcher(), site.url("/", "nowhere.test"))


@pytest.mark.asyncio
async def test_a_site_that_breaks_off_is_said(site: Site):
    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"a")
        assert request.transport is not None
        request.transport.abort()
        return response

    site.handlers["/a.txt"] = breaking

    assert "broke off" in await refusal(site.fetcher(), site.url("/a.txt"))


# ------------------------------------------------------------------- addresses


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_of_the_public_internet_are_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.255.0.1 168.63.129.16 169.254.169.254 172.16.0.1 "
    "172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 "
    "239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:192.168.0.1 ::127.0.0.1 64:ff9b::a00:1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 "
    "fe80::1 fe80::1%eth0 fec0::1 ff02::1 nonsense 127.1".split(),
)
def test_addresses_of_any_other_network_are_not(address: str):
    assert not is_public(address)


# ------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ("report.pdf", "application/pdf", "report.pdf"),
        ("report", "application/pdf", "report.pdf"),
        ("report.php", "application/pdf", "report.php.pdf"),
        ("report.html", "application/pdf", "report.pdf"),
        ("REPORT.PDF", "application/pdf; x=y", "REPORT.pdf"),
        ("report.pdf", "application/octet-stream", "report.pdf"),
        ("report.docx", "", "report.docx"),
        ("", "text/html", "site.test.html"),
        ("notes.md", "text/plain", "notes.md"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("..\\..\\boot.txt", "text/plain", "boot.txt"),
        ("...", "text/html", "site.test.html"),
        (".hidden", "text/plain", "hidden.txt"),
        ("a\nb\x00c\u202ed.txt", "text/plain", "a-b-c-d.txt"),
        ("a<b>:c|d?e*.txt", "text/plain", "a-b-c-d-e.txt"),
        ("CON.txt", "text/plain", "site.test-CON.txt"),
        ("README.md", "text/markdown", "site.test-README.md"),
        ("Cafe\u0301 \u6587.html", "text/html", "Caf\u00e9 \u6587.html"),
        ("a" * 300 + ".pdf", "application/pdf", "a" * 80 + ".pdf"),
    ],
)
def test_names_of_fetched_files_are_safe_and_have_the_suffix_of_their_type(given: str, kind: str, name: str):
    assert file_name(given, kind, host="site.test") == name


@pytest.mark.asyncio
async def test_a_name_that_the_site_gives_goes_before_that_of_the_address(site: Site):
    site.serve(
        "/download", kind="application/pdf", Content_Disposition="attachment; filename*=UTF-8''..%2FThe%20report.pdf"
    )

    assert (await site.fetcher().fetch(site.url("/download"))).name == "The report.pdf"
