"""Why rows and files of labelled resumes are refused, and what a person can do about each; the one place that words it."""

from assets.labels.model import Rejected
from assets.labels.reading.limits import (
    LONGEST_ID,
    LONGEST_LABEL,
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_FILES,
    MAX_ROW_CHARACTERS,
    MAX_SPANS,
    MAX_TEXT_CHARACTERS,
)

_MEBI = 1024 * 1024
ADVICE: dict[str, str] = {
    # The file as a whole.
    "empty": "The file is empty: write it again.",
    "no_rows": "The file holds no row: check that it was exported as a whole.",
    "unavailable": "The file can't be read: check that it exists and that the platform's user may read it.",
    "mislabelled": "The file's name says one format, its content another: give it the right ending or export it again.",
    "unknown_format": "The file is of no kind that holds labelled resumes: export it as CSV, JSON lines or Parquet.",
    "no_listing": "A resume alone says no label: put it into a folder or ZIP with a CSV of the columns `file` and `label`.",
    "several_listings": "More than one CSV or JSONL could say which label each file has: leave one of them there.",
    "unlisted_files": "Files lie there that no row names: add rows for them, or take them out.",
    "truncated": "The file ends too early; the rows before its end were taken: write or copy it again.",
    "corrupt": "The file is damaged: export it again.",
    "zip_bomb": "The file unpacks to far more than labelled resumes hold: check where it comes from.",
    "encrypted": "The archive is encrypted: write it without a password.",
    "too_many_files": f"The archive holds more than {MAX_FILES:,} files: split it.",
    "too_many_columns": f"It has more than {MAX_COLUMNS:,} columns: export the columns that are needed.",
    "too_much_memory": "Reading the file needed more memory than is allowed: write it in smaller row groups or as CSV.",
    "too_slow": "Reading the file took longer than is allowed: write it in smaller row groups or as CSV.",
    # A row's form.
    "too_large": f"The row is longer than {MAX_ROW_CHARACTERS // _MEBI} million characters: shorten it or leave it out.",
    "ragged": "The row has more or fewer cells than the first line names: check the quotes and separators in it.",
    "broken_quotes": "A quote in the row is not closed, or is not doubled inside a cell; it was left out with the lines "
    "after it, up to the next sound row: repair its quotes and add the file again.",
    "not_json": "It is not JSON: write one object a line, in UTF-8.",
    "not_an_object": 'It is JSON but no object: write {"text": …, "label": …}.',
    "too_deep": f"Its lists or objects are nested more than {MAX_DEPTH} deep: flatten it.",
    "unfinished_json": "The JSON is broken here, so that the rest of the file can't be told apart: export it again.",
    "columns_unknown": "The row lacks a column that the task needs: write it as the file's other rows.",
    "not_the_type": "A value is not of the type that its column needs: write texts as strings.",
    # What a row says.
    "no_text": "The resume is empty: write it, or leave the row out.",
    "first_line_only": "Nothing is left of the resume without its first line: read the file without --drop-first-line.",
    "no_letters": "The text has no letters: write the resume, or leave the row out.",
    "null_bytes": "The row holds null bytes: export it as text.",
    "binary": "The text is mostly control characters, as a file's bytes: write the text that the file shows.",
    "bad_encoding": "The row's characters are not in the file's encoding: save the whole file as UTF-8.",
    "formula": "The text is a spreadsheet's formula: write the resume's text.",
    "too_long": f"The text is longer than {MAX_TEXT_CHARACTERS // _MEBI} million characters: shorten or split it.",
    "bad_id": f"The id is neither text of at most {LONGEST_ID} characters on one line nor a whole number: write one.",
    "bad_labeller": f"The labeller is neither text of at most {LONGEST_ID} characters on one line nor a number: write one.",
    "bad_time": "The time of the label can't be read: write ISO 8601 (2026-03-01T09:30:00Z) or seconds since 1970.",
    "conflicting_labels": "Rows of the same id have different labels, and no time says which is the latest: keep one.",
    # Labels.
    "no_label": "The row has no label: write one, or leave the row out.",
    "bad_label": f"The label is no name: write at most {LONGEST_LABEL} characters on one line, no formula.",
    "unknown_label": "The label is not in the list of HRDP_JOB_CATEGORIES: correct it, or add it to the list.",
    "several_labels": "The row has more than one label: keep one.",
    "bad_grade": "The grade is neither a number nor a name: write one of them.",
    "no_opening": "The row has no opening: write the opening's text.",
    "bad_tokens": f"The tokens are no list of at most {MAX_SPANS:,} texts without line ends: write them so.",
    "bad_tags": "The tags are not B, I or O (or B-KIND, I-KIND), one for each token: write them so.",
    "invalid_bio": "A tag I follows no B or I of its kind, so that nobody can tell where the span begins: correct it.",
    "bad_spans": f"The spans are no list of at most {MAX_SPANS:,} [start, end, kind] inside the text: write them so.",
    "overlapping_spans": "Two spans of one kind overlap, so that nobody can tell where each ends: correct them.",
    "shifted_spans": "The spans' own words are not what stands in the text at their places: export the file again.",
    # A row's resume in a file of its own.
    "no_file": "The row names no file: write the path of the resume inside the folder or archive.",
    "file_outside": "The row names a file outside the folder, or a link: name files below the folder.",
    "file_missing": "The file that the row names is not there: add it, or correct its name.",
}


class Unusable(Exception):
    """A row, or a file as a whole, that can't be taken; `reason` is a short stable code, `advice` tells what to do.

    Neither holds anything of its content.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice or ADVICE[reason]

    def rejects(self, row: int) -> Rejected:
        """The row (0: the file as a whole) as what the intake quarantines."""
        return Rejected(row, self.reason, self.advice)
