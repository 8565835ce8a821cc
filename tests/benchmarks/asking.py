"""How long an answer takes, with its record: the built-in generator over 14,000 chunks, in a process that is warm.

    python -m tests.benchmarks.asking

Passages and questions are ObliQA's where the shared data is there, else generated; they are embedded by the real model, which
takes minutes. A third of the questions is asked before the measurement begins, as a process that serves has been asked before.
"""

import json
import time

from assets.answers.answering import answer
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import expect, installation, refresh_step_by_step, register
from tests.benchmarks.measuring import milliseconds, percentile
from tests.benchmarks.texts import passages, questions

ROWS = 14_000
QUESTIONS = 300


def main() -> None:
    bodies, texts_from = passages(ROWS)
    asked = questions(QUESTIONS)
    with installation() as (platform, sources):
        with (sources / "passages.jsonl").open("w") as lines:
            for number, body in enumerate(bodies):
                lines.write(json.dumps({"id": f"passage-{number:05d}", "text": body}) + "\n")
        register(platform, "passages", sources / "passages.jsonl")
        result = refresh_step_by_step(platform, "passages").served.result
        expect(result.documents.added == len(bodies), f"the build did not take in every passage: {result}")
        started = time.perf_counter()
        answer(platform, asked[0])
        first = time.perf_counter() - started
        for question in asked[: QUESTIONS // 3]:
            answer(platform, question)
        measured = [
            milliseconds(lambda: answer(platform, question))  # noqa: B023
            for question in asked[QUESTIONS // 3 :]
        ]
    figures = [
        Figure("chunks", result.chunks_added, "chunks"),
        Figure("first answer of a process", round(first * 1_000), "ms"),
        Figure("answer, p50", percentile(measured, 50), "ms"),
        Figure("answer, p95", percentile(measured, 95), "ms", at_most=150),
    ]
    print(document("asking", figures, texts_from=texts_from, rows=ROWS, questions=QUESTIONS))


if __name__ == "__main__":
    main()
