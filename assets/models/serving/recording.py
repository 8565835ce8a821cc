"""Predictions as the catalogue keeps them: of which text only a keyed hash tells, by which model, what, and when."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from assets.lineage.model_tables import predictions
from assets.lineage.moments import now
from assets.models.serving.predicting import Classified, Ranked, Tagged
from assets.models.serving.recorded import input_hash

if TYPE_CHECKING:
    from assets.platform import Platform

_KEPT_RANKS = 10


def record(platform: "Platform", task: str, model_version: str, made: Sequence[Classified | Tagged | Ranked]) -> None:
    """Writes predictions, all or none. Raises CatalogueUnavailable, VaultUnavailable."""
    if not made:
        return
    moment = now()
    rows = [
        {
            "task": task,
            "model_version": model_version,
            "input_hash": input_hash(platform.vault, each.of.original_hash),
            "predicted_at": moment,
            **_said(each),
        }
        for each in made
    ]
    with platform.catalogue.write() as connection:
        connection.execute(insert(predictions), rows)


def _said(prediction: Classified | Tagged | Ranked) -> dict[str, Any]:
    """No text, and no words of it: spans are told by their offsets."""
    match prediction:
        case Classified():
            return {
                "output": _json({"label": prediction.label}),
                "probability": prediction.probability,
                "abstained": prediction.abstained,
            }
        case Tagged():
            skills = [[span.start, span.end, span.kind, round(span.probability, 4)] for span in prediction.skills]
            return {"output": _json({"skills": skills}), "probability": None, "abstained": False}
        case Ranked():
            ranking = [[opening, round(score, 6)] for opening, score in prediction.ranking[:_KEPT_RANKS]]
            return {"output": _json({"ranking": ranking}), "probability": None, "abstained": False}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
