"""What the service says when it can't do what was asked: a status and one sentence."""

import logging
import traceback
from pathlib import Path
from typing import Any

from fastapi.exceptions import RequestValidationError

from assets.answers.answering import BadQuestion
from assets.answers.retrieval import NotKnownThen
from assets.documents.registry import SourceProblem
from assets.documents.showing import DocumentMissing
from assets.problems import EXPECTED
from orchestration.service.work import TooBusy, TooSlow

_log = logging.getLogger("hrdp.service")

UNFORESEEN = "something unforeseen went wrong: the log of the service names the place"

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (DocumentMissing, 404),
    (BadQuestion, 422),
    (NotKnownThen, 422),
    (SourceProblem, 422),
    (TooSlow, 503),
    (TooBusy, 503),
)


class BadRequest(Exception):
    """A value that can't be used; the message names it and says what to write."""


def status_and_sentence(problem: Exception) -> tuple[int, str]:
    """What to answer. A defect is logged by its type and place alone, since its message may hold what somebody wrote."""
    if isinstance(problem, BadRequest):
        return 422, str(problem)
    for kind, status in _STATUS:
        if isinstance(problem, kind):
            return status, str(problem)
    if isinstance(problem, EXPECTED):
        return 503, str(problem)
    log_defect(problem)
    return 500, UNFORESEEN


def log_defect(problem: BaseException) -> None:
    """One line: the exception's type, and where it was raised."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    _log.error("%s at %s", type(problem).__name__, place)


def sentence_of(problem: RequestValidationError) -> str:
    """The first thing that is wrong with a request, without the value that is wrong."""
    first: dict[str, Any] = problem.errors()[0]
    if first["type"] == "json_invalid":
        return 'the request is not JSON: send an object such as {"question": "…"}'
    names = [str(part) for part in first["loc"][1:]]
    if first["type"] == "extra_forbidden":
        return f"there is no '{names[-1][:40]}' to set: the names are in openapi.json"
    if first["type"] == "missing":
        return f"'{names[-1]}' is missing" if names else "the request has no body: send a JSON object"
    return f"{names[-1]}: {first['msg']}" if names else f"the request can't be used: {first['msg']}"
