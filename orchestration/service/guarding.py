"""Stands before the application: who may ask, how much may be sent, and the headers that every response carries."""

import asyncio
import hmac
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.service.problems import UNFORESEEN, log_defect

MOST_BYTES = 32_768
"""The longest body: a question of the longest kind, written in JSON's longest way, and its filters."""

_BODY_SECONDS = 10

_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """An application behind a key, or, without one, for this machine alone.

    A key is asked for on every address under `/api/`. Without a key a request has to name a loopback host: a page from
    elsewhere whose name was made to point here names its own.
    """

    def __init__(self, application: ASGIApp, key: str) -> None:
        self._application = application
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        is_private = scope["path"].startswith("/api/")
        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers["cache-control"] = "no-store" if is_private else "no-cache"
            await send(message)

        try:
            refusal = self._refusal(scope, is_private)
            body = b""
            if refusal is None and scope["method"] == "POST":
                refusal, body = await _body(receive)
            if refusal is not None:
                await _refuse(send_guarded, *refusal)
                return
            await self._application(scope, _again(body, receive), send_guarded)
        except Exception as problem:
            log_defect(problem)
            if not begun:
                await _refuse(send_guarded, 500, UNFORESEEN)

    def _refusal(self, scope: Scope, is_private: bool) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if not self._key and _host(headers) not in _LOOPBACK_NAMES:
            return 421, "this service answers to this machine alone: open it as http://127.0.0.1 with its port"
        if not is_private:
            return None
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "another site's page can't ask here"
        given = headers.get("authorization", "").encode()
        if self._key and not hmac.compare_digest(given, b"Bearer " + self._key):
            return 401, "the key is missing or wrong: send the service's key as a bearer token"
        if scope["method"] == "POST" and headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return 415, "the request is not JSON: send it as application/json"
        return None


def _host(headers: Headers) -> str | None:
    try:
        return urlsplit("//" + headers.get("host", "")).hostname
    except ValueError:
        return None


async def _body(receive: Receive) -> tuple[tuple[int, str] | None, bytes]:
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return (400, "the request broke off"), b""
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    return (413, f"the request is longer than {MOST_BYTES:,} bytes: ask for one thing at a time"), b""
                if not message.get("more_body", False):
                    return None, body
    except TimeoutError:
        return (408, "the request did not arrive in time: send it again"), b""


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, and then what the connection brings."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


async def _refuse(send: Send, status: int, sentence: str) -> None:
    content = json.dumps({"detail": sentence}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status in (408, 413):
        # What is left of the body is not read.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
