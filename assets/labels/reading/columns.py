"""Which column of a file means what: by the names that were given, else by well-known ones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assets.labels.reading.limits import MAX_COLUMNS
from assets.labels.reading.refusals import Unusable

LONGEST_NAME = 100
_TAGS = "tags_"
_TOLD_CHARACTERS = 60
_TOLD_NAMES = 20
# In order of preference, in lower case without anything but letters and digits.
_KNOWN: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "resumetext", "resume", "resumestr", "resumecontent", "cv", "cvtext", "fulltext", "content", "body",
    ),
    "file": ("file", "filename", "filepath", "path", "resumefile", "cvfile", "document"),
    "label": ("label", "category", "jobcategory", "class", "target", "jobfamily", "family"),
    "id": (
        "id", "resumeid", "candidateid", "personid", "applicantid", "employeeid", "cvid", "recordid", "uuid", "guid",
    ),
    "labelled_at": ("labelledat", "labeledat", "annotatedat", "labelledon", "labeledon", "labeltime", "labeldate"),
    "labeller": ("labeller", "labeler", "annotator", "labelledby", "labeledby", "annotatedby", "rater"),
    "opening": (
        "opening", "openingtext", "jobdescription", "jobdescriptiontext", "jobtext", "jobad", "jobposting", "posting",
        "vacancy", "vacancytext", "job", "jd",
    ),
    "opening_id": ("openingid", "jobid", "vacancyid", "postingid", "jobdescriptionid", "jdid"),
    "grade": ("grade", "label", "rating", "relevance", "fit", "score", "match"),
    "tokens": ("tokens", "words"),
    "tags": ("tags", "biotags", "nertags"),
    "spans": ("spans", "entities", "label", "labels", "annotations"),
}  # fmt: skip
_PLAIN = frozenset(name for names in _KNOWN.values() for name in names)
_USUAL_WORDS = frozenset({
    "resume", "cv", "text", "content", "job", "opening", "vacancy", "label", "category", "class", "grade", "score", "id",
    "name", "title", "date", "time", "file", "path", "skill", "skills", "type", "description", "column", "field", "number",
    "code",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a person named; those left out are recognised by well-known names.

    `label` is the grade in the task match; `id` identifies the person whose resume it is.
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None


def considered(names: Iterable[str]) -> tuple[str, ...]:
    """The names that may be columns: a longer one is content that got into the place of a name. Raises Unusable."""
    short = tuple(name for name in names if len(name) <= LONGEST_NAME)
    if len(short) > MAX_COLUMNS:
        raise Unusable("too_many_columns")
    return short


@lru_cache(maxsize=64)
def column(meaning: str, present: tuple[str, ...], given: str | None = None) -> str | None:
    """The one of the present columns that has a meaning, None where none has: the given one, or nothing else."""
    if given is not None:
        if given in present:
            return given
        return next((name for name in present if _plain(name) == _plain(given)), None)
    plain = {_plain(name): name for name in reversed(present)}
    return next((plain[known] for known in _KNOWN[meaning] if known in plain), None)


def relevant(present: tuple[str, ...], columns: Columns) -> list[str]:
    """Those of the present columns that may mean anything to a task."""
    given = [name for name in (columns.text, columns.label, columns.id) if name]
    plain = _PLAIN | {_plain(name) for name in given}
    return [name for name in present if _plain(name) in plain or name in given or tags_kind(name)]


def tags_kind(name: str) -> str:
    """The kind of whose tags a column tells, such as `skill` for `tags_skill`; empty for any other column."""
    return name[len(_TAGS) :] if name.lower().startswith(_TAGS) else ""


def not_recognised(missing: str, present: Sequence[str]) -> Unusable:
    """The refusal of a file whose columns can't be told; `missing` says what, and how it may be named."""
    return Unusable("columns_unknown", f"No column is known to hold {missing}; {_told(present)}.")


def _told(present: Sequence[str]) -> str:
    # Where a file has no line of names, its first line is a row, and must not be told.
    is_line = len(present) > 1 or any(_plain(name) in _PLAIN for name in present)
    if not is_line or not all(_is_name(name) for name in present[:_TOLD_NAMES]):
        return "the file's first line does not look like names of columns"
    names = ", ".join(name[:_TOLD_CHARACTERS] for name in present[:_TOLD_NAMES])
    return f"the columns are {names}" + (
        f" and {len(present) - _TOLD_NAMES} others" if len(present) > _TOLD_NAMES else ""
    )


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _is_name(name: str) -> bool:
    words = name.split()
    if not all(re.fullmatch(r"[^\W\d][\w./:#-]*", word) for word in words):
        return False
    # Two words may be a person's name where a file has no line of names.
    return len(words) == 1 or (1 < len(words) < 6 and any(word.lower() in _USUAL_WORDS for word in words))
