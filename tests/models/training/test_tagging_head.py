"""Tags that depend on each other: probabilities and losses held against all ways in which a text's words could be tagged."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.models.tag_chain import TagChain
from assets.models.words import BEGINS, GOES_ON, OUTSIDE, Words, shapes_of

KINDS = 2
DRAW = np.random.default_rng(7)
CHAIN = TagChain(
    DRAW.standard_normal((KINDS, 3, 3)), DRAW.standard_normal((KINDS, 3)), DRAW.standard_normal((KINDS, 3))
)


def score(tags: tuple[int, ...], scores: NDArray[np.float64], kind: int) -> float:
    """Of one way to tag a text; minus infinity where something goes on that did not begin."""
    if any(tag == GOES_ON and before == OUTSIDE for before, tag in itertools.pairwise((OUTSIDE, *tags))):
        return -math.inf
    inner = sum(CHAIN.transitions[kind, one, other] for one, other in itertools.pairwise(tags))
    own = sum(scores[word, kind, tag] for word, tag in enumerate(tags))
    return float(CHAIN.first[kind, tags[0]] + own + inner + CHAIN.last[kind, tags[-1]])


@pytest.mark.parametrize("words", [1, 2, 4])
def test_a_tag_is_as_probable_as_all_ways_to_tag_the_text_together_say(words: int) -> None:
    scores = DRAW.standard_normal((words, KINDS, 3)) * 3
    found = CHAIN.tagged(scores)
    wanted = np.zeros((words, KINDS, 3))
    for kind in range(KINDS):
        ways = list(itertools.product(range(3), repeat=words))
        assert tuple(found.tags[:, kind]) == max(ways, key=lambda way: score(way, scores, kind))
        for tags in ways:
            for word, tag in enumerate(tags):
                wanted[word, kind, tag] += math.exp(score(tags, scores, kind))
    np.testing.assert_allclose(found.probabilities, wanted / wanted.sum(-1, keepdims=True), rtol=1e-4, atol=1e-7)


def test_scores_however_large_and_texts_however_long_stay_probabilities() -> None:
    scores = DRAW.standard_normal((5000, KINDS, 3)) * 200
    found = CHAIN.tagged(scores).probabilities
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)
    assert CHAIN.tagged(scores[:0]).probabilities.shape == (0, KINDS, 3)


def test_the_loss_is_the_negative_log_likelihood_of_the_right_tags() -> None:
    import torch

    from assets.models.tasks.tagging_head import TaggingHead

    head = TaggingHead(4, KINDS)
    with torch.no_grad():
        head.transitions.copy_(torch.tensor(CHAIN.transitions))
        head.first.copy_(torch.tensor(CHAIN.first))
        head.last.copy_(torch.tensor(CHAIN.last))
    tags = [[[BEGINS, GOES_ON, OUTSIDE], [OUTSIDE, OUTSIDE, BEGINS]], [[OUTSIDE], [BEGINS]]]
    scores = DRAW.standard_normal((2, 3, KINDS, 3))
    wanted = 0.0
    for text, of_kinds in enumerate(tags):
        for kind, right in enumerate(of_kinds):
            own = scores[text, : len(right)]
            every = [score(each, own, kind) for each in itertools.product(range(3), repeat=len(right))]
            wanted += math.log(sum(map(math.exp, every))) - score(tuple(right), own, kind)
    loss = head.loss(torch.tensor(scores, dtype=torch.float32), tags)
    assert loss.item() == pytest.approx(wanted, rel=1e-4)
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(
        bool(each.grad.isfinite().all()) for each in (head.transitions, head.first, head.last) if each.grad is not None
    )


def test_how_a_word_is_written_is_seen() -> None:
    text = "Python SQL a C iOS 3rd ,"
    starts = [
        place for place, character in enumerate(text) if character != " " and (place == 0 or text[place - 1] == " ")
    ]
    words = Words(
        list(range(len(starts))), starts, [start + len(word) for start, word in zip(starts, text.split(), strict=True)]
    )
    capitalized, capitals, single, within, digit, other = shapes_of(text, words).T.astype(bool)
    names = np.array(text.split())
    seen = [set(names[each]) for each in (capitalized, capitals, single, within, digit, other)]
    assert seen == [{"Python"}, {"SQL"}, {"C"}, {"iOS"}, {"3rd"}, {","}]
