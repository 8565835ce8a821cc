"""When two texts are the same resume: after case, forms of characters and blanks are set aside."""

import hashlib
import unicodedata


def normalized(text: str) -> str:
    """The text in one form of characters (NFKC), lower case, each run of blanks and line ends one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def text_hash(text: str) -> str:
    """SHA-256, in hexadecimal, of the normalized text."""
    return hashlib.sha256(normalized(text).encode()).hexdigest()
