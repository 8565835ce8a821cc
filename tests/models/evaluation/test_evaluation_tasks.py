"""Skills and matching are evaluated as job categories are: beside their own baselines, with intervals, with the same gates."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from evaluated import Row, drawn, snapshot

from assets.labels.normalizing import text_hash
from assets.labels.synthetic.careers import families, shared
from assets.labels.synthetic.openings import graded_matches, openings
from assets.labels.tasks.spans import Span, written
from assets.models.evaluation.baselines import learn_dictionary
from assets.models.evaluation.evaluating import evaluate
from assets.models.grades import UnknownGrade
from assets.models.model import Example, FoundSpan

SKILLS = sorted({skill for family in (*families().values(), shared()) for skill in family["skills"]}, key=len)[::-1]
PATTERN = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, SKILLS))})(?!\w)", re.IGNORECASE)
WORD = re.compile(r"\w+|[^\w\s]")


class KnownSkills:
    """A tagger that knows every skill of the synthetic resumes; the surer, the longer a phrase is."""

    kinds = ("SKILL",)

    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]:
        return [
            [FoundSpan(*found.span(), "SKILL", 0.6 + 0.3 * (len(found[0]) > 10)) for found in PATTERN.finditer(text)]
            for text in texts
        ]

    def word_probabilities(self, texts: Sequence[str]) -> list[tuple[Any, Any]]:
        return [self._words(text) for text in texts]

    def _words(self, text: str) -> tuple[Any, Any]:
        offsets = np.array([found.span() for found in WORD.finditer(text)])
        chances = np.tile([0.9, 0.05, 0.05], (len(offsets), 1, 1))
        for found in PATTERN.finditer(text):
            inside = np.flatnonzero((offsets[:, 0] >= found.start()) & (offsets[:, 1] <= found.end()))
            chances[inside, 0] = [0.2, 0.2, 0.6]
            chances[inside[:1], 0] = [0.2, 0.6, 0.2]
        return offsets, chances


class SkillSpace:
    """A matcher whose space has a dimension for each skill and for each job family."""

    def __init__(self) -> None:
        self._titles = [
            re.compile("|".join(map(re.escape, [*family["titles"], *family["employers"]])))
            for family in families().values()
        ]
        self._columns = {skill.lower(): column for column, skill in enumerate(SKILLS)}

    def vectors(self, texts: Sequence[str], side: str) -> Any:
        found = np.full((len(texts), len(SKILLS) + len(self._titles)), 1e-6)
        for row, text in enumerate(texts):
            for skill in PATTERN.findall(text):
                found[row, self._columns[skill.lower()]] = 1
            for column, titles in enumerate(self._titles):
                found[row, len(SKILLS) + column] = 2 * len(titles.findall(text))
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def split_of(number: int) -> str:
    return "train" if number < 25 else "validation" if number < 65 else "test"


def skill_rows() -> list[Row]:
    rows: list[Row] = []
    for number, resume in enumerate(drawn(205, 21)):
        spans = [Span(each.start, each.end, "SKILL") for each in resume.kept if each.kind == "SKILL"]
        key = text_hash(resume.text)
        rows.append((key, resume.text, written(spans), None, None, key, split_of(number)))
    return rows


def match_rows(grades: dict[int, str] | None = None) -> list[Row]:
    resumes = drawn(205, 21)
    offered = {each.opening_id: each for each in openings(16, 3)}
    matches = graded_matches(resumes, offered.values())
    rows: list[Row] = []
    for number, (_, judged) in enumerate(groupby(matches, lambda match: match.resume_id)):
        text = resumes[number].text
        for match in judged:
            opening = offered[match.opening_id].text
            grade = grades[match.grade] if grades else str(match.grade)
            key = text_hash(text)
            rows.append((key, text, grade, text_hash(opening), opening, key, split_of(number)))
    return rows


def test_skills_are_held_against_a_dictionary() -> None:
    evaluation = evaluate("skills", KnownSkills(), None, frozenset(), snapshot("skills", skill_rows()))
    assert {gate.name for gate in evaluation.gates if not gate.passed} == set(), evaluation.gates
    low, high = evaluation.metrics["intervals"]["span_f1"]
    assert low < evaluation.metrics["span_f1"] < high
    assert evaluation.metrics["span_f1"] > evaluation.baseline["span_f1"] > 0.1
    before, after = (evaluation.metrics["calibration"][name]["corrected"] for name in ("before", "after"))
    assert after <= before
    assert set(evaluation.calibration) == {"format", "log_odds_scale", "log_odds_shift"}


def test_matching_is_held_against_keywords_in_both_directions() -> None:
    evaluation = evaluate("match", SkillSpace(), None, frozenset(), snapshot("match", match_rows()))
    assert {gate.name for gate in evaluation.gates if not gate.passed} == set(), evaluation.gates
    for name in ("ndcg_at_10", "ndcg_at_10_resumes_for_opening", "mrr"):
        low, high = evaluation.metrics["intervals"][name]
        assert 0 < low < evaluation.metrics[name] <= high <= 1
    assert evaluation.gate("calibrated").value is None


def test_named_grades_rank_as_their_numbers_do_and_unknown_ones_are_refused() -> None:
    known = {0: "No Fit", 1: "Potential Fit", 2: "Potential Fit", 3: "Good Fit"}
    evaluation = evaluate("match", SkillSpace(), None, frozenset(), snapshot("match", match_rows(known)))
    assert evaluation.metrics["grades"]["No Fit"] < evaluation.metrics["grades"]["Good Fit"]
    unknown = snapshot("match", match_rows(dict.fromkeys(range(4), "purple")))
    with pytest.raises(UnknownGrade):
        evaluate("match", SkillSpace(), None, frozenset(), unknown)


def test_the_dictionary_leaves_out_phrases_that_are_mostly_no_skill() -> None:
    def row(text: str, *spans: tuple[int, int]) -> Example:
        return Example(text, text, text, written([Span(*span, "SKILL") for span in spans]))

    train = [
        row("Go and SQL", (0, 2), (7, 10)),
        row("go home"),
        row("go there"),
        row("SQL", (0, 3)),
        row("SQL server", (0, 10)),
    ]
    assert learn_dictionary(train).spans("They go to sql server and sql") == [
        Span(11, 21, "SKILL"),
        Span(26, 29, "SKILL"),
    ]
