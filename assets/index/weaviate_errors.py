"""What the Weaviate client raises: which errors pass by themselves, and one clear sentence for those that do not."""

from collections.abc import Iterator
from contextlib import contextmanager

from assets.index.store import IndexUnavailable

NO_ANSWER = "no answer"
"""Stands for what the server did not say of an object."""


class Gone(Exception):
    """What was asked for is not on the server."""


@contextmanager
def clear_errors(gone: str) -> Iterator[None]:
    """Says `gone` in place of what the server calls it when something is not there."""
    try:
        yield
    except Gone as error:
        raise IndexUnavailable(f"{gone} ({first_line(error)[:200]})") from error


def refusal(server: object, cause: str, refused: int, of: int) -> IndexUnavailable:
    """What is raised when the server did not take some rows of a batch."""
    return _full(server, cause) or IndexUnavailable(
        f"Weaviate at {server} refused {refused} of {of} rows; nothing of this refresh is served. ({cause})"
    )


def _full(server: object, cause: str) -> IndexUnavailable | None:
    if not any(words in cause.lower() for words in ("read-only", "readonly", "read only", "no space left")):
        return None
    return IndexUnavailable(
        f"Weaviate at {server} takes no writes, its disk is full or nearly so: make room, set its shards READY again, and"
        " run it again."
    )


def explained(server: object, error: Exception) -> Exception:
    """What to raise for an error of the client library when `server`, as it is to be named, gave it."""
    code, cause = status_of(error), first_line(error)
    if code in {"NOT_FOUND", "404"} or "could not find class" in cause or "class not found" in cause:
        return Gone(cause)
    if code in {"UNAUTHENTICATED", "401"} or "anonymous access not enabled" in cause:
        return IndexUnavailable(
            f"Weaviate at {server} refused the key: set HRDP_WEAVIATE_API_KEY to one of its users' keys."
        )
    if code in {"PERMISSION_DENIED", "403"}:
        return IndexUnavailable(
            f"Weaviate at {server} allows this key too little: give its user the right to manage the collections, data"
            " and aliases of HRDP_WEAVIATE_ALIAS."
        )
    if full := _full(server, cause):
        return full
    if isinstance(error, _unreachable_errors()) or code == "UNAVAILABLE":
        return IndexUnavailable(
            f"Weaviate at {server} can't be reached: start it, or set HRDP_WEAVIATE_URL and HRDP_WEAVIATE_GRPC_PORT to"
            " where it runs."
        )
    if code == "DEADLINE_EXCEEDED":
        return IndexUnavailable(
            f"Weaviate at {server} does not answer: see whether it hangs or has too much to do, and run it again."
        )
    return IndexUnavailable(f"Weaviate at {server} could not do what was asked; it is safe to try again. ({cause})")


def library_errors() -> tuple[type[Exception], ...]:
    """What the client library and what it stands on raise."""
    import grpc
    import httpx
    from weaviate.exceptions import WeaviateBaseError

    return (WeaviateBaseError, grpc.RpcError, httpx.HTTPError, OSError)


def is_defect(error: Exception) -> bool:
    """Whether the client was used wrongly; no server was asked."""
    from weaviate.exceptions import WeaviateInvalidInputError

    return isinstance(error, WeaviateInvalidInputError)


def _unreachable_errors() -> tuple[type[Exception], ...]:
    import httpx
    from weaviate.exceptions import WeaviateConnectionError, WeaviateStartUpError, WeaviateTimeoutError

    return (WeaviateConnectionError, WeaviateStartUpError, WeaviateTimeoutError, httpx.TransportError, OSError)


def passes(error: BaseException) -> bool:
    """Whether an error may be gone at the next try: nothing answered, too slowly, or there was too much to do."""
    code = status_of(error)
    if code in {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED", "429"}:
        return True
    if code in {"500", "502", "503", "504", "INTERNAL", "UNKNOWN"}:
        return passing_words(first_line(error)) or code in {"502", "503", "504"}
    return not code and isinstance(error, _unreachable_errors())


def passing_words(message: str) -> bool:
    """Whether the server's words tell of another node, of a leader, or of a start that is not done."""
    words = (
        "connect",
        "leader",
        "timeout",
        "deadline",
        "unavailable",
        "replicas",
        "shutdown",
        "shutting",
        "EOF",
        "broadcast",
        "closing",
        # Of a server that has only begun to load what it holds.
        "not present in schema",
        "Canceled",
        NO_ANSWER,
    )
    return any(word in message for word in words)


def status_of(error: BaseException) -> str:
    """The HTTP status ("404") or gRPC code ("NOT_FOUND") behind an error; empty where there was no answer."""
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "code", None)
        if callable(code):
            return str(getattr(code(), "name", code()))
        status = getattr(seen, "status_code", None)
        if isinstance(status, int) and status >= 0:
            return str(status)
        seen = seen.__cause__ or seen.__context__
    return ""


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
