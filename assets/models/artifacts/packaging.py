"""Packages a candidate: described, named by its manifest, signed, stored, and only then known to the catalogue."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select

from assets.lineage import ledger
from assets.lineage.model_tables import trained_models
from assets.lineage.moments import now
from assets.models.artifacts import storing
from assets.models.artifacts.bill_of_materials import bill_of_materials
from assets.models.artifacts.finding import find
from assets.models.artifacts.manifest import (
    BILL_OF_MATERIALS,
    ENCODER,
    MANIFEST,
    MODEL_CARD,
    SIGNATURE,
    Candidate,
    manifest_of,
    read_candidate,
)
from assets.models.artifacts.model_card import model_card
from assets.models.artifacts.signing_key import trusted_keys
from assets.models.artifacts.verifying import Verified
from assets.storage.hashing import content_hash

if TYPE_CHECKING:
    from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class Version:
    """A model that is stored and known to the catalogue; `is_new`: it was not before. `address` is the beginning of its
    objects' keys, `size` that of its files in bytes."""

    version: str
    task: str
    dataset_version: str
    address: str
    size: int
    is_new: bool


def package(platform: "Platform", folder: Path, run_id: str) -> Version:
    """Makes a version of a candidate's folder, in which training, serving and evaluation have left their files.

    Card, bill of materials, manifest and signature are written beside them. The same files are the same version; what a
    killed call left is completed by the next. Raises CandidateIncomplete, SigningKeyWrong, StorageError.
    """
    signer = platform.signer
    candidate = read_candidate(folder)
    _put(folder / MODEL_CARD, model_card(candidate))
    _put(folder / BILL_OF_MATERIALS, bill_of_materials(candidate))
    manifest = manifest_of(candidate)
    version = content_hash(manifest)
    _put(folder / MANIFEST, manifest)
    _put(folder / SIGNATURE, signer.sign(manifest))
    names = [*json.loads(manifest)["files"], MANIFEST, SIGNATURE]
    storing.write(platform.objects, candidate.task, version, {name: folder / name for name in names})
    size = sum(file["size"] for file in json.loads(manifest)["files"].values())
    with platform.catalogue.write() as connection:
        is_new = _record(connection, candidate, version, _summary(candidate, size), run_id, signer.key_id)
    address = storing.folder(candidate.task, version)
    return Version(version, candidate.task, candidate.dataset_version, address, size, is_new)


def verify(platform: "Platform", version: str) -> Verified:
    """Reads a model, by its version or its first characters, from the object store and compares everything with what was
    packaged. Raises NoModel, ModelDamaged, StorageError."""
    with platform.catalogue.read() as connection:
        known = find(connection, version)
        keys = trusted_keys(connection)
    return storing.verify(platform.objects, known.task, known.version, keys)


def _summary(candidate: Candidate, size: int) -> dict[str, Any]:
    """What the catalogue keeps of a version, for lists and decisions."""
    return {
        "metrics": candidate.metrics,
        "base_model": candidate.settings["base_model"],
        "candidate": candidate.folder.name,
        "form": candidate.served["form"],
        "size": size,
        "served_size": (candidate.folder / ENCODER).stat().st_size,
    }


def _record(
    connection: Connection, candidate: Candidate, version: str, summary: dict[str, Any], run_id: str, key_id: str
) -> bool:
    """Makes the version known; whether it is new."""
    table = trained_models
    if connection.execute(select(table.c.version).where(table.c.version == version)).first():
        return False
    sequence = (connection.execute(select(func.max(table.c.sequence))).scalar() or 0) + 1
    connection.execute(
        insert(table).values(
            version=version,
            task=candidate.task,
            dataset_version=candidate.dataset_version,
            sequence=sequence,
            created_at=now(),
            run_id=run_id,
            summary=json.dumps(summary, ensure_ascii=False, sort_keys=True),
        )
    )
    payload = {
        "task": candidate.task,
        "dataset_version": candidate.dataset_version,
        "run_id": run_id,
        "signing_key": key_id,
    }
    ledger.append(connection, "model.packaged", f"model/{version}", payload)
    return True


def _put(path: Path, data: bytes) -> None:
    """Writes a file at once as a whole."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)
