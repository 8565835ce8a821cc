"""Which questions the quality of answers is measured on, and its measure."""

import json
from pathlib import Path

from sqlalchemy import select

from assets.answers.evaluation import AnswersReport, evaluate_answers, read_answer_questions
from assets.index.retrieval_evaluation import BadQuestions
from assets.lineage import schema
from assets.lineage.moments import OPEN
from assets.platform import Platform


def measure(platform: Platform, bundled: Path) -> AnswersReport:
    """Asks the questions that are set, or the bundled ones where the samples that they are about are served.

    Raises BadQuestions, and as `answer`.
    """
    named = platform.settings.answer_questions
    if not named and not _all_served(platform, bundled):
        raise BadQuestions(
            "HRDP_ANSWER_QUESTIONS is not set, and the bundled questions are about samples that are not served: name a file of"
            " questions about your own rules"
        )
    return evaluate_answers(platform, read_answer_questions(Path(named) if named else bundled))


def _all_served(platform: Platform, questions: Path) -> bool:
    """Whether every document that a question names is one that is served."""
    asked = {json.loads(line).get("document_id") for line in questions.read_text(encoding="utf-8").splitlines()}
    table = schema.versions
    with platform.catalogue.read() as connection:
        query = select(table.c.document_id).where(table.c.to_generation == OPEN).distinct()
        served: set[str | None] = set(connection.execute(query).scalars())
    return asked - {None} <= served
