"""Which objects a search, a count or a deletion on a Weaviate server is about."""

from collections.abc import Sequence
from typing import Any

from assets.index import weaviate_schema as layout
from assets.index.store import OPEN, SearchFilter


def served(generation: int) -> Any:
    """Rows that are not closed, not those that are open: while the server writes a row's new end it is for a moment found
    under neither, and a reader of the generation that is served has to see it then too."""
    from weaviate.classes.query import Filter

    closed = Filter.by_property("to_generation").less_or_equal(generation)
    return Filter.by_property("from_generation").less_or_equal(generation) & Filter.not_(closed)


def visible(where: SearchFilter) -> Any:
    from weaviate.classes.query import Filter

    moment = layout.ordered_text(where.moment)
    condition = served(where.generation)
    condition &= Filter.by_property("valid_from").less_or_equal(moment)
    condition &= Filter.by_property("valid_to").greater_than(moment)
    for name in ("kind", "jurisdiction", "source"):
        if (value := getattr(where, name)) is not None:
            condition &= Filter.by_property(name).equal(value)
    return condition


def added_until(generation: int) -> Any:
    from weaviate.classes.query import Filter

    return Filter.by_property("from_generation").less_or_equal(generation)


def closed_until(generation: int) -> Any:
    from weaviate.classes.query import Filter

    return Filter.by_property("to_generation").less_or_equal(generation)


def generation_is(name: str, generation: int) -> Any:
    from weaviate.classes.query import Filter

    return Filter.by_property(name).equal(generation)


def added_after(generation: int) -> Any:
    from weaviate.classes.query import Filter

    return Filter.by_property("from_generation").greater_than(generation)


def closed_after(generation: int) -> Any:
    from weaviate.classes.query import Filter

    end = Filter.by_property("to_generation")
    return end.greater_than(generation) & end.less_than(OPEN)


def one_of(row_ids: Sequence[str]) -> Any:
    from weaviate.classes.query import Filter

    return Filter.by_id().contains_any([layout.object_id(row_id) for row_id in row_ids])
