"""A resume gets the class of the labelled resumes nearest to it, on the real embedding model."""

import numpy as np
import pytest
from evaluated import category_rows

from assets.models.evaluation.neighbours import (
    CHOICES,
    MOST_WINDOWS,
    Neighbour,
    Neighbours,
    ResumeEmbedder,
    choose_number,
    open_resume_embedder,
    vote,
)
from assets.models.model import Example
from assets.platform import Platform, Settings


@pytest.fixture(scope="module")
def resumes(tmp_path_factory: pytest.TempPathFactory) -> ResumeEmbedder:
    return open_resume_embedder(Platform(Settings(home=tmp_path_factory.mktemp("neighbours"))))


def row(name: str, label: str) -> Example:
    return Example(name, name, "", label)


def at(*degrees: float) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.array([[np.cos(np.radians(each)), np.sin(np.radians(each))] for each in degrees], np.float32)


def test_most_synthetic_resumes_are_near_to_others_of_their_class(resumes: ResumeEmbedder) -> None:
    rows = [Example(each[0], each[5], each[1], each[2]) for each in category_rows(60, 0, 20)]
    vectors = resumes.vectors([each.text for each in rows])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    neighbours = Neighbours(resumes.dimension)
    neighbours.add(rows[:60], vectors[:60])
    given = [vote(neighbours.nearest(vector, 5)) for vector in vectors[60:]]
    assert np.mean([label == each.label for label, each in zip(given, rows[60:], strict=True)]) > 0.5


def test_what_stands_after_the_first_window_counts_and_what_stands_after_the_last_does_not(
    resumes: ResumeEmbedder,
) -> None:
    page = "Kept the ledgers of a small firm, and closed its books every month. " * 20
    several, many = page, page * 8
    vectors = resumes.vectors([several, several + "Cooked for forty guests. " * 20, many, many + "Cooked. " * 20])
    assert vectors[0] @ vectors[1] < 0.99
    assert np.array_equal(vectors[2], vectors[3])
    assert np.array_equal(resumes.vectors([several])[0], vectors[0])
    assert len(many) > MOST_WINDOWS * len(page)


def test_a_text_of_spaces_has_a_vector(resumes: ResumeEmbedder) -> None:
    assert resumes.vectors(["  "]).shape == (1, resumes.dimension)


def test_what_is_added_is_found_at_once_and_what_is_removed_no_more() -> None:
    neighbours = Neighbours(2)
    neighbours.add([row("a", "Care"), row("b", "Audit")], at(0, 40))
    neighbours.add([row("c", "Data")], at(10))
    assert [each.text_hash for each in neighbours.nearest(at(1)[0], 2)] == ["a", "c"]
    neighbours.remove("a")
    nearest = neighbours.nearest(at(0)[0], 5)
    assert [(each.text_hash, each.label) for each in nearest] == [("c", "Data"), ("b", "Audit")]
    assert nearest[0].similarity == pytest.approx(np.cos(np.radians(10)))
    assert len(neighbours) == 2


def test_one_near_resume_outweighs_two_far_ones_and_of_equals_the_nearest_decides() -> None:
    near, far = Neighbour("a", "Care", 0.9), Neighbour("b", "Audit", 0.3)
    assert vote([near, far, far]) == "Care"
    assert vote([near, far, far, far, far]) == "Audit"
    assert vote([Neighbour("b", "Audit", 0.5), Neighbour("a", "Care", 0.5)]) == "Audit"


def test_as_many_neighbours_are_asked_as_is_best_on_the_validation_split_and_no_more() -> None:
    neighbours = Neighbours(2)
    # Next to each resume stands one with a wrong label, and behind it two with the right one.
    neighbours.add([row(name, "Care") for name in "bc"] + [row("a", "Audit")], at(4, 5, 1))
    neighbours.add([row(name, "Audit") for name in "ef"] + [row("d", "Care")], at(86, 85, 89))
    validation = [row("v", "Care"), row("w", "Audit")]
    assert choose_number(neighbours, validation, at(0, 90)) == 3
    assert choose_number(neighbours, [row("v", "Audit"), row("w", "Care")], at(0, 90)) == CHOICES[0]
