"""The XML schemas of law that are known; a new one is a module here and an entry in SCHEMAS."""

from assets.documents.parsing.schemas import dc_code
from assets.documents.parsing.schemas.schema import Schema

SCHEMAS: tuple[Schema, ...] = (dc_code.SCHEMA,)
