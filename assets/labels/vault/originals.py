"""The object of a batch's originals: Parquet with one sealed original a row, in the order of the file."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.intake.record_file import values
from assets.labels.model import LabelRow
from assets.labels.vault.vault import seal, unseal

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True)
class SealedOriginal:
    """An original as it is stored: it opens with its person's key alone."""

    row: int
    person_id: str
    nonce: bytes
    ciphertext: bytes


def sealed(key: bytes, batch_id: str, person_id: str, original: LabelRow) -> SealedOriginal:
    """A row as it came in, under its person's key."""
    content = json.dumps(asdict(original)).encode()
    return SealedOriginal(original.row, person_id, *seal(key, batch_id, original.row, content))


def opened(key: bytes, batch_id: str, stored: SealedOriginal) -> LabelRow:
    """The row as it came in. Raises SealBroken."""
    return LabelRow(**json.loads(unseal(key, batch_id, stored.row, stored.nonce, stored.ciphertext)))


def read_originals(source: Path | bytes) -> Iterator[SealedOriginal]:
    """The sealed originals of an object, streamed."""
    for original in values(source, [field.name for field in fields(SealedOriginal)]):
        yield SealedOriginal(*original)


def originals_of(key: bytes, person_id: str, batch_id: str, stored: Iterable[SealedOriginal]) -> Iterator[LabelRow]:
    """A person's own rows of a batch as they came in, of all its originals. Raises SealBroken."""
    for each in stored:
        if each.person_id == person_id:
            yield opened(key, batch_id, each)


def originals_schema(batch_id: str) -> "pyarrow.Schema":
    """With the batch's id, so that no two batches have the same object."""
    import pyarrow

    columns = {
        "row": pyarrow.int64(),
        "person_id": pyarrow.string(),
        "nonce": pyarrow.binary(),
        "ciphertext": pyarrow.binary(),
    }
    return pyarrow.schema(
        [pyarrow.field(name, type_, nullable=False) for name, type_ in columns.items()],
        metadata={b"batch_id": batch_id.encode()},
    )
