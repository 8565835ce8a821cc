"""What a person is shown of the served index: its columns, and the sources in it."""

from assets.documents import registry
from assets.lineage.moments import iso
from assets.platform import Platform


def served_sources(platform: Platform) -> list[dict[str, str | int | float]]:
    """The sources that are served, a record each."""
    return [
        {
            "source": source.spec.name,
            "kind": source.spec.kind,
            "documents": source.documents,
            "index rows": source.rows,
            "refreshed at": str(iso(source.refreshed_at))[:19],
        }
        for source in registry.listed(platform.catalogue, with_removed=True)
        if source.refreshed_at is not None and (source.rows or not source.removed)
    ]
