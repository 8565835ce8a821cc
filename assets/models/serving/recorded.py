"""Recorded predictions by what they were made of: how an input is named, and how what was said of it is erased."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from assets.lineage.model_tables import predictions

if TYPE_CHECKING:
    from assets.labels.vault.vault import Vault

_INPUT, _OUTPUT = "predicted text", "predicted output"
_ERASED = "erased"


def input_hash(vault: "Vault", original_hash: str) -> str:
    """The keyed hash by which a text that was predicted is known, of the hash of the text as it came in."""
    return vault.keyed(_INPUT, original_hash)


def erase_outputs(connection: Connection, vault: "Vault", original_hashes: Collection[str]) -> int:
    """Destroys what was predicted of some texts, inside the caller's write transaction; returns of how many predictions.

    That a prediction was made stays on record: of which keyed input, by which model, when, and whether it abstained. Output
    and probability go. A keyed hash of text and output takes their place: whoever holds the text can have it proven what was
    predicted, and without the text nobody can find it out.
    """
    erased = 0
    for original_hash in original_hashes:
        query = select(predictions.c.prediction_id, predictions.c.output)
        for row in connection.execute(query.where(predictions.c.input_hash == input_hash(vault, original_hash))).all():
            if _ERASED in json.loads(row.output):
                continue
            proof = {_ERASED: vault.keyed(_OUTPUT, f"{original_hash}\0{row.output}")}
            connection.execute(
                update(predictions)
                .where(predictions.c.prediction_id == row.prediction_id)
                .values(output=json.dumps(proof, separators=(",", ":")), probability=None)
            )
            erased += 1
    return erased
