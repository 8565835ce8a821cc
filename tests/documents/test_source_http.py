"""Web addresses as a source, against real servers on this machine: what changed, what is refused, what never deletes."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assets.documents.sources.base import (
    BadSource,
    Change,
    Changed,
    Known,
    Removed,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.sources.http import HttpSource
from assets.documents.sources.http_guard import may_connect
from assets.documents.sources.http_lists import document_path, normalize_address, split_location
from assets.documents.sources.options import SourceOptions

Page = bytes | int | str | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A server's pages: bytes are content, a number is a status, a text a redirect, a function answers by itself."""

    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    validators: bool = True


class Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.site.headers.append(dict(self.headers))
        page = self.site.pages.get(self.path, 404)
        if callable(page):
            self.close_connection = True
            page(self)
            return
        if isinstance(page, str):
            self.answer(302, b"", Location=page)
        elif isinstance(page, int):
            self.answer(page, b"an error page")
        else:
            etag = f'"{hash(page)}"'
            if self.site.validators and self.headers.get("If-None-Match") == etag:
                self.answer(304, b"")
            else:
                self.answer(200, page, **({"ETag": etag} if self.site.validators else {}))

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.site.asked.append((self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    handler = type("SiteHandler", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        site.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield site
        server.shutdown()


class Reader:
    """Opens the source anew each time, as another process would, and keeps what it was told."""

    def __init__(self, cache: Path, location: str, *include: str, **options: Any) -> None:
        self.spec = SourceSpec(name="web", kind="policy", location=location, include=include)
        self.options = SourceOptions(**({"allow_private_addresses": True, "request_seconds": 5.0} | options))
        self.cache = cache
        self.known = Known()

    def source(self) -> HttpSource:
        return HttpSource(self.spec, cache=self.cache, options=self.options)

    def refresh(self, *, full: bool = False) -> list[Change]:
        source = self.source()
        changes = list(source.scan(self.known, full=full))
        files = dict(self.known.files())
        for change in changes:
            if isinstance(change, Changed):
                files[change.path] = change.revisions[-1].fingerprint
            elif isinstance(change, Removed):
                del files[change.path]
        kept = sorted(files.items())
        self.known = Known(source.state(), lambda: iter(kept))
        return changes


def contents(changes: list[Change]) -> dict[str, bytes]:
    return {
        change.path.partition("/")[2]: change.revisions[0].read() for change in changes if isinstance(change, Changed)
    }


def reasons(changes: list[Change]) -> dict[str, str]:
    return {change.path.partition("/")[2]: change.reason for change in changes if isinstance(change, Unreadable)}


def test_addresses_are_read_and_asked_for_again_only_if_they_changed(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A", "/b": b"B"}
    reader = Reader(tmp_path, f"{site.address}/a, {site.address}/b")
    first = reader.refresh()
    assert contents(first) == {"a": b"A", "b": b"B"}
    assert isinstance(first[0], Changed)
    assert (first[0].revisions[0].media_type, first[0].revisions[0].uri) == ("text/html", f"{site.address}/a")
    site.asked.clear()
    assert reader.refresh() == [Unchanged(2)]
    assert site.asked == [("/a", 304), ("/b", 304)]
    site.pages["/b"] = b"B2"
    changes = reader.refresh()
    assert contents(changes) == {"b": b"B2"}
    assert Unchanged(1) in changes
    assert contents(reader.refresh(full=True)) == {"a": b"A", "b": b"B2"}


def test_the_same_content_is_unchanged_even_if_the_server_knows_no_validators(site: Site, tmp_path: Path) -> None:
    site.validators = False
    site.pages = {"/a": b"A"}
    reader = Reader(tmp_path, f"{site.address}/a")
    reader.refresh()
    assert reader.refresh() == [Unchanged(1)]


def test_a_look_tells_a_change_without_hiding_it_from_the_next_scan(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A", "/b": b"B"}
    reader = Reader(tmp_path, f"{site.address}/a {site.address}/b")
    reader.refresh()
    look = reader.source().look()
    assert reader.source().look() == look
    site.pages["/a"] = b"A2"
    assert reader.source().look() != look
    assert contents(reader.refresh()) == {"a": b"A2"}


def test_a_look_does_not_take_a_short_failure_for_a_change(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A", "/b": b"B"}
    reader = Reader(tmp_path, f"{site.address}/a {site.address}/b")
    look = reader.source().look()
    site.pages["/b"] = 503
    assert reader.source().look() == look
    site.pages["/b"] = 404
    assert reader.source().look() != look


def test_a_scan_whose_result_was_lost_is_made_up_for(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A"}
    reader = Reader(tmp_path, f"{site.address}/a")
    reader.refresh()
    site.pages["/a"] = b"A2"
    list(reader.source().scan(reader.known))
    assert contents(reader.refresh()) == {"a": b"A2"}


def test_what_is_gone_is_removed_and_what_fails_is_not(site: Site, tmp_path: Path) -> None:
    site.pages = {f"/{name}": b"x" for name in "abcd"}
    reader = Reader(tmp_path, " ".join(f"{site.address}/{name}" for name in "abcd"))
    reader.refresh()
    site.pages |= {"/a": 404, "/b": 410, "/c": 500}
    changes = reader.refresh()
    place = site.address.removeprefix("http://")
    assert [change for change in changes if isinstance(change, Removed)] == [
        Removed(f"{place}/a"),
        Removed(f"{place}/b"),
    ]
    assert reasons(changes) == {"c": "http_500"}
    assert reasons(reader.refresh()) == {"a": "not_found", "b": "not_found", "c": "http_500"}


def test_a_source_none_of_whose_addresses_answers_is_unavailable(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A", "/b": b"B"}
    reader = Reader(tmp_path, f"{site.address}/a {site.address}/b")
    reader.refresh()
    site.pages = {"/a": 500, "/b": 503}
    for ask in (reader.refresh, reader.source().look):
        with pytest.raises(SourceUnavailable, match="No address"):
            ask()


def test_a_text_list_names_documents_and_dropping_one_removes_it(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A", "/b": b"B", "/list.txt": f"# rules\n{site.address}/a\n\n{site.address}/b\n".encode()}
    reader = Reader(tmp_path, f"{site.address}/list.txt")
    assert contents(reader.refresh()) == {"a": b"A", "b": b"B"}
    site.pages["/list.txt"] = f"{site.address}/b\nhttp://[::1/a\n".encode()
    assert reader.refresh()[0] == Unreadable("http://[::1/a", "bad_address", "Correct this address in the list.")
    assert [path for path, _ in reader.known.files()] == [f"{site.address.removeprefix('http://')}/b"]


def test_a_text_that_is_no_list_is_a_document(site: Site, tmp_path: Path) -> None:
    site.pages = {"/policy.txt": b"Leave is granted.\nSee http://example.com"}
    assert contents(Reader(tmp_path, f"{site.address}/policy.txt").refresh()) == {
        "policy.txt": b"Leave is granted.\nSee http://example.com"
    }


@pytest.mark.parametrize("answer", [500, 404, b"<html>Maintenance</html>", b""])
def test_a_list_that_fails_or_becomes_an_error_page_removes_nothing(site: Site, tmp_path: Path, answer: Page) -> None:
    site.pages = {"/a": b"A", "/list.txt": f"{site.address}/a\n".encode()}
    reader = Reader(tmp_path, f"{site.address}/list.txt")
    reader.refresh()
    reader.source().look()
    site.pages["/list.txt"] = answer
    for ask in (reader.refresh, reader.source().look):
        with pytest.raises(SourceUnavailable, match=r"list\.txt"):
            ask()


def test_sitemaps_and_sitemaps_of_sitemaps_are_followed(site: Site, tmp_path: Path) -> None:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    site.pages = {
        "/sitemap.xml": f"<sitemapindex {space}><sitemap><loc>{site.address}/one</loc></sitemap></sitemapindex>".encode(),
        "/one": f"<urlset {space}><url><loc> {site.address}/a </loc></url>"
        f"<url><loc>{site.address}/b</loc></url></urlset>".encode(),
        "/a": b"A",
        "/b": b"B",
    }
    reader = Reader(tmp_path, f"{site.address}/sitemap.xml", "**/a")
    with pytest.raises(SourceUnavailable, match="one"):
        reader.refresh()
    site.pages["/sitemap.xml"] = bytes(site.pages["/sitemap.xml"]).replace(b"/one", b"/one.xml")  # type: ignore[arg-type]
    site.pages["/one.xml"] = site.pages.pop("/one")
    assert contents(reader.refresh()) == {"a": b"A"}


def test_an_entity_bomb_in_a_sitemap_does_no_harm(site: Site, tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE urlset [<!ENTITY e0 "x">{entities}]><urlset><url><loc>&e9;</loc></url></urlset>'
    site.pages = {"/sitemap.xml": bomb.encode()}
    assert list(contents(Reader(tmp_path, f"{site.address}/sitemap.xml").refresh())) == ["sitemap.xml"]


def test_redirects_are_followed_and_the_document_keeps_the_address_that_was_given(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": "/b", "/b": f"{site.address}/c", "/c": b"C", "/loop": "/loop"}
    reader = Reader(tmp_path, f"{site.address}/a {site.address}/loop")
    changes = reader.refresh()
    assert contents(changes) == {"a": b"C"}
    assert reasons(changes) == {"loop": "too_many_redirects"}
    site.asked.clear()
    assert Unchanged(1) in reader.refresh()
    assert ("/c", 304) in site.asked


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "https://[::1/x"])
def test_a_redirect_to_something_else_than_the_web_is_refused(site: Site, tmp_path: Path, target: str) -> None:
    site.pages = {"/a": target, "/b": b"B"}
    assert reasons(Reader(tmp_path, f"{site.address}/a {site.address}/b").refresh()) == {"a": "bad_redirect"}


def test_private_addresses_are_refused_and_nothing_is_asked(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"internal"}
    port = site.address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f000001", "127.1"):
        reader = Reader(tmp_path, f"http://{host}:{port}/a", allow_private_addresses=False)
        with pytest.raises(SourceUnavailable, match="forbidden_address"):
            reader.refresh()
    assert site.asked == []


def test_a_redirect_to_a_private_address_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages = {"/a": "http://metadata.internal/token", "/b": b"B"}
    resolve = socket.getaddrinfo

    def resolved(host: Any, *arguments: Any, **keywords: Any) -> Any:
        return resolve("169.254.169.254" if host == "metadata.internal" else host, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    assert reasons(Reader(tmp_path, f"{site.address}/a {site.address}/b").refresh()) == {"a": "forbidden_address"}


def test_a_name_that_changes_its_address_between_check_and_connection_gains_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = site.address.rpartition(":")[2]
    connected: list[Any] = []
    answers = iter(["93.184.215.14", "93.184.215.14", "127.0.0.1", "127.0.0.1"])
    resolve, connect = socket.getaddrinfo, socket.create_connection

    def rebinding(host: Any, *arguments: Any, **keywords: Any) -> Any:
        return resolve(next(answers) if host == "rebind.example" else host, *arguments, **keywords)

    def recording(address: Any, *arguments: Any, **keywords: Any) -> Any:
        connected.append(address[0])
        if address[0] == "93.184.215.14":
            raise OSError("no route from a test")
        return connect(address, *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", recording)
    with pytest.raises(SourceUnavailable, match="no_connection"):
        Reader(tmp_path, f"http://rebind.example:{port}/a", allow_private_addresses=False).refresh()
    assert set(connected) == {"93.184.215.14"}


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("10.1.2.3", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("fd12::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("100.64.0.1", False, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00:ec2::254", False, False),
        ("168.63.129.16", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("0.0.0.0", False, False),
    ],
)
def test_which_addresses_may_be_connected_to(address: str, public: bool, private: bool) -> None:
    assert may_connect(address, allow_private=False) is public
    assert may_connect(address, allow_private=True) is private


def test_sizes_are_limited_after_decompression(site: Site, tmp_path: Path) -> None:
    def compressed(content: bytes) -> Callable[[Any], None]:
        return lambda handler: handler.answer(200, content, Content_Encoding="gzip")

    bomb = gzip.compress(bytes(20_000_000))
    site.pages = {
        "/bomb": compressed(bomb),
        "/large": bytes(2_000_000),
        "/exact": b"x" * 1_000_000,
        "/gzip": compressed(gzip.compress(b"compressed")),
        "/cut": compressed(gzip.compress(b"compressed")[:-9]),
        "/fake": compressed(b"not compressed"),
    }
    reader = Reader(tmp_path, " ".join(site.address + path for path in site.pages), max_bytes=1_000_000)
    changes = reader.refresh()
    assert contents(changes) == {"exact": b"x" * 1_000_000, "gzip": b"compressed"}
    assert reasons(changes) == {"bomb": "too_large", "large": "too_large", "cut": "cut_short", "fake": "bad_encoding"}


def test_endless_slow_and_broken_answers_end_in_time_and_the_others_are_read(site: Site, tmp_path: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(100_000))

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    def trickling_headers(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        trickle(handler)

    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")

    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"this is not HTTP\r\n\r\n")

    def silent(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(2)

    site.pages = {
        "/cut": cut,
        "/endless": endless,
        "/good": b"good",
        "/headers": trickling_headers,
        "/nonsense": nonsense,
        "/silent": silent,
        "/trickle": trickle,
    }
    reader = Reader(
        tmp_path, " ".join(site.address + path for path in site.pages), max_bytes=1_000_000, request_seconds=0.4
    )
    changes = reader.refresh()
    assert contents(changes) == {"good": b"good"}
    assert reasons(changes) == {
        "cut": "no_connection",
        "endless": "too_large",
        "headers": "too_slow",
        "nonsense": "no_connection",
        "silent": "too_slow",
        "trickle": "too_slow",
    }


def test_credentials_go_to_their_server_alone_and_are_not_told(site: Site, tmp_path: Path) -> None:
    other = site.address.replace("127.0.0.1", "localhost")
    site.pages = {"/a": "/b", "/b": f"{other}/c", "/c": b"C"}
    reader = Reader(tmp_path, f"{site.address.replace('://', '://me:secret@')}/a")
    (change,) = reader.refresh()
    assert isinstance(change, Changed)
    assert [("Authorization" in headers) for headers in site.headers] == [True, True, False]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret" not in change.path.encode() + change.revisions[0].uri.encode() + kept


def test_a_cache_that_was_lost_or_broken_costs_only_transfers(site: Site, tmp_path: Path) -> None:
    site.pages = {"/a": b"A"}
    reader = Reader(tmp_path, f"{site.address}/a")
    reader.refresh()
    (kept,) = tmp_path.iterdir()
    kept.write_text("{half")
    assert reader.refresh() == [Unchanged(1)]
    assert site.asked[-1] == ("/a", 200)


@pytest.mark.parametrize("location", ["ftp://example.com/a", "https://", "https://exa mple.com:x/", "https://[::1/a"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, location: str) -> None:
    with pytest.raises(BadSource, match="web address"):
        Reader(tmp_path, location).source()


def test_addresses_are_written_in_one_way() -> None:
    assert normalize_address("https://Example.COM:443/Ä b?q=ü#part") == "https://example.com/%C3%84%20b?q=%C3%BC"
    assert normalize_address("http://example.com") == "http://example.com/"
    assert normalize_address("https://bücher.example/a%20b") == "https://xn--bcher-kva.example/a%20b"
    assert document_path("https://me:pw@example.com:8443/a?b=1") == "example.com:8443/a?b=1"
    assert document_path("http://example.com/") == "example.com"
    assert split_location("http://a.example/x,http://a.example/y  http://a.example/x") == [
        "http://a.example/x",
        "http://a.example/y",
    ]
    assert split_location("http://a.example/x,y") == ["http://a.example/x,y"]


def test_a_connection_that_the_server_ends_between_two_requests_is_made_anew(site: Site, tmp_path: Path) -> None:
    failed: list[int] = []

    def hangs_up_once(handler: BaseHTTPRequestHandler) -> None:
        if not failed:
            failed.append(1)
            return
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nB")

    site.pages = {"/a": b"A", "/b": hangs_up_once}
    assert contents(Reader(tmp_path, f"{site.address}/a {site.address}/b").refresh()) == {"a": b"A", "b": b"B"}
