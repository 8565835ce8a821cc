"""The logger of runs that a person watches in a terminal: what the platform says, without Dagster's own events."""

import logging
import sys

import dagster as dg

PROGRESS_MARK = "hrdp_progress"
"""The attribute of the log records that are meant for a person in a terminal."""


class _Said(logging.Filter):
    """Lets through what an asset says; what Dagster says of itself, events or not, stays in its event log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return hasattr(record, PROGRESS_MARK)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        said = meta.get("orig_message") if isinstance(meta, dict) else None
        return f"  {said or record.getMessage()}"


def _make(_context: dg.InitLoggerContext) -> logging.Logger:
    """A logger of its own, so that no other handler prints its lines again."""
    logger = logging.Logger("hrdp.progress", level=logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Said())
    handler.setFormatter(_Line())
    logger.addHandler(handler)
    return logger


progress_logger = dg.LoggerDefinition(_make, description="Progress of a run in a terminal, on standard error.")
