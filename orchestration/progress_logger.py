"""The logger of runs that a person watches in a terminal: what the platform says, without Dagster's own events."""

import logging
import sys

import dagster as dg


class _Said(logging.Filter):
    """Lets through what an asset logged; Dagster's own events stay in its event log."""

    def filter(self, record: logging.LogRecord) -> bool:
        meta = getattr(record, "dagster_meta", {})
        return meta.get("dagster_event") is None if isinstance(meta, dict) else True


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
