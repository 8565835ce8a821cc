"""The HTTP interface: its addresses, and the page that uses them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, FastAPI, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from assets.answers import section_history
from assets.answers.redline import redline
from assets.documents import registry
from assets.documents.showing import DocumentVersion, parsed, show
from assets.index import searching
from assets.lineage.moments import parse_as_of
from assets.platform import Platform
from assets.problems import EXPECTED
from orchestration.service import model
from orchestration.service.asking import events
from orchestration.service.guarding import Guard
from orchestration.service.problems import BadRequest, sentence_of, status_and_sentence
from orchestration.service.work import TooBusy, TooSlow, Work

T = TypeVar("T")

_PAGE = Path(__file__).parent / "page"
_ABOUT = (
    "Answers that quote the rule or handbook that applies on a day, or a refusal. Where the service has a key, every"
    " address asks for it as a bearer token."
)
_DOCUMENT = Annotated[str, Query(max_length=2_000, description="A document's id, SOURCE/path")]
_VERSION = Annotated[str, Query(pattern="^[0-9a-f]{8,64}$", description="A version's hash, or the beginning of one")]
_POSITION = Annotated[int, Query(ge=0, le=2**31, description="A character of that version's text")]
_DAY = Annotated[str | None, Query(max_length=40, description="A day as 2024-07-01, or an ISO 8601 time")]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": model.Problem, "description": "The key is missing or wrong"},
    404: {"model": model.Problem, "description": "There is no such document or version"},
    422: {"model": model.Problem, "description": "A value can't be used"},
    503: {"model": model.Problem, "description": "It can't be answered now"},
}


def make_application(platform: Platform, key: str) -> ASGIApp:
    """The service for a platform; an empty key makes it answer to this machine alone."""
    answering = Work(4, waiting_seconds=20, seconds=180)
    reading = Work(4, waiting_seconds=20, seconds=30)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        answering.close()
        reading.close()

    application = FastAPI(
        title="HR data platform",
        summary="Rules that can be cited.",
        description=_ABOUT,
        version=version_of("hr-data-platform"),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    application.add_exception_handler(RequestValidationError, _unreadable)
    kinds: tuple[type[Exception], ...] = (BadRequest, TooBusy, TooSlow, *EXPECTED)
    for kind in kinds:
        application.add_exception_handler(kind, _failed)
    application.include_router(_addresses(platform, answering, reading))
    application.mount("/", StaticFiles(directory=_PAGE, html=True))
    return Guard(application, key)


def _addresses(platform: Platform, answering: Work, reading: Work) -> APIRouter:
    router = APIRouter(
        prefix="/api", responses=_PROBLEMS, dependencies=[Security(HTTPBearer(auto_error=False, description=_ABOUT))]
    )

    async def quickly(task: Callable[[], T]) -> T:
        return await reading.run(task)

    @router.get("/choices", summary="What questions can be restricted to")
    async def choices() -> model.Choices:
        known = await quickly(partial(registry.listed, platform.catalogue))
        return model.Choices(
            kinds=sorted({each.spec.kind for each in known}),
            jurisdictions=sorted({each.spec.jurisdiction for each in known if each.spec.jurisdiction}),
            sources=[each.spec.name for each in known],
            generator=platform.generator.name,
        )

    @router.post(
        "/ask",
        summary="Answer a question with quotes, or refuse",
        response_class=StreamingResponse,
        responses={
            200: {"description": "An event a line", "content": {"application/x-ndjson": {}}, "model": model.Event}
        },
    )
    async def ask(question: model.Question) -> Response:
        """A JSON object a line: `evidence` and `checking` while it is at work, then each `sentence`, and last the whole
        `answer`, or the `problem` that came up."""
        await quickly(partial(_check, platform, question))
        happening = events(
            platform,
            answering,
            question.question,
            as_of=_moment(question.as_of, "as_of"),
            known_at=_moment(question.known_at, "known_at"),
            kind=question.kind,
            jurisdiction=question.jurisdiction,
            source=question.source,
        )
        first = await anext(happening)
        if isinstance(first, model.ProblemMet):
            return JSONResponse({"detail": first.detail}, first.status)

        async def lines() -> AsyncIterator[str]:
            yield first.model_dump_json() + "\n"
            async for event in happening:
                yield event.model_dump_json() + "\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    @router.post("/search", summary="Find the passages that bear on words")
    async def search(query: model.Query) -> model.Passages:
        if not query.query.strip():
            raise BadRequest("the query is empty: write what you look for")

        def found() -> list[searching.SearchResult]:
            _check(platform, query)
            return searching.search(
                platform,
                query.query,
                k=query.k,
                as_of=_moment(query.as_of, "as_of"),
                kind=query.kind,
                jurisdiction=query.jurisdiction,
                source=query.source,
            )

        results = [asdict(result) for result in await quickly(found)]
        return model.Passages(
            results=[model.Passage(**{**each, "uri": registry.without_secrets(each["uri"])}) for each in results]
        )

    @router.get("/document", summary="A document version with its text and structure")
    async def document(document_id: _DOCUMENT, version: _VERSION | None = None, as_of: _DAY = None) -> model.Document:
        """The named version, or the one that applies at a moment, by default now. Where a version applied several times,
        `as_of` picks one."""

        def found() -> model.Document:
            shown = show(platform, document_id, version=version, as_of=_moment(as_of, "as_of"))
            return model.Document(
                document_id=shown.document_id,
                text=shown.text,
                blocks=[model.Block(**asdict(block)) for block in parsed(platform, shown).blocks],
                versions=[_version(each) for each in shown.versions],
                **_version(shown.shown).model_dump(),
            )

        return await quickly(found)

    @router.get("/section", summary="How the section at a character of a version read at other times")
    async def section(
        document_id: _DOCUMENT, version: _VERSION, start: _POSITION, as_of: _DAY = None
    ) -> model.SectionVersions:
        moment = _moment(as_of, "as_of")
        try:
            found = await quickly(partial(section_history.history, platform, document_id, version, start, moment))
        except ValueError as problem:
            raise BadRequest(f"start: {problem}") from None
        return model.SectionVersions.model_validate(asdict(found))

    @router.get("/redline", summary="What changed between two versions")
    async def changed(
        document_id: _DOCUMENT,
        older: _VERSION,
        newer: _VERSION,
        older_start: _POSITION | None = None,
        newer_start: _POSITION | None = None,
    ) -> model.Redline:
        """Of the sections at a character of each, or, where neither is given, of the whole text."""
        if (older_start is None) != (newer_start is None):
            raise BadRequest("older_start and newer_start belong together: give both or neither")

        def found() -> model.Redline:
            return model.Redline(
                parts=[
                    model.Part(**asdict(part))
                    for part in redline(text_of(older, older_start), text_of(newer, newer_start))
                ]
            )

        def text_of(version: str, start: int | None) -> str:
            shown = show(platform, document_id, version=version)
            return shown.text if start is None else section_history.section_at(parsed(platform, shown), start).text

        try:
            return await quickly(found)
        except ValueError as problem:
            raise BadRequest(f"start: {problem}") from None

    return router


def _check(platform: Platform, asked: "model.Question | model.Query") -> None:
    """Raises BadRequest, SourceProblem for a filter that names nothing."""
    if asked.kind is not None and asked.kind not in registry.KINDS:
        raise BadRequest(f"kind is none of {', '.join(registry.KINDS)}: write one of them")
    if asked.source is not None:
        registry.find(platform.catalogue, asked.source)


def _moment(text: str | None, name: str) -> int | None:
    try:
        return None if text is None else parse_as_of(text)
    except ValueError:
        raise BadRequest(f"{name} is not a date: write it as 2024-07-01 or 2024-07-01T09:00:00Z") from None


def _version(each: DocumentVersion) -> model.Version:
    return model.Version(**{**asdict(each), "uri": registry.without_secrets(each.uri)})


async def _unreadable(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    return JSONResponse({"detail": sentence_of(problem)}, 422)


async def _failed(_: Request, problem: Exception) -> Response:
    status, sentence = status_and_sentence(problem)
    return JSONResponse({"detail": sentence}, status)
