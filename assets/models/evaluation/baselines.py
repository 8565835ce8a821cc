"""What a fine-tuned model has to beat, fitted on the same training split and judged on the same rows: words alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assets.labels.tasks.spans import Span, read_back
from assets.models.evaluation.model import Numbers
from assets.models.model import Example

_WORD = re.compile(r"\w+|[^\w\s]")
_MOSTLY = 0.5


def support_vectors(train: Sequence[Example], texts: Sequence[str]) -> list[str]:
    """The class of each text by a linear support vector machine on TF-IDF of words and pairs of words."""
    from sklearn.svm import LinearSVC

    from assets.labels.quality.features import SEED, vectorizer

    labels = [row.label for row in train]
    if len(set(labels)) < 2:
        return [labels[0]] * len(texts)
    words = vectorizer(len(train), 2)
    model = LinearSVC(random_state=SEED).fit(words.fit_transform([row.text for row in train]), labels)
    return [str(label) for label in model.predict(words.transform(texts))]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The phrases that training marked, in lower case, as words: by kind."""

    phrases: dict[str, frozenset[tuple[str, ...]]]

    def spans(self, text: str) -> list[Span]:
        """Where they stand in a text: the longest from each word on, of each kind without overlaps."""
        words = _words(text)
        return [span for kind in sorted(self.phrases) for span in _spans(words, kind, self.phrases[kind])]


def learn_dictionary(train: Sequence[Example]) -> Dictionary:
    """The phrases of the training spans that are marked in at least half of the places where training has them."""
    marked: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in train:
        for span in read_back(row.label):
            marked[span.kind][_phrase(row.text[span.start : span.end])] += 1
    lengths = {kind: sorted({len(phrase) for phrase in phrases}) for kind, phrases in marked.items()}
    met: defaultdict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for row in train:
        words = _phrase(row.text)
        for kind, phrases in marked.items():
            for length in lengths[kind]:
                met[kind].update(phrase for phrase in _runs(words, length) if phrase in phrases)
    return Dictionary(
        {
            kind: frozenset(phrase for phrase, count in phrases.items() if count >= _MOSTLY * met[kind][phrase])
            for kind, phrases in marked.items()
        }
    )


def keyword_ranking(
    queries: Mapping[str, str], collection: Mapping[str, str]
) -> Callable[[str, Sequence[str]], Numbers]:
    """BM25 over stemmed terms: from a query's key and keys of the collection to their scores, higher is better."""
    from assets.index.keywords import collect, keyword_scores
    from assets.index.terms import terms

    stored = {key: " ".join(terms(text)) for key, text in collection.items()}
    statistics = collect(stored.values())
    return lambda query, keys: keyword_scores(terms(queries[query]), [stored[key] for key in keys], statistics)


def _words(text: str) -> list[tuple[int, int, str]]:
    return [(found.start(), found.end(), found[0].lower()) for found in _WORD.finditer(text)]


def _phrase(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(text))


def _runs(words: tuple[str, ...], length: int) -> Iterable[tuple[str, ...]]:
    return (words[start : start + length] for start in range(len(words) - length + 1))


def _spans(words: list[tuple[int, int, str]], kind: str, phrases: frozenset[tuple[str, ...]]) -> Iterable[Span]:
    lengths = sorted({len(phrase) for phrase in phrases}, reverse=True)
    plain = tuple(word for _, _, word in words)
    place = 0
    while place < len(plain):
        rest = len(plain) - place
        length = next((each for each in lengths if each <= rest and plain[place : place + each] in phrases), 0)
        if length:
            yield Span(words[place][0], words[place + length - 1][1], kind)
        place += max(1, length)
