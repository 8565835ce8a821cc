"""Which rows of a file are taken, which are there already and which contradict each other: pure rules on what is known."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf

from assets.labels.model import LabelRow
from assets.labels.tasks.task import Task
from assets.labels.vault.vault import came_with_id


@dataclass(frozen=True, slots=True)
class Claim:
    """That somebody gave a person's resume (for an opening) a label, at a time or at none.

    `place` is what a later label of the same corrects, `label` a digest, and `wording` one of the texts to the letter: those that
    differ in case or blanks are the same resume, and which of them a dataset holds must not depend on which came first.
    """

    person_id: str
    text_hash: str
    opening_hash: str | None
    place: tuple[str, ...]
    label: bytes
    labelled_at: int | None
    wording: bytes = b""

    @property
    def statement(self) -> "Claim":
        """What is said, in whatever wording."""
        return replace(self, wording=b"")

    @property
    def pair(self) -> tuple[str, str | None]:
        """What is labelled."""
        return self.text_hash, self.opening_hash


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a file's rows, by their numbers; every row is in one of accepted, duplicates and contradicting.

    `kept` are those that say something new: all of accepted, and duplicates that are another vote; `copies` is how many rows
    of the file each of them stands for.
    """

    kept: frozenset[int]
    contradicting: frozenset[int]
    accepted: int
    duplicates: int
    unique_resumes: int
    copies: Mapping[int, int]


def claim(
    task: Task,
    person_id: str,
    text_hash: str,
    opening_hash: str | None,
    label: str,
    labelled_at: int | None,
    text: str,
    opening_text: str | None,
) -> Claim:
    """The claim of a row."""
    # The task says what belongs to a subject; for the texts their hashes stand in, which are equal where those are.
    place = task.subject(LabelRow(0, person_id, text_hash, label, opening_text=opening_hash)) or (person_id,)
    if not came_with_id(person_id):
        # Nothing says that two labels of a text are of one person: neither corrects the other, whichever comes later.
        place = (*place, label)
    wording = _digest(text) + (b"" if opening_text is None else _digest(opening_text))
    return Claim(person_id, text_hash, opening_hash, place, _digest(label), labelled_at, wording)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def settle(claims: Iterable[tuple[int, Claim]], earlier: Collection[Claim]) -> Settled:
    """Compares a file's claims, in order, with earlier ones on the same persons and texts, in the order in which they came in.

    Where the latest claims of one place have different labels, all of that place contradict each other. A claim is dropped
    when the same was kept in the same wording: for one without a time that is since the last change of its place, since between
    two equal ones another may have come.
    """
    claims = list(claims)
    contradicting = _contradicting(claims)
    seen = {claim.pair for claim in earlier}
    # What is kept already, by what a repetition of it has to equal, with its row where that is in this file.
    dated: dict[Claim, int | None] = {claim: None for claim in earlier if claim.labelled_at is not None}
    last: dict[tuple[str, ...], tuple[Claim, dict[bytes, int | None]]] = {}

    def remember(claim: Claim, row: int | None) -> None:
        statement, wordings = last.get(claim.place, (None, {}))
        if statement != claim.statement:
            wordings = {}
        wordings[claim.wording] = row
        last[claim.place] = claim.statement, wordings

    for each in earlier:
        remember(each, None)
    copies: dict[int, int] = {}
    texts: set[str] = set()
    accepted = duplicates = 0
    for row, claim in claims:
        if row in contradicting:
            continue
        texts.add(claim.text_hash)
        if claim.pair in seen:
            duplicates += 1
        else:
            accepted += 1
            seen.add(claim.pair)
        statement, wordings = last.get(claim.place, (None, {}))
        if claim in dated or (statement == claim.statement and claim.wording in wordings):
            same = dated[claim] if claim in dated else wordings[claim.wording]
            if same is not None:
                copies[same] += 1
            continue
        copies[row] = 1
        remember(claim, row)
        if claim.labelled_at is not None:
            dated[claim] = row
    return Settled(frozenset(copies), frozenset(contradicting), accepted, duplicates, len(texts), copies)


def _contradicting(claims: Iterable[tuple[int, Claim]]) -> set[int]:
    """All rows of a place whose latest label can't be told. What has no time is as late as the file."""
    places: dict[tuple[str, ...], list[tuple[int, Claim]]] = {}
    for row, claim in claims:
        places.setdefault(claim.place, []).append((row, claim))
    found: set[int] = set()
    for rows in places.values():
        latest = max(_when(claim) for _, claim in rows)
        if len({claim.label for _, claim in rows if _when(claim) == latest}) > 1:
            found.update(row for row, _ in rows)
    return found


def _when(claim: Claim) -> float:
    return inf if claim.labelled_at is None else claim.labelled_at
