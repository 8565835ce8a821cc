"""What e-mail addresses and profile URLs spell: the evidence that tells a name from a title or a heading."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assets.labels.anonymizing.model import Masked
from assets.labels.anonymizing.vocabulary import spell

_SPLIT = re.compile(r"[._\-+\d]+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Letters that addresses spell: whole local parts and slugs, and their pieces."""

    whole: frozenset[str]
    pieces: frozenset[str]

    def explains(self, word: str) -> bool:
        """Whether a folded word is spelled there."""
        letters = spell(word)
        return len(letters) >= 2 and (
            letters in self.pieces or (len(letters) >= 3 and any(letters in whole for whole in self.whole))
        )

    def proves(self, name: Sequence[str]) -> bool:
        """Whether folded words are spelled there together, or one with the other's initial."""
        spelled = [spell(word) for word in name if spell(word)]
        if not spelled:
            return False
        if len(spelled) > 1 and {"".join(spelled), "".join(reversed(spelled))} & self.whole:
            return True
        if sum(map(self.explains, spelled)) >= 2:
            return True
        if len(spelled) == 1:
            return len(spelled[0]) >= 4 and self.explains(spelled[0])
        glued = "".join(spelled[1:])
        forms = {
            spelled[0][0] + glued,
            spelled[0][0] + spelled[-1],
            spelled[-1],
            spelled[0],
            glued,
            spelled[-1] + spelled[0][0],
        }
        return any(form in self.whole or form in self.pieces for form in forms if len(form) >= 4)


def evidence(text: str, found: Sequence[Masked]) -> Evidence:
    """What the e-mail addresses and URLs among the finds spell."""
    whole: set[str] = set()
    pieces: set[str] = set()
    for find in found[:50]:
        if find.kind == "EMAIL":
            local, _, host = text[find.start : find.end].partition("@")
            slugs = [local.split("+")[0], host.rsplit(".", 1)[0]] if host.count(".") == 1 else [local.split("+")[0]]
        elif find.kind == "URL":
            address = text[find.start : find.end].split("//")[-1].lower()
            slugs = [part.removeprefix("@") for part in re.split(r"[/.]", address.removeprefix("www."))[:8]]
        else:
            continue
        for slug in slugs:
            parts = [piece for piece in _SPLIT.split(slug.lower()) if piece]
            if 3 <= len(letters := spell("".join(parts))) <= 40:
                whole.add(letters)
            pieces |= {spell(piece) for piece in parts if len(piece) >= 2}
    return Evidence(frozenset(whole), frozenset(pieces))
