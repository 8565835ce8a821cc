"""Hostile and odd files: each is refused for its reason or read rightly, and none keeps the others from being read."""

import resource
from pathlib import Path

import pytest
from hostile import PHRASE, Sample, assert_whole, samples, write

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.pool import ParserPool
from assets.documents.parsing.refusals import ADVICE

SAMPLES = samples()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, ParsedDocument | UnreadableDocument]:
    with ParserPool(workers=2, seconds=15) as pool:
        return dict(pool.parse_many((sample.name, sample.content(), sample.name, None) for sample in SAMPLES))


def test_every_file_has_an_outcome_in_bounded_memory(outcomes: dict[str, ParsedDocument | UnreadableDocument]) -> None:
    assert list(outcomes) == [sample.name for sample in SAMPLES]
    assert len(SAMPLES) >= 70
    peak_kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak_kibibytes < 1.5 * 1024 * 1024


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_file_is_refused_for_its_reason_or_read_rightly(
    sample: Sample, outcomes: dict[str, ParsedDocument | UnreadableDocument]
) -> None:
    outcome = outcomes[sample.name]
    if isinstance(outcome, UnreadableDocument):
        assert outcome.reason in sample.reasons
        assert outcome.reason in ADVICE
        assert outcome.advice.endswith(".")
        assert PHRASE not in outcome.advice
    else:
        assert not sample.reasons
        assert sample.phrase in outcome.text
        assert_whole(outcome)


def test_the_written_folder_holds_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    for sample in write(folder):
        assert (folder / sample.name).stat().st_size == max(len(sample.raw), sample.grown_to)
    assert sum(file.stat().st_blocks * 512 for file in folder.iterdir()) < 64 * 1024 * 1024
