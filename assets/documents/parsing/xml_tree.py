"""The one way in which XML of unknown origin is read: no document type, entities or network; bounded depth."""

import re
from typing import Any

from assets.documents.parsing.decoding import decode
from assets.documents.parsing.limits import MAX_DEPTH
from assets.documents.parsing.refusals import refusal

_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,5}=\s{0,5}[\"']([A-Za-z0-9._-]{1,40})[\"']")
_CUT_OFF = frozenset(
    f"ERR_{name}" for name in ("DOCUMENT_END", "TAG_NOT_FINISHED", "GT_REQUIRED", "CDATA_NOT_FINISHED")
)


def read_xml(raw: bytes) -> Any:
    """The root element of an XML document.

    Raises UnreadableDocument: entity_expansion for any document type declaration, too_deep, truncated, corrupt,
    bad_encoding.
    """
    declared = _ENCODING.search(raw[:400])
    text = decode(raw, declared[1].decode() if declared else None)
    text = _DECLARATION.sub("", text, count=1).lstrip("\ufeff \t\r\n")
    if _has_document_type(text):
        raise refusal("entity_expansion")
    return checked_tree(text.encode("utf-8", "replace"))


def checked_tree(raw: bytes, *, depth_factor: int = 1) -> Any:
    """The root element of XML that carries no document type; for the parts of zipped documents too.

    `depth_factor` is how many elements a format puts around each level of what a reader sees as nested.
    """
    from lxml import etree

    if b"<!DOCTYPE" in raw[:2000] or b"<!ENTITY" in raw[:2000]:
        raise refusal("entity_expansion")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8" if not raw.startswith((b"<?xml", b"\xff\xfe", b"\xfe\xff")) else None,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise refusal(_reason(error, raw)) from error
    _check_depth(root, depth_factor * MAX_DEPTH)
    return root


def _has_document_type(text: str) -> bool:
    position = 0
    while (position := text.find("<", position)) >= 0:
        if text.startswith("<!--", position):
            end = text.find("-->", position)
        elif text.startswith("<?", position):
            end = text.find("?>", position)
        else:
            return text.startswith("<!", position)
        if end < 0:
            return False
        position = end
        position += 1
    return False


def _reason(error: Any, raw: bytes) -> str:
    message = str(error).lower()
    if "depth" in message:
        return "too_deep"
    if "memory" in message:
        return "too_much_memory"
    if "huge" in message or "too long" in message:
        return "too_large"
    if "amplification" in message or ("entity" in message and "loop" in message):
        return "entity_expansion"
    first = next(iter(error.error_log), None)
    if (first is not None and first.type_name in _CUT_OFF) or not raw.rstrip().endswith(b">"):
        return "truncated"
    return "corrupt"


def _check_depth(root: Any, most: int) -> None:
    level = [root]
    for _ in range(most):
        level = [child for element in level for child in element]
        if not level:
            return
    raise refusal("too_deep")
