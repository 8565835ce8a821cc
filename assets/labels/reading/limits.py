"""How much of a file of labelled resumes is taken on; what lies beyond is refused before it costs memory or time."""

MAX_TEXT_CHARACTERS = 4 * 1024 * 1024
"""The longest text of a resume or an opening."""

MAX_ROW_CHARACTERS = 8 * 1024 * 1024
"""The longest row, as it is written in the file; a longer one is passed over piece by piece and never held."""

MAX_COLUMNS = 1_000
"""The most columns of a row."""

MAX_DEPTH = 100
"""How deep the lists and objects of a row of JSON may be nested."""

MAX_SPANS = 100_000
"""The most spans, or tokens, of one row."""

LONGEST_LABEL = 80
"""The longest name of a label, in characters."""

LONGEST_ID = 500
"""The longest id or name of a labeller, in characters."""

MAX_RATIO = 200
"""How much compressed content may grow when it is unpacked; text grows about tenfold."""

FREE_BYTES = 64 * 1024 * 1024
"""What compressed content may unpack to whatever it grows by."""

MAX_FILES = 200_000
"""The most files of an archive of resumes."""

PIECE = 256 * 1024
"""How many bytes or characters are read at once."""
