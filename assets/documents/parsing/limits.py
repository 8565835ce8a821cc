"""How much of a file the parsers take on; what lies beyond is refused before it costs memory or time."""

MAX_RAW_BYTES = 50 * 1024 * 1024
"""The largest file that is opened at all."""

MAX_TEXT_CHARACTERS = 5_000_000
"""The longest canonical text; some ten thousand printed pages."""

MAX_DEPTH = 100
"""How deep lists, quotes, tables and elements may be nested in one another."""

MAX_BLOCKS = 500_000
"""The most blocks of one document."""

MAX_TABLE_CELLS = 500_000
"""The most cells of one table, spanned cells counted once for every place that they fill."""

MAX_ARCHIVE_BYTES = 256 * 1024 * 1024
"""The most that all parts of a zipped document may hold once inflated."""

MAX_ARCHIVE_RATIO = 200
"""The most that one zipped part above a mebibyte may grow when inflated; a real document's text grows tenfold."""

MAX_ARCHIVE_PARTS = 20_000
"""The most parts that a zipped document may have."""

MAX_PDF_PAGES = 10_000
"""The most pages of a PDF."""
