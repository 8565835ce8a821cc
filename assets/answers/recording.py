"""Writes an answer or a refusal, with all that it was made of, into catalogue and ledger, in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert

from assets.answers.model import Answer, Generator, Piece, Scope
from assets.lineage import ledger
from assets.lineage.answer_tables import answers
from assets.lineage.catalogue import Catalogue
from assets.storage.hashing import content_hash


def record(
    catalogue: Catalogue,
    answer: Answer,
    scope: Scope,
    as_of: int | None,
    asked_at: int,
    generator: Generator,
    checks: Mapping[str, float],
) -> None:
    """Texts go into the catalogue; the ledger gets identifiers, hashes and numbers only. Raises CatalogueUnavailable."""
    evidence = [_evidence(piece) for piece in answer.evidence]
    citations = [asdict(citation) for citation in answer.citations]
    filters = {
        "kind": scope.kind,
        "jurisdiction": scope.jurisdiction,
        "source": scope.source,
        "known_at": scope.known_at,
    }
    settings = {"generator": dict(generator.settings), "checks": dict(checks)}
    with catalogue.write() as connection:
        connection.execute(
            insert(answers).values(
                answer_id=answer.answer_id,
                asked_at=asked_at,
                question=answer.question,
                as_of=as_of,
                generation=answer.generation,
                index_version=answer.index_version,
                filters=_json(filters),
                evidence=_json(evidence),
                answer=answer.answer,
                refused=answer.refused,
                reason=answer.reason,
                citations=_json(citations),
                dropped=_json([asdict(each) for each in answer.dropped]),
                generator=answer.generator,
                settings=_json(settings),
                seconds=answer.seconds,
            )
        )
        ledger.append(
            connection,
            "refusal" if answer.refused else "answer",
            answer.answer_id,
            {
                "asked_at": asked_at,
                "question": content_hash(answer.question.encode()),
                "as_of": as_of,
                "filters": content_hash(_json(filters).encode()),
                "generation": answer.generation,
                "index_version": answer.index_version,
                "evidence": content_hash(_json(evidence).encode()),
                "answer": content_hash(answer.answer.encode()),
                "reason": content_hash(answer.reason.encode()),
                "citations": [
                    {"chunk": each.chunk_id, "version": each.version, "start": each.start, "end": each.end}
                    for each in answer.citations
                ],
                "dropped": len(answer.dropped),
                "generator": content_hash(answer.generator.encode()),
                "settings": content_hash(_json(settings).encode()),
            },
        )


def _evidence(piece: Piece) -> dict[str, Any]:
    return {
        "role": piece.role,
        "chunk_id": piece.chunk_id,
        "document_id": piece.document_id,
        "version": piece.version,
        "spans": piece.spans,
        "valid_from": piece.valid_from,
        "valid_to": piece.valid_to,
        "uri": piece.uri,
        "score": round(piece.score, 4),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
