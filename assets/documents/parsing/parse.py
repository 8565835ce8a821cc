"""One file in, one document out, in this process; the pool does the same in processes that are bounded."""

from collections.abc import Callable

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.detect import Format, detect
from assets.documents.parsing.limits import MAX_RAW_BYTES
from assets.documents.parsing.refusals import refusal


def parse(raw: bytes, path: str, media_type: str | None = None) -> ParsedDocument:
    """The document in the bytes; `path` and `media_type` are hints that count only where content leaves a choice.

    Raises UnreadableDocument with a reason of `refusals.ADVICE`. It bounds size, nesting and growth, but neither time
    nor memory: for files of unknown origin use a ParserPool.
    """
    if len(raw) > MAX_RAW_BYTES:
        raise refusal("too_large")
    try:
        return _parser(detect(raw, path, media_type))(raw)
    except (UnreadableDocument, ImportError):
        raise
    except MemoryError as error:
        raise refusal("too_much_memory") from error
    except RecursionError as error:
        raise refusal("too_deep") from error
    except Exception as error:
        # The libraries behind the formats raise whatever a damaged file leads them to; one bad file must not stop the
        # rest.
        raise refusal("corrupt") from error


def _parser(format_: Format) -> Callable[[bytes], ParsedDocument]:
    # Each format's library is loaded with the first file that needs it, so that a worker starts at once.
    match format_:
        case Format.MARKDOWN:
            from assets.documents.parsing.markdown import parse_markdown

            return parse_markdown
        case Format.HTML:
            from assets.documents.parsing.html import parse_html

            return parse_html
        case Format.XML:
            from assets.documents.parsing.legal_xml import parse_legal_xml

            return parse_legal_xml
        case Format.PDF:
            from assets.documents.parsing.pdf import parse_pdf

            return parse_pdf
        case Format.DOCX:
            from assets.documents.parsing.docx import parse_docx

            return parse_docx
        case Format.PLAIN:
            from assets.documents.parsing.plain_text import parse_plain_text

            return parse_plain_text
