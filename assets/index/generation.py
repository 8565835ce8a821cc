"""The one integer that decides what is served, and the index version that it stands in."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from assets.index.recipe import Recipe
from assets.lineage import schema


@dataclass(frozen=True, slots=True)
class Served:
    """The served generation, its index version, and the recipe that this was built with, as dumped."""

    generation: int
    index_version: str
    recipe: str
    model: str
    dimension: int

    def rebuild_reasons(self, recipe: Recipe) -> list[str]:
        """Why the index has to be rebuilt for another recipe; empty where it is up to date."""
        return recipe.differences(self.recipe)


class NothingServed(Exception):
    """No refresh has been served yet, or none found anything to serve."""

    def __init__(self, *, looked: bool) -> None:
        super().__init__(
            "nothing is indexed: no source holds a document that can be used (hrdp quarantine says what is wrong with others)"
            if looked
            else "nothing is indexed yet: add a source (hrdp source add) and run hrdp refresh"
        )


def served(connection: Connection) -> Served | None:
    """What is served now; None before the first refresh."""
    table, versions = schema.served, schema.index_versions
    row = connection.execute(
        select(
            table.c.generation, table.c.index_version, versions.c.recipe, versions.c.model, versions.c.dimension
        ).join(versions, versions.c.index_version == table.c.index_version)
    ).first()
    return None if row is None else Served(row.generation, row.index_version, row.recipe, row.model, row.dimension)


def any_refreshed(connection: Connection) -> bool:
    """Whether a source has been read to its end."""
    table = schema.sources
    query = select(table.c.name).where(table.c.refreshed_at.is_not(None)).limit(1)
    return connection.execute(query).first() is not None
