"""Sectioned legal XML: reads the tree safely and lets the module of the schema that it follows lay it out."""

from assets.documents.model import ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder
from assets.documents.parsing.refusals import refusal
from assets.documents.parsing.schemas import SCHEMAS
from assets.documents.parsing.xml_tree import read_xml


def parse_legal_xml(raw: bytes) -> ParsedDocument:
    """The document of an XML file of a known schema.

    XML of any other schema is refused as unknown_schema, because without its rules the text of a law cannot be told
    from notes and numbers.
    """
    root = read_xml(raw)
    schema = next((schema for schema in SCHEMAS if root.tag in schema.roots), None)
    if schema is None:
        known = ", ".join(schema.name for schema in SCHEMAS)
        raise refusal(
            "unknown_schema",
            f"The XML follows a schema that is not known (known: {known}): convert it to HTML or Markdown.",
        )
    builder = DocumentBuilder()
    title = schema.render(root, builder)
    return builder.build("application/xml", title)
