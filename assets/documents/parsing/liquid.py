"""What site generators add to Markdown (Liquid tags, kramdown attributes and tables): what a reader sees of it."""

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_RAW = re.compile(r"\{%-?\s{0,5}raw\s{0,5}-?%\}")
_END_RAW = re.compile(r"\{%-?\s{0,5}endraw\s{0,5}-?%\}")
_LINK_TARGET = re.compile(r"(\]\(\s*<?)([^()\n]{0,300}?)(\{[%{][^{}]{0,500}[%}]\})([^()\n]{0,300}\))")
_REFERENCE = re.compile(r"^( {0,3}\[[^\]\n]{1,300}\]:\s{0,20}<?)\{[%{][^{}]{0,500}[%}]\}[^\n]{0,300}$", re.M)
_HEADLESS_TABLE = re.compile(r"(?:(?<=\n\n)|\A)(?=(\|[ :|-]{3,1000})\n\|)")
_TAG = re.compile(r"(`[^`\n]{1,500}`)|\{%([^{}]{0,2000})%\}|\{\{[^{}]{0,500}\}\}|\{:[^{}\n]{0,300}\}")
_QUOTED = re.compile(r"\"([^\"]{1,2000})\"|'([^']{1,2000})'")
_ADDRESS = re.compile(r"\S*[/.]\S*")
_CONTROL = frozenset({
    "if", "elsif", "else", "endif", "unless", "endunless", "case", "when", "endcase", "for", "endfor", "break",
    "continue", "cycle", "assign", "capture", "endcapture", "comment", "endcomment", "include", "include_relative",
    "layout", "highlight", "endhighlight", "raw", "endraw", "tablerow", "endtablerow", "increment", "decrement",
    "render", "section", "link", "post_url"
})  # fmt: skip


def without_template_tags(text: str) -> str:
    """`text` without template tags outside fenced code and code spans.

    Link targets made by a tag become a plain target. A site's own tag is replaced by the label that it shows, its last
    quoted argument, unless that is an address or a file.
    """
    pieces: list[str] = []
    prose: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            pieces.append(_END_RAW.sub("", _RAW.sub("", line)))
            if match and match[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            continue
        if match:
            pieces.append(_prose("\n".join(prose)))
            prose, fence = [], match[1]
            pieces.append(line)
            continue
        prose.append(line)
    pieces.append(_prose("\n".join(prose)))
    return "\n".join(pieces)


def _prose(text: str) -> str:
    text = _HEADLESS_TABLE.sub(_empty_header, text)
    if "{%" not in text and "{{" not in text and "{:" not in text:
        return text
    kept: list[str] = []
    position = 0
    while (raw := _RAW.search(text, position)) and (end := _END_RAW.search(text, raw.end())):
        kept += (_tags(text[position : raw.start()]), text[raw.end() : end.start()])
        position = end.end()
    kept.append(_tags(text[position:]))
    return "".join(kept)


def _tags(text: str) -> str:
    text = _REFERENCE.sub(r"\1#", _LINK_TARGET.sub(r"\1#)", text))
    return _TAG.sub(_shown, text)


def _empty_header(match: re.Match[str]) -> str:
    # kramdown takes a table without a header row, the reader of Markdown does not.
    return re.sub("[^|]+", " ", match[1]) + "\n"


def _shown(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    words = (match[2] or "").strip("- \n").split(None, 1)
    if len(words) < 2 or words[0] in _CONTROL:
        return ""
    arguments = [first or second for first, second in _QUOTED.findall(words[1])]
    return arguments[-1] if arguments and not _ADDRESS.fullmatch(arguments[-1]) else ""
