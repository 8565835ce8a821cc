"""Whether a new index may be served in place of one that finds what was asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.index import judging
from assets.index.embedding.weights import DEFAULT_MODEL
from assets.index.judging import Judgement, WorseIndex, judge_of, judged
from assets.index.rebuild import rebuild
from assets.index.refresh import RefreshResult
from assets.index.searching import search
from assets.index.verification import verify
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]


def test_a_difference_counts_only_beyond_the_tolerance_and_beyond_chance() -> None:
    assert judged([1.0] * 20, [0.5] * 20).is_worse(0.02)
    assert not judged([1.0] * 20, [0.99] * 20).is_worse(0.02)
    assert not judged([1.0, 0.5], [0.5, 0.9]).is_worse(0.02)
    assert not judged([0.5] * 20, [1.0] * 20).is_worse(0.02)


@pytest.fixture
def asking(platform: Platform, handbook: Path, refreshed: Refreshed, tmp_path: Path) -> Path:
    """A file of questions, each of which the served index answers by the quoted passage."""
    for number in range(8):
        rules = "\n\n".join(f"Rule {number}.{n} of the depot holds on {n} days." for n in range(12))
        (handbook / f"long-{number}.md").write_text(f"# Depot {number}\n\n{rules}\n")
    refreshed(platform, "handbook")
    path = tmp_path / "questions.jsonl"
    quotes = [(number, f"Rule {number}.0 of the depot holds on 0 days.") for number in range(8)]
    path.write_text(
        "".join(
            json.dumps({"question": quote, "relevant": [{"document_id": f"handbook/long-{number}.md", "quote": quote}]})
            + "\n"
            for number, quote in quotes
        )
    )
    return path


def test_a_rebuilt_index_that_finds_as_much_is_served(platform: Platform, asking: Path) -> None:
    other = Platform(replace(platform.settings, chunk_tokens=64, retrieval_questions=str(asking)))
    built = rebuild(other, "rebuild-1")
    other.release()
    assert built is not None
    assert built.reasons == ("chunker",)


def test_a_rebuilt_index_that_finds_less_is_not_served(
    platform: Platform, asking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [hit.chunk_id for hit in search(platform, "rules of the depot", k=20)]
    other = Platform(replace(platform.settings, chunk_tokens=64, retrieval_questions=str(asking)))
    honest = judge_of(other)

    class Empty:
        def search(self, *_: object) -> list[object]:
            return []

    monkeypatch.setattr(
        "assets.index.refresh.judge_of",
        lambda _: lambda served, _index, generation: honest(served, Empty(), generation),  # type: ignore[arg-type]
    )
    with pytest.raises(WorseIndex, match="it was not served"):
        rebuild(other, "rebuild-1")
    other.release()
    assert [hit.chunk_id for hit in search(platform, "rules of the depot", k=20)] == before
    monkeypatch.undo()
    # The next rebuild removes what the refused one has left.
    assert rebuild(other, "rebuild-2") is not None
    other.release()
    assert verify(other).ok


def test_an_index_of_another_model_is_judged_too_each_asked_with_its_own(
    platform: Platform, asking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Platform(replace(platform.settings, model=DEFAULT_MODEL, retrieval_questions=str(asking)))
    seen: list[tuple[list[float], list[float]]] = []

    def worse(served: list[float], new: list[float]) -> Judgement:
        seen.append((served, new))
        return Judgement(len(served), 1.0, 0.0, 0.0)

    monkeypatch.setattr(judging, "judged", worse)
    with pytest.raises(WorseIndex, match="it was not served"):
        rebuild(other, "rebuild-1")
    other.release()
    ((served, new),) = seen
    assert served == [1.0] * 8
    assert np.mean(new) > 0.9
    monkeypatch.undo()
    assert rebuild(other, "rebuild-2") is not None
    other.release()
    assert search(other, "rules of the depot", k=1)
