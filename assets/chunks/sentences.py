"""Where sentences begin and end, for legal and business English, with the enders of Chinese and Japanese.

Rules rather than a trained model: they are the same everywhere, and a law's citations ("§ 32-531.02.", "29 U.S.C. §
201", "No. 5") are what trained models cut in two. Every decision looks at a bounded window, so that the time is
linear.
"""

import re

_BREAK = re.compile(
    r"""
    (?<![.!?…])(?P<stop>[.!?…]++)["'”’»)\]*_]*+(?=\s)    # an ender of Western scripts needs white space behind it
    | [。！？｡]+["'”’»」』）)\]]*                            # an ideographic ender does not
    | \n[^\S\n]*\n                                     # an empty line
    | \n(?=[^\S\n]*(?:[-*+•–—]\s|\#{1,6}\s|\||>|(?:\d{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,6})[.)]\s|\([0-9A-Za-z]{1,5}\)))
    | (?<=\|)\n                                        # the end of a table's row
    """,
    re.VERBOSE,
)
_HEADING_LINE = re.compile(r"^[^\S\n]*#{1,6}[^\S\n][^\n]*\n", re.MULTILINE)
_NOT_WHITE = re.compile(r"\S")
_NEXT_WORD = re.compile(r"\s+[\"'“‘«(\[*_]*([^\W_]*)", re.UNICODE)
_LAST_WORD = re.compile(r"[^\s\"“‘«(\[*_]*$")
_LABEL = re.compile(
    r"""[\s"'“‘«*_#>+•-]*
    (?: \(?(?:[0-9]{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,6})\)?       # 1.  a.  (iv)
      | [0-9]+(?:[.\-–][0-9A-Za-z]+)+                          # 2.1.  32-531.02.
      | (?:§{1,2}|Sec|SEC|Section|SECTION|Article|ARTICLE|Art|Chapter|Part|Title|Rule)\.?\s*[0-9IVXLC][\w.\-–:]*
    )$""",
    re.VERBOSE,
)
_CITATION = re.compile(r"§{1,2}\s*[0-9][\w.\-–:()]*$")
_ACRONYM = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]$|^[A-Z]$")
_TITLES_AND_REFERENCES = """
    mr mrs ms mx dr prof st hon rev gov sen rep gen col capt lt sgt messrs e.g i.e cf viz vs v no nos art arts sec secs
    sect ch chs fig figs para paras par pp p vol vols ex exs app ann approx ca cir ct dist div dept stat reg regs pub
    subch subpt subsec subpara supp ed eds est tel ext ave blvd bldg jan feb mar apr jun jul aug sept sep oct nov dec
    incl resp § §§
"""
_ENDS_OF_NAMES = """
    etc al seq inc ltd co corp llc llp plc jr sr esq u.s u.k u.n e.u d.c a.m p.m ph.d bros assn
"""
_FIRST_WORDS = """
    the a an this that these those it its he she they we you i his her their our your each every any all no none some
    such both either neither many most several other another if when where while whenever unless until although though
    because since as after before once in on at by for from to with without within under upon during except
    notwithstanding subject pursuant provided and but or nor so yet however therefore thus furthermore moreover
    additionally also finally first second third there here what which who whose how why employees employers employee
    employer please see note not nothing only do does is are was were may must shall should can could will would
"""
_ALWAYS_GOES_ON = frozenset(_TITLES_AND_REFERENCES.split())
_MAY_END = frozenset(_ENDS_OF_NAMES.split())
_STARTERS = frozenset(_FIRST_WORDS.split())
_ABBREVIATION_WINDOW = 40
_LABEL_WINDOW = 60


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of a text as character spans (start, end), in order, without surrounding white space.

    Together they hold every character that is not white space. List markers, headings, table rows and empty lines
    begin a new one; a line feed inside a paragraph does not.
    """
    breaks = {match.end() for match in _HEADING_LINE.finditer(text)}
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        if match["stop"] is not None and not _ends_sentence(text, start, match):
            continue
        breaks.add(match.end())
        start = match.end()
    start = 0
    for end in [*sorted(breaks), len(text)]:
        span = stripped(text, start, end)
        if span is not None:
            spans.append(span)
        start = max(start, end)
    return spans


def stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    """`text[start:end]` without surrounding white space, as a span; None where there is nothing else."""
    first = _NOT_WHITE.search(text, start, end)
    if first is None:
        return None
    while text[end - 1].isspace():
        end -= 1
    return first.start(), end


def _ends_sentence(text: str, sentence_start: int, stop: "re.Match[str]") -> bool:
    """Whether the full stop, question or exclamation mark, or dots that `stop` found end a sentence."""
    following = _NEXT_WORD.match(text, stop.end())
    next_word = following[1] if following else ""
    if next_word[:1].islower():
        return False
    if stop["stop"] != ".":
        return True
    before = stop.start()
    if before - sentence_start <= _LABEL_WINDOW and _LABEL.match(text[sentence_start:before]):
        return False
    tail = text[max(sentence_start, before - _ABBREVIATION_WINDOW) : before]
    word_match = _LAST_WORD.search(tail)
    word = word_match[0] if word_match else ""
    if word.lower() in _ALWAYS_GOES_ON:
        # "No." before a number, "Dr." before a name; but "The answer is no. The" ends.
        return word in {"no", "mar", "par", "est", "ex", "app"} and next_word.lower() in _STARTERS
    if word.lower() in _MAY_END or _ACRONYM.search(word) or _CITATION.search(tail):
        return next_word.lower() in _STARTERS
    return True
