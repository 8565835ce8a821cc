"""A batch on its way in: its rows wait, anonymized and sealed, until all of the file is known."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from assets.documents.intake import in_batches
from assets.labels.anonymizing.parallel import MaskedRow, anonymize_rows
from assets.labels.intake import batch_tables
from assets.labels.intake.batch_tables import Look, NewBatch
from assets.labels.intake.batches import read_rows, rows_schema
from assets.labels.intake.earlier import earlier_claims
from assets.labels.intake.identity import ReadOptions
from assets.labels.intake.record_file import RecordWriter, as_object
from assets.labels.intake.settling import Claim, Settled, claim, settle
from assets.labels.intake.unsettled import note
from assets.labels.model import AnonymizedRow, LabelRow, Rejected
from assets.labels.reading.refusals import Unusable
from assets.labels.tasks.task import Task
from assets.labels.vault.originals import originals_schema, read_originals, sealed
from assets.labels.vault.persons import add_persons, known_persons
from assets.platform import Platform
from assets.storage.hashing import content_hash

_ROWS_AT_ONCE = 256


def remove_unfinished(platform: Platform) -> None:
    """Removes what a killed intake left in the home. The caller holds the intake."""
    shutil.rmtree(_folder(platform), ignore_errors=True)


def _folder(platform: Platform) -> Path:
    return platform.home / "labels" / "intake"


class Arrival:
    """One batch. Made where nothing unfinished is in the home, by who holds the intake."""

    def __init__(self, platform: Platform, name: str, task: Task) -> None:
        self._platform = platform
        self._vault = platform.vault
        self._batch_id = name
        self._task = task
        self._folder = _folder(platform)
        self._folder.mkdir(parents=True)
        self._claims: dict[int, Claim] = {}
        self._rejected: dict[int, Rejected] = {}
        self._file_rejected: list[Rejected] = []
        self._keys: dict[str, bytes] = {}
        self._new: set[str] = set()
        self._erased: set[str] = set()

    def take(self, rows: Iterable[LabelRow | Rejected], progress: Callable[[int], None]) -> None:
        """Reads to the end, anonymizes and seals."""
        done = 0
        with (
            RecordWriter(self._folder / "rows", rows_schema(self._batch_id)) as anonymized,
            RecordWriter(self._folder / "originals", originals_schema(self._batch_id)) as originals,
        ):
            for some in in_batches(anonymize_rows(rows, self._task.name), _ROWS_AT_ONCE):
                masked = [each for each in some if isinstance(each, MaskedRow)]
                for each in some:
                    if isinstance(each, Rejected):
                        self._reject(each)
                persons = [self._person(each) for each in masked]
                self._meet(persons)
                for each, person_id in zip(masked, persons, strict=True):
                    if person_id in self._erased:
                        self._reject(_person_erased(each.original.row))
                        continue
                    row = self._anonymized(each, person_id)
                    anonymized.add(row)
                    originals.add(sealed(self._keys[person_id], self._batch_id, person_id, each.original))
                    self._claims[row.row] = _claim(self._task, row)
                done += len(some)
                progress(done)

    def store(self, options: ReadOptions, place: str, look: Look | None) -> None:
        """Decides which rows stay, writes their objects, and then makes all of it visible in one transaction."""
        settled = self._settle()
        platform, name = self._platform, self._batch_id
        rows = as_object(
            (
                replace(row, copies=settled.copies[row.row])
                for row in read_rows(self._folder / "rows")
                if row.row in settled.kept
            ),
            rows_schema(name),
        )
        originals = as_object(
            (each for each in read_originals(self._folder / "originals") if each.row in settled.kept),
            originals_schema(name),
        )
        note(platform, name, [content_hash(rows), content_hash(originals)])
        blobs = platform.blobs.put(rows), platform.blobs.put(originals)
        platform.blobs.flush()
        rejected = [*self._file_rejected, *(self._rejected[row] for row in sorted(self._rejected))]
        kept = [(row, self._claims[row]) for row in sorted(settled.kept)]
        new = NewBatch(
            name,
            self._task.name,
            place,
            options.dump(),
            *blobs,
            rows=settled.accepted + settled.duplicates + len(rejected),
            accepted=settled.accepted,
            duplicates=settled.duplicates,
            unique_resumes=settled.unique_resumes,
            kept=kept,
            rejected=rejected,
        )
        persons = sorted({claim.person_id for _, claim in kept} & self._new)
        with platform.catalogue.write() as connection:
            batch_tables.add(connection, new)
            add_persons(connection, self._vault, [(person_id, self._keys[person_id]) for person_id in persons])
            if look is not None:
                batch_tables.remember_file(connection, place, look, name)

    def _settle(self) -> Settled:
        claims = [(row, claim) for row, claim in sorted(self._claims.items()) if row not in self._rejected]
        earlier = earlier_claims(self._platform, self._task, (claim for _, claim in claims))
        settled = settle(claims, earlier)
        for row in settled.contradicting:
            self._reject(Unusable("conflicting_labels").rejects(row))
        return settled

    def _reject(self, rejected: Rejected) -> None:
        if rejected.row == 0:
            self._file_rejected.append(rejected)
        else:
            self._rejected.setdefault(rejected.row, rejected)

    def _person(self, row: MaskedRow) -> str:
        given = row.original.record_id
        return self._vault.person_of_id(given) if given else self._vault.person_of_text(row.original_hash)

    def _meet(self, persons: Iterable[str]) -> None:
        """Gives each person a key: the one that is known, or a new one."""
        strangers = set(persons) - self._keys.keys() - self._erased
        with self._platform.catalogue.read() as connection:
            known = known_persons(connection, self._vault, sorted(strangers))
        self._keys.update(known.keys)
        self._erased.update(known.erased)
        for person_id in strangers - known.keys.keys() - known.erased:
            self._keys[person_id] = self._vault.new_key()
            self._new.add(person_id)

    def _anonymized(self, row: MaskedRow, person_id: str) -> AnonymizedRow:
        original = row.original
        return AnonymizedRow(
            row=original.row,
            person_id=person_id,
            text_hash=row.text_hash,
            text=row.text,
            label=row.label,
            opening_hash=row.opening_hash,
            opening_text=row.opening_text,
            labelled_at=original.labelled_at,
            labeller=None if original.labeller is None else self._vault.labeller(original.labeller),
        )


def _claim(task: Task, row: AnonymizedRow) -> Claim:
    what = row.person_id, row.text_hash, row.opening_hash, row.label, row.labelled_at
    return claim(task, *what, row.text, row.opening_text)


def _person_erased(row: int) -> Rejected:
    return Rejected(
        row,
        "person_erased",
        "This person was erased. Take the row out of the file; whoever comes back gets a new id.",
    )
