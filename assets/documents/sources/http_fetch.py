"""One guarded HTTP exchange: conditional, redirects followed by hand, limited in size and time."""

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote, urljoin, urlsplit

import httpcore

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import BadSource
from assets.documents.sources.git_repository import without_credentials
from assets.documents.sources.http_guard import Deadline, GuardedBackend
from assets.documents.sources.http_lists import normalize_address
from assets.documents.sources.options import SourceOptions

_REDIRECTS = 5
_REDIRECT_STATUSES = {301, 302, 303, 307, 308}
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the content at `address`, with which it can be asked whether that is still so."""

    address: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address holds: `content` is None where the server says that it is unchanged; `gone` where it is no
    more.
    """

    content: bytes | None
    validators: Validators
    media_type: str | None = None
    gone: bool = False


class Fetcher:
    """Exchanges one after the other over connections that are kept; a context manager."""

    def __init__(self, options: SourceOptions) -> None:
        self._max_bytes = options.max_bytes
        self._deadline = Deadline(options.request_seconds)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpcore.default_ssl_context(),
            max_connections=4,
            keepalive_expiry=10.0,
            network_backend=GuardedBackend(self._deadline, allow_private=options.allow_private_addresses),
        )

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def fetch(self, address: str, validators: Validators | None = None) -> Answer:
        """What an address holds, followed to where it leads. Raises UnreadableDocument for every failure of this
        address.
        """
        self._deadline.restart()
        place, authorization = without_credentials(address), _authorization(address)
        origin = urlsplit(place)[:2]
        redirects = failures = 0
        while redirects <= _REDIRECTS:
            asked = validators if validators is not None and validators.address == place else None
            headers = _headers(place, asked, authorization if urlsplit(place)[:2] == origin else None)
            try:
                with self._pool.stream("GET", place, headers=headers) as response:
                    if response.status not in _REDIRECT_STATUSES:
                        return self._answer(place, response, asked)
                    place = _target(place, _header(response, b"location"))
                    redirects += 1
            except httpcore.TimeoutException:
                advice = "The server did not answer in time; try later, or raise the limit."
                raise UnreadableDocument("too_slow", advice) from None
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                # Once is no failure: a server may end a kept connection in the moment in which it is used again.
                failures += 1
                if failures > 1:
                    advice = f"Check the address and the server ({type(error).__name__})."
                    raise UnreadableDocument("no_connection", advice) from None
        raise UnreadableDocument("too_many_redirects", f"Give the address where its {_REDIRECTS} redirects should end.")

    def _answer(self, place: str, response: httpcore.Response, asked: Validators | None) -> Answer:
        if response.status in (404, 410):
            return Answer(None, Validators(place), gone=True)
        if response.status == 304 and asked is not None:
            return Answer(None, asked)
        if response.status != 200:
            raise UnreadableDocument(
                f"http_{response.status}", "See whether the address opens in a browser without signing in."
            )
        content = b"".join(self._content(response))
        media_type = _header(response, b"content-type").partition(";")[0].strip().lower()
        validators = Validators(place, _header(response, b"etag"), _header(response, b"last-modified"))
        return Answer(content, validators, None if media_type in ("", "application/octet-stream") else media_type)

    def _content(self, response: httpcore.Response) -> Iterator[bytes]:
        """The decompressed content, never more than the limit of it in memory."""
        encoding = _header(response, b"content-encoding").strip().lower()
        pieces = response.iter_stream()
        if encoding in ("gzip", "x-gzip"):
            pieces = _decompressed(pieces)
        elif encoding not in ("", "identity"):
            raise UnreadableDocument("bad_encoding", "The server compresses in a way that was not asked for.")
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._max_bytes:
                raise UnreadableDocument(
                    "too_large", f"Split it, or raise the limit of {self._max_bytes} bytes a document."
                )
            yield piece


def _decompressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(wbits=31)
    try:
        for piece in pieces:
            rest = piece
            while rest and not decompressor.eof:
                yield decompressor.decompress(rest, _PIECE)
                rest = decompressor.unconsumed_tail
    except zlib.error:
        raise UnreadableDocument("bad_encoding", "The server says gzip and sends something else.") from None
    if not decompressor.eof:
        raise UnreadableDocument("cut_short", "The transfer ended early; the next refresh tries again.")


def _target(place: str, location: str) -> str:
    try:
        return without_credentials(normalize_address(urljoin(place, location))) if location else place
    except (BadSource, ValueError):
        raise UnreadableDocument(
            "bad_redirect", "It leads to something other than a web address; give the right one."
        ) from None


def _headers(place: str, asked: Validators | None, authorization: str | None) -> list[tuple[str, str]]:
    headers = [
        ("Host", urlsplit(place).netloc),
        ("User-Agent", "hr-data-platform"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
    ]
    if authorization:
        headers.append(("Authorization", authorization))
    if asked is not None and asked.etag:
        headers.append(("If-None-Match", asked.etag))
    if asked is not None and asked.last_modified:
        headers.append(("If-Modified-Since", asked.last_modified))
    return headers


def _authorization(address: str) -> str | None:
    parts = urlsplit(address)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")
