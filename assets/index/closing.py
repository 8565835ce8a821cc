"""Gives the rows that the served generation has superseded their end in the index: after the switch, from the catalogue.

Until the switch such a row is what searches find, and on a server a row that is written again is missing from its indexes
for a moment. Once another generation is served, only its end in the catalogue counts: that moment harms nobody any more, and
a kill before the last row leaves rows that no search shows.
"""

from sqlalchemy import func, select

from assets.index.generation import Served
from assets.index.store import IndexStore
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue

_ROWS_A_WRITE = 20_000


def end_superseded(catalogue: Catalogue, index: IndexStore, current: Served) -> None:
    """Can be repeated; where all rows have their end already, nothing is written. Raises IndexUnavailable."""
    table = schema.rows
    superseded = (table.c.index_version == current.index_version, table.c.to_generation == current.generation)
    with catalogue.read() as connection:
        count: int = connection.execute(select(func.count()).select_from(table).where(*superseded)).scalar_one()
    if index.count_closed(current.generation) == count:
        return
    after = ""
    while True:
        query = (
            select(table.c.row_id)
            .where(*superseded, table.c.row_id > after)
            .order_by(table.c.row_id)
            .limit(_ROWS_A_WRITE)
        )
        with catalogue.read() as connection:
            row_ids: list[str] = list(connection.execute(query).scalars())
        if not row_ids:
            return
        index.close(row_ids, current.generation)
        after = row_ids[-1]
